"""The units of a report: those that did something, and the counts of the others."""

from array import array
from collections.abc import Collection, Iterable, Sequence
from sys import intern

from tactful.measurement.idle_units import IdleUnits
from tactful.measurement.unit_outcomes import Trigger
from tactful.runtime.ports.exposure_store import ExposureRow
from tactful.runtime.ports.fact_store import BUYER_CHARACTERS


class KnownUnits:
    """The hashes of the units of a report.

    The ids of a million units would take 200 MB, their hashes take 90 MB. An order of another shopper
    with an equal hash is kept, and then belongs to no unit.
    """

    def __init__(self) -> None:
        self.customers: set[int] = set()
        """Units that are customers, by the first `BUYER_CHARACTERS` of their names."""
        self.sessions: set[int] = set()
        """Units that are sessions, and the sessions of the customers' exposures."""
        self._of_guests: set[int] = set()
        self._of_customers: set[int] = set()

    def add(self, rows: Iterable[tuple[str, str, bool]]) -> None:
        """Add (unit, session, whether the unit is a customer) of exposures."""
        # Sets that take many at once need half the time of a loop, for a million units.
        guests: list[str] = []
        sessions: list[str] = []
        customers: list[str] = []
        for unit, session, is_customer in rows:
            if is_customer:
                customers.append(unit[:BUYER_CHARACTERS])
                sessions.append(session)
            else:
                guests.append(unit)
                if session != unit:
                    guests.append(session)
        self.sessions.update(map(hash, guests))
        self.customers.update(map(hash, customers))
        self._of_customers.update(map(hash, sessions))

    def close(self) -> None:
        """Note that all exposures were added."""
        self._of_guests = self.sessions & self._of_customers
        self.sessions |= self._of_customers
        self._of_customers = set()

    def forget(self) -> frozenset[int]:
        """Free the memory; return the hashes of the sessions of both a guest and a customer."""
        shared = frozenset(self._of_guests)
        self.customers, self.sessions, self._of_guests = set(), set(), set()
        return shared


class UnitSplit:
    """Separates the units that something is about from those that are only counted.

    The exposures come in order of their units, so the exposures of one unit follow one another.
    """

    def __init__(
        self, ripe_until: int, touched: Collection[str | None] | None, shared: Collection[int]
    ) -> None:
        """Begin without units.

        Args:
            ripe_until: See `IdleUnits`.
            touched: The units and sessions that orders and events name; None: no unit is only counted.
            shared: The hashes of the sessions of both a guest and a customer.
        """
        self.triggers: list[Trigger] = []
        self.idle = IdleUnits(ripe_until)
        self._touched = touched
        self._shared = shared
        self._rows: list[ExposureRow] = []
        """The exposures of the unit that was read last."""

    def add(self, page: Iterable[ExposureRow]) -> None:
        """Add exposures."""
        if self._touched is None:
            self.triggers += map(trigger_of, page)
            return
        # This loop runs once for each exposure, so it calls as little as possible.
        touched, shared, rows = self._touched, self._shared, self._rows
        instants: dict[tuple[bool, int], array[int]] = {}
        for row in page:
            if rows:
                first = rows[0]
                unit, session, _, _, _, is_treated, treated_bp, at, _, _, _ = first
                if unit == row[0]:
                    rows.append(row)
                    continue
                if (
                    len(rows) > 1
                    or unit in touched
                    or session in touched
                    or (shared and hash(session) in shared)
                ):
                    self._take(rows)
                else:
                    key = is_treated, treated_bp
                    if key not in instants:
                        instants[key] = self.idle.instants(
                            treated_bp, is_treated=is_treated, crossed=False
                        )
                    instants[key].append(at)
                rows.clear()
            rows.append(row)

    def close(self) -> None:
        """Note that all exposures were added."""
        if self._rows:
            self._take(self._rows)
            self._rows.clear()

    def _take(self, rows: Sequence[ExposureRow]) -> None:
        touched, shared = self._touched or (), self._shared
        unit = rows[0][0]
        if unit in touched:
            self.triggers += map(trigger_of, rows)
            return
        for _, session, *_ in rows:
            if session in touched or hash(session) in shared:
                self.triggers += map(trigger_of, rows)
                return
        if len(rows) > 1:
            at, _, is_treated, treated_bp = min(map(_place_of, rows))
            crossed = any(row[5] != is_treated for row in rows)
            self.idle.add(treated_bp, at, is_treated=is_treated, crossed=crossed)
        else:
            _, _, _, _, _, is_treated, treated_bp, at, _, _, _ = rows[0]
            self.idle.add(treated_bp, at, is_treated=is_treated, crossed=False)


def _place_of(row: ExposureRow) -> tuple[int, str, bool, int]:
    """Return the place of a trigger in time, as `assign_units` orders them."""
    _, _, _, _, _, is_treated, treated_bp, at, product, _, _ = row
    return at, product, is_treated, treated_bp


def trigger_of(row: ExposureRow) -> Trigger:
    """Return an exposure as reports compare it, whatever experiment it was in."""
    unit, session, _, _, is_customer, is_treated, treated_bp, at, product, _, _ = row
    return Trigger(
        unit=unit,
        is_customer=bool(is_customer),
        session=unit if session == unit else session,
        is_treated=bool(is_treated),
        treated_bp=treated_bp,
        at=at,
        # Equal values are one object: a million triggers name few products.
        product=intern(product),
    )
