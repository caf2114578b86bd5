"""What connections may say together: an address's share and a session's outlive each of them."""

from support.raw_connections import HELLO, WELCOME, RawClient, running_listener, text
from tactful.protocol.conversation import ProtocolTiming
from tactful.protocol.messages import Hello
from tactful.transports.admission.limits import AdmissionLimits
from tactful.transports.admission.message_quotas import (
    MESSAGES_PER_CHARGE,
    MESSAGES_PER_CONNECTION_S,
    PRUNE_FROM,
    TokenBucket,
    TokenBuckets,
)

RHYTHM = ProtocolTiming(per_second=10, burst=100)
VIEW = text({"t": "view", "sku": "a"})


class BelongingDesk:
    """Welcomes everybody into one session."""

    def __init__(self, session=None):
        self.session = session

    def connection_opened(self, connection):
        pass

    def message_received(self, connection, message):
        if isinstance(message, Hello):
            connection.send(WELCOME)
            if self.session:
                connection.join_session(self.session)

    def client_lagging(self, connection):
        pass

    def client_caught_up(self, connection):
        pass

    def connection_closed(self, connection):
        pass


def test_a_share_holds_its_burst_and_fills_at_its_pace():
    share = TokenBucket(10, 100)
    assert share.charge(100, now=0)
    assert not share.charge(1, now=0)
    assert share.charge(9, now=1_000)
    assert not share.charge(5, now=1_000)


def test_a_debt_does_not_grow():
    share = TokenBucket(10, 100)
    for _ in range(1_000):
        share.charge(100, now=0)
    assert share.charge(10, now=1_000)


def test_an_address_has_at_least_what_one_connection_has():
    small, large = TokenBuckets(RHYTHM, places=1), TokenBuckets(RHYTHM, places=1_000)
    assert small.for_address("a", 0).charge(100, 0)
    assert large.for_address("a", 0).charge(10 * MESSAGES_PER_CONNECTION_S * 1_000, 0)
    assert not large.for_address("a", 0).charge(1, 0)


def test_a_session_keeps_its_share_over_a_login():
    shares = TokenBuckets(RHYTHM, places=1)
    assert shares.for_session("s.1", 0) is shares.for_session("s.2", 0)
    assert shares.for_session("s", 0) is not shares.for_address("s", 0)


def test_full_shares_that_nobody_holds_are_forgotten_and_others_are_not():
    shares = TokenBuckets(RHYTHM, places=1)
    held = shares.for_address("held", 0)
    spent = shares.for_address("spent", 0)
    spent.charge(50, 10_000)
    shares.release(spent)
    for number in range(20 * PRUNE_FROM):
        shares.release(shares.for_address(f"{number}", 10_000))
    assert len(shares) <= PRUNE_FROM
    assert shares.for_address("held", 10_000) is held
    assert shares.for_address("spent", 10_000) is spent


async def flood(port, connections, messages, source="127.0.0.1"):
    """How connections fare that each say so much, one after the other: a close code, or 0 for well."""
    codes = []
    for _ in range(connections):
        async with RawClient.connect(port, source) as peer:
            await peer.open()
            await peer.send(text(HELLO) + VIEW * messages + text({"t": "logout", "n": 1}))
            codes.append(await outcome(peer))
    return codes


async def outcome(peer):
    while True:
        opcode, payload = await peer.frame()
        if opcode == 8:
            return int.from_bytes(payload[:2])
        if b'"ack"' in payload:
            return 0


async def test_who_comes_back_with_a_new_connection_meets_the_share_of_the_address():
    limits = AdmissionLimits(
        timing=ProtocolTiming(per_second=1, burst=1_000), per_address=1, linger_ms=100
    )
    async with running_listener(BelongingDesk(), limits=limits) as door:
        assert 4429 in await flood(door.port, 4, 400)
        assert await flood(door.port, 1, 400, "127.0.0.2") == [0]


async def test_an_address_without_limits_has_no_share():
    limits = AdmissionLimits(
        timing=ProtocolTiming(per_second=1, burst=1_000),
        unlimited=frozenset({"127.0.0.1"}),
        linger_ms=100,
    )
    async with running_listener(BelongingDesk(), limits=limits) as door:
        assert await flood(door.port, 5, 900) == [0] * 5


async def test_the_tabs_of_a_session_share_what_they_may_say():
    limits = AdmissionLimits(
        timing=ProtocolTiming(per_second=1, burst=1_000),
        unlimited=frozenset({"127.0.0.1"}),
        linger_ms=100,
    )
    async with running_listener(BelongingDesk("s.1"), limits=limits) as door:
        assert await flood(door.port, 2, 900) == [0, 0]
        assert await flood(door.port, 1, 900) == [4429]
        assert 0 not in await flood(door.port, 3, 400)


async def test_a_few_messages_cost_the_shares_nothing_before_the_end():
    async with running_listener(
        BelongingDesk("s"), limits=AdmissionLimits(timing=RHYTHM, linger_ms=100)
    ) as door:
        assert await flood(door.port, 1, MESSAGES_PER_CHARGE - 2) == [0]
