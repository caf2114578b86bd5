"""Sentences about what is suppressed for a customer say what, why and until when."""

import pytest
from msgspec import structs

from support.builders import DAY, T0, case, customer, objection, product, review
from support.naive_assembly import NaiveShop
from tactful.console.customer_words import approach_sentence, suppressed
from tactful.console.queries import CustomerView, taint_views
from tactful.core.customer.profile import profile
from tactful.core.facts.fact_types import AnyFact
from tactful.core.rules.policy import Policy

TITLES = {"RUN-42": "Aero Runner 42", "run": "Aero Runner"}


def view(*facts: AnyFact) -> CustomerView:
    catalogue = product("RUN-42", "run", brand="Velo")
    shop = NaiveShop((fact, T0 - DAY) for fact in (catalogue, *facts))
    known = profile(shop.history("c1"), Policy())
    return CustomerView(
        customer="c1", session=None, connected=False, profile=known, offers=(),
        taints=tuple(taint_views(known)), remedies=(),
    )  # fmt: skip


def lines(*facts: AnyFact) -> list[tuple[str, str, str]]:
    found = suppressed(view(*facts).taints, TITLES, T0, "UTC")
    return [(one.what, one.because, one.lasts) for one in found]


def test_each_scope_is_named_by_its_title_and_the_widest_comes_first() -> None:
    asked = objection(until=T0 + 7 * DAY)
    bad = case("k1", skus=["RUN-42"], opened_at=T0 - DAY)
    assert lines(bad, asked) == [
        ("everything except vouchers", "the customer asked for no offers", "until 2026-03-17 12:00:00 UTC"),
        ("Aero Runner (all variants)", "a complaint about it is open", "while this is open"),
    ]  # fmt: skip


def test_an_objection_without_an_end_lasts_until_it_is_lifted() -> None:
    asked = objection(skus=("RUN-42",))
    assert lines(asked) == [
        ("Aero Runner (all variants)", "the customer asked not to be offered it", "until it is lifted")
    ]  # fmt: skip


def test_what_has_ended_is_not_listed() -> None:
    assert lines(review(rating=1, at=T0 - 400 * DAY), objection(until=T0)) == []


@pytest.mark.parametrize(
    ("facts", "sentence"),
    [
        ((), "Offers are made: no case"),
        ((case("k1", skus=["RUN-42"]),), "Offers are made, but not of what is listed"),
        ((objection(),), "No offers are made until it is lifted, because the customer asked"),
        ((case("k1", "late"),), "No offers are made while this is open, because a complaint about"),
        ((customer(opted_out=True),), "No offers are made: the customer has opted out"),
    ],
)
def test_one_sentence_says_whether_offers_are_made(
    facts: tuple[AnyFact, ...], sentence: str
) -> None:
    assert approach_sentence(view(*facts), T0, "UTC").startswith(sentence)


def test_an_anonymous_shopper_may_be_approached() -> None:
    nobody = structs.replace(view(), customer=None, profile=None)
    assert approach_sentence(nobody, T0, "UTC").startswith("Offers are made:")
