"""Real sessions of a clothing shop: every view causes the offer that the rules state, and no other."""

from pathlib import Path

from journeys.clickstream import View, Visit, catalogue, visits
from journeys.clickstream_run import POLICY, RULES, SETTINGS, brings, replay
from support.live_server import live_server
from tactful.config import load

EXCERPT = Path(__file__).parents[2] / "examples" / "data" / "clickstream"


def visit(*skus: str, category: str = "skirts") -> Visit:
    return Visit("s", tuple(View(0, sku, category) for sku in skus))


def test_the_expectation_reads_the_rules_plainly() -> None:
    assert brings(visit("A", "B", "A", "A", "B")) == ["", "", "came-back", "", "came-back"]
    assert brings(visit("A", "B", "A", "B", "A"))[-1] == "thrice"
    assert brings(visit("A", "A")) == ["", ""]
    assert brings(visit("A", category="trousers")) == ["hesitating"]


def test_the_policy_of_the_replay_can_be_written_in_a_file(tmp_path: Path) -> None:
    file = tmp_path / "tactful.toml"
    file.write_text(SETTINGS, "utf-8")
    assert load(file=file).policy == POLICY


async def test_every_view_of_real_sessions_causes_the_expected_offer(tmp_path: Path) -> None:
    some = list(visits(EXCERPT))
    async with live_server(tmp_path, RULES, policy=POLICY) as one:
        await one.facts(*catalogue(EXCERPT))
        tally = await replay(one.listener.port, some, together=50)
    assert tally.wrong == []
    assert min(tally.offers[rule] for rule in ("thrice", "came-back", "hesitating")) > 0
    assert tally.views == sum(len(visit.views) for visit in some)
    # Heartbeats follow the machine's clock: a slow machine needs some.
    assert set(tally.frames) - {"heartbeat"} == {"welcome", "ack", "offer", "withdraw"}
