"""The server of the pages on this machine, and on no other address of it."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

from flask import Flask
from werkzeug.serving import BaseWSGIServer, WSGIRequestHandler, make_server

from simulator.pages import build
from simulator.tenant import Tenant

LOOPBACK: Final = "127.0.0.1"


class _QuietHandler(WSGIRequestHandler):
    """A handler that writes no line for a request: it would hold a SAML message with its signature."""

    def log(self, type: str, message: str, *args: object) -> None:  # noqa: A002  Werkzeug's signature
        """Write nothing; errors of the pages have a log of their own."""


def listen(app: Flask, port: int) -> BaseWSGIServer:
    """Return a server that has taken the port and only needs `serve_forever`."""
    return make_server(LOOPBACK, port, app, threaded=True, request_handler=_QuietHandler)


@contextmanager
def running(tenant: Tenant, port: int = 0) -> Iterator[str]:
    """Serve a tenant from a thread, for tests in a browser; yield the base URL it now has.

    The tenant's `base_url`, and with it its issuer, changes to the port (0: any free one).
    """
    server = listen(build(tenant), port)
    tenant.base_url = f"http://{LOOPBACK}:{server.port}"
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield tenant.base_url
    finally:
        server.shutdown()
        thread.join(timeout=10)
        server.server_close()
