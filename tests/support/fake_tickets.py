"""Help desks with webhooks and a list of tickets, in small; webhooks may lack the custom fields."""

import copy
import random  # noqa: TID251 -- seeded
from collections.abc import Mapping
from datetime import UTC, datetime

from support.fake_shop import Answer, FakeShop, Json

Truth = dict[str, tuple[str, str, tuple[str, ...]]]
"""Case → status, kind and SKUs."""
KINDS = ("defect", "late", "lost", "billing")


class FakeTickets(FakeShop):
    """The part that help desks have in common. A stamp is never given twice."""

    def __init__(self, now: int) -> None:
        super().__init__(now)
        self._changes = 0

    def instant(self) -> str:
        """Return the clock with microseconds that tell changes apart."""
        self._changes += 1
        return datetime.fromtimestamp(self.now + self._changes / 1e6, UTC).isoformat()

    def act(self, dice: random.Random) -> None:
        """Change one ticket, or open one."""
        ident = dice.choice(sorted(self.orders)) if self.orders else 0
        match dice.choice(("open", "name", "kind", "status", "status")) if ident else "open":
            case "open":
                self.open()
            case "name":
                self.change(ident, sku=f"S-{ident}")
            case "kind":
                self.change(ident, kind=dice.choice(KINDS))
            case "status":
                self.change(ident, status=dice.choice(("open", "resolved")))

    def open(self) -> None:
        """Open a ticket of a shopper."""
        raise NotImplementedError

    def change(self, ident: int, **fields: str) -> None:
        """Change the status, the SKU or the kind of a ticket."""
        raise NotImplementedError

    def truth(self) -> Truth:
        """Return what the cases must be."""
        raise NotImplementedError

    def page(self, rows: list[Json], path: str, query: Mapping[str, str]) -> Answer:
        """Answer with a page of rows and the address of the next one."""
        place = int(query.get("page", "1"))
        found = rows[(place - 1) * self.page_size : place * self.page_size]
        following = None
        if place * self.page_size < len(rows):
            rest = "&".join(f"{name}={value}" for name, value in query.items() if name != "page")
            following = f"https://shop.example{path}?page={place + 1}&{rest}"
        return Answer(200, {"next": following, "results": found})


class FakeDjangoHelpdesk(FakeTickets):
    """django-helpdesk 2.6.1. The webhook of a follow-up has empty custom fields."""

    def open(self) -> None:
        """Open a ticket with the public form."""
        ident = self.new_id()
        self.orders[ident] = {
            "id": ident, "title": "My parcel", "description": "Help", "status": 1, "merged_to": None,
            "submitter_email": "mia@shop.example", "custom_order": "", "custom_sku": "",
            "custom_kind": "question",
            "followup_set": [{"id": 1, "new_status": None, "date": self.instant()}],
        }  # fmt: skip
        self.send("ticket", {"ticket": self.orders[ident], "queue_slug": "support"})

    def change(self, ident: int, **fields: str) -> None:
        """Change a ticket, of which a webhook tells the state, and not the custom fields."""
        row = self.orders[ident]
        status = {"open": 2, "resolved": 3}.get(fields.pop("status", ""), row["status"])
        row |= {f"custom_{name}": value for name, value in fields.items()} | {"status": status}
        row["followup_set"].append({"id": 1, "new_status": status, "date": self.instant()})
        sent = copy.deepcopy(row) | {"custom_sku": "", "custom_kind": "", "custom_order": ""}
        self.send("ticket", {"ticket": sent, "queue_slug": "support"})

    def truth(self) -> Truth:
        """Return what the cases must be."""
        return {
            f"HD-{ident}": (
                "resolved" if row["status"] == 3 else "open",
                row["custom_kind"],
                (row["custom_sku"],) if row["custom_sku"] else (),
            )
            for ident, row in self.orders.items()
        }

    def answer(
        self,
        method: str,  # noqa: ARG002
        path: str,
        query: Mapping[str, str],
        body: Json,  # noqa: ARG002
    ) -> Answer:
        """Answer below `/api`."""
        assert path == "/api/tickets/"
        return self.page(list(self.orders.values()), path, query)


class FakePlainDesk(FakeTickets):
    """A help desk with a mapping file of the shop's own, and webhooks as Standard Webhooks say."""

    def open(self) -> None:
        """Open a ticket."""
        ident, stamp = self.new_id(), self.instant()
        self.orders[ident] = {
            "id": ident, "status": "new", "opened": stamp, "changed": stamp,
            "email": "mia@shop.example", "kind": "asking",
        }  # fmt: skip
        self.send("ticket", self.orders[ident])

    def change(self, ident: int, **fields: str) -> None:
        """Change a ticket, of which a webhook tells everything."""
        row = self.orders[ident]
        if status := fields.pop("status", ""):
            fields["status"] = {"open": "new", "resolved": "done"}[status]
        row |= fields | {"changed": self.instant()}
        self.send("ticket", row)

    def truth(self) -> Truth:
        """Return what the cases must be."""
        return {
            f"T-{ident}": (
                "resolved" if row["status"] == "done" else "open",
                "question" if row["kind"] == "asking" else row["kind"],
                (row["sku"],) if "sku" in row else (),
            )
            for ident, row in self.orders.items()
        }

    def answer(
        self,
        method: str,  # noqa: ARG002
        path: str,
        query: Mapping[str, str],
        body: Json,  # noqa: ARG002
    ) -> Answer:
        """Answer below `/tickets`."""
        assert path == "/tickets"
        rows = [row for row in self.orders.values() if row["changed"] >= query.get("since", "")]
        return self.page(rows, path, query)
