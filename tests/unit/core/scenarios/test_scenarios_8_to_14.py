"""Scenarios 8 to 14, as far as the decision alone covers them."""

from dataclasses import dataclass
from typing import Any

import pytest

from support.builders import (
    DAY,
    HOUR,
    MINUTE,
    SECOND,
    T0,
    but,
    campaign,
    case,
    category,
    order,
    orders_at_least,
    remedy,
    rule,
    stock,
    stock_at_least,
)
from support.in_memory_shop import InMemoryShop, Shopper
from support.scenario_fixture import play, r1
from tactful.core.rules.policy import Policy
from tactful.core.rules.rule import Campaign, FrequencyLimit, PriceTerms, Rule
from tactful.core.session import signals

PLENTY = stock("RUN-42", 500)


# 8 forged identity


def test_8_a_rule_for_customers_pushes_nothing_to_an_anonymous_shopper() -> None:
    loyal = rule("L", orders_at_least(1))
    shop = play(loyal, also=[order("o1", "SOCK-3", customer="c8")])
    one = shop.open_session(consent="personal").view("RUN-42", 30)
    assert one.why("RUN-42", "L").reason == "identity.unverified"
    assert one.pushed == []
    one.log_in("c8").view("RUN-42", 30)
    assert len(one.pushed) == 1


# 9 two hundred at once


def test_9_a_budget_of_a_hundred_euros_makes_exactly_five_offers() -> None:
    shop = play(also=[PLENTY], budget=10_000)
    crowd = [shop.open_session(f"s{n}").view("RUN-42") for n in range(200)]
    shop.advance(30)
    served = [one for one in crowd if one.pushed]
    assert len(served) == 5
    assert {one.last_reason("RUN-42") for one in crowd if not one.pushed} == {"budget.spend"}
    assert shop.budget() == (5 * 1935, 0)
    shop.advance(890)
    late = shop.open_session("late").view("RUN-42", 9.999)
    assert not late.pushed
    for one in crowd:
        one.send(signals.ConnectionClosed(1))
    served[0].send(signals.OfferDismissed(served[0].pushed[0].id))
    late.view("RUN-42", 30)
    assert len(late.pushed) == 1


def test_9_a_budget_of_five_offers_makes_exactly_five() -> None:
    shop = play(also=[PLENTY], campaigns=[Campaign("C", count=5)])
    crowd = [shop.open_session(f"s{n}").view("RUN-42", 30) for n in range(8)]
    assert sum(len(one.pushed) for one in crowd) == 5
    assert crowd[-1].last_reason("RUN-42") == "budget.count"


def test_9_a_guest_gets_a_rule_s_offers_within_its_limit_per_shopper() -> None:
    shop = play(r1(per_shopper=FrequencyLimit(1, 30 * DAY)), also=[PLENTY])
    one = shop.open_session().view("RUN-42", 30)
    one.see()
    shop.advance(900)
    one.view("TRAIL-42", 30)
    assert one.last_reason("TRAIL-42") == "budget.shopper_limit"


# 12 right time, not real time


def test_12_ten_engaged_seconds_set_a_timer_for_the_rest() -> None:
    one = play().open_session().view("RUN-42", 10)
    assert one.last_reason("RUN-42") == "timing.wait"
    assert one.wakes_at == T0 + 30 * SECOND


def test_12_typing_delays_the_offer_until_three_seconds_after_the_last_key() -> None:
    shop = play()
    one = shop.open_session().view("RUN-42", 29)
    for _ in range(5):
        one.send(signals.ActivityReported("input"))
        shop.advance(1)
    shop.advance(1.999)
    assert one.pushed == []
    shop.advance(0.001)
    assert len(one.pushed) == 1


def test_12_a_hidden_tab_waits_until_it_is_visible() -> None:
    shop = play()
    one = shop.open_session().view("RUN-42", 29)
    one.send(signals.ActivityReported("hidden", tab=1))
    shop.advance(600)
    assert one.why("RUN-42").reason == "timing.wait"
    one.send(signals.ActivityReported("visible", tab=1))
    shop.advance(0.999)
    assert one.pushed == []
    shop.advance(0.001)
    assert len(one.pushed) == 1


def test_12_another_visible_tab_keeps_engaged_time_running() -> None:
    shop = play()
    one = shop.open_session().view("RUN-42", 10)
    one.send(signals.ConnectionOpened(tab=2, consent="anonymous", territory="DE"))
    one.send(signals.ActivityReported("hidden", tab=1))
    shop.advance(20)
    assert len(one.pushed) == 1


@pytest.mark.parametrize("page", ["checkout", "payment"])
def test_12_no_offer_interrupts_a_payment(page: signals.PageKind) -> None:
    one = play().open_session().view("RUN-42", 10)
    one.send(signals.PageViewed(page))
    one.shop.advance(60)
    assert one.last_reason("RUN-42") == "timing.checkout"


