"""Metrics of connections, messages and limits."""

from functools import partial

from tactful.runtime.state.browsing_budget import BrowsingBudget
from tactful.runtime.state.state_tables import StateTable, StateTables
from tactful.runtime.telemetry import Telemetry
from tactful.transports.admission.memory_guard import resident_bytes
from tactful.transports.sessions.connection_hub import ConnectionHub


def register_hub_gauges(telemetry: Telemetry, hub: ConnectionHub) -> None:
    """Register the metrics of a hub; each is read when the metrics are asked for."""
    telemetry.add_gauge(
        "tactful_send_queue_bytes",
        "Bytes that wait to be sent to clients",
        lambda: [((), sum(connection.buffered for connection in hub.connections))],
    )
    telemetry.add_limits(partial(_limits_in_use, hub))
    telemetry.add_gauge("tactful_memory_bytes", "Memory of the process", _memory_in_use)
    telemetry.add_gauge(
        "tactful_connections", "Open session connections", lambda: [((), len(hub.connections))]
    )
    telemetry.add_counter(
        "tactful_messages", "Messages received and handled", lambda: [((), hub.messages_received)]
    )
    telemetry.add_counter(
        "tactful_closes",
        "Connections that ended, by close code; 0: a code that a client invented",
        lambda: [((str(code),), count) for code, count in sorted(hub.close_counts.items())],
        ("code",),
    )
    telemetry.add_counter(
        "tactful_refusals",
        "Connections and requests that were rejected before they were read, by problem code",
        lambda: [((code,), count) for code, count in sorted(hub.rejections.items())],
        ("code",),
    )


def register_hub_tables(tables: StateTables, hub: ConnectionHub, browsing: BrowsingBudget) -> None:
    """Register the tables of the transports whose keys clients choose."""
    add = tables.add
    add(
        StateTable(
            name="connections",
            size=lambda: len(hub.connections),
            bound=hub.policy.limits.capacity,
            holders=(
                "ConnectionHub.connections",
                "Admission._by_address",
                "DeadlineSweep._rings",
                "EventStreams._queues",
                "HandshakeQueue._waiting",
                "ListenerState.pending_heads",
            ),
        )
    )
    add(
        StateTable(
            name="rate_limits",
            size=lambda: len(hub.address_limiter) + len(hub.quotas),
            holders=("BucketCache._buckets", "AddressLimiter._trusted_until"),
        )
    )
    add(
        StateTable(
            name="browsing_budgets",
            size=lambda: len(browsing),
            holders=("BrowsingBudget._addresses",),
        )
    )


def _limits_in_use(hub: ConnectionHub) -> dict[str, tuple[int, int]]:
    """Return limit → (amount in use, limit), for the limits of `AdmissionLimits`."""
    limit = hub.policy.limits.memory_bytes
    return {} if limit is None else {"memory_bytes": (resident_bytes(), limit)}


def _memory_in_use() -> list[tuple[tuple[()], int]]:
    try:
        return [((), resident_bytes())]
    except OSError:
        return []  # not Linux
