"""A property that is computed once, without the lock of `functools.cached_property`.

Python 3.11 takes that lock for each object, which costs more than most of what is computed. Python 3.12
and later take none.
"""

from collections.abc import Callable
from typing import Any, Generic, TypeVar, overload

T = TypeVar("T")


class cached_property(Generic[T]):  # noqa: N801 - it is used like the one of functools
    """A property whose value is stored in the object when it is first read.

    The object needs a `__dict__`. Two threads that read at once may both compute the value.
    """

    def __init__(self, compute: Callable[[Any], T]) -> None:
        """Wrap the method that computes the value."""
        self._compute = compute
        self._name = compute.__name__
        self.__doc__ = compute.__doc__

    @overload
    def __get__(self, owner: None, kind: type[Any]) -> "cached_property[T]": ...

    @overload
    def __get__(self, owner: object, kind: type[Any]) -> T: ...

    def __get__(self, owner: object, kind: type[Any]) -> "cached_property[T] | T":
        if owner is None:
            return self
        # From now on the value in the dictionary is found before this descriptor.
        found = owner.__dict__[self._name] = self._compute(owner)
        return found
