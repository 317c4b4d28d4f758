"""gunicorn is told to end: requests in flight are finished, and nothing stays behind."""

from __future__ import annotations

import os
import signal
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from tests.serving.gunicorn_server import SECONDS, gunicorn


def test_requests_in_flight_are_finished(tmp_path: Path) -> None:
    with gunicorn(tmp_path, "tests.serving.slow_page", HOME=str(tmp_path)) as server, ThreadPoolExecutor(4) as pool:
        waiting = [pool.submit(server.get, "/slow", []) for _ in range(4)]
        time.sleep(0.5)
        os.kill(server.process.pid, signal.SIGTERM)
        for request in waiting:
            response, body = request.result(SECONDS)
            assert (response.status, body) == (200, b"done")
        assert server.process.wait(SECONDS) == 0
        assert not list(tmp_path.rglob("*.ctl"))
