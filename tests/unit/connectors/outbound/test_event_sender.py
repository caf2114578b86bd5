"""Events reach a receiver at least once, signed, and in order for each session and customer."""

import base64
from collections.abc import Iterator, Sequence
from typing import Any

import pytest

from support.event_receiver import Receiver, receiving
from support.inbox import NOW, SettableClock
from support.ledger_rows import offer, push
from support.raw_connections import eventually
from tactful.connectors.egress_client import EgressClient
from tactful.connectors.outbound import event_sender
from tactful.connectors.outbound.event_sender import PATIENCE_MS, EventSender, groups
from tactful.connectors.signatures import SCHEMES, Signed, is_genuine
from tactful.core.values.money import Money
from tactful.runtime.services.event_types import (
    AlertData,
    AlertRaisedEvent,
    AnyEvent,
    OfferData,
    OfferShownEvent,
)
from tactful.runtime.services.offer_events import EventReader
from tactful.stores.memory.ledger import MemoryLedger

SECRET = b"secret of the events of a test"
PATIENCE_S = 60


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    with receiving() as found:
        yield found


class Sending:
    """A sender on a ledger in memory."""

    def __init__(
        self,
        receiver: Receiver,
        ledger: MemoryLedger | None = None,
        secrets: Sequence[bytes] = (SECRET,),
    ) -> None:
        self.ledger = ledger or MemoryLedger()
        self.clock = SettableClock()
        self.sender = EventSender(
            EventReader(self.ledger, self.clock),
            self.ledger,
            self.clock,
            EgressClient(typed=[receiver.url]),
            url=receiver.url,
            secrets=secrets,
        )

    async def make(self, *names: str) -> None:
        """Push an offer to each session."""
        for name in names:
            await self.ledger.commit(push(offer(f"of_{name}", session=f"se_{name}")))


def ids(receiver: Receiver) -> list[str]:
    return [one["data"]["offer"] for one in receiver.got]


async def test_what_happened_before_the_first_start_is_not_sent(receiver: Receiver) -> None:
    one = Sending(receiver)
    await one.make("old")
    assert await one.sender.send_page() is False
    await one.make("new")
    assert await one.sender.send_page() is True
    assert ids(receiver) == ["of_new"]
    assert one.sender.count == 1


