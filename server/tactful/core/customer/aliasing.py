"""Replacement of an erased customer's ids in the values that a shop holds in memory.

The replacement goes by the names of fields, through every nested value. A new field that holds a
customer's id under one of these names is therefore covered, wherever it is.
"""

from typing import Any, Final, TypeVar

from msgspec import Struct, structs

T = TypeVar("T")

CUSTOMER_FIELDS: Final = frozenset({"customer", "purchaser"})
"""The fields that hold a customer's id, in every struct that outlives a turn."""
ORDER_FIELDS: Final = frozenset({"order"})
"""The fields that hold the id of an order, which identifies its customer."""


class CustomerErasure(Struct, frozen=True, kw_only=True):
    """One customer's erasure: what has to go, and what comes in its place."""

    customer: str
    """The shop's id of the customer."""
    alias: str
    """The random id that replaces the ids of the customer and of the orders."""
    orders: frozenset[str] = frozenset()
    """The ids of the customer's orders."""

    def replace_in(self, value: T) -> T:
        """Return a value with the alias in place of the erased ids; the same object if it has none.

        Args:
            value: A struct, a tuple of structs, or anything else, which is returned as it is.
        """
        replaced: Any = value
        if isinstance(value, Struct):
            changes = {}
            for name in value.__struct_fields__:
                before = getattr(value, name)
                after = self._field(name, before)
                if after is not before:
                    changes[name] = after
            if changes:
                replaced = structs.replace(value, **changes)
        elif isinstance(value, tuple):
            parts = tuple([self.replace_in(part) for part in value])
            if any(after is not before for after, before in zip(parts, value, strict=True)):
                replaced = parts
        return replaced  # type: ignore[no-any-return]

    def _field(self, name: str, value: object) -> object:
        if isinstance(value, str):
            erased = (name in CUSTOMER_FIELDS and value == self.customer) or (
                name in ORDER_FIELDS and value in self.orders
            )
            return self.alias if erased else value
        return self.replace_in(value)
