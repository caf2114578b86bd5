"""Token buckets shared by the connections of an address or a session."""

from support.raw_connections import HELLO, WELCOME, RawClient, running_listener, text
from tactful.protocol.conversation import ProtocolTiming
from tactful.protocol.messages import ClientMessage, Hello
from tactful.transports.admission.limits import AdmissionLimits
from tactful.transports.admission.message_quotas import (
    MESSAGES_PER_CHARGE,
    MESSAGES_PER_CONNECTION_S,
    PRUNE_FROM,
    TokenBucket,
    TokenBuckets,
)
from tactful.transports.sessions.connection_hub import ClientConnection

TIMING = ProtocolTiming(per_second=10, burst=100)
VIEW = text({"t": "view", "sku": "a"})


class JoiningHandler:
    """Adds all connections to one session."""

    def __init__(self, session: str | None = None) -> None:
        self.session = session

    def connection_opened(self, connection: ClientConnection) -> None:
        pass

    def message_received(self, connection: ClientConnection, message: ClientMessage) -> None:
        if isinstance(message, Hello):
            connection.send(WELCOME)
            if self.session:
                connection.join_session(self.session)

    def client_lagging(self, connection: ClientConnection) -> None:
        pass

    def client_caught_up(self, connection: ClientConnection) -> None:
        pass

    def connection_closed(self, connection: ClientConnection) -> None:
        pass


def test_a_bucket_holds_its_burst_and_refills_at_its_rate() -> None:
    bucket = TokenBucket(10, 100)
    assert bucket.charge(100, now=0)
    assert not bucket.charge(1, now=0)
    assert bucket.charge(9, now=1_000)
    assert not bucket.charge(5, now=1_000)


def test_a_debt_does_not_grow() -> None:
    bucket = TokenBucket(10, 100)
    for _ in range(1_000):
        bucket.charge(100, now=0)
    assert bucket.charge(10, now=1_000)


def test_an_address_may_send_at_least_what_one_connection_may() -> None:
    small, large = TokenBuckets(TIMING, per_address=1), TokenBuckets(TIMING, per_address=1_000)
    assert small.for_address("a", 0).charge(100, 0)
    assert large.for_address("a", 0).charge(10 * MESSAGES_PER_CONNECTION_S * 1_000, 0)
    assert not large.for_address("a", 0).charge(1, 0)


def test_a_session_keeps_its_bucket_across_a_login() -> None:
    buckets = TokenBuckets(TIMING, per_address=1)
    assert buckets.for_session("s.1", 0) is buckets.for_session("s.2", 0)
    assert buckets.for_session("s", 0) is not buckets.for_address("s", 0)


def test_only_full_buckets_without_holders_are_dropped() -> None:
    buckets = TokenBuckets(TIMING, per_address=1)
    held = buckets.for_address("held", 0)
    spent = buckets.for_address("spent", 0)
    spent.charge(50, 10_000)
    buckets.release(spent)
    for number in range(20 * PRUNE_FROM):
        buckets.release(buckets.for_address(f"{number}", 10_000))
    assert len(buckets) <= PRUNE_FROM
    assert buckets.for_address("held", 10_000) is held
    assert buckets.for_address("spent", 10_000) is spent


async def flood(port: int, connections: int, messages: int, source: str = "127.0.0.1") -> list[int]:
    """Send many messages on one connection after the other; return close codes, 0 for none."""
    codes: list[int] = []
    for _ in range(connections):
        async with RawClient.connect(port, source) as peer:
            await peer.handshake()
            await peer.send(text(HELLO) + VIEW * messages + text({"t": "logout", "n": 1}))
            codes.append(await outcome(peer))
    return codes


async def outcome(peer: RawClient) -> int:
    while True:
        opcode, payload = await peer.frame()
        if opcode == 8:
            return int.from_bytes(payload[:2])
        if b'"ack"' in payload:
            return 0


async def test_a_flooding_client_that_reconnects_meets_the_bucket_of_its_address() -> None:
    limits = AdmissionLimits(
        timing=ProtocolTiming(per_second=1, burst=1_000), per_address=1, linger_ms=100
    )
    async with running_listener(JoiningHandler(), limits=limits) as listener:
        assert 4429 in await flood(listener.port, 4, 400)
        assert await flood(listener.port, 1, 400, "127.0.0.2") == [0]


async def test_an_unlimited_address_has_no_bucket() -> None:
    limits = AdmissionLimits(
        timing=ProtocolTiming(per_second=1, burst=1_000),
        unlimited=frozenset({"127.0.0.1"}),
        linger_ms=100,
    )
    async with running_listener(JoiningHandler(), limits=limits) as listener:
        assert await flood(listener.port, 5, 900) == [0] * 5


async def test_the_tabs_of_a_session_share_one_bucket() -> None:
    limits = AdmissionLimits(
        timing=ProtocolTiming(per_second=1, burst=1_000),
        unlimited=frozenset({"127.0.0.1"}),
        linger_ms=100,
    )
    async with running_listener(JoiningHandler("s.1"), limits=limits) as listener:
        assert await flood(listener.port, 2, 900) == [0, 0]
        assert await flood(listener.port, 1, 900) == [4429]
        assert 0 not in await flood(listener.port, 3, 400)


async def test_a_few_messages_are_charged_only_at_the_end() -> None:
    async with running_listener(
        JoiningHandler("s"), limits=AdmissionLimits(timing=TIMING, linger_ms=100)
    ) as listener:
        assert await flood(listener.port, 1, MESSAGES_PER_CHARGE - 2) == [0]
