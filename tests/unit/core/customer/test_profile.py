"""The profile that a decision reads of a customer."""

from support.builders import T0, case, order, product
from support.naive_assembly import NaiveShop
from tactful.core.customer.profile import profile
from tactful.core.customer.taint_derivation import derive_taints
from tactful.core.facts.history import History
from tactful.core.facts.purchases import derive_purchases
from tactful.core.rules.policy import Policy, TaintRule, TaintRules
from tactful.core.session.contact_history import NO_CONTACT, ContactHistory


def history() -> History:
    told = (product(), order("o1", "RUN-42"), case(skus=("RUN-42",)))
    return NaiveShop((fact, T0) for fact in told).history("c1")


def test_a_profile_has_what_the_facts_amount_to() -> None:
    found = profile(history(), Policy())
    assert found.taints == derive_taints(history(), Policy())
    assert list(found.taints.products) == ["run"]
    assert found.purchases == derive_purchases(history())
    assert list(found.purchases) == ["run"]
    assert found.contact is NO_CONTACT


def test_a_profile_is_derived_under_the_policy() -> None:
    strict = Policy(taints=TaintRules(defect=TaintRule("shop", 1)))
    assert profile(history(), strict).taints.shop


def test_a_profile_carries_the_contact_history() -> None:
    contact = ContactHistory()
    assert profile(history(), Policy(), contact).contact is contact
