"""`python -m bench`: minutes; with QUICK=1 in the environment less than one."""

from __future__ import annotations

import os

from bench import aggregates, http, protocol
from bench.provider import Material
from bench.report import say


def main() -> None:
    """Run everything and print it."""
    quick = os.environ.get("QUICK", "") not in {"", "0"}
    say("Ratios are medians over rounds in which all cases took turns; the times are of this machine, now.")
    material = Material.create()
    protocol.run(material, rounds=7 if quick else 21, seconds=0.1 if quick else 0.25)
    aggregates.run(material, quick=quick)
    http.run(
        rounds=5 if quick else 15,
        sign_ins=10 if quick else 40,
        connections=(1, 1000) if quick else (1, 1000, 100_000),
    )


if __name__ == "__main__":
    main()
