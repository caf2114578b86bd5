"""Each type of setting accepts what it says, refuses the rest, and writes a value back."""

from pathlib import Path

import pytest

from tactful.config import values as v
from tactful.config.values import SettingType, ValueProblem, is_loopback


def problem_of(kind: SettingType, given: object) -> str:
    """The text with which a type refuses a value."""
    with pytest.raises(ValueProblem) as caught:
        kind.parse(given)
    return str(caught.value)


@pytest.mark.parametrize(
    ("given", "remedy"),
    [
        ("https://shop.example/", "Write https://shop.example."),
        ("https://Shop.example", "Write https://shop.example."),
        ("https://shop.example:443", "Write https://shop.example."),
        ("shop.example", "Write an origin such as"),
        ("*", "Write an origin such as"),
        ("https://shop.example:99999", "Write an origin such as"),
    ],
)
def test_an_origin_that_browsers_never_send_is_refused(given: str, remedy: str) -> None:
    assert remedy in problem_of(v.origin(), given)


@pytest.mark.parametrize(
    ("kind", "given", "value", "text"),
    [
        (v.text(), " Velo ", "Velo", "Velo"),
        (v.folder(), "/var/shop", Path("/var/shop"), "/var/shop"),
        (v.integer(0, 9), "7", 7, "7"),
        (v.integer(-5, 9), -5, -5, "-5"),
        (v.boolean(), "ON", True, "true"),
        (v.boolean(), False, False, "false"),
        (v.choice("a", "b"), "b", "b", "b"),
        (v.duration(), "90m", 5_400_000, "90m"),
        (v.percent(), "12.5%", 1250, "12.5%"),
        (v.percent(), "0.05%", 5, "0.05%"),
        (v.territory(), "US-NY", "US-NY", "US-NY"),
        (v.endings(), "EUR 95, GBP 9", {"EUR": 95, "GBP": 9}, "EUR 95, GBP 9"),
        (v.endings(), "", {}, ""),
        (v.rounding(), ["CHF 0.05", "JPY 10"], {"CHF": 5, "JPY": 10}, "CHF 0.05, JPY 10"),
        (v.time_zone(), "Europe/Berlin", "Europe/Berlin", "Europe/Berlin"),
        (v.url(), "https://o.example/t/", "https://o.example/t", "https://o.example/t"),
        (v.database(), "postgresql:///shop", "postgresql:///shop", "postgresql:///shop"),
        (v.host_name(), "Offers.Shop.example", "offers.shop.example", "offers.shop.example"),
        (v.host_name(), "*", "*", "*"),
        (v.network(), "10.0.0.0/8", "10.0.0.0/8", "10.0.0.0/8"),
        (v.network(), "::1", "::1/128", "::1/128"),
    ],
)
def test_a_value_is_parsed_and_written_back(
    kind: SettingType, given: object, value: object, text: str
) -> None:
    assert kind.parse(given) == value
    assert kind.format(value) == text


@pytest.mark.parametrize(
    ("kind", "given"),
    [
        (v.text(), "  "),
        (v.text(), 3),
        (v.integer(0, 9), 10),
        (v.integer(0, 9), True),
        (v.integer(0, 9), "1.5"),
        (v.boolean(), "maybe"),
        (v.choice("a", "b"), "c"),
        (v.duration(60_000), "30s"),
        (v.duration(), 30),
        (v.percent(), "12.345%"),
        (v.percent(), "101%"),
        (v.territory(), "Germany"),
        (v.url(), "ftp://o.example"),
        (v.database(), "mysql://db/shop"),
        (v.url(), "https://o.example/?q"),
        (v.host_name(), "a b"),
        (v.network(), "10.0.0.5/8"),
        (v.list_of(v.integer(0, 9), "digits"), {"a": 1}),
    ],
)
def test_a_value_that_cannot_be_used_is_refused_with_what_to_write(
    kind: SettingType, given: object
) -> None:
    assert problem_of(kind, given).startswith(f"Write {kind.expected}")


def test_a_list_is_an_array_or_separated_by_commas_and_has_no_value_twice() -> None:
    kind = v.list_of(v.integer(0, 9), "digits")
    assert kind.parse("1, 2,,1") == kind.parse([1, 2, 1]) == (1, 2)
    assert kind.format((1, 2)) == "1, 2"


def test_an_unknown_time_zone_is_refused_with_the_nearest() -> None:
    assert "Europe/Berlin" in problem_of(v.time_zone(), "Europe/Berln")


def test_loopback_is_this_machine_only() -> None:
    for host in ("localhost", "127.0.0.1", "127.9.9.9", "::1", "[::1]"):
        assert is_loopback(host)
    for host in ("0.0.0.0", "::", "10.0.0.1", "localhost.example"):  # noqa: S104
        assert not is_loopback(host)


@pytest.mark.parametrize(
    ("kind", "given", "remedy"),
    [
        (v.endings(), "95", "such as EUR 95, GBP 99"),
        (v.endings(), "EUR .95", "such as EUR 95, GBP 99"),
        (v.endings(), "EUR 995", "such as EUR 95, GBP 99"),
        (v.endings(), 95, "such as EUR 95, GBP 99"),
        (v.rounding(), "CHF 0.005", "such as CHF 0.05"),
        (v.rounding(), "CHF 0.00", "such as CHF 0.05"),
        (v.rounding(), "Fr 0.05", "such as CHF 0.05"),
    ],
)
def test_digits_that_no_price_can_have_are_refused(
    kind: SettingType, given: object, remedy: str
) -> None:
    assert remedy in problem_of(kind, given)


@pytest.mark.parametrize(
    ("given", "remedy"),
    [("Schweiz", "Did you mean CH?"), ("UK", "Did you mean GB?"), ("ZZ", "such as DE or US-NY.")],
)
def test_a_territory_is_one_of_iso_3166(given: str, remedy: str) -> None:
    assert problem_of(v.territory(), given).endswith(remedy)


@pytest.mark.parametrize(
    ("address", "shown"),
    [
        ("postgresql://tactful:hunter2@db/shop", "postgresql://tactful:***@db/shop"),
        ("postgresql://tactful:hun/t?e#r2@db/shop", "postgresql://tactful:***@db/shop"),
        ("postgresql://tactful:h@unter2@db/shop", "postgresql://tactful:***@db/shop"),
        ("postgresql://:hunter2@db/shop", "postgresql://:***@db/shop"),
        ("postgresql://tactful:2@db:5432/shop", "postgresql://tactful:***@db:5432/shop"),
        ("postgresql://db/shop?sslpassword=hunter2", "postgresql://db/shop?***"),
        ("postgresql://db/shop?pass%77ord=hunter2", "postgresql://db/shop?***"),
        ("postgresql://a:hunter2@db/shop?password=hunter2", "postgresql://a:***@db/shop?***"),
    ],
)
def test_a_password_does_not_belong_into_the_address_of_a_database(
    address: str, shown: str
) -> None:
    with pytest.raises(v.SecretProblem, match="PGPASSFILE") as caught:
        v.database().parse(address)
    assert caught.value.shown == shown


@pytest.mark.parametrize(
    "address",
    [
        "postgresql://tactful@db:5432/shop",
        "postgresql://db:5432/shop?user=a@b",
        "postgres://[::1]:5432/shop",
        "postgresql:///shop?host=/run/postgresql",
    ],
)
def test_an_address_without_a_password_is_accepted(address: str) -> None:
    assert v.database().parse(address) == address
