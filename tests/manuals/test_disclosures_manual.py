"""`server/DISCLOSURES.md` shows the disclosure texts that the server sends."""

from pathlib import Path

from tactful.core.compliance.disclosure_texts import DISCLOSURE_TEXTS

MANUAL = Path(__file__).parents[2] / "server" / "DISCLOSURES.md"


def table() -> list[str]:
    """The rows of the manual's table."""
    return [
        f"| {one.language} | {one.text} | {one.source} | {one.translation} | {one.reviewed} | {one.date} |"
        for one in DISCLOSURE_TEXTS
    ]


def test_the_manual_shows_every_text_with_its_source() -> None:
    lines = MANUAL.read_text("utf-8").splitlines()
    assert [
        line for line in lines if line.startswith("| ") and not line.startswith("| language")
    ] == table()
