"""An explanation from a copy of a data folder is the one that its server would give."""

import asyncio
from pathlib import Path

from journeys.fixture import CATALOGUE, case, rules
from support.backup_files import copies, filled, killed
from support.cli_runner import run, write_file
from support.live_server import live_server


async def test_a_copy_of_a_data_folder_is_explained_without_its_server(tmp_path: Path) -> None:
    async with live_server(tmp_path, rules()) as one:
        await one.facts(*CATALOGUE, case("case-1", "c1", "defect", skus=["RUN-42"]))
        data = ("--data", tmp_path / "data")
        none, missing = tmp_path / "none", tmp_path / "missing"
        write_file(none / "none.yaml", "rules: []\n")
        for words, said in (
            (("--territory", "DE"), "R1: pushed"),
            (("--territory", "DE", "--dwell", "10s"), "R1: withheld because of timing.wait"),
            (("--territory", "DE", "--customer", "c1"), "because of complaint.open"),
            (("--territory", "DE", "--rules", none), "The rulebook has no rules."),
            (
                ("--territory", "DE", "--rules", missing),
                f"The rules folder {missing} does not exist.",
            ),
            (("--dwell", "long"), "--dwell"),
            (("--session", "nobody"), "There is no session nobody"),
            (("--customer", "c1", "--at", "2026-03-10T12:00:00Z"), "Nothing is recorded"),
        ):
            result = await asyncio.to_thread(run, "why", "RUN-42", *words, *data, TACTFUL_SEED="7")
            assert said in result.output, result.output
    assert run("why", "A", "--territory", "DE", "--data", tmp_path / "no").exit_code == 2


def test_a_killed_explanation_leaves_no_copy_behind_the_next_one(tmp_path: Path) -> None:
    data = filled(tmp_path, "A")
    words = ("why", "A", "--territory", "DE", "--data", data)
    (tmp_path / "temporary").mkdir()
    step = "tactful.cli.data.offline_why._explain"
    killed(step, *words, TMPDIR=str(tmp_path / "temporary"))
    assert not list((tmp_path / "temporary").iterdir())
    assert copies(tmp_path)
    assert run(*words).exit_code == 0
    assert not copies(tmp_path)
