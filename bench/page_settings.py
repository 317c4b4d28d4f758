"""The product's settings without what only a server in front of it needs: https, and static files with hashed names."""

from amplisso.settings import *  # noqa: F403
from amplisso.settings import STORAGES

SECURE_SSL_REDIRECT = False
STORAGES["staticfiles"] = {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"}
