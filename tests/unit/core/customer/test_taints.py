"""The values of taints: their code at an instant, and the next one to begin."""

from support.builders import DAY, T0
from tactful.core.customer.taints import NO_TAINTS, Taint, Taints
from tactful.core.verdicts.reasons import Reason

LATE = Taint(
    Reason.SERVICE_OPEN, Reason.SERVICE_COOLDOWN, T0, T0 + DAY, T0 + 8 * DAY, cause="k1", at=T0
)


def test_a_taint_has_one_code_until_its_cause_ends_and_another_in_the_cooldown() -> None:
    assert LATE.code(T0 + DAY - 1) is Reason.SERVICE_OPEN
    assert LATE.code(T0 + DAY) is Reason.SERVICE_COOLDOWN
    without_end = Taint(
        Reason.SERVICE_OPEN, Reason.SERVICE_COOLDOWN, T0, None, None, cause="k1", at=T0
    )
    assert without_end.code(T0 + 1000 * DAY) is Reason.SERVICE_OPEN


def test_the_next_start_is_that_of_the_first_taint_on_the_shop_that_is_to_come() -> None:
    assert Taints(shop=(LATE,)).next_start(T0 - 1) == T0
    assert Taints(shop=(LATE,)).next_start(T0) is None
    assert NO_TAINTS.next_start(T0) is None
