"""`python -m amplisso.healthcheck`: ask the server of this container how it is; the exit status says."""

import http.client
import os
import sys
from urllib.parse import urlsplit

_SECONDS = 4


def is_healthy(port: int, base_url: str) -> bool:
    """Return whether /healthz answers 200 on this port of this machine, asked under the public host name."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=_SECONDS)
    try:
        connection.request("GET", "/healthz", headers={"Host": urlsplit(base_url).netloc})
        return connection.getresponse().status == http.client.OK
    except (OSError, http.client.HTTPException):
        return False
    finally:
        connection.close()


if __name__ == "__main__":
    sys.exit(not is_healthy(8000, os.environ.get("BASE_URL", "")))
