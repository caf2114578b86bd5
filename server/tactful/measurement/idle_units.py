"""Units that did nothing: they are counted, and nothing else is kept of them.

Most shoppers who are due an offer buy nothing, return nothing and complain about nothing. A million
of them would take half a gigabyte one by one, and their counts take some kilobytes.
"""

from array import array
from collections import Counter
from typing import Final

from msgspec import Struct, field

from tactful.core.values.calendar import DAY


class IdleShare(Struct):
    """The idle units of one configured share."""

    units: int = 0
    first_at: int | None = None
    """The first trigger, milliseconds since the Unix epoch, UTC; None: there are no units."""
    sizes: dict[tuple[int, int], int] = field(default_factory=dict)
    """(day of the trigger, 0 for treated and 1 for held out) → units."""
    treated: int = 0
    """Units of the treated arm whose window has ended."""
    held_out: int = 0
    """The same of the held-out arm."""
    crossed: int = 0
    """Units whose window has ended, with a later trigger in the other arm."""


NO_IDLE_UNITS: Final = IdleShare()
"""No units."""


class IdleUnits:
    """Counts units without an outcome, a history or a second id.

    Only the instants of their first triggers are kept, 8 bytes for each.
    """

    def __init__(self, ripe_until: int) -> None:
        """Begin without units.

        Args:
            ripe_until: The windows of triggers up to this instant have ended, milliseconds since the
                Unix epoch, UTC.
        """
        self._ripe_until = ripe_until
        self._instants: dict[tuple[int, bool, bool], array[int]] = {}
        """(share in basis points, is treated, has crossed) → first triggers."""

    def add(self, treated_bp: int, at: int, *, is_treated: bool, crossed: bool) -> None:
        """Count a unit; the arguments are those of its `Unit`."""
        self.instants(treated_bp, is_treated=is_treated, crossed=crossed).append(at)

    def instants(self, treated_bp: int, *, is_treated: bool, crossed: bool) -> "array[int]":
        """Return the first triggers of such units, to which the caller may append those of more."""
        key = treated_bp, is_treated, crossed
        found = self._instants.get(key)
        if found is None:
            found = self._instants[key] = array("q")
        return found

    @property
    def latest(self) -> tuple[int, int]:
        """Return the latest trigger and the share then, in basis points; zeros without a unit."""
        return max(
            ((max(instants), key[0]) for key, instants in self._instants.items()), default=(0, 0)
        )

    def share(self, treated_bp: int) -> IdleShare:
        """Return the units of one share, which may be none."""
        found = IdleShare()
        for (share, is_treated, crossed), instants in self._instants.items():
            if share != treated_bp:
                continue
            # `map` with a method of `int` takes half the time of a generator, for a million units.
            first, ripe = min(instants), sum(map(self._ripe_until.__ge__, instants))
            found.units += len(instants)
            found.first_at = first if found.first_at is None else min(first, found.first_at)
            for day, units in Counter(map(DAY.__rfloordiv__, instants)).items():
                place = day, int(not is_treated)
                found.sizes[place] = found.sizes.get(place, 0) + units
            found.crossed += ripe * crossed
            found.treated += ripe * is_treated
            found.held_out += ripe * (not is_treated)
        return found

    def ripe(self, treated_bp: int, *, is_treated: bool) -> list[int]:
        """Return the first triggers, in their order, of the units of an arm whose window has ended."""
        return sorted(
            at
            for (share, arm, _), instants in self._instants.items()
            if share == treated_bp and arm == is_treated
            for at in instants
            if at <= self._ripe_until
        )

    @property
    def units_by_share(self) -> dict[int, int]:
        """Return share in basis points → units."""
        found: Counter[int] = Counter()
        for (share, _, _), instants in self._instants.items():
            found[share] += len(instants)
        return dict(found)
