"""Properties that are worked out once."""

from __future__ import annotations

import pytest

from sso.saml.once import once


class Something:
    """Counts how often it is asked."""

    def __init__(self) -> None:
        self.asked = 0

    @once
    def answer(self) -> int:
        """Fails the first time."""
        self.asked += 1
        if self.asked == 1:
            raise ValueError("not yet")
        return self.asked


def test_it_is_worked_out_once_for_each_object() -> None:
    first, second = Something(), Something()
    for each in (first, second):
        with pytest.raises(ValueError, match="not yet"):
            _ = each.answer
        assert [each.answer, each.answer, each.asked] == [2, 2, 2]
    first.answer = 5
    assert (first.answer, second.answer) == (5, 2)


def test_its_class_tells_what_it_is() -> None:
    assert isinstance(Something.answer, once)
    assert Something.answer.__doc__ == "Fails the first time."
