"""Configuration that gunicorn reads by itself when it is started in this folder."""

import sys
from typing import Any

from django.core.exceptions import ImproperlyConfigured
from gunicorn.config import Config
from gunicorn.glogging import Logger

from amplisso.environment.read import read_environment
from amplisso.redaction import TokenFreeFormatter
from database.waiting import keep_one_thread_free

# TRUSTED_PROXY_COUNT alone decides which forwarding headers count, and Django applies it. Without these lines gunicorn
# lets every peer on loopback or on a Unix socket choose the scheme and SCRIPT_NAME, whatever the setting says:
# https://docs.gunicorn.org/en/stable/settings.html#forwarded-allow-ips
secure_scheme_headers: dict[str, str] = {}
forwarder_headers = ""
forwarded_allow_ips = ""


# A worker that is told to end finishes its requests first. docker-compose.yml waits a little longer than this.
graceful_timeout = 20  # seconds
# Nothing here uses the control interface, and a read-only file system has no place for its socket.
control_socket_disable = True


def post_worker_init(worker: Any) -> None:
    """Keep one thread of each worker free for /healthz while the others wait for the database."""
    keep_one_thread_free(worker.cfg.threads)


def on_starting(server: object) -> None:
    """Say in a sentence what is wrong with the settings, before workers fail over it with a traceback each."""
    try:
        read_environment()
    except ImproperlyConfigured as error:
        sys.exit(str(error))


class logger_class(Logger):  # type: ignore[misc]  # noqa: N801  gunicorn ships no types, and this is its setting's name
    """gunicorn's access and error logs, wherever its options send them, without tokens."""

    def setup(self, cfg: Config) -> None:
        """Set the logs up as the options say, and hide the tokens in whatever they write."""
        super().setup(cfg)
        for handler in (*self.access_log.handlers, *self.error_log.handlers):
            handler.setFormatter(TokenFreeFormatter(handler.formatter))
