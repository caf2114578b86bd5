"""Frames of one WebSocket connection after its handshake.

A complete, masked, unfragmented text frame is handled inline; browsers send hardly any others.
Everything else goes to the sans-I/O protocol of the `websockets` library. The library decides every
protocol error. Its object is dropped once it has nothing left to do, which saves memory per connection.
"""

import asyncio
from collections.abc import Callable
from typing import Protocol, cast

from websockets.frames import CLOSE, CONT, PING, PONG, TEXT, Close, Frame
from websockets.protocol import OPEN
from websockets.server import ServerProtocol
from websockets.speedups import apply_mask
from websockets.streams import StreamReader

from tactful.protocol import close_codes
from tactful.protocol.close_codes import CloseCode
from tactful.protocol.codec import truncate_reason
from tactful.transports.admission.limits import AdmissionLimits
from tactful.transports.server import closing
from tactful.transports.server.handshake import frame_log
from tactful.transports.server.server_state import ConnectionSlot

# First and second bytes of frames: RFC 6455, section 5.2.
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
PING_COST = 9 * 4_096
"""Bytes charged for a ping in addition to its frame, so that a ping counts as ten messages.

`ProtocolTiming.unit_bytes` is one message. Browsers send no pings, and other programs send few.
"""
_KEPT = 4_096
"""Maximum bytes that are kept of an incomplete frame; a longer one goes to the fallback parser."""


class MessageConsumer(Protocol):
    """The receiver of one WebSocket's messages: a session's `ClientConnection`, or the echo.

    For each read the calls are `begin_read`, any number of frames, `end_read`.
    """

    def begin_read(self, now: int) -> None:
        """Record that bytes have arrived at `now` (milliseconds)."""

    def charge_frame(self, size: int) -> bool:
        """Charge a frame of `size` bytes that is not a message; return whether it is within the rate."""

    def receive_text(self, payload: bytes) -> None:
        """Handle a text message, whose UTF-8 has not been checked yet."""

    def receive_binary(self, payload: bytes) -> None:
        """Handle a binary message."""

    def end_read(self) -> None:
        """Finish a read: all its messages have been handed over."""

    def tick(self, now: int) -> None:
        """Act on deadlines that have passed at `now` (milliseconds)."""

    def client_lagging(self) -> None:
        """Record that the client does not read the messages sent to it."""

    def client_caught_up(self) -> None:
        """Record that the client reads again."""

    def connection_lost(self, code: int) -> None:
        """Record that the connection is closed, with this close code."""


class _FallbackParser:
    """The library's protocol, and the fragments of the message that it is reading."""

    __slots__ = ("library", "opcode", "parts")

    def __init__(self, limits: AdmissionLimits) -> None:
        self.library = ServerProtocol(state=OPEN, max_size=limits.message_bytes, logger=frame_log)
        self.parts: list[bytes] = []
        self.opcode = TEXT

    @property
    def done(self) -> bool:
        """Whether the parser waits for a new message, without any fragment or byte of another one."""
        library = self.library
        return (
            library.state is OPEN
            and library.current_size is None
            and not library.reader.buffer
            and _waits_for_a_frame(library.parser)
        )


def _innermost_code(parser: object) -> object:
    """Return the code object in which a generator waits, inside all its `yield from`."""
    while (inner := getattr(parser, "gi_yieldfrom", None)) is not None:
        parser = inner
    return getattr(parser, "gi_code", None)


# The library has no public way to ask whether its parser waits between two frames. The parser is a
# private generator. Between frames it waits in `StreamReader.at_eof`, within a frame elsewhere.
# This feature test checks that a fresh parser still waits there. If not, connections keep their
# fallback parser. That costs memory and speed, and changes no response.
_AT_EOF = getattr(StreamReader.at_eof, "__code__", None)
_FRESH = getattr(ServerProtocol(state=OPEN, logger=frame_log), "parser", None)
_HAS_PARSER_PROBE = _AT_EOF is not None and _innermost_code(_FRESH) is _AT_EOF


def _waits_for_a_frame(parser: object) -> bool:
    return _HAS_PARSER_PROBE and _innermost_code(parser) is _AT_EOF


