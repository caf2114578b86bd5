"""What a scene shows of its item, shopper and customer."""

from support.builders import (
    T0,
    case,
    customer,
    item,
    kept,
    price,
    product,
    remedy,
    scene,
    session,
    stock,
)
from support.naive_assembly import NaiveShop
from tactful.core.context import Scene
from tactful.core.customer.profile import Profile, profile
from tactful.core.customer.taints import NO_TAINTS
from tactful.core.facts.fact_types import AnyFact
from tactful.core.facts.history import History
from tactful.core.facts.item import Item
from tactful.core.facts.price_rows import EVERYBODY, Audience
from tactful.core.rules.policy import Policy
from tactful.core.session.contact_history import NO_CONTACT

CUSTOMER = session(customer="c1", consent="personal")


def known(*facts: AnyFact) -> Profile:
    return profile(NaiveShop((fact, T0) for fact in facts).history("c1"), Policy())


def test_a_scene_shows_the_item_in_the_shopper_s_territory() -> None:
    shoe = item(
        product=kept(product(title="Aero")),
        prices={"DE": kept(price(amount=12900)), "AT": kept(price(amount=13900, territory="AT"))},
        stock={"DE": (kept(stock(available=2)), kept(stock(available=3)))},
    )
    here = scene(item=shoe)
    assert here.product is not None
    assert here.price is not None
    assert (here.product.title, here.price.fact.price.amount, here.available) == ("Aero", 12900, 5)
    there = scene(item=shoe, session=session(territory="AT"))
    assert there.price is not None
    assert (there.price.fact.price.amount, there.available) == (13900, None)


def test_a_scene_without_a_customer_has_no_history() -> None:
    nobody = scene(item=Item(sku="GHOST"))
    assert (nobody.history, nobody.product, nobody.price, nobody.remedy) == (None, None, None, None)
    assert scene(session=session(territory=None)).price is None


def test_the_taints_of_a_scene_are_those_of_its_customer() -> None:
    assert scene().taints is NO_TAINTS
    tainted = scene(session=CUSTOMER, profile=known(case("k1", kind="late")))
    assert [taint.cause for taint in tainted.taints.shop] == ["k1"]


def voucher_of(here: Scene) -> str | None:
    return here.remedy.fact.remedy if here.remedy else None


def test_the_remedy_of_a_scene_is_the_unused_voucher_that_ends_first() -> None:
    vouchers = known(
        remedy("m1", skus=["HAT-1"], expires_at=T0 + 3),
        remedy("m2", skus=["HAT-1"], expires_at=T0 + 2),
        remedy("m3", skus=["HAT-1"], expires_at=T0 + 2),
        remedy("m4", skus=["HAT-1"], expires_at=T0),
    )
    assert voucher_of(scene(session=CUSTOMER, profile=vouchers)) == "m2"
    used = NO_CONTACT.with_cooldown("remedy", "m2", T0 + 1)
    assert voucher_of(scene(session=CUSTOMER, profile=vouchers, contact=used)) == "m3"
    used_up = used.with_cooldown("remedy", "m3", T0 + 1).with_cooldown("remedy", "m1", T0 + 1)
    assert voucher_of(scene(session=CUSTOMER, profile=vouchers, contact=used_up)) is None


def test_the_hold_out_of_a_customer_goes_before_that_of_the_session() -> None:
    here = session(customer="c1")
    assert scene(session=here).holdout_key == "anon-s1"
    known = profile(History(customer="c1"), Policy())
    assert scene(session=here, profile=known).holdout_key == "c1"


def test_a_price_is_asked_for_the_page_and_the_customers_group() -> None:
    assert scene(session=session(channel="app", currency="EUR")).audience == Audience("EUR", "app")
    assert scene(session=session(group="club")).audience is EVERYBODY
    signed = session(customer="c1", consent="personal", group="club")
    assert scene(session=signed).audience == Audience(group="club")
    reported = known(customer("c1", group="staff"))
    assert scene(session=CUSTOMER, profile=reported).audience == Audience(group="staff")
    assert scene(session=CUSTOMER, profile=known()).audience is EVERYBODY
    assert scene(session=session(territory=None)).public_prices == ()
