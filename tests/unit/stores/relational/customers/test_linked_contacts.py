"""Facts that only a contact links to somebody, in a SQLite file."""

import asyncio
from contextlib import closing
from pathlib import Path

from support.bare_shop import NOON
from tactful.core.facts.fact_types import Customer
from tactful.core.facts.shopper_contacts import Contact
from tactful.runtime.services.ingest import fact_row
from tactful.stores.relational.customers.linked_contacts import contacts_of_customer, unnamed_keys
from tactful.stores.sqlite.ledger import SqliteLedger
from tactful.stores.sqlite.opening import connect


async def _reported(path: Path) -> None:
    ledger = SqliteLedger(path)
    await ledger.open()
    for version, digest in ((1, "old"), (2, "new")):
        about = Customer(customer="c1", contact=Contact(email_hash=digest), version=version)
        await ledger.record_facts([fact_row(about, NOON)])
    await ledger.close()


def test_every_version_of_a_customers_facts_counts(tmp_path: Path) -> None:
    asyncio.run(_reported(tmp_path / "tactful.db"))
    with closing(connect(tmp_path / "tactful.db")) as found:
        assert contacts_of_customer(found, "c1") == ["new", "old"]
        assert contacts_of_customer(found, "c2") == []
        assert unnamed_keys(found, "new") == set()
