"""Measure the processor time and the memory that reading a message costs."""

from __future__ import annotations

import ctypes
import gc
import re
import time
from collections.abc import Callable
from pathlib import Path
from typing import TypeVar

# A bomb costs ten seconds and more, each time; the verdict on a genuine response three milliseconds.
MOST_SECONDS = 1.0
# A virtual machine may stand still for a second, which then counts as ours; not thrice at the same place.
TRIES = 3

T = TypeVar("T")


def measured(work: Callable[[], T]) -> tuple[T, float]:
    """Do the work once; return its result and the seconds of processor time that this thread took for it.

    Nothing else counts, so that no busy machine fails a test: neither other threads nor Python's own tidying up after
    thousands of other tests, which is put off meanwhile, as `timeit` does.
    """
    was_enabled = gc.isenabled()
    gc.disable()
    try:
        begin = time.thread_time()
        return work(), time.thread_time() - begin
    finally:
        if was_enabled:
            gc.enable()


def at_best(work: Callable[[], T]) -> tuple[T, float]:
    """Measure work that may be repeated, and repeat it if it took too long; return its result and the seconds."""
    found, spent = measured(work)
    for _ in range(1, TRIES):
        if spent < MOST_SECONDS:
            break
        found, spent = measured(work)
    return found, spent


def memory(work: Callable[[], T]) -> tuple[T, int]:
    """Do it once; return what it gives, and by how many bytes this process was larger at its largest (Linux only).

    What the allocator keeps from earlier is given back first, so that it does not hide what is needed now.
    """
    gc.collect()
    ctypes.CDLL(None).malloc_trim(0)
    # Sets the high-water mark back to what is in use now (proc_pid_clear_refs(5)).
    Path("/proc/self/clear_refs").write_text("5")
    before = _resident("VmRSS")
    found = work()
    return found, _resident("VmHWM") - before


def _resident(name: str) -> int:
    kilobytes = re.search(rf"^{name}:\s+(\d+) kB$", Path("/proc/self/status").read_text(), re.MULTILINE)
    assert kilobytes
    return int(kilobytes[1]) * 1024
