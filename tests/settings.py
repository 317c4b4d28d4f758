"""The product's own settings, with the environment that tests want."""

import os

os.environ["DEBUG"] = "false"
os.environ["SECRET_KEY"] = "only-for-tests-0123456789-abcdefghijklmnopqrstuvwxyz"
os.environ["BASE_URL"] = "https://amplisso.example"
os.environ["ALLOWED_HOSTS"] = "amplisso.example,testserver,localhost,127.0.0.1"
os.environ["KEY_ENCRYPTION_KEYS"] = "b25seS1mb3ItdGVzdHMtMDEyMzQ1Njc4OWFiY2RlZmc="
os.environ["EMAIL_URL"] = "smtp://localhost:25"
os.environ["SIMULATOR_URL"] = ""
os.environ["REDIS_URL"] = ""

from amplisso.settings import *  # noqa: F403
from amplisso.settings import DATABASES, STORAGES

# A fast hash: tests make many people. Everything else is what production has.
PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
STORAGES["staticfiles"] = {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"}
WHITENOISE_AUTOREFRESH = True
SECURE_SSL_REDIRECT = False
ACCOUNT_RATE_LIMITS = False  # type: ignore[assignment]  # allauth's word for none
DATABASES["default"]["CONN_MAX_AGE"] = 0
# On a busy machine tests may wait for each other's locks for long; tests/faults has the deadlines of a deployment.
STATEMENT_SECONDS = JOB_STATEMENT_SECONDS = LOCK_SECONDS = IDLE_IN_TRANSACTION_SECONDS = 100
if "postgresql" in DATABASES["default"]["ENGINE"]:
    # What tests do outside requests has no deadline of ours.
    DATABASES["default"].setdefault("OPTIONS", {})["options"] = "-c statement_timeout=120s"
else:
    DATABASES["default"]["OPTIONS"]["timeout"] = 20
