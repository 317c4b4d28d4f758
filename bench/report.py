"""Tables on the terminal."""

from __future__ import annotations

import sys
from collections.abc import Iterable, Mapping, Sequence

from bench.rounds import Times, ratio

_MILLISECOND = 1e-3


def say(text: str = "") -> None:
    """Print one line at once: a run takes minutes."""
    sys.stdout.write(text + "\n")
    sys.stdout.flush()


def table(title: str, head: Sequence[str], rows: Iterable[Sequence[str]]) -> None:
    """Print a title and columns as wide as their contents; the first is text, the others are numbers."""
    lines = [head, *rows]
    widths = [max(len(line[at]) for line in lines) for at in range(len(head))]
    say(f"\n{title}")
    for line in lines:
        first, *others = (text.ljust(widths[at]) if not at else text.rjust(widths[at]) for at, text in enumerate(line))
        say("  " + "  ".join((first, *others)).rstrip())


def ratios(title: str, found: Mapping[str, Times], *, stock: str, floor: str = "") -> None:
    """Return each case's time, how many times as fast as `stock` it is, and how many times as slow as `floor`."""
    head = ["case", "median", f"x {stock}", *(["in floors"] if floor else [])]
    rows = [
        [name, duration(times.median), f"{ratio(found[stock], times):.2f}"]
        + ([f"{ratio(times, found[floor]):.2f}"] if floor else [])
        for name, times in found.items()
    ]
    table(title, head, rows)


def duration(seconds: float) -> str:
    """Return a duration in the unit that reads best."""
    return f"{seconds * 1e6:.0f} us" if seconds < _MILLISECOND else f"{seconds * 1e3:.2f} ms"
