"""All settings. Those that differ between machines are environment variables, which `amplisso.environment` reads."""

from base64 import urlsafe_b64encode
from hashlib import sha256
from urllib.parse import urlsplit

from csp.constants import NONE, SELF
from django.core.management.utils import get_random_secret_key

from amplisso.caches import cache_settings
from amplisso.environment.read import BASE_DIR, VAR_DIR, read_environment
from amplisso.logging_config import logging_config
from orgs.sessions import lifetimes

_env = read_environment()


def _development_key() -> str:
    """Keep one random key beside the embedded database, so that sessions survive a restart of `make run`."""
    path = VAR_DIR / "secret_key"
    if not path.exists():
        path.parent.mkdir(exist_ok=True)
        path.touch(mode=0o600)
        path.write_text(get_random_secret_key())
    return path.read_text()


def _development_encryption_keys() -> list[str]:
    """Derive the keys from the development SECRET_KEY; a deployment has no keys of its own accord."""
    return [urlsafe_b64encode(sha256(b"keys at rest" + SECRET_KEY.encode()).digest()).decode()] if DEBUG else []


# --- What must be safe -------------------------------------------------------------------------------------------

DEBUG = _env.debug
SECRET_KEY = _env.secret_key or _development_key()
SECRET_KEY_FALLBACKS = _env.secret_key_fallbacks
# Private keys are stored encrypted with the first and decrypted with any of these; none at all means no keys.
KEY_ENCRYPTION_KEYS = _env.key_encryption_keys or _development_encryption_keys()
BASE_URL = _env.base_url
ALLOWED_HOSTS = _env.allowed_hosts
HTTPS = urlsplit(BASE_URL).scheme == "https"
# The Entra look-alike of `make run`; named so that pages and the demo can point to it.
SIMULATOR_URL = _env.simulator_url

# --- Django ------------------------------------------------------------------------------------------------------

ROOT_URLCONF = "amplisso.urls"
WSGI_APPLICATION = "amplisso.wsgi.application"
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

INSTALLED_APPS = [
    "database",
    "amplisso.health",
    "audit",
    "jobs",
    "outbox",
    "orgs",
    "sso",
    "django.contrib.admin",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.humanize",
    "django.contrib.sessions",
    "django.contrib.messages",
    "django.contrib.staticfiles",
    "allauth",
    "allauth.account",
    "allauth.mfa",
    "orgs.sessions.allauth_list.SessionListConfig",
    "csp",
    "django_tasks_db",
]

MIDDLEWARE = [
    "django.middleware.security.SecurityMiddleware",
    "amplisso.health.probes.respond_to_probes",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "amplisso.middleware.visible_pages.show_hidden_characters",
    "orgs.deferred.DeferredWork",
    "csp.middleware.CSPMiddleware",
    "amplisso.middleware.unavailable.unavailable",  # around all that asks the database
    "database.idle_connections.use_live_connection",
    "database.deadlines.limit_statements",
    "amplisso.middleware.malformed_requests.refuse_malformed",  # before anything looks at cookies, query or form
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "allauth.account.middleware.AccountMiddleware",
    "orgs.sessions.activity.ActivityMiddleware",
    "orgs.views.responses.see_other_after_post",
    "orgs.views.responses.explain_not_allowed",
    "orgs.views.responses.LockedSecrets",
    "orgs.authentication.known_browsers.remember_browsers",
    "orgs.access.GrantMiddleware",
    "amplisso.operators.SecondFactorForOperators",
    "amplisso.operators.UnreadableAddresses",
]

TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [BASE_DIR / "templates"],
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
                "orgs.context_processors.here",
            ],
        },
    },
]

# --- Database, cache, sessions -----------------------------------------------------------------------------------

DATABASES = {"default": _env.database}
if "sqlite3" in DATABASES["default"]["ENGINE"]:
    VAR_DIR.mkdir(exist_ok=True)
    # IMMEDIATE takes the write lock when a transaction begins: two sign-ins wait for each other instead of failing.
    DATABASES["default"]["OPTIONS"] = {
        "transaction_mode": "IMMEDIATE",
        "timeout": 5,  # seconds for the lock of another transaction
        "init_command": "PRAGMA journal_mode=WAL; PRAGMA synchronous=NORMAL; PRAGMA foreign_keys=ON;",
    }

# Seconds on PostgreSQL (database/deadlines.py): for a statement of a request, of a command or job, for one lock, and
# between two statements of a transaction.
STATEMENT_SECONDS, JOB_STATEMENT_SECONDS = 4, 15
LOCK_SECONDS, IDLE_IN_TRANSACTION_SECONDS = 5, 30

