"""What connections are sent: effects once, snapshots for newcomers, tokens for accepted offers."""

from pathlib import Path

from support.bare_shop import Recorder, bare_shop, recorded_connection
from support.builders import offer, session
from tactful.core.decision import ConfirmAcceptance, Effect, PushOffer, RefuseRequest, WithdrawOffer
from tactful.core.offers.offer import OfferState
from tactful.runtime.security.token_issuer import IssuedOffer
from tactful.runtime.sessions.delivery import MAX_CONNECTIONS, Delivery, coalesced
from tactful.runtime.state.session_registry import LiveSession, SessionConnection

ACCEPTED = offer("of2", state=OfferState.ACCEPTED, accept_until=1_800_000)


def delivery(folder: Path) -> Delivery:
    return Delivery(bare_shop(folder).state)


def connected(live: LiveSession, tab: int) -> tuple[SessionConnection, Recorder]:
    """A connection that has received the snapshot."""
    connection, recorder = recorded_connection()
    connection.tab = tab
    live.connections[tab] = connection
    return connection, recorder


def test_an_offer_that_was_withdrawn_before_it_was_shown_is_not_sent() -> None:
    first, kept = PushOffer(offer("of1")), PushOffer(offer("of2"))
    effects: list[Effect] = [first, kept, WithdrawOffer("of1", 2), WithdrawOffer("old", 3)]
    assert coalesced(effects) == [kept, WithdrawOffer("old", 3)]
    assert coalesced([kept]) == [kept]
    assert coalesced([WithdrawOffer("old", 3)]) == [WithdrawOffer("old", 3)]


def test_every_connection_gets_the_outbox_once(tmp_path: Path) -> None:
    live = LiveSession(session(), b"digest")
    recorders = [connected(live, tab)[1] for tab in (1, 2)]
    live.outbox = [PushOffer(offer())]
    delivery(tmp_path).send_outbox(live)
    assert live.outbox == []
    assert [recorder.effects for recorder in recorders] == [[PushOffer(offer())]] * 2


def test_an_accepted_offer_is_sent_with_its_token(tmp_path: Path) -> None:
    live = LiveSession(session(), b"digest")
    _, recorder = connected(live, 1)
    live.outbox = [ConfirmAcceptance(ACCEPTED)]
    delivery(tmp_path).send_outbox(live)
    (issued,) = recorder.effects
    assert isinstance(issued, IssuedOffer)
    assert issued.offer == ACCEPTED
    assert issued.token.count(".") == 2


def test_a_newcomer_gets_the_whole_state_and_the_tokens_of_before(tmp_path: Path) -> None:
    live = LiveSession(session(offers=(offer("of1"), ACCEPTED)), b"digest", "secret")
    _, present = connected(live, 1)
    connection, recorder = recorded_connection()
    connection.tab = 2
    live.newcomers = [connection]
    delivery(tmp_path).send_snapshots(live)
    (snapshot,) = recorder.snapshots
    assert (snapshot.session, snapshot.resume) == (live.state.id, "secret")
    assert [one.id for one in snapshot.offers] == ["of1"]
    assert [type(effect) for effect in recorder.effects] == [IssuedOffer]
    assert live.newcomers == []
    assert live.connections[2] is connection
    assert (present.snapshots, present.effects) == ([], [])


def test_without_keys_everything_but_the_token_is_sent_and_the_client_may_ask_again(
    tmp_path: Path,
) -> None:
    shop = bare_shop(tmp_path).state
    sender = Delivery(shop)
    live = LiveSession(session(offers=(ACCEPTED,)), b"digest", "secret")
    _, recorder = connected(live, 1)
    spoiled = next(tmp_path.rglob("*.key.json")).with_name("000002.key.json")
    spoiled.write_text("{}")
    live.outbox = [ConfirmAcceptance(ACCEPTED), WithdrawOffer("of1", 2)]
    sender.send_outbox(live)
    assert recorder.effects == [RefuseRequest("of2", "later"), WithdrawOffer("of1", 2)]
    connection, newcomer = recorded_connection()
    connection.tab = 2
    live.newcomers = [connection]
    sender.send_snapshots(live)
    assert (len(newcomer.snapshots), newcomer.effects) == (1, [])
    spoiled.unlink()
    live.outbox = [ConfirmAcceptance(ACCEPTED)]
    sender.send_outbox(live)
    assert isinstance(newcomer.effects[-1], IssuedOffer)


def test_a_newcomer_that_has_gone_gets_nothing(tmp_path: Path) -> None:
    live = LiveSession(session(), b"digest")
    connection, recorder = recorded_connection()
    connection.closed = True
    live.newcomers = [connection]
    delivery(tmp_path).send_snapshots(live)
    assert (recorder.snapshots, live.connections, live.newcomers) == ([], {}, [])


def test_one_connection_too_many_replaces_the_oldest(tmp_path: Path) -> None:
    live = LiveSession(session(), b"digest")
    recorders = [connected(live, tab)[1] for tab in range(1, MAX_CONNECTIONS + 1)]
    again = live.connections[3]
    newcomer, _ = recorded_connection()
    newcomer.tab = MAX_CONNECTIONS + 1
    live.newcomers = [again, newcomer]
    delivery(tmp_path).send_snapshots(live)
    assert [recorder.replaced for recorder in recorders] == [True] + [False] * (MAX_CONNECTIONS - 1)
    assert len(recorders[2].snapshots) == 1


def test_a_withdrawal_that_was_sent_early_is_sent_once(tmp_path: Path) -> None:
    live = LiveSession(session(offers=(offer(),)), b"digest")
    _, recorder = connected(live, 1)
    sender = delivery(tmp_path)
    sender.send_early(live, WithdrawOffer("of1", 1))
    live.outbox = [WithdrawOffer("of1", 1), WithdrawOffer("of2", 2)]
    sender.send_outbox(live)
    assert recorder.effects == [WithdrawOffer("of1", 1), WithdrawOffer("of2", 2)]
    assert live.early is None


def test_a_snapshot_before_its_turn_has_an_early_withdrawal_sent_again(tmp_path: Path) -> None:
    live = LiveSession(session(offers=(offer(),)), b"digest", "secret")
    connection, recorder = connected(live, 1)
    sender = delivery(tmp_path)
    sender.send_early(live, WithdrawOffer("of1", 1))
    live.newcomers = [connection]
    sender.send_snapshots(live)
    assert [len(one.offers) for one in recorder.snapshots] == [1]
    live.outbox = [WithdrawOffer("of1", 1)]
    sender.send_outbox(live)
    assert recorder.effects == [WithdrawOffer("of1", 1)] * 2
