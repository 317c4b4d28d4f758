"""One process that signs users in when told to: `python -m bench.peers.worker <peer>`, a line of JSON each way."""

from __future__ import annotations

import importlib
import json
import resource
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

SignIn = Callable[[], None]
Prepare = Callable[[int], list[SignIn]]


def main() -> None:
    """Serve until the input ends."""
    import django

    django.setup()
    prepare: Prepare = importlib.import_module(f"bench.peers.{sys.argv[1]}").begin()
    for line in sys.stdin:
        sys.stdout.write(json.dumps(_obey(json.loads(line), prepare)) + "\n")
        sys.stdout.flush()


def _obey(order: dict[str, Any], prepare: Prepare) -> dict[str, Any]:
    sign_ins = prepare(order["sign_ins"])
    if order["what"] == "count":
        from bench.statements import count

        return {"counts": [count(sign_in) for sign_in in sign_ins][-1]}
    clock, processor = time.perf_counter(), time.process_time()
    for sign_in in sign_ins:
        sign_in()
    return {
        "clock": (time.perf_counter() - clock) / len(sign_ins),
        "processor": (time.process_time() - processor) / len(sign_ins),
        "memory": _memory(),
    }


def _memory() -> int:
    """Return the resident memory now, in bytes."""
    pages = Path("/proc/self/statm")
    if pages.exists():
        return int(pages.read_text().split()[1]) * resource.getpagesize()
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024


if __name__ == "__main__":
    main()
