"""A connector as one shop has it: with its secret, its terms and its counts."""

from collections import Counter
from typing import Final

from tactful.connectors.connector import Connector, Terms
from tactful.connectors.objects.remote_objects import RemoteObjects
from tactful.connectors.signatures import SCHEMES, Scheme

MAX_SENTENCES: Final = 100
"""Sentences about what was left out that are counted apart; further ones count as `other`."""


class InstalledConnector:
    """One connector of a shop. Its counts begin at the start of the server."""

    def __init__(
        self,
        name: str,
        connector: Connector,
        secret: str,
        terms: Terms,
        remote: RemoteObjects | None = None,
        *,
        is_reconciled: bool = True,
    ) -> None:
        """Join the parts.

        Args:
            name: Its name in the settings.
            connector: Its kind.
            secret: The secret of its signatures; while it is changed, the new and the old one, a line
                for each.
            terms: What the other system does not say.
            remote: Reads the other system; `None`: it cannot be read.
            is_reconciled: Whether the lists of the other system are read.

        Raises:
            ValueError: A secret cannot be one of its scheme.
        """
        self.name = name
        self.connector = connector
        self.terms = terms
        self.remote = remote
        self.is_reconciled = is_reconciled
        self.secrets: Final = tuple(one.strip() for one in secret.splitlines() if one.strip())
        self.scheme: Scheme = SCHEMES[connector.signature]
        for one in self.secrets:
            self.scheme.secret(one)
        self.drift: Counter[str] = Counter()
        """Kind of fact → facts that no delivery had reported when a list was read again."""
        self.drifted_readings = 0
        """Readings of a list with so much drift that deliveries must have been lost."""
        self.missing: int | None = None
        """SKUs that a whole list no longer has, and that are too many to be reported as gone."""
        self.activated: Counter[str] = Counter()
        """Id of a subscription that the other system had switched off → how often it was activated."""
        self.receipts: Counter[str] = Counter()
        self.left_out: Counter[str] = Counter()
        self.mapped = 0
        self.failed = 0
        self.last_arrival: int | None = None
        self.lag_ms: int | None = None
        self.fetch_problem: str | None = None

    def count_left_out(self, sentence: str) -> None:
        """Count what a mapper left out or assumed."""
        is_new = sentence not in self.left_out
        self.left_out["other" if is_new and len(self.left_out) >= MAX_SENTENCES else sentence] += 1