def test_12_a_support_chat_delays_offers_and_withdraws_none() -> None:
    shop = play()
    one = shop.open_session().view("RUN-42", 10)
    one.send(signals.ActivityReported("chat_open"))
    shop.advance(60)
    assert one.last_reason("RUN-42") == "timing.chat"
    one.send(signals.ActivityReported("chat_closed"))
    assert len(one.pushed) == 1
    one.send(signals.ActivityReported("chat_open"))
    assert len(one.offers) == 1


def test_12_a_dismissal_starts_cooldowns_that_apply_on_every_device() -> None:
    shop = play(r1(campaign=None), but(r1(), id="R2", campaign=None))
    one = shop.open_session().log_in("c1").view("RUN-42", 30)
    one.send(signals.OfferDismissed(one.pushed[0].id))
    phone = shop.open_session("s2").log_in("c1").view("RUN-43", 30)
    assert phone.why("RUN-43").reason == "contact.dismissed"
    assert phone.why("RUN-43", "R2").reason == "contact.dismissed"
    assert "contact.dismissed" in phone.reasons("TRAIL-42")
    assert "contact.dismissed" not in phone.reasons("TRAIL-42", "R2")
    shop.now = T0 + 30 * SECOND + 24 * HOUR
    assert "contact.dismissed" not in phone.reasons("TRAIL-42")
    assert "contact.dismissed" in phone.reasons("RUN-43")
    shop.now = T0 + 30 * SECOND + 7 * DAY - 1
    assert "contact.dismissed" in phone.reasons("RUN-43")
    shop.now += 1
    assert "contact.dismissed" not in phone.reasons("RUN-43")


def test_12_a_session_gets_two_offers() -> None:
    shop = play(r1("running", "boots"))
    one = shop.open_session().view("RUN-42", 30)
    one.see()
    shop.advance(900)
    one.view("TRAIL-42", 30).see()
    assert len(one.pushed) == 2
    shop.advance(900)
    one.view("BOOT-42", 30)
    assert one.last_reason("BOOT-42") == "contact.session_cap"


def test_12_one_offer_is_visible_at_a_time() -> None:
    one = play().open_session().view("RUN-42", 30)
    one.view("TRAIL-42", 30)
    assert one.last_reason("TRAIL-42") == "contact.active"


def rescue(**fields: Any) -> Rule:
    return rule("S", stock_at_least(1), moment="rescue", **fields)


def leaving(shop: InMemoryShop, who: Shopper) -> Shopper:
    who.send(signals.ItemViewed("RUN-42"))
    who.send(signals.PageViewed("cancel", moment="rescue"))
    return who


def test_12_a_rescue_waits_for_nothing() -> None:
    shop = play(rescue())
    one = leaving(shop, shop.open_session())
    assert [offer.issued_at for offer in one.pushed] == [T0]


def test_12_a_service_case_suppresses_a_rescue_unless_it_is_a_remedy() -> None:
    case_open = case("k1", "billing", customer="c1")
    shop = play(rescue(), also=[case_open])
    one = leaving(shop, shop.open_session().log_in("c1"))
    assert one.last_reason("RUN-42", "S") == "service.open"
    shop.report(remedy(skus=["BOOT-42"]))
    shop.use_rules(rescue(remedy=True, price=PriceTerms("remedy")))
    assert len(leaving(shop, one).pushed) == 1


# 13 New York, GPC, consent

NY = "THIS PRICE WAS SET BY AN ALGORITHM USING YOUR PERSONAL DATA"


def loyal(percent: int) -> Rule:
    return rule("L", category("running"), orders_at_least(1), percent=percent)


@pytest.mark.parametrize(("percent", "unit"), [(10, 12510), (15, 11900)])
def test_13_an_offer_that_reads_purchases_discloses_it_in_new_york(percent: int, unit: int) -> None:
    shop = play(loyal(percent), also=[order("o1", "SOCK-3", territory="US-NY")])
    one = shop.open_session(territory="US-NY").log_in("c1").view("RUN-42", 30)
    (offer,) = one.pushed
    assert (offer.unit, offer.currency, offer.disclosure, offer.personal) == (unit, "USD", NY, True)


def contextual() -> Rule:
    return rule("X", stock_at_least(3), price=PriceTerms("to_target"))


def test_13_an_offer_that_reads_the_stock_alone_needs_no_disclosure() -> None:
    (offer,) = play(contextual()).open_session(territory="US-NY").view("RUN-42", 30).pushed
    assert (offer.unit, offer.disclosure, offer.personal) == (11900, None, False)


