"""Programs that tests start, and that end with them."""

from __future__ import annotations

import subprocess
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any


@contextmanager
def running_child(command: Sequence[str], **options: Any) -> Iterator[subprocess.Popen[Any]]:
    """Start a program, and kill it in the end if it still runs; options are those of subprocess.Popen."""
    process = subprocess.Popen(command, **options)
    try:
        yield process
    finally:
        process.kill()
        process.wait(timeout=30)
        for pipe in filter(None, (process.stdin, process.stdout, process.stderr)):
            pipe.close()
