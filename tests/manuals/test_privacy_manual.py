"""server/PRIVACY.md says for every table what is stored and when it is deleted."""

import re
from pathlib import Path

from manuals.manual_of_privacy import CONTENTS, NO_PEOPLE, PATH, with_table
from tactful.stores.relational.customers.retention import RETENTION

MANUAL = PATH.read_text("utf-8")
LAWS = (PATH.parent / "LAWS.md").read_text("utf-8")
PACKAGE = Path(__file__).parents[2] / "server" / "tactful"
ARTICLE = re.compile(r"(Directive (?:\(EU\) )?\d+/\d+(?:/E[CU])?|Regulation \(EU\) \d+/\d+)")


def test_the_table_is_up_to_date() -> None:
    assert with_table(MANUAL) == MANUAL, "make format renews it"


def test_every_table_is_described_once() -> None:
    assert set(CONTENTS) | NO_PEOPLE == set(RETENTION)
    assert not set(CONTENTS) & NO_PEOPLE


def test_a_table_with_a_customer_is_not_said_to_hold_nothing_about_people() -> None:
    schema = "\n".join(one.read_text("utf-8") for one in (PACKAGE / "stores").rglob("*.sql"))
    found = dict(re.findall(r"CREATE TABLE (\w+) \((.*?)\n\)", schema, re.DOTALL))
    assert set(found) >= NO_PEOPLE
    for name in NO_PEOPLE:
        personal = r"^\s*(customer|session|shopper|who|subjects?) "
        assert not re.search(personal, found[name], re.MULTILINE), name


def test_every_law_that_the_code_cites_is_on_the_page() -> None:
    cited = {
        name for path in PACKAGE.rglob("*.py") for name in ARTICLE.findall(path.read_text("utf-8"))
    }
    assert len(cited) > 3
    assert cited <= set(ARTICLE.findall(LAWS))
