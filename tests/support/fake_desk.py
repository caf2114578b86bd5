"""Roundup 2.6.0 and Request Tracker 5.0.3 in small: lists of tickets in the form that they have."""

from collections.abc import Mapping

from support.fake_shop import Answer, FakeShop, Json

HOST = "https://desk.example"


class FakeRoundup(FakeShop):
    """Issues in pages, each with its linked objects."""

    page_size = 2

    def issue(self, title: str, username: str) -> Json:
        """Open an issue."""
        ident = self.new_id()
        stamp = self.stamp().replace("T", ".")
        self.orders[ident] = {
            "id": str(ident), "activity": stamp, "creation": stamp, "title": title,
            "status": {"id": "1", "name": "unread"}, "creator": {"id": "3", "username": username},
        }  # fmt: skip
        return self.orders[ident]

    def answer(
        self,
        method: str,  # noqa: ARG002
        path: str,
        query: Mapping[str, str],
        body: Json,  # noqa: ARG002
    ) -> Answer:
        """Answer below `/rest/data`."""
        assert path == "/rest/data/issue"
        rows = list(self.orders.values())
        if since := query.get("activity"):
            rows = [one for one in rows if one["activity"] >= since.removeprefix("from ")]
        place = int(query["@page_index"])
        found = rows[(place - 1) * self.page_size : place * self.page_size]
        links: dict[str, list[Json]] = {}
        if place * self.page_size < len(rows):
            rest = "&".join(
                f"{name}={value}" for name, value in query.items() if name != "@page_index"
            )
            uri = f"{HOST}{path}?@page_index={place + 1}&{rest}"
            links["next"] = [{"rel": "next", "uri": uri}]
        return Answer(
            200, {"data": {"collection": found, "@links": links, "@total_size": len(rows)}}
        )


class FakeRequestTracker(FakeShop):
    """Tickets in lists of ids, each to be fetched."""

    def ticket(self, subject: str, address: str) -> Json:
        """Open a ticket."""
        ident = self.new_id()
        self.orders[ident] = {
            "id": ident, "Subject": subject, "Status": "new", "Created": self.stamp("Z"),
            "LastUpdated": self.stamp("Z"), "Resolved": "1970-01-01T00:00:00Z",
            "EffectiveId": {"type": "ticket", "id": str(ident)}, "CustomFields": [],
            "Requestor": [{"type": "user", "id": address}],
        }  # fmt: skip
        return self.orders[ident]

    def answer(
        self,
        method: str,  # noqa: ARG002
        path: str,
        query: Mapping[str, str],
        body: Json,  # noqa: ARG002
    ) -> Answer:
        """Answer below `/REST/2.0`."""
        if path.startswith("/REST/2.0/ticket/"):
            return Answer(200, self.orders[int(path.rpartition("/")[2])])
        rows = list(self.orders.values())
        if "LastUpdated" in query["query"]:
            since = query["query"].split("'")[1].replace(" ", "T")
            rows = [one for one in rows if one["LastUpdated"] > since]
        return Answer(200, {"items": [{"type": "ticket", "id": str(one["id"])} for one in rows]})
