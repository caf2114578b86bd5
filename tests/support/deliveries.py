"""Deliveries of shop platforms and help desks for the tests of the connectors."""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from tactful.connectors.allow_list import ContactDigests, strip
from tactful.connectors.connector import Connector, Mapped, Terms
from tactful.core.facts import fact_codec
from tactful.core.facts.fact_codec import FactRejection
from tactful.core.facts.fact_types import AnyFact

CONTACTS = ContactDigests(b"k" * 32, "DE")
TERMS = Terms(territory="DE", currency="EUR", tax_rate_bp=1900, regions={"reg_1": "DE"})
FIXTURES = Path(__file__).parents[1] / "unit" / "connectors"


def read_payload(folder: str, name: str) -> Any:
    """Return a captured file: `body`, and `headers` where it was a webhook."""
    return json.loads((FIXTURES / folder / f"{name}.json").read_text("utf-8"), parse_float=str)


def mapped(
    connector: Connector, topic: str, payload: Mapping[str, Any], terms: Terms = TERMS
) -> Mapped:
    """Return what a payload means, after its allow-list."""
    return connector.map(topic, strip(payload, connector.kept[topic], CONTACTS).fields, terms)


def facts_of(found: Mapped) -> list[AnyFact]:
    """Return the facts, as the server reads them; each must be valid."""
    return [valid_fact(fact) for fact in found.facts]


def valid_fact(fact: Mapping[str, Any]) -> AnyFact:
    """Return a fact as the server reads it."""
    result = fact_codec.read_fact(json.dumps(fact).encode()).result
    assert not isinstance(result, FactRejection), (fact, result)
    return result
