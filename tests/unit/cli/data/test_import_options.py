"""What the files do not contain is read from options, and a wrong value says what to write."""

from typing import Any

import click
import pytest
from click.testing import CliRunner

from tactful.cli.data.import_options import term_options, terms_from
from tactful.config import Config
from tactful.connectors.files.results import Market

SHOP = Config(mappings={"goods": {"sku": "Nr", "price": "Preis"}})


def read(*words: str) -> Any:
    found = []

    @click.command
    @term_options
    def command(**options: Any) -> None:
        found.append(terms_from(options, SHOP))
        assert options == {}

    result = CliRunner().invoke(command, words)
    return found[0] if found else result.output


def test_a_column_takes_precedence_over_the_mapping() -> None:
    terms = read("--mapping", "goods", "--column", "price=VK", "--territory", "DE", "--net")
    assert terms.columns == {"sku": "Nr", "price": "VK"}
    assert (terms.territory, terms.tax_included, terms.sku_from) == ("DE", False, None)


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["--column", "skuu=A"], "Did you mean 'sku'"),
        (["--column", "x=A"], "Use sku, product"),
        (["--sku-from", "ean"], "Use handle+options, barcode, id"),
        (["--sku-from", "column:"], "column:NAME"),
        (["--market", "EU"], "is no market. Write NAME=TERRITORY"),
        (["--market", "EU=DE,EUR,19%,x"], "is no market"),
        (["--market", "EU=Germany"], "a territory such as DE"),
        (["--market", "EU=DE,EURO"], "'EU=DE,EURO'"),
        (["--market", "EU=DE,EUR,19"], "a percentage"),
        (["--zone", "Mars/Base"], "Invalid value for '--zone'"),
    ],
)
def test_a_value_that_cannot_be_used_is_refused(words: list[str], message: str) -> None:
    assert message in read(*words)


@pytest.mark.parametrize("value", ["barcode", "column:EAN"])
def test_what_stands_in_for_a_sku_is_kept(value: str) -> None:
    assert read("--sku-from", value).sku_from == value


def test_a_market_may_leave_out_its_currency_and_tax() -> None:
    terms = read("--market", "EU = all=DE,EUR,19%", "--market", "US=US")
    assert terms.markets == {"EU = all": Market("DE", "EUR", 1900), "US": Market("US")}
