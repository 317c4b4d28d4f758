"""Reading files in threads that end.

libxml2 keeps every name that it meets for as long as the thread runs. A file of an admin may bring as many as it likes;
what a thread has kept is given back when it ends.
"""

from __future__ import annotations

from collections.abc import Callable, Generator, Iterator
from concurrent.futures import ThreadPoolExecutor
from itertools import islice
from typing import TypeVar

_T = TypeVar("_T")
# Handing over one at a time takes as long as making it; many would take much memory.
_AT_ONCE = 8


def in_own_thread(work: Callable[[], _T]) -> _T:
    """Return what `work` returns, or raise what it raises. It must not use the database: connections are per thread."""
    with ThreadPoolExecutor(max_workers=1) as thread:
        return thread.submit(work).result()


def each_in_own_thread(items: Generator[_T]) -> Generator[_T]:
    """Yield what a generator yields, a few at a time; its error is raised after the items before it."""
    with ThreadPoolExecutor(max_workers=1) as thread:
        try:
            while batch := thread.submit(_take, items).result():
                for item in batch:
                    if isinstance(item, _Raised):
                        raise item.error
                    yield item
        finally:
            thread.submit(items.close).result()


class _Raised:
    """The error that ended a batch early."""

    def __init__(self, error: Exception) -> None:
        self.error = error


def _take(items: Iterator[_T]) -> list[_T | _Raised]:
    taken: list[_T | _Raised] = []
    try:
        for item in islice(items, _AT_ONCE):
            taken.append(item)  # noqa: PERF402 - what came before an error stays
    except Exception as error:  # noqa: BLE001 - raised again where it is waited for
        taken.append(_Raised(error))
    return taken
