"""The summary of an import names what was unknown, left out or assumed, and stays short."""

import io

import pytest

from tactful.cli.data.fact_spool import FactSpool
from tactful.cli.data.import_changes import ImportChanges
from tactful.cli.data.import_completeness import Absence
from tactful.cli.data.import_summary import (
    CheckedFile,
    ImportResult,
    MessageCounts,
    json_report,
    print_findings,
    print_summary,
)
from tactful.connectors.files.byte_sources import ByteSource
from tactful.connectors.files.formats import BY_NAME
from tactful.connectors.files.results import BadRow


def counts(*messages: tuple[int, str]) -> MessageCounts:
    found = MessageCounts()
    for line, message in messages:
        found.add(line, message)
    return found


def checked(
    *, bad: int = 0, left_out: MessageCounts | None = None, notes: MessageCounts | None = None
) -> CheckedFile:
    source = ByteSource("feed", io.BytesIO(b""), 0)
    rows = tuple(BadRow(line, "No price.") for line in range(2, 2 + bad))
    none = MessageCounts()
    kinds = {} if bad else {"stock": 1234}
    form = BY_NAME["jsonl"]
    spool = FactSpool()
    spool.close()
    return CheckedFile(source, form, rows, bad, left_out or none, notes or none, kinds, spool)


def test_equal_messages_are_counted_with_their_first_three_lines() -> None:
    found = counts((2, "a"), (3, "a"), (4, "b"), (9, "a"), (1200, "a"))
    assert found.texts() == ["4 × a (lines 2, 3, 9, …)", "1 × b (line 4)"]
    assert found.total == 5
    assert found.to_json()[0] == {"message": "a", "count": 4, "lines": [2, 3, 9]}


def test_a_thousand_different_messages_are_named_and_the_rest_counted() -> None:
    found = counts(*((number, f"word {number}") for number in range(2500)))
    assert found.total == 2500
    last = found.to_json()[-1]
    assert (len(found.to_json()), last["count"]) == (1001, 1500)
    assert last["message"] == "Further messages are not named one by one."


def test_a_summary_names_rows_left_out_and_notes(capsys: pytest.CaptureFixture[str]) -> None:
    file = checked(left_out=counts((3, "not published")), notes=counts((4, "Assumed.")))
    print_summary([file], ImportResult(accepted=1234), [], None, dry_run=False, seconds=1.25)
    assert capsys.readouterr().out.splitlines() == [
        "feed: facts as JSON Lines: 1,234 stock, 1 row left out",
        "  left out: 1 × not published (line 3)",
        "  1 × Assumed. (line 4)",
        "1,234 facts accepted, 0 already known, 0 rejected, 0 bad rows left out, in 1.2 s.",
    ]


def test_a_summary_prints_twenty_messages_and_says_how_many_more(
    capsys: pytest.CaptureFixture[str],
) -> None:
    file = checked(notes=counts(*((number, f"word {number}") for number in range(25))))
    print_summary(
        [file], ImportResult(), [], ImportChanges(3, 2, 1, 1234, 5), dry_run=True, seconds=0
    )
    printed = capsys.readouterr().out
    assert printed.count("word") == 20
    assert "and 5 more messages; --json has all of them." in printed


def test_a_file_without_facts_is_named_with_its_bad_rows(
    capsys: pytest.CaptureFixture[str],
) -> None:
    print_findings([checked(bad=22)])
    printed = capsys.readouterr().err.splitlines()
    assert printed[0] == "feed:2: No price."
    assert printed[-2:] == [
        "feed: and 2 more bad rows.",
        "feed: No facts were found. The file was read as facts as JSON Lines.",
    ]


def test_the_report_for_scripts_has_every_message() -> None:
    file = checked(left_out=counts((3, "a draft")), notes=counts((4, "Assumed.")))
    report = json_report([file], ImportResult(accepted=1), [], None, dry_run=True)
    (shown,) = report["files"]
    assert (report["dry_run"], report["accepted"], shown["skipped"]) == (True, 1, 1)
    assert shown["left_out"] == [{"message": "a draft", "count": 1, "lines": [3]}]
    assert shown["notes"] == [{"message": "Assumed.", "count": 1, "lines": [4]}]


def test_what_complete_files_do_not_contain_any_more_is_counted(
    capsys: pytest.CaptureFixture[str],
) -> None:
    absences = [Absence("price", 30, 1200)]
    print_summary([checked()], ImportResult(), absences, None, dry_run=False, seconds=0)
    report = json_report([checked()], ImportResult(ended=30), absences, None, dry_run=False)
    expected = "Not sold any more: 30 of 1,200 known price facts (2 %) are missing."
    assert expected in capsys.readouterr().out
    missing = [{"kind": "price", "missing": 30, "known": 1200}]
    assert (report["missing"], report["ended"]) == (missing, 30)