class WebSocketConnection(asyncio.Protocol):
    """One WebSocket after its handshake: a `MessageTransport` without a task or queue of its own."""

    __slots__ = (
        "_batch", "_clock", "_close_code", "_discard_until", "_fallback", "_limits", "_pending",
        "_slot", "_slow_since", "_transport", "consumer",
    )  # fmt: skip

    def __init__(
        self,
        transport: asyncio.Transport,
        limits: AdmissionLimits,
        clock: Callable[[], int],
        slot: ConnectionSlot,
    ) -> None:
        self._transport = transport
        self._limits = limits
        self._clock = clock
        self._slot = slot
        self.consumer: MessageConsumer
        self._batch: list[bytes] | None = None  # frames sent during a read, written at its end
        self._pending = b""  # the beginning of a common frame
        self._fallback: _FallbackParser | None = None
        self._discard_until = 0  # after a close frame: input is dropped until then
        self._slow_since = 0
        self._close_code = 1006
        transport.set_write_buffer_limits(high=limits.slow_bytes)

    def serve(self, early: bytes) -> None:
        """Start reading, with a consumer set; `early` came in one packet with the handshake."""
        self._transport.set_protocol(self)
        if early:
            self.data_received(early)

    # Called by the consumer.

    @property
    def buffered(self) -> int:
        """Bytes not yet taken by the kernel."""
        return self._transport.get_write_buffer_size()

    def send(self, payload: bytes) -> None:
        """Send a text message; all messages sent within one read are written at once."""
        self._put(_head(len(payload)) + payload)

    def send_binary(self, payload: bytes) -> None:
        """Send a binary message."""
        self._put(bytes((_FINAL_BINARY,)) + _head(len(payload))[1:] + payload)

    def send_heartbeat(self, heartbeat: bytes) -> None:
        """Send a heartbeat message and a ping, unless the client lags and has enough to read."""
        if not self._slow_since:
            self._put(_head(len(heartbeat)) + heartbeat + _PING)

    def close(self, code: CloseCode, reason: str = "") -> None:
        """Send a close frame and end our side of the stream; further input is discarded."""
        if self._discard_until:
            return
        payload = Close(code.code, truncate_reason(reason)).serialize()
        self._end_stream(code.code, bytes((_FINAL_CLOSE, len(payload))) + payload)

    # Called by the event loop.

    def data_received(self, data: bytes) -> None:
        """Handle the bytes of one read."""
        if self._discard_until:
            return
        consumer = self.consumer
        consumer.begin_read(self._clock())
        self._batch = []
        if self._fallback is None:
            self._read_common(data)
        else:
            self._read_with_library(data)
        consumer.end_read()
        self._flush()

    def pause_writing(self) -> None:
        """Stop reading from a client that does not read: its responses would pile up."""
        self._slow_since = self._clock()
        if not self._discard_until:
            self._transport.pause_reading()
            self.consumer.client_lagging()

    def resume_writing(self) -> None:
        """Read again from a client that has caught up."""
        self._slow_since = 0
        if not self._discard_until:
            self._transport.resume_reading()
            self.consumer.client_caught_up()

    def connection_lost(self, exc: Exception | None) -> None:
        """Release everything: the socket is closed."""
        del exc  # errors of clients' sockets are not logged
        self._discard_until = self._discard_until or 1
        self._fallback = None
        self._slot.release(self)
        self.consumer.connection_lost(self._close_code)
        del self.consumer  # the two refer to each other and would wait for the garbage collector

    def abort(self) -> None:
        """Drop the connection."""
        self._transport.abort()

    def tick(self, now: int) -> None:
        """Close or drop the connection if a deadline has passed at `now` (milliseconds)."""
        if self._discard_until:
            if now >= self._discard_until:
                self._transport.abort()
        elif self._slow_since and now - self._slow_since >= self._limits.stalled_ms:
            self.close(close_codes.SLOW, "The connection stalled.")
        else:
            self.consumer.tick(now)

    # Common frames, inline.

    def _read_common(self, data: bytes) -> None:
        waited = bool(self._pending)
        if waited:
            data = self._pending + data
            self._pending = b""
        text = self.consumer.receive_text
        size = len(data)
        at = 0
        while size - at >= 6 and not self._discard_until:
            first = data[at]
            second = data[at + 1]
            if first == _FINAL_TEXT and _MASKED <= second < _TWO_BYTE_SIZE:
                start = at + 6
                end = start + second - _MASKED
            elif first == _FINAL_TEXT and second == _TWO_BYTE_SIZE:
                start = at + 8
                end = start + (data[at + 2] << 8 | data[at + 3])
            elif first == _FINAL_PONG and second == _MASKED:
                at += 6  # the reply to our ping
                continue
            elif first == _FINAL_PING and _MASKED <= second < _TWO_BYTE_SIZE:
                end = at + 6 + second - _MASKED
                if end > size:
                    break
                self._send_pong(
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
        if at < size and not self._discard_until:
            self._keep_or_use_library(data[at:], may_wait=not (waited and at == 0))

    def _send_pong(self, size: int, payload: bytes) -> None:
        """Answer a ping inline. A flood of pings through the library would slow down other connections."""
        self._charge(PING_COST)
        self._put(bytes((_FINAL_PONG, size)) + payload)

    def _keep_or_use_library(self, rest: bytes, *, may_wait: bool) -> None:
        """Keep an incomplete common frame if it `may_wait`; give everything else to the library."""
        if may_wait and rest[0] == _FINAL_TEXT and _lacks_bytes(rest):
            self._pending = rest
        else:
            self._fallback = _FallbackParser(self._limits)
            self._read_with_library(rest)

    # Everything else, through the library.

    def _read_with_library(self, data: bytes) -> None:
        fallback = cast("_FallbackParser", self._fallback)
        library = fallback.library
        library.receive_data(data)
        frames = cast("list[Frame]", library.events_received())
        writes = iter(library.data_to_send())  # one pong for each ping, then a close frame
        for frame in frames:
            self._handle_frame(fallback, frame)
            if self._discard_until:
                return
            if frame.opcode is PING:  # before the response to a message that completes later
                self._put(next(writes, b""))
        self._put(b"".join(writes))
        if library.state is not OPEN:
            self._library_closed(library)
        elif fallback.done:
            self._fallback = None

    def _handle_frame(self, fallback: _FallbackParser, frame: Frame) -> None:
        if frame.opcode is CLOSE:
            return
        if frame.opcode & _CONTROL:
            if not (frame.opcode is PONG and not frame.data):
                self._charge(PING_COST)
            return
        if frame.opcode is not CONT:
            fallback.opcode = frame.opcode
        fallback.parts.append(bytes(frame.data))
        if len(fallback.parts) > self._limits.fragments:
            self.close(close_codes.BAD_FRAME, "Too many fragments.")
        elif frame.fin:
            payload, fallback.parts = b"".join(fallback.parts), []
            if fallback.opcode is TEXT:
                self.consumer.receive_text(payload)
            else:
                self.consumer.receive_binary(payload)
        else:
            self._charge(len(frame.data))

    def _charge(self, size: int) -> None:
        if not self.consumer.charge_frame(size):
            self.close(close_codes.TOO_FAST, "Too many frames.")

    def _library_closed(self, library: ServerProtocol) -> None:
        """End the stream after the library has written a close frame, as a reply or on its own."""
        if library.parser_exc is None and library.close_rcvd is not None:
            self._end_stream(library.close_rcvd.code)
            self._transport.close()  # both sides have sent a close frame
        else:
            self._end_stream(cast("Close", library.close_sent).code)

    # Writing.

    def _put(self, data: bytes) -> None:
        if self._discard_until or not data:
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
        """Write unless too many bytes are unread; close the connection if the limit is exceeded."""
        transport, limit = self._transport, self._limits.buffer_bytes
        waiting = transport.get_write_buffer_size()
        fits = waiting + len(data) <= limit
        if fits or not waiting:
            transport.write(data)
        if not fits and (waiting or transport.get_write_buffer_size() > limit):
            self.close(close_codes.SLOW, "Too much is unread.")

    def _end_stream(self, code: int, close_frame: bytes = b"") -> None:
        """Write a last frame and end our side of the stream, with a moment for the client to read.

        A socket that is closed with unread input is reset, and the close frame would be lost.
        """
        self._close_code = code
        self._discard_until = self._clock() + self._limits.linger_ms
        self._fallback = None
        last = b"".join((*(self._batch or ()), close_frame))
        self._batch = None
        if self._slow_since and not self._transport.is_closing():
            self._transport.resume_reading()
        closing.write_and_close(self._transport, last)


def _head(size: int) -> bytes:
    if size < 126:
        return _SHORT_HEADS[size]
    if size < 65_536:
        return b"\x81\x7e" + size.to_bytes(2)
    return b"\x81\x7f" + size.to_bytes(8)


def _lacks_bytes(rest: bytes) -> bool:
    """Return whether `rest` is a short common frame that is incomplete."""
    if len(rest) >= _KEPT or (len(rest) > 1 and not _MASKED <= rest[1] < _EIGHT_BYTE_SIZE):
        return False
    if len(rest) < 8:
        return True
    size = rest[1] - _MASKED
    whole = size + 6 if size < 126 else (rest[2] << 8 | rest[3]) + 8
    return len(rest) < whole
