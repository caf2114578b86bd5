"""The limits and durations that server/OPERATING.md names are those of the code."""

import inspect
from pathlib import Path

from tactful.api import bodies
from tactful.api import facts as facts_api
from tactful.console import login as auth
from tactful.core.values.calendar import DAY, HOUR, MINUTE, SECOND
from tactful.protocol.conversation import ProtocolTiming
from tactful.runtime import system_clock, timers, watchdog
from tactful.runtime.facts.fact_cache import FactCache
from tactful.runtime.security import signing_keys as keys
from tactful.runtime.sessions import delivery
from tactful.runtime.sessions import turn_runner as turn
from tactful.stores.relational import ledger as sqlite
from tactful.stores.relational.writer import group_commit as sqlite_writer
from tactful.transports.admission import address_limits as callers
from tactful.transports.admission import memory_guard as memory
from tactful.transports.admission import message_quotas as shares
from tactful.transports.admission.limits import AdmissionLimits
from tactful.transports.server import http_protocol

MANUAL = (Path(__file__).parents[2] / "server" / "OPERATING.md").read_text("utf-8")
MIB = 2**20


def defaults_of_world() -> tuple[int, int]:
    known = inspect.signature(FactCache).parameters
    return known["items"].default, known["customers"].default


def test_limits_and_durations_are_written_as_they_are() -> None:
    rhythm, limits = ProtocolTiming(), AdmissionLimits()
    items, people = defaults_of_world()
    times = {2: "twice that"}
    for sentence in (
        f"| tabs of a session | {delivery.MAX_CONNECTIONS} |",
        f"| one message | {limits.message_bytes // 1024} KiB |",
        f"| {rhythm.per_second} a second, {rhythm.burst:,} at once |",
        f"| {times[shares.SESSION_FACTOR]} |",
        f"{shares.MESSAGES_PER_CONNECTION_S} a second and {10 * shares.MESSAGES_PER_CONNECTION_S} at once",
        f"once: {limits.requests_per_s} and {limits.request_burst}; a conversation",
        f"counts as {callers.VIOLATION_COST} more, one that flooded as {callers.FLOOD_COST},",
        f"{callers.EXPLAINED_REJECTIONS_PER_S} of these answers a second",
        f"each second: {limits.request_burst} and {limits.requests_per_s // callers.SESSION_RATE_DIVISOR}; a resumed",
        f"| signals that wait in a session | {turn.MAILBOX} |",
        f"| {items:,} and {people:,} |",
        f"| records that wait for the disk | {sqlite.MAX_PENDING_BYTES // MIB} MiB |",
        f"| {facts_api.MAX_REPORTS:,}, and {facts_api.MAX_REPORT_BYTES // MIB} MiB |",
        f"| memory | {memory.REFUSE_AT_PERCENT} % of `max_memory_mib`",
        f"A login lasts {auth.LOGIN_LIFETIME // HOUR} hours",
        f"in {auth.THROTTLE_WINDOW // MINUTE} minutes (an IPv6 /64 counts as one), or {auth.FREE_FAILURES_IN_TOTAL} of",
        f"a delay of at most {auth.MAX_DELAY_MS // SECOND} seconds",
        f"recognises it for {auth.BROWSER_LIFETIME // DAY} days",
        f"the old one for {keys.OVERLAP // DAY} days",
        f"held up for longer than {watchdog.STALL_S * 1000:.0f} ms",
        f"Offers whose end has passed by then end within {timers.MAX_WAIT_S} s",
        f"the clock is set by up to {system_clock.LARGE_STEP_NS // system_clock.NANOSECONDS} s",
        f"After {system_clock.STANDING_NS // system_clock.NANOSECONDS} s it logs `clock.believed`",
    ):
        assert sentence in MANUAL, sentence
    assert callers.TRUSTED_MS == 10 * MINUTE, "HTTP.md says ten minutes"
    assert auth.FREE_FAILURES == 5
    assert "After five wrong keys" in MANUAL
    assert sqlite_writer.RETRY_INTERVAL_S == 0.5
    assert "looks twice a second" in MANUAL


def test_the_largest_report_is_the_one_of_the_other_manual() -> None:
    http = (Path(__file__).parents[2] / "server" / "HTTP.md").read_text("utf-8")
    assert f"at most {bodies.LARGEST // MIB} MiB" in http
    assert f"A head has at most {AdmissionLimits().head_bytes:,} bytes" in http
    assert f"at most {http_protocol.MAX_PIPELINED} requests that wait" in http
    assert (
        f"{facts_api.MAX_REPORTS:,} reports or {facts_api.MAX_REPORT_BYTES // MIB} MiB under way"
        in http
    )
