"""A property that is computed once for each object."""

from tactful.core.values.cached import cached_property


class Counted:
    """An object that counts how often its property is computed."""

    def __init__(self) -> None:
        self.computed = 0

    @cached_property
    def double(self) -> int:
        """Twice one."""
        self.computed += 1
        return 2


def test_the_value_is_computed_once_for_each_object() -> None:
    one, other = Counted(), Counted()
    assert (one.double, one.double, other.double) == (2, 2, 2)
    assert (one.computed, other.computed) == (1, 1)


def test_the_class_has_the_property_and_its_text() -> None:
    assert isinstance(Counted.double, cached_property)
    assert Counted.double.__doc__ == "Twice one."
