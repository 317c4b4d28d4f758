"""The settings of the peers: what a careful Django project has, and nothing else."""

from __future__ import annotations

import os

import dj_database_url

from bench.provider import HOST

_PEER = os.environ["BENCH_PEER"]
_ALLAUTH = _PEER == "django_allauth"

DEBUG = False
SECRET_KEY = "only-for-measuring-0123456789-abcdefghijklmnopqrstuvwxyz"  # noqa: S105
ALLOWED_HOSTS = [HOST]
ROOT_URLCONF = f"bench.peers.{_PEER}"
USE_TZ = True
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"
DATABASES = {"default": dj_database_url.config(conn_max_age=600)}
SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = True
STATIC_URL = "static/"
LOGIN_REDIRECT_URL = "/"
# With DEBUG off Django says nothing about errors anywhere else.
LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "handlers": {"console": {"class": "logging.StreamHandler"}},
    "root": {"handlers": ["console"], "level": "ERROR"},
}

INSTALLED_APPS = [
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    *(
        ["allauth", "allauth.account", "allauth.socialaccount", "allauth.socialaccount.providers.saml"]
        if _ALLAUTH
        else []
    ),
]
MIDDLEWARE = [
    "django.middleware.security.SecurityMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    *(["allauth.account.middleware.AccountMiddleware"] if _ALLAUTH else []),
]
TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
            ],
        },
    },
]
AUTHENTICATION_BACKENDS = [
    "django.contrib.auth.backends.ModelBackend",
    *(["allauth.account.auth_backends.AuthenticationBackend"] if _ALLAUTH else []),
]
ACCOUNT_EMAIL_VERIFICATION = "none"
ACCOUNT_LOGIN_METHODS = {"email"}
ACCOUNT_SIGNUP_FIELDS = ["email*"]
SOCIALACCOUNT_AUTO_SIGNUP = True
