"""The parts of an inbox joined: with an address and a key, objects can be fetched."""

import pytest

from support.deliveries import TERMS
from tactful.connectors.inbox.inbox_service import install
from tactful.connectors.registry import connector_of

WOO = connector_of("woocommerce")


@pytest.mark.parametrize(
    ("address", "key", "reads"),
    [
        ("https://shop.example", "ck:cs", True),
        ("https://shop.example", None, False),
        (None, "a:b", False),
    ],
)
def test_a_system_is_read_with_an_address_and_a_key(
    address: str | None, key: str | None, reads: bool
) -> None:
    made = install("shop", WOO, secret="hush", terms=TERMS, address=address, key=key)
    assert (made.remote is not None) is reads


def test_a_key_of_another_form_is_refused_at_the_start() -> None:
    with pytest.raises(ValueError, match="user:password"):
        install("shop", WOO, secret="hush", terms=TERMS, address="https://a.example", key="ck")
