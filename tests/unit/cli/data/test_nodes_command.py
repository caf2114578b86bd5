"""`tactful nodes`."""

import json
from contextlib import closing

from support.cli_runner import run
from support.postgres_cluster import Cluster
from tactful.stores.postgres.database_opening import prepare, take_over
from tactful.stores.postgres.target import Target
from tactful.stores.postgres.tenure import NodeIdentity, Shared


def test_the_nodes_of_a_database_are_listed(postgres: Cluster) -> None:
    address = postgres.database()
    target = Target(address)
    prepare(target, needs_durability=False)
    assert "No server shares this database" in run("nodes", "--ledger", address).output
    node = Shared(NodeIdentity("shop-1", "here", "1.2.3", "10.0.0.1:8000"))
    with closing(take_over(target, node, lambda: None)):
        shown = run("nodes", "--ledger", address)
        assert shown.exit_code == 0, shown.output
        assert "shop-1" in shown.stdout
        assert "running" in shown.stdout
    (one,) = json.loads(run("nodes", "--ledger", address, "--json").stdout)["nodes"]
    assert (one["state"], one["seen_at"]) == ("left", None)


def test_a_ledger_in_a_file_has_no_nodes() -> None:
    refused = run("nodes")
    assert refused.exit_code == 2
    assert "one server has alone" in refused.output
