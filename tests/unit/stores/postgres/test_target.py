"""The address of a database, and what messages say of it."""

import pytest

from tactful.runtime.ports.ledger import LedgerError
from tactful.stores.postgres.target import Target


def test_an_address_is_named_by_its_database_and_host() -> None:
    assert Target("postgresql://tactful@db.example/shop").place == "PostgreSQL shop on db.example"


@pytest.mark.parametrize(
    "address",
    ["postgresql://tactful:hunter2@db/shop", "postgresql://tactful@db/shop?password=hunter2"],
)
def test_a_password_in_an_address_is_refused_and_not_repeated(address: str) -> None:
    with pytest.raises(LedgerError, match="PGPASSFILE") as refused:
        Target(address)
    assert "hunter2" not in str(refused.value)


def test_an_address_that_cannot_be_read_is_refused() -> None:
    with pytest.raises(LedgerError, match="cannot be read"):
        Target("postgresql://db/shop?no_such_option=1")


def test_a_dead_connection_is_noticed_by_default() -> None:
    assert "keepalives_idle=5" in Target("postgresql://tactful@db/shop").conninfo
