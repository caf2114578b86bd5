"""Response times on the page of results."""

from support.console_client import Agent
from support.live_server import LiveServer
from tactful.console.response_views import responses_view
from tactful.core.session.signals import ItemViewed
from tactful.core.values.calendar import HOUR


def test_nothing_is_shown_where_nothing_was_answered() -> None:
    assert responses_view([]) is None


def test_signals_are_charted_and_every_kind_is_listed() -> None:
    found = responses_view([("signal view 5", 2), ("signal view inf", 1), ("fact case 30", 4)])
    assert found is not None
    assert "within 5 ms: 2" in found.chart
    assert "longer: 1" in found.chart
    assert [(str(name), one.answers) for name, one in found.kinds] == [
        ("Signal `view`", 3),
        ("Fact `case`", 4),
    ]


async def test_the_page_of_results_says_how_fast_the_server_answers(
    one: LiveServer, agent: Agent
) -> None:
    one.parts.shop.state.telemetry.responses.record_signal(ItemViewed, 0.0045)
    await one.advance(6 * HOUR // 1000)
    page = await agent.read("/console/results")
    assert "How fast the server answers" in page
    assert "Signal `view` 1 4 ms 5 ms 5 ms" in page, page[-900:]
    assert "How fast the server answers" not in await agent.read("/console/results?rule=R1")
