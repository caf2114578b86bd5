"""The port between a connection and whoever answers it: a desk takes messages, a connection sends."""

from typing import Protocol

from tactful.protocol.close_codes import CloseCode
from tactful.protocol.messages import ClientMessage


class SessionChannel(Protocol):
    """One open connection, whatever carries it. All methods are synchronous and never block."""

    attached: object | None
    """The desk's own mark; the transport never reads it."""

    highest_n: int
    """The highest `n` taken in. A desk raises it while it handles the `hello` of a resumed
    conversation, so that what the client sends again is not taken twice."""

    @property
    def address(self) -> str:
        """The client's address, behind trusted proxies the one they report."""

    @property
    def origin(self) -> str:
        """The storefront's origin, one of the allowed ones."""

    @property
    def buffered(self) -> int:
        """Bytes sent and not yet taken by the kernel."""

    def send(self, payload: bytes) -> None:
        """Send one encoded message; what is sent while a read is handled is written at once."""

    def may_open_session(self) -> bool:
        """Whether the client's address may open one more session."""

    def join_session(self, session: str) -> None:
        """The connection is one of this session: what may be said is shared with its others."""

    def close(self, code: CloseCode, reason: str = "") -> None:
        """End the connection; what is sent afterwards is dropped, and `closed` follows."""


class SessionHandler(Protocol):
    """Who answers. Every method returns at once; for each `open` there is exactly one `closed`."""

    def connection_opened(self, connection: SessionChannel) -> None:
        """A connection stands; its `hello` will be the first message."""

    def message_received(self, connection: SessionChannel, message: ClientMessage) -> None:
        """A message has passed the connection's rules. Its acknowledgement is the transport's."""

    def client_lagging(self, connection: SessionChannel) -> None:
        """The client lags: send nothing but what it must have until it has caught up."""

    def client_caught_up(self, connection: SessionChannel) -> None:
        """The client reads again: send it the latest state."""

    def connection_closed(self, connection: SessionChannel) -> None:
        """The connection is gone, for whatever reason."""