# Rate limits count in the cache, so it must be one that all workers share.
CACHE_TABLE = "cache"
REDIS_URL = _env.redis_url
CACHES = cache_settings(table=CACHE_TABLE, redis_url=REDIS_URL)

# Nothing in Redis grants anything: without it no user is signed out.
SESSION_ENGINE = "orgs.sessions.store"
SESSION_COOKIE_AGE = lifetimes.seconds(lifetimes.PASSWORD_SESSION)
SESSION_COOKIE_SECURE = HTTPS
SESSION_COOKIE_HTTPONLY = True
SESSION_COOKIE_SAMESITE = "Lax"
CSRF_COOKIE_SECURE = HTTPS
CSRF_COOKIE_HTTPONLY = True
CSRF_FAILURE_VIEW = "orgs.views.pages.csrf_failure"

# --- Transport and headers ---------------------------------------------------------------------------------------

# X-Forwarded-* counts only from this many proxies of our own, nearest first.
ALLAUTH_TRUSTED_PROXY_COUNT = _env.trusted_proxy_count
if ALLAUTH_TRUSTED_PROXY_COUNT > 0:
    SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https")

SECURE_SSL_REDIRECT = HTTPS
SECURE_REDIRECT_EXEMPT = [r"^(healthz|readyz)$"]
SECURE_HSTS_SECONDS = _env.hsts_seconds if HTTPS else 0
SECURE_HSTS_INCLUDE_SUBDOMAINS = _env.hsts_include_subdomains
SECURE_HSTS_PRELOAD = SECURE_HSTS_INCLUDE_SUBDOMAINS
SECURE_REFERRER_POLICY = "same-origin"
X_FRAME_OPTIONS = "DENY"
# A SAML response of 256 KB is larger in base64, metadata may be pasted. Files are taken by one page only, up to 100 MB.
DATA_UPLOAD_MAX_MEMORY_SIZE = FILE_UPLOAD_MAX_MEMORY_SIZE = 2_000_000
FILE_UPLOAD_HANDLERS = ["amplisso.upload_handler.NoUploads"]

CONTENT_SECURITY_POLICY = {
    "DIRECTIVES": {
        "default-src": [NONE],
        "base-uri": [NONE],
        "connect-src": [SELF],
        "font-src": [SELF],
        "form-action": [SELF],
        "frame-ancestors": [NONE],
        "img-src": [SELF, "data:"],  # Bootstrap draws its arrows and ticks from data: images
        "manifest-src": [SELF],
        "script-src": [SELF],
        "style-src": [SELF],
    },
}

# --- People and passwords ----------------------------------------------------------------------------------------

AUTH_USER_MODEL = "orgs.User"
AUTHENTICATION_BACKENDS = ["allauth.account.auth_backends.AuthenticationBackend"]
PASSWORD_HASHERS = [
    "django.contrib.auth.hashers.ScryptPasswordHasher",
    "django.contrib.auth.hashers.PBKDF2PasswordHasher",
]
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": "django.contrib.auth.password_validation.UserAttributeSimilarityValidator"},
    {"NAME": "django.contrib.auth.password_validation.MinimumLengthValidator", "OPTIONS": {"min_length": 10}},
    {"NAME": "django.contrib.auth.password_validation.CommonPasswordValidator"},
    {"NAME": "django.contrib.auth.password_validation.NumericPasswordValidator"},
]
LOGIN_URL = "sign_in"
LOGIN_REDIRECT_URL = "home"
LOGOUT_REDIRECT_URL = "sign_in"

