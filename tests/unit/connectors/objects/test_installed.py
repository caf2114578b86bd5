"""A connector of a shop: its secret is checked at the start, and its sentences are bounded."""

import pytest

from support.deliveries import TERMS
from support.inbox import ITEMS
from tactful.connectors.objects.installed import MAX_SENTENCES, InstalledConnector
from tactful.connectors.registry import connector_of


def test_sentences_beyond_the_bound_count_together() -> None:
    made = InstalledConnector("shop", ITEMS, "hush", TERMS)
    for number in range(MAX_SENTENCES + 3):
        made.count_left_out(f"Sentence {number}.")
    made.count_left_out("Sentence 0.")
    assert made.left_out["other"] == 3
    assert made.left_out["Sentence 0."] == 2
    assert len(made.left_out) == MAX_SENTENCES + 1


def test_a_secret_that_its_scheme_cannot_use_is_refused_at_the_start() -> None:
    desk = connector_of("roundup")
    made = InstalledConnector("desk", desk, "hush", TERMS)
    assert made.scheme.secret("hush") == b"hush"


def test_each_line_is_a_secret_and_without_one_nothing_is_taken() -> None:
    assert InstalledConnector("shop", ITEMS, " new \n\nold\n", TERMS).secrets == ("new", "old")
    assert InstalledConnector("shop", ITEMS, "\n", TERMS).secrets == ()
    generic = connector_of("medusa")
    with pytest.raises(ValueError, match="base64"):
        InstalledConnector("shop", generic, "whsec_AAAA\nno secret!", TERMS)