def test_13_global_privacy_control_refuses_personal_offers_only() -> None:
    shop = play(loyal(10), contextual())
    one = shop.open_session(territory="US-NY", gpc=True).view("RUN-42", 30)
    assert one.why("RUN-42", "L").reason == "consent.gpc"
    assert [offer.rule for offer in one.pushed] == ["X"]


def test_13_revoked_consent_withdraws_personal_offers() -> None:
    shop = play(loyal(10), also=[order("o1", "SOCK-3")])
    one = shop.open_session().log_in("c1").view("RUN-42", 30)
    one.send(signals.ConsentChanged("anonymous"))
    assert one.withdrawn == [(one.pushed[0].id, "consent.missing")]
    two = shop.open_session("s2").log_in("c2")
    assert two.why("RUN-42", "L").reason == "target.conditions"


def test_13_an_accepted_offer_outlives_the_consent() -> None:
    shop = play(loyal(10), also=[order("o1", "SOCK-3")])
    one = shop.open_session().log_in("c1").view("RUN-42", 30)
    one.accept()
    one.send(signals.ConsentChanged("none"))
    assert [offer.state for offer in one.session.offers] == ["accepted"]


# 14 bad edit, pause, tunnel


@dataclass
class Edit:
    """An edit of a rule, and why it withdraws a visible offer; None: it does not."""

    rule: Rule
    reason: str | None


@pytest.mark.parametrize(
    "edit",
    [
        Edit(r1(paused=True, on_change="withdraw", digest="R1b"), "rule.paused"),
        Edit(r1(percent=10, on_change="withdraw", digest="R1b"), "rule.ended"),
        Edit(r1(on_change="withdraw"), None),
        Edit(r1(paused=True, on_change="drain", digest="R1b"), None),
        Edit(r1(paused=True, on_change="keep", digest="R1b"), None),
        Edit(r1(percent=10, digest="R1b"), None),
    ],
    ids=["paused", "edited", "untouched", "drained", "kept", "edited and kept"],
)
def test_14_an_edit_treats_standing_offers_as_on_change_says(edit: Edit) -> None:
    shop = play()
    one, promised = (shop.open_session(f"s{n}").view("RUN-42", 30) for n in range(2))
    promised.accept()
    shop.use_rules(edit.rule, version="v2")
    assert [reason for _, reason in one.withdrawn] == ([edit.reason] if edit.reason else [])
    assert [offer.state for offer in promised.session.offers] == ["accepted"]
    shop.advance(900)
    assert one.offers == []


@pytest.mark.parametrize(("on_change", "reasons"), [("withdraw", ["rule.ended"]), ("keep", [])])
def test_14_a_deleted_rule_treats_its_offers_as_on_change_says(
    on_change: Any, reasons: list[str]
) -> None:
    shop = play(r1(on_change=on_change))
    one = shop.open_session().view("RUN-42", 30)
    shop.use_rules(version="v2")
    assert [reason for _, reason in one.withdrawn] == reasons


def test_14_an_unseen_offer_counts_against_no_cap() -> None:
    shop = play()
    one = shop.open_session().view("RUN-42", 30)
    shop.use_rules(r1(paused=True, on_change="withdraw"), version="v2")
    assert one.session.contact.approaches == ()
    one.send(signals.OfferAccepted(one.pushed[0].id))
    assert one.refused == ["ended"]


def test_14_after_a_rollback_the_rule_pushes_again_when_the_cooldown_ends() -> None:
    shop = play()
    one = shop.open_session().view("RUN-42", 30)
    shop.use_rules(r1(paused=True, on_change="withdraw"), version="v2")
    shop.use_rules(r1(), version="v1")
    one.view("RUN-42", 10 * MINUTE / 1000 - 0.001)
    assert one.reasons("RUN-42") == ["contact.dismissed"]
    one.view("TRAIL-42", 30)
    assert [offer.sku for offer in one.pushed] == ["RUN-42", "TRAIL-42"]
    assert one.why("RUN-42").reason != "contact.dismissed"


def test_9_a_campaign_has_no_budget_in_a_currency_it_does_not_name() -> None:
    shop = play(campaigns=[campaign("C", GBP=50_000)])
    one = shop.open_session().view("RUN-42", 30)
    assert one.last_reason("RUN-42") == "budget.spend"
    assert shop.open_session("s2", territory="GB").view("RUN-42", 30).pushed


def test_a_hold_out_of_everybody_records_each_offer_once() -> None:
    shop = play(policy=Policy(holdout_bp=10_000))
    one = shop.open_session().view("RUN-42", 30)
    one.view("RUN-42", 30)
    assert one.pushed == []
    assert one.why("RUN-42").outcome == "held_out"
    assert one.why("RUN-42").reason == "holdout.global"
    (held_out,) = one.session.unseen
    assert (held_out.state, held_out.hold) == ("held_out", 0)
    assert shop.balances["C", "EUR"].reserved == 0
