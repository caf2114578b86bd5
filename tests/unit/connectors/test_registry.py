"""Which kinds of connectors the settings can name."""

from pathlib import Path

import pytest

from tactful.connectors.desks.library import mapping_text
from tactful.connectors.registry import connector_of, kinds
from tactful.connectors.signatures import SCHEMES


@pytest.mark.parametrize("kind", [one for one in kinds() if one != "tickets"])
def test_every_kind_gives_a_connector_whose_signature_is_known(kind: str) -> None:
    assert connector_of(kind).signature in SCHEMES


def test_a_shop_brings_a_mapping_file_of_its_own(tmp_path: Path) -> None:
    file = tmp_path / "own.yaml"
    file.write_text(mapping_text("zendesk"), "utf-8")
    assert connector_of("tickets", file).signature == "zendesk"
    file.write_text("name: [", "utf-8")
    with pytest.raises(ValueError, match=r"own\.yaml"):
        connector_of("tickets", file)
    with pytest.raises(ValueError, match=r"gone\.yaml"):
        connector_of("tickets", tmp_path / "gone.yaml")


@pytest.mark.parametrize(
    ("kind", "mapping", "problem"),
    [
        ("magento", None, "Write one of .*woocommerce"),
        ("tickets", None, "needs a mapping file"),
        ("woocommerce", Path("x.yaml"), "takes no mapping"),
    ],
)
def test_a_kind_that_cannot_be_is_named(kind: str, mapping: Path | None, problem: str) -> None:
    with pytest.raises(ValueError, match=problem):
        connector_of(kind, mapping)
