"""`python -m bench`: minutes; with QUICK=1 in the environment less than one."""

from __future__ import annotations

import os

from bench import protocol
from bench.provider import Material
from bench.report import say


def main() -> None:
    """Run everything and print it."""
    quick = os.environ.get("QUICK", "") not in {"", "0"}
    say("Ratios are medians over rounds in which all cases took turns; the times are of this machine, now.")
    protocol.run(Material.create(), rounds=7 if quick else 21, seconds=0.1 if quick else 0.25)


if __name__ == "__main__":
    main()
