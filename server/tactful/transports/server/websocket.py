"""Frames in, messages out: the WebSocket side of one connection after its handshake.

One complete, masked, unfragmented text frame is handled inline. Everything else goes to the
library's sans-I/O protocol, which decides every protocol error and is dropped when it has done.
"""

import asyncio
from collections.abc import Callable
from typing import Protocol, cast

from websockets.frames import CLOSE, CONT, PONG, TEXT, Close, Frame
from websockets.protocol import OPEN
from websockets.server import ServerProtocol
from websockets.speedups import apply_mask
from websockets.streams import StreamReader

from tactful.protocol import close_codes
from tactful.protocol.close_codes import CloseCode
from tactful.protocol.codec import truncate_reason as shorten
from tactful.transports.admission.limits import AdmissionLimits
from tactful.transports.server import closing as last_words
from tactful.transports.server.handshake import frame_log
from tactful.transports.server.server_state import ConnectionSlot

_FINAL_TEXT = 0x81
_FINAL_BINARY = 0x82
_FINAL_CLOSE = 0x88
_FINAL_PING = 0x89
_FINAL_PONG = 0x8A
_CONTROL = 0x08
_MASKED = 0x80
_TWO_BYTE_SIZE = 0xFE
_EIGHT_BYTE_SIZE = 0xFF
_PING = b"\x89\x00"
_SHORT_HEADS = tuple(bytes((_FINAL_TEXT, size)) for size in range(126))
PING_COST = 9 * 4_096  # as much as ten messages: browsers send none, and programs few
_KEPT = 4_096  # a frame cut by a read waits inline for the next one if it is no longer than this


class MessageConsumer(Protocol):
    """Who takes the messages of one connection."""

    def begin_read(self, now: int) -> None:
        """Some bytes have arrived."""

    def charge_frame(self, size: int) -> bool:
        """A frame that is no message has arrived; no if it was one too many."""

    def receive_text(self, payload: bytes) -> None:
        """A text message has arrived; that it is UTF-8 is the consumer's to check."""

    def receive_binary(self, payload: bytes) -> None:
        """A binary message has arrived."""

    def end_read(self) -> None:
        """All messages of a read are handed over."""

    def tick(self, now: int) -> None:
        """The sweep has come by."""

    def client_lagging(self) -> None:
        """The peer lags."""

    def client_caught_up(self) -> None:
        """The peer lags no longer."""

    def connection_lost(self, code: int) -> None:
        """The connection is gone, closed with this code."""


class _FallbackParser:
    """The library at work on what is not common, and the message whose fragments it is reading."""

    __slots__ = ("library", "opcode", "parts")

    def __init__(self, limits: AdmissionLimits) -> None:
        self.library = ServerProtocol(state=OPEN, max_size=limits.message_bytes, logger=frame_log)
        self.parts: list[bytes] = []
        self.opcode = TEXT

    @property
    def done(self) -> bool:
        """Whether nothing is left in the midst: no fragment, no byte, no half frame."""
        library = self.library
        return (
            library.state is OPEN
            and library.current_size is None
            and not library.reader.buffer
            and _innermost(library.parser) is StreamReader.at_eof.__code__
        )


def _innermost(parser: object) -> object:
    """The code at which a parser waits: between frames it is `at_eof`, else somewhere in a frame.

    The library does not say so itself. Were it to change, this would find something else, and a
    connection would keep its library: more memory, the same answers.
    """
    while (inner := getattr(parser, "gi_yieldfrom", None)) is not None:
        parser = inner
    return getattr(parser, "gi_code", None)


