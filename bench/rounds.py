"""Rounds of measurement: every case runs in every round, so that a busy machine slows all of them alike."""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

Case = Callable[[], object]


@dataclass(slots=True)
class Times:
    """Seconds of processor time for one run of a case, one number for each round."""

    rounds: list[float] = field(default_factory=list)

    @property
    def median(self) -> float:
        """Return the median of the rounds, in seconds."""
        return statistics.median(self.rounds)


def take_turns(cases: Mapping[str, Case], *, rounds: int, seconds: float) -> dict[str, Times]:
    """Run every case for about `seconds` in each of `rounds`; the first round warms up and does not count."""
    found = {name: Times() for name in cases}
    for number in range(rounds + 1):
        for name, case in cases.items():
            each = _time(case, seconds)
            if number:
                found[name].rounds.append(each)
    return found


def _time(case: Case, seconds: float) -> float:
    """Return processor time, since the clock on the wall also counts other processes."""
    runs, begun, deadline = 0, time.process_time(), time.perf_counter() + seconds
    while not runs or time.perf_counter() < deadline:
        case()
        runs += 1
    return (time.process_time() - begun) / runs


def ratio(slower: Times, faster: Times) -> float:
    """Return how many times as fast the second is: the median over rounds of the ratio inside each round."""
    return statistics.median(one / other for one, other in zip(slower.rounds, faster.rounds, strict=True))
