"""The tables `[connectors.NAME]`: what they take, where their secrets are, and what is refused."""

from pathlib import Path

import pytest

from tactful.config import ConfigError, load
from tactful.config.connector_settings import read_connector

SECRET = {"TACTFUL_CONNECTOR_SHOP_SECRET": "hush"}


def test_a_connector_has_its_secret_in_a_file_or_in_the_environment(tmp_path: Path) -> None:
    (tmp_path / "secret.txt").write_text("hush\n", "utf-8")
    (tmp_path / "key.txt").write_text("ck:cs", "utf-8")
    file = tmp_path / "tactful.toml"
    file.write_text(
        """
        [connectors.shop]
        kind = "woocommerce"
        secret_file = "secret.txt"
        key_file = "key.txt"
        address = "https://shop.example/"
        territory = "DE"
        currency = "EUR"
        tax_rate = "19%"
        [connectors.shop.words]
        defect = "quality"
        [connectors.help-desk]
        kind = "zendesk"
        """,
        "utf-8",
    )
    environ = {"TACTFUL_CONNECTOR_HELP_DESK_SECRET": "quiet", "TACTFUL_SERVER_KEY": "k" * 20}
    config = load(file=file, environ=environ)
    shop, desk = config.connectors["shop"], config.connectors["help-desk"]
    assert (shop.secret, shop.key, desk.secret) == ("hush", "ck:cs", "quiet")
    assert (shop.address, shop.tax_rate_bp) == ("https://shop.example", 1900)
    assert shop.words == {"defect": "quality"}
    assert "hush" not in repr(config)
    assert "cs" not in repr(shop.key and shop)


@pytest.mark.parametrize(
    ("table", "problem"),
    [
        ({"kind": "woocommerce"}, "It has no secret. Set secret_file, or the variable"),
        ({}, "It has no kind"),
        ({"kind": "woocommerce", "secret_file": "gone.txt"}, "cannot be read"),
        ({"kind": "woocommerce", "secret_file": "empty.txt"}, "is empty"),
        ({"kind": "woocommerce", "colour": "red"}, "no setting 'colour'"),
        ({"kind": "woocommerce", "tax_rate": "much"}, "tax_rate: Write a percentage"),
        ({"kind": "woocommerce", "currency": "EURO"}, "currency: Write an ISO 4217 code"),
        ({"kind": "woocommerce", "words": {"a": 1}}, "words: Write a table of texts"),
        ("woocommerce", "It is not a table. Write it as"),
    ],
)
def test_a_table_that_cannot_be_used_says_what_to_write(
    tmp_path: Path, table: object, problem: str
) -> None:
    (tmp_path / "empty.txt").touch()
    settings, problems = read_connector("shop", table, tmp_path, {})
    assert settings is None
    assert problem in " ".join(problems)


def test_a_name_that_is_no_part_of_an_address_is_refused(tmp_path: Path) -> None:
    _, problems = read_connector("My Shop", {"kind": "woocommerce"}, tmp_path, SECRET)
    assert "small letters" in problems[0]


def test_a_problem_is_named_with_its_line(tmp_path: Path) -> None:
    file = tmp_path / "tactful.toml"
    file.write_text('name = "A"\n[connectors.shop]\nkind = "woocommerce"\n', "utf-8")
    with pytest.raises(ConfigError, match=r"tactful.toml:2: connectors.shop: It has no secret"):
        load(file=file, environ={"TACTFUL_SERVER_KEY": "k" * 20})
    file.write_text("connectors = 1\n", "utf-8")
    with pytest.raises(ConfigError, match="connectors"):
        load(file=file, environ={"TACTFUL_SERVER_KEY": "k" * 20})