ACCOUNT_ADAPTER = "orgs.adapter.AccountAdapter"
ACCOUNT_LOGIN_METHODS = {"email"}
ACCOUNT_SIGNUP_FIELDS = ["email*", "password1*", "password2*"]
ACCOUNT_SIGNUP_FORM_CLASS = "orgs.forms.SignUpForm"
ACCOUNT_USER_MODEL_USERNAME_FIELD = None
# A signed-in user may sign in again: to add a password grant to a session of single sign-on, or to renew one that has
# become too old for an organization.
ACCOUNT_AUTHENTICATED_LOGIN_REDIRECTS = False
ACCOUNT_EMAIL_VERIFICATION = "mandatory"
ACCOUNT_LOGIN_ON_EMAIL_CONFIRMATION = True  # only in the browser that signed up
ACCOUNT_EMAIL_NOTIFICATIONS = True
ACCOUNT_EMAIL_SUBJECT_PREFIX = ""
ACCOUNT_MAX_EMAIL_ADDRESSES = 1
ACCOUNT_SESSION_REMEMBER = True
# Wrong passwords are limited by orgs/services/password_attempts.py. What stays of allauth's limits is for requests.
ACCOUNT_RATE_LIMITS = {
    "login": "120/m/ip",  # for the processor time of checking; a company may be behind one address
    "login_failed": "5/5m/key",  # codes of second factors, by account
    "change_password": "10/h/user",
    # Mails to an address that any visitor may type: by visitor and by address.
    "mail_sign_in_page": "20/h/ip,5/h/key",
    "reset_password": "60/h/ip,5/h/key",
    "confirm_email": "1/3m/key,10/d/key",
    "signup": "60/h/ip",
    "sign_up_mail": "5/h/key",
}
ACCOUNT_EMAIL_UNKNOWN_ACCOUNTS = False
PASSWORD_RESET_TIMEOUT = lifetimes.seconds(lifetimes.PASSWORD_RESET_LINK)
ACCOUNT_DEFAULT_HTTP_PROTOCOL = urlsplit(BASE_URL).scheme
MFA_SUPPORTED_TYPES = ["totp", "webauthn", "recovery_codes"]
MFA_PASSKEY_LOGIN_ENABLED = True
_PASSKEY_USES = ("add", "authenticate", "login", "reauthenticate")
MFA_FORMS = {f"{use}_webauthn": f"orgs.authentication.passkeys.{use.title()}PasskeyForm" for use in _PASSKEY_USES} | {
    "activate_totp": "orgs.authentication.second_factors.ActivateTOTPForm",
    "authenticate": "orgs.authentication.second_factors.AuthenticateForm",
    "reauthenticate": "orgs.authentication.second_factors.ReauthenticateForm",
}
MFA_ADAPTER = "orgs.authentication.second_factors.MFAAdapter"
MFA_TOTP_TOLERANCE = 1  # steps of 30 seconds that a clock may be early or late (RFC 6238, 5.2)
MFA_TOTP_ISSUER = "Amplisso"
MFA_WEBAUTHN_ALLOW_INSECURE_ORIGIN = DEBUG
USERSESSIONS_ADAPTER = "orgs.adapter.SessionsAdapter"
USERSESSIONS_TRACK_ACTIVITY = True

# --- Mail --------------------------------------------------------------------------------------------------------

EMAIL_BACKEND: str = _env.mail["EMAIL_BACKEND"]
EMAIL_HOST: str = _env.mail["EMAIL_HOST"] or "localhost"
EMAIL_PORT: int = _env.mail["EMAIL_PORT"] or 25
EMAIL_HOST_USER: str = _env.mail["EMAIL_HOST_USER"] or ""
EMAIL_HOST_PASSWORD: str = _env.mail["EMAIL_HOST_PASSWORD"] or ""
EMAIL_USE_TLS: bool = _env.mail["EMAIL_USE_TLS"]
EMAIL_USE_SSL: bool = _env.mail["EMAIL_USE_SSL"]
EMAIL_TIMEOUT = 10  # seconds for each step: a mail server that is silent must not hold the worker
DEFAULT_FROM_EMAIL = _env.from_email or f"Amplisso <no-reply@{urlsplit(BASE_URL).hostname}>"
SERVER_EMAIL = DEFAULT_FROM_EMAIL
# Pages send users here whom only an operator can help; without it they speak of the operator of this deployment.
SUPPORT_ADDRESS = _env.support_address

# A request with it sees in /readyz which check failed.
METRICS_TOKEN = _env.metrics_token

# --- Background work ---------------------------------------------------------------------------------------------

# Tasks are rows in the database, done by `manage.py worker`; what begins by itself is in the table.
TASKS = {"default": {"BACKEND": "django_tasks_db.DatabaseBackend"}}
JOB_SCHEDULES = "amplisso.schedules.SCHEDULES"

# --- Language, time, static files, logs --------------------------------------------------------------------------

LANGUAGE_CODE = "en"
USE_I18N = False
TIME_ZONE = "UTC"
USE_TZ = True

STATIC_URL = "static/"
STATIC_ROOT = VAR_DIR / "static"
STATICFILES_DIRS = [BASE_DIR / "amplisso" / "static"]
_plain_files = "django.contrib.staticfiles.storage.StaticFilesStorage"
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
    "staticfiles": {"BACKEND": _plain_files if DEBUG else "whitenoise.storage.CompressedManifestStaticFilesStorage"},
}

LOG_LEVEL = _env.log_level

# How long the logs are kept, in days; 0 is for ever (audit/retention.py).
SIGN_IN_LOG_DAYS = _env.sign_in_log_days
AUDIT_LOG_DAYS = _env.audit_log_days
LOGGING = logging_config(LOG_LEVEL, debug=DEBUG)
