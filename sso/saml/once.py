"""What is worked out on first use and kept by its object."""

from collections.abc import Callable
from typing import Any, Generic, TypeVar, overload

T = TypeVar("T")


class once(Generic[T]):  # noqa: N801 - used as `property` is
    """A property that is worked out once, as functools.cached_property, which takes a lock before Python 3.12.

    The lock costs more than most of what is kept here, and no object of ours is shared by threads. What is kept stands
    in the object's own dictionary, so Python never asks again.
    """

    def __init__(self, work_out: Callable[[Any], T]) -> None:
        self._work_out = work_out
        self.__doc__ = work_out.__doc__

    def __set_name__(self, owner: type, name: str) -> None:
        self._name = name

    @overload
    def __get__(self, instance: None, owner: type) -> "once[T]": ...

    @overload
    def __get__(self, instance: object, owner: type) -> T: ...

    def __get__(self, instance: object | None, owner: type) -> "once[T] | T":
        if instance is None:
            return self
        found = instance.__dict__[self._name] = self._work_out(instance)
        return found