async def test_an_event_is_signed_as_standard_webhooks_are(receiver: Receiver) -> None:
    one = Sending(receiver)
    await one.sender.send_page()
    await one.make("a")
    await one.sender.send_page()
    ((headers, body),) = receiver.raw
    assert headers["webhook-id"] == receiver.got[0]["id"]
    assert headers["webhook-timestamp"] == str(NOW // 1000)
    secret = "whsec_" + base64.b64encode(SECRET).decode()
    scheme = SCHEMES["standard-webhooks"]
    assert is_genuine(scheme, secret, Signed(headers, body), NOW)
    assert not is_genuine(scheme, secret, Signed(headers, body + b" "), NOW)


async def test_a_receiver_accepts_either_secret_while_one_is_changed(receiver: Receiver) -> None:
    secrets = b"the new secret of the events", SECRET
    one = Sending(receiver, secrets=secrets)
    await one.sender.send_page()
    await one.make("a")
    assert await one.sender.send_page()
    ((headers, body),) = receiver.raw
    assert headers["webhook-signature"].count("v1,") == 2
    for secret in secrets:
        text = "whsec_" + base64.b64encode(secret).decode()
        assert is_genuine(
            SCHEMES["standard-webhooks"], text, Signed(headers, body), one.clock.now()
        )
    other = "whsec_" + base64.b64encode(b"another secret").decode()
    assert not is_genuine(
        SCHEMES["standard-webhooks"], other, Signed(headers, body), one.clock.now()
    )


@pytest.mark.parametrize("status", [301, 307, 400, 401, 404, 429, 500, 503])
async def test_no_answer_but_success_ends_an_event(receiver: Receiver, status: int) -> None:
    one = Sending(receiver)
    await one.sender.send_page()
    await one.make("a")
    receiver.statuses = [status]
    assert not await one.sender.send_page()
    assert one.sender.problem is not None
    assert await one.sender.send_page()
    assert ids(receiver) == ["of_a"]
    assert one.sender.problem is None


async def test_a_failure_repeats_only_what_was_not_answered(receiver: Receiver) -> None:
    one = Sending(receiver)
    await one.sender.send_page()
    await one.make("a", "b")
    receiver.statuses = [500]
    assert await one.sender.send_page() is False
    assert one.sender.problem == "The receiver answered 500."
    assert len(ids(receiver)) == 1
    assert await one.sender.send_page() is True
    assert sorted(ids(receiver)) == ["of_a", "of_b"]
    assert one.sender.problem is None


async def test_a_restart_begins_after_the_last_page_that_was_answered(receiver: Receiver) -> None:
    before = Sending(receiver)
    await before.sender.send_page()
    await before.make("a")
    await before.sender.send_page()
    await before.make("b")
    after = Sending(receiver, before.ledger)
    await after.sender.send_page()
    assert ids(receiver) == ["of_a", "of_b"]


async def test_a_ledger_that_went_back_lets_events_begin_now(receiver: Receiver) -> None:
    one = Sending(receiver)
    await one.ledger.put_cursor(event_sender.CURSOR_OWNER, "sent", "99.0")
    await one.make("a")
    assert await one.sender.send_page() is False
    await one.make("b")
    assert await one.sender.send_page() is True
    assert ids(receiver) == ["of_b"]


async def test_an_alert_is_raised_after_five_minutes_of_failures() -> None:
    away = Receiver()
    away.url = "http://127.0.0.1:1/events"
    one = Sending(away)
    await one.sender.send_page()
    await one.make("a")
    await one.sender.send_page()
    assert list(one.sender.causes()) == []
    one.clock.at += PATIENCE_MS
    await one.sender.send_page()
    (cause,) = one.sender.causes()
    assert cause.kind == "events.undelivered"
    assert "does not respond" in str(cause.evidence["message"])


async def test_it_runs_until_it_is_stopped(
    receiver: Receiver, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(event_sender, "FIRST_PAUSE_S", 0)
    monkeypatch.setattr(event_sender, "POLL_S", 0)
    one = Sending(receiver)
    await one.sender.send_page()
    receiver.statuses = [503]
    await one.make("a")
    one.sender.start()
    await eventually(lambda: ids(receiver) == ["of_a"], PATIENCE_S)
    await one.sender.stop()
    await one.sender.stop()


async def test_an_error_of_ours_does_not_end_the_deliveries(
    receiver: Receiver, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(event_sender, "FIRST_PAUSE_S", 0)
    one = Sending(receiver)
    read, failures = one.sender._reader.read, [LookupError("damaged")]

    async def fails_once(*asked: Any) -> Any:
        if failures:
            raise failures.pop()
        return await read(*asked)

    await one.sender.send_page()
    monkeypatch.setattr(one.sender._reader, "read", fails_once)
    await one.make("a")
    one.sender.start()
    await eventually(lambda: ids(receiver) == ["of_a"], PATIENCE_S)
    await one.sender.stop()


def event(number: int, session: str, customer: str | None = None) -> AnyEvent:
    if not session:
        alert = AlertData(alert="al_1", kind="feed.stale", subject="stock", evidence={})
        return AlertRaisedEvent(id=f"ev_{number}", at="", data=alert)
    data = OfferData(
        offer="of_1", session=session, customer=customer, sku="S", territory="DE",
        price=Money(1, "EUR"), rule="R1",
    )  # fmt: skip
    return OfferShownEvent(id=f"ev_{number}", at="", data=data)


@pytest.mark.parametrize(
    ("events", "expected"),
    [
        ([], []),
        ([event(1, "a"), event(2, "b"), event(3, "a")], [["ev_1", "ev_3"], ["ev_2"]]),
        ([event(1, "a"), event(2, "b", "mia"), event(3, "a", "mia")], [["ev_1", "ev_2", "ev_3"]]),
        ([event(1, ""), event(2, "a"), event(3, "")], [["ev_1", "ev_3"], ["ev_2"]]),
    ],
)
def test_what_shares_a_session_or_a_customer_is_one_group(
    events: list[AnyEvent], expected: list[list[str]]
) -> None:
    found = [[one.id for one in group] for group in groups(events)]
    assert sorted(found) == sorted(expected)
