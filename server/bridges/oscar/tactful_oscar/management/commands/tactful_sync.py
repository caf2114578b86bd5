"""`manage.py tactful_sync`: reports all products, prices, stock and recent orders."""

from collections.abc import Iterator, Mapping
from datetime import timedelta
from typing import Any, Final

from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone
from oscar.core.loading import get_model

from tactful_bridge.errors import BridgeError
from tactful_oscar.conf import bridge_settings
from tactful_oscar.connection import connection
from tactful_oscar.facts import OscarFacts

_BATCH: Final = 200
"""Subjects between two requests."""


class Command(BaseCommand):
    """Reports what the shop sells, and the orders of the last days. It can be repeated at any time."""

    help = "Report all products, prices, stock and the orders of the last days to Tactful."

    def add_arguments(self, parser: Any) -> None:
        """Declare the options."""
        parser.add_argument(
            "--days", type=int, default=180, help="orders of so many days (default: 180; 0: none)"
        )

    def handle(self, *args: Any, **options: Any) -> None:
        """Report everything in batches.

        Raises:
            CommandError: The server does not answer, or refuses the requests.
        """
        del args
        reader = OscarFacts(bridge_settings())
        facts: list[Mapping[str, object]] = []
        subjects = list(_subjects(options["days"]))
        reported = rejected = 0
        for number, subject in enumerate(subjects, 1):
            facts += reader.facts_of(subject)
            if number % _BATCH and number < len(subjects):
                continue
            try:
                refused = connection().client.report(facts)
            except BridgeError as error:
                raise CommandError(f"After {reported} facts: {error}") from error
            for row in refused:
                about = facts[int(str(row["index"]))]
                self.stderr.write(f"{about}: {row.get('code')}: {row.get('message')}")
            reported, rejected = reported + len(facts), rejected + len(refused)
            facts = []
            self.stdout.write(f"{number} of {len(subjects)} products and orders")
        self.stdout.write(f"{reported} facts reported, {rejected} rejected")
        if rejected:
            raise CommandError(f"{rejected} facts were rejected.")


def _subjects(days: int) -> Iterator[str]:
    product = get_model("catalogue", "Product")
    # Variants are reported with their parent.
    for key in product.objects.filter(parent=None).order_by("pk").values_list("pk", flat=True):
        yield f"product:{key}"
    since = timezone.now() - timedelta(days=days)
    orders = get_model("order", "Order").objects.filter(date_placed__gte=since)
    for number in orders.order_by("pk").values_list("number", flat=True):
        yield f"order:{number}"