class WebSocketConnection(asyncio.Protocol):
    """One WebSocket after its handshake. It has no task and no queue of its own."""

    __slots__ = (
        "_batch", "_careful", "_clock", "_closed_with", "_deaf_until", "_limits", "_pending",
        "_seat", "_slow_since", "_transport", "consumer",
    )  # fmt: skip

    def __init__(
        self,
        transport: asyncio.Transport,
        limits: AdmissionLimits,
        clock: Callable[[], int],
        seat: ConnectionSlot,
    ) -> None:
        self._transport = transport
        self._limits = limits
        self._clock = clock
        self._seat = seat
        self.consumer: MessageConsumer
        self._batch: list[bytes] | None = None
        self._pending = b""
        self._careful: _FallbackParser | None = None
        self._deaf_until = 0
        self._slow_since = 0
        self._closed_with = 1006
        transport.set_write_buffer_limits(high=limits.slow_bytes)

    def serve(self, early: bytes) -> None:
        """Begin, with a consumer set; `early` is what came in one packet with the handshake."""
        self._transport.set_protocol(self)
        if early:
            self.data_received(early)

    # What a consumer may do.

    @property
    def buffered(self) -> int:
        """Bytes not yet taken by the kernel."""
        return self._transport.get_write_buffer_size()

    def send(self, payload: bytes) -> None:
        """Send a text message of ours; within a read all of them are written at once."""
        self._put(_head(len(payload)) + payload)

    def send_binary(self, payload: bytes) -> None:
        """Send a binary message."""
        self._put(bytes((_FINAL_BINARY,)) + _head(len(payload))[1:] + payload)

    def send_heartbeat(self, heartbeat: bytes) -> None:
        """Send a sign of life and ask for one; a peer that lags has enough to read already."""
        if not self._slow_since:
            self._put(_head(len(heartbeat)) + heartbeat + _PING)

    def close(self, code: CloseCode, reason: str = "") -> None:
        """Send a close frame and our end of the stream; discard what still comes."""
        if self._deaf_until:
            return
        payload = Close(code.code, shorten(reason)).serialize()
        self._turn_deaf(code.code, bytes((_FINAL_CLOSE, len(payload))) + payload)

    # What the event loop calls.

    def data_received(self, data: bytes) -> None:
        """Take in what one read brought."""
        if self._deaf_until:
            return
        consumer = self.consumer
        consumer.begin_read(self._clock())
        self._batch = []
        if self._careful is None:
            self._take_common(data)
        else:
            self._take_careful(data)
        consumer.end_read()
        self._flush()

    def pause_writing(self) -> None:
        """Stop reading from a peer that does not read: its answers would only pile up."""
        self._slow_since = self._clock()
        if not self._deaf_until:
            self._transport.pause_reading()
            self.consumer.client_lagging()

    def resume_writing(self) -> None:
        """The peer has caught up."""
        self._slow_since = 0
        if not self._deaf_until:
            self._transport.resume_reading()
            self.consumer.client_caught_up()

    def connection_lost(self, exc: Exception | None) -> None:
        """The socket is gone."""
        del exc  # why a peer's socket broke is nobody's concern
        self._deaf_until = self._deaf_until or 1
        self._careful = None
        self._seat.release(self)
        self.consumer.connection_lost(self._closed_with)
        del self.consumer  # they name each other, and would wait for the collector

    def abort(self) -> None:
        """Drop the connection."""
        self._transport.abort()

    def tick(self, now: int) -> None:
        """The sweep has come by: are we still waited for?"""
        if self._deaf_until:
            if now >= self._deaf_until:
                self._transport.abort()
        elif self._slow_since and now - self._slow_since >= self._limits.stalled_ms:
            self.close(close_codes.SLOW, "The connection stalled.")
        else:
            self.consumer.tick(now)

    # The common frame, inline.

    def _take_common(self, data: bytes) -> None:
        waited = bool(self._pending)
        if waited:
            data = self._pending + data
            self._pending = b""
        text = self.consumer.receive_text
        size = len(data)
        at = 0
        while size - at >= 6 and not self._deaf_until:
            first = data[at]
            second = data[at + 1]
            if first == _FINAL_TEXT and _MASKED <= second < _TWO_BYTE_SIZE:
                start = at + 6
                end = start + second - _MASKED
            elif first == _FINAL_TEXT and second == _TWO_BYTE_SIZE:
                start = at + 8
                end = start + (data[at + 2] << 8 | data[at + 3])
            elif first == _FINAL_PONG and second == _MASKED:
                at += 6  # the answer to our ping
                continue
            elif first == _FINAL_PING and _MASKED <= second < _TWO_BYTE_SIZE:
                end = at + 6 + second - _MASKED
                if end > size:
                    break
                self._answer(
                    second - _MASKED, apply_mask(data[at + 6 : end], data[at + 2 : at + 6])
                )
                at = end
                continue
            else:
                break
            if end > size or end - start > self._limits.message_bytes:
                break
            text(apply_mask(data[start:end], data[start - 4 : start]))
            at = end
        if at < size and not self._deaf_until:
            self._keep_or_hand_over(data[at:], may_wait=not (waited and at == 0))

    def _answer(self, size: int, payload: bytes) -> None:
        """A ping is answered here, for a flood of them would keep the library busy for the rest."""
        self._charge(PING_COST)
        self._put(bytes((_FINAL_PONG, size)) + payload)

    def _keep_or_hand_over(self, rest: bytes, *, may_wait: bool) -> None:
        """A common frame cut by the read waits once; whatever else is left is the library's."""
        if may_wait and rest[0] == _FINAL_TEXT and _lacks_bytes(rest):
            self._pending = rest
        else:
            self._careful = _FallbackParser(self._limits)
            self._take_careful(rest)

    # Everything else, by the library.

    def _take_careful(self, data: bytes) -> None:
        careful = cast("_FallbackParser", self._careful)
        library = careful.library
        library.receive_data(data)
        for event in library.events_received():
            self._take_frame(careful, cast("Frame", event))
            if self._deaf_until:
                return
        self._put(b"".join(library.data_to_send()))
        if library.state is not OPEN:
            self._library_closed(library)
        elif careful.done:
            self._careful = None

    def _take_frame(self, careful: _FallbackParser, frame: Frame) -> None:
        if frame.opcode is CLOSE:
            return
        if frame.opcode & _CONTROL:
            if not (frame.opcode is PONG and not frame.data):
                self._charge(PING_COST)
            return
        if frame.opcode is not CONT:
            careful.opcode = frame.opcode
        careful.parts.append(bytes(frame.data))
        if len(careful.parts) > self._limits.fragments:
            self.close(close_codes.BAD_FRAME, "Too many fragments.")
        elif frame.fin:
            payload, careful.parts = b"".join(careful.parts), []
            take = (
                self.consumer.receive_text
                if careful.opcode is TEXT
                else self.consumer.receive_binary
            )
            take(payload)
        else:
            self._charge(len(frame.data))

    def _charge(self, size: int) -> None:
        if not self.consumer.charge_frame(size):
            self.close(close_codes.TOO_FAST, "Too many frames.")

    def _library_closed(self, library: ServerProtocol) -> None:
        """The library has written the close frame, in answer or because of a violation."""
        if library.parser_exc is None and library.close_rcvd is not None:
            self._turn_deaf(library.close_rcvd.code)
            self._transport.close()  # both sides have said all
        else:
            self._turn_deaf(cast("Close", library.close_sent).code)

    # Writing.

    def _put(self, data: bytes) -> None:
        if self._deaf_until or not data:
            return
        if self._batch is None:
            self._write(data)
        else:
            self._batch.append(data)

    def _flush(self) -> None:
        batch = self._batch
        self._batch = None
        if batch:
            self._write(b"".join(batch))

    def _write(self, data: bytes) -> None:
        """Write, unless the peer has left too much unread already or does so now."""
        transport, limit = self._transport, self._limits.buffer_bytes
        waiting = transport.get_write_buffer_size()
        fits = waiting + len(data) <= limit
        if fits or not waiting:
            transport.write(data)
        if not fits and (waiting or transport.get_write_buffer_size() > limit):
            self.close(close_codes.SLOW, "Too much is unread.")

    def _turn_deaf(self, code: int, farewell: bytes = b"") -> None:
        """Say the last words, end our side and give the peer a moment to read them.

        A socket closed at once with bytes unread would be reset, and the words lost.
        """
        self._closed_with = code
        self._deaf_until = self._clock() + self._limits.linger_ms
        self._careful = None
        last = b"".join((*(self._batch or ()), farewell))
        self._batch = None
        if self._slow_since and not self._transport.is_closing():
            self._transport.resume_reading()
        last_words.write_and_close(self._transport, last)


def _head(size: int) -> bytes:
    if size < 126:
        return _SHORT_HEADS[size]
    if size < 65_536:
        return b"\x81\x7e" + size.to_bytes(2)
    return b"\x81\x7f" + size.to_bytes(8)


def _lacks_bytes(rest: bytes) -> bool:
    """Whether this begins a common frame, a short one, of which the end is still to come."""
    if len(rest) >= _KEPT or (len(rest) > 1 and not _MASKED <= rest[1] < _EIGHT_BYTE_SIZE):
        return False
    if len(rest) < 8:
        return True
    size = rest[1] - _MASKED
    whole = size + 6 if size < 126 else (rest[2] << 8 | rest[3]) + 8
    return len(rest) < whole
