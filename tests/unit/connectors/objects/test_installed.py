"""A connector of a shop: its secret is checked at the start, and its sentences are bounded."""

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
