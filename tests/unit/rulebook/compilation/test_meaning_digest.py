"""Digests depend on what rules mean, and not on fields that a later release added."""

from typing import Any

import msgspec
import pytest
from msgspec import Struct, field, structs

from tactful.core.rules import policy as policies
from tactful.core.rules import rule as rules
from tactful.core.rules.policy import Policy, TaintRule, TaintRules
from tactful.core.rules.rule import Campaign
from tactful.rulebook.compilation import meaning_digest
from tactful.rulebook.compilation.meaning_digest import ADDED_FIELDS, digest, meaningful_fields


def test_the_default_policy_has_the_digest_of_version_0_1_0() -> None:
    # If this fails because of a new field of the policy, name the field in `ADDED_FIELDS`.
    assert digest(Policy()) == "79e463ae20697606"


def test_a_campaign_has_the_digest_of_version_0_1_0() -> None:
    campaign = Campaign(id="C", money={"EUR": 100}, count=5, per="day", timezone="UTC", pace="even")
    assert digest(campaign) == "039dc899d715e352"


def test_every_added_field_exists_and_has_a_default() -> None:
    kinds: dict[str, Any] = {**vars(policies), **vars(rules)}
    for name, added in ADDED_FIELDS.items():
        known = {one.name: one for one in structs.fields(kinds[name])}
        assert all(not known[one].required for one in added)


def test_a_policy_that_sets_an_added_field_has_another_digest() -> None:
    changed = Policy(taints=TaintRules(other=TaintRule("brand", 1)))
    assert digest(changed) != digest(Policy())
    assert digest({"policy": [changed]}) != digest({"policy": [Policy()]})


class Old(Struct, tag="kind", tag_field="t"):
    """A struct as an earlier release had it."""

    kept: int = 1
    named: str = field(default="x", name="other_name")


class New(Struct, tag="kind", tag_field="t"):
    """The same struct in a later release."""

    kept: int = 1
    named: str = field(default="x", name="other_name")
    added: list[int] = field(default_factory=list)


@pytest.mark.parametrize(
    "wrap", [lambda one: one, lambda one: {"a": [one, (one,)]}], ids=["alone", "nested"]
)
def test_added_defaults_leave_the_encoding_as_it_was(
    monkeypatch: pytest.MonkeyPatch, wrap: Any
) -> None:
    monkeypatch.setattr(meaning_digest, "ADDED_FIELDS", {"New": frozenset({"added"})})
    assert digest(wrap(New())) == digest(wrap(Old()))
    assert digest(wrap(New(added=[1]))) != digest(wrap(Old()))
    assert meaningful_fields(New(added=[1])) == ("kept", "named", "added")
    assert msgspec.json.encode(Old()) == b'{"t":"kind","kept":1,"other_name":"x"}'
