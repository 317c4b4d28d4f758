"""What is read in a thread of its own arrives as if it were read here."""

from __future__ import annotations

import threading
from collections.abc import Generator

import pytest

from sso.saml.xml.threads import each_in_own_thread, in_own_thread


def test_it_is_another_thread_that_ends():
    worker = in_own_thread(threading.current_thread)
    assert worker is not threading.current_thread()
    assert not worker.is_alive()


def test_errors_come_back():
    def fail() -> None:
        raise LookupError("no")

    with pytest.raises(LookupError, match="no"):
        in_own_thread(fail)


@pytest.mark.parametrize("many", [0, 1, 7, 8, 9, 120])
def test_each_arrives_in_order(many: int):
    assert list(each_in_own_thread(number for number in range(many))) == list(range(many))


def test_what_came_before_an_error_arrives_first():
    def items() -> Generator[int]:
        yield from range(60)
        raise LookupError("no")

    stream = each_in_own_thread(items())
    assert [next(stream) for _ in range(60)] == list(range(60))
    with pytest.raises(LookupError, match="no"):
        next(stream)


def test_who_stops_early_closes_it_in_that_thread():
    seen: list[threading.Thread] = []

    def items() -> Generator[int]:
        try:
            seen.append(threading.current_thread())
            while True:
                yield 1
        finally:
            seen.append(threading.current_thread())

    stream = each_in_own_thread(items())
    assert next(stream) == 1
    stream.close()
    begun, closed = seen
    assert begun is closed
    assert not begun.is_alive()
