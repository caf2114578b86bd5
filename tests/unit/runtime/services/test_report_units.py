"""Units that something is about, and units that are only counted."""

from contracts.test_exposure_store import exposure, row_of, rows
from support.ledger_rows import T0
from tactful.core.values.calendar import DAY
from tactful.runtime.ports.exposure_store import Exposure
from tactful.runtime.services.report_units import KnownUnits, UnitSplit


def known(*rows: tuple[str, str, bool]) -> KnownUnits:
    made = KnownUnits()
    made.add(rows)
    made.close()
    return made


def split(
    *rows: Exposure, touched: set[str] | None = None, shared: frozenset[int] = frozenset()
) -> UnitSplit:
    made = UnitSplit(T0 + DAY, set() if touched is None else touched, shared)
    made.add(map(row_of, rows))
    made.close()
    return made


def customer(name: str = "~c1", session: str = "s9") -> Exposure:
    return exposure(name, is_customer=True, session=session)


def test_customers_and_sessions_are_known_by_their_hashes() -> None:
    units = known(("s1", "s1", False), ("s2", "s2b", False), ("~c1", "s9", True))
    assert units.customers == {hash("~c1")}
    assert units.sessions == {hash(one) for one in ("s1", "s2", "s2b", "s9")}


def test_the_session_of_a_guest_and_a_customer_is_shared() -> None:
    units = known(("s1", "s1", False), ("s2", "s2", False), ("~c1", "s1", True))
    assert units.forget() == {hash("s1")}
    assert (units.customers, units.sessions) == (set(), set())


def test_a_unit_that_nothing_names_is_only_counted() -> None:
    found = split(exposure("s1"), exposure("s2", is_treated=False), customer())
    assert found.triggers == []
    assert found.idle.share(5000).units == 3


def test_a_unit_is_listed_if_it_or_a_session_of_it_is_named_or_shared() -> None:
    shown = exposure("s1"), customer("~c1", "s8"), customer("~c2", "s9"), exposure("s3")
    found = split(*shown, touched={"s1", "s8"}, shared=frozenset({hash("s9")}))
    assert [one.unit for one in found.triggers] == ["s1", "~c1", "~c2"]
    assert found.idle.share(5000).units == 1


def test_all_exposures_of_a_listed_unit_are_listed() -> None:
    shown = customer("~c1", "s7"), customer("~c1", "s8")
    assert len(split(*shown, touched={"s8"}).triggers) == 2


def test_a_counted_unit_is_in_the_arm_of_its_first_trigger() -> None:
    late = exposure("s1", at=T0 + 2 * DAY)
    early = exposure("s1", rule="r2", at=T0, is_treated=False)
    share = split(late, early).idle.share(5000)
    assert (share.units, share.treated, share.held_out, share.crossed) == (1, 0, 1, 1)
    assert share.first_at == T0


def test_no_unit_is_only_counted_where_each_is_needed() -> None:
    made = UnitSplit(T0, None, ())
    made.add(rows(exposure("s1"), exposure("s2")))
    made.close()
    made.close()
    assert len(made.triggers) == 2
    assert made.idle.units_by_share == {}
