"""Options of an import that say what its files do not contain themselves."""

import time
from typing import Any, Final

import click
import msgspec

from tactful.cli.data.import_mappings import check_column, read_mapping
from tactful.cli.shared.options import read_as
from tactful.config import Config
from tactful.config.values import ValueProblem, percent, territory, time_zone
from tactful.connectors.files import column_words
from tactful.connectors.files.product_ids import COLUMN, OPTIONS
from tactful.connectors.files.read_limits import DEFAULT_LIMITS, ReadLimits, parse_limit
from tactful.connectors.files.results import ImportTerms, Market
from tactful.core.values.money import MoneyError, exponent_of


def _read_substitute(_: click.Context, __: click.Parameter, value: str | None) -> str | None:
    """Return the value of `--sku-from`."""
    known = (OPTIONS, "barcode", "id")
    if value is None or value in known or value.removeprefix(COLUMN) not in {"", value}:
        return value
    raise click.BadParameter(f"{value!r} is unknown. Use {', '.join(known)} or column:NAME.")


def _read_columns(_: click.Context, __: click.Parameter, pairs: tuple[str, ...]) -> dict[str, str]:
    """Return field → column."""
    found = dict(pair.partition("=")[::2] for pair in pairs)
    for field, column in found.items():
        check_column(field, column)
    return found


def _read_markets(
    _: click.Context, __: click.Parameter, values: tuple[str, ...]
) -> dict[str, Market]:
    """Return name → market of values such as `International=US,USD,0%`."""
    found = {}
    for value in values:
        name, _sign, terms = value.rpartition("=")
        place, *more = terms.split(",")
        if not name or len(more) > 2:
            raise click.BadParameter(
                f"{value!r} is no market. Write NAME=TERRITORY, or NAME=TERRITORY,CURRENCY,TAX."
            )
        try:
            currency = more[0] if more else None
            if currency is not None:
                exponent_of(currency)
            tax = percent().parse(more[1]) if len(more) == 2 else None
            found[name] = Market(territory().parse(place), currency, tax)
        except (ValueProblem, MoneyError) as problem:
            raise click.BadParameter(f"{value!r}: {problem}") from problem
    return found


def _read_limits(_: click.Context, __: click.Parameter, values: tuple[str, ...]) -> ReadLimits:
    """Return the limits with those of values such as `size=8GiB`."""
    limits = DEFAULT_LIMITS
    for value in values:
        try:
            limits = msgspec.structs.replace(limits, **parse_limit(value))
        except ValueError as problem:
            raise click.BadParameter(str(problem)) from problem
    return limits


def limit_option(command: Any) -> Any:
    """Add the option `--limit`, as the argument `limits`."""
    return click.option(
        "--limit",
        "limits",
        metavar="NAME=NUMBER",
        multiple=True,
        callback=_read_limits,
        help="Raise a limit of what is read: size, ratio, row, rows or columns. Repeatable.",
    )(command)


def _read_encoding(_: click.Context, __: click.Parameter, value: str | None) -> str | None:
    """Return Python's name of an encoding of text."""
    try:
        "".encode(value or "utf-8")
    except LookupError as problem:
        raise click.BadParameter(
            f"{value!r} is no encoding. Write one such as windows-1252, windows-1250 or iso-8859-2."
        ) from problem
    return value


def encoding_option(command: Any) -> Any:
    """Add the option `--encoding`."""
    return click.option(
        "--encoding",
        metavar="NAME",
        callback=_read_encoding,
        help="Encoding of text that is not UTF-8 or UTF-16, such as windows-1252.",
    )(command)


_OPTIONS: Final = (
    click.option(
        "--territory",
        metavar="CODE",
        callback=read_as(territory()),
        help="Territory of prices and stock, such as DE.",
    ),
    click.option(
        "--currency", metavar="CODE", help="Currency of prices that name none, such as EUR."
    ),
    click.option(
        "--tax-rate",
        metavar="PERCENT",
        callback=read_as(percent()),
        help="Tax rate of the prices, such as 20%.",
    ),
    click.option(
        "--gross/--net", default=True, show_default=True, help="Whether prices include the tax."
    ),
    click.option(
        "--assume-stock",
        metavar="PIECES",
        type=click.IntRange(0),
        help='Pieces of an item that a feed calls "in stock" without a number.',
    ),
    click.option(
        "--customer-column",
        metavar="NAME",
        help="Column of an order export that holds the shop's customer id.",
    ),
    click.option(
        "--sku-from",
        metavar="WHAT",
        callback=_read_substitute,
        help="What stands in for a missing SKU: handle+options, barcode, id or column:NAME.",
    ),
    click.option(
        "--market",
        "markets",
        metavar="NAME=TERRITORY[,CURRENCY[,TAX]]",
        multiple=True,
        callback=_read_markets,
        help="Territory, currency and tax rate of a market's prices in Shopify's export. Repeatable.",
    ),
    click.option(
        "--zone",
        callback=read_as(time_zone()),
        metavar="NAME",
        help="Time zone of times that name none. Default: UTC.",
    ),
    click.option(
        "--decimal",
        type=click.Choice([".", ","]),
        help="Decimal sign of prices. Default: read from each price where it is unambiguous.",
    ),
    click.option(
        "--column",
        "columns",
        metavar="FIELD=NAME",
        multiple=True,
        callback=_read_columns,
        help=f"Column of a table that gives a field: {', '.join(column_words.FIELDS)}. Repeatable.",
    ),
    click.option(
        "--mapping",
        metavar="NAME",
        help="Mapping of the settings with such columns, a ready-made one, or a TOML file.",
    ),
)


def term_options(command: Any) -> Any:
    """Add the options; the command passes them to `terms_from`."""
    for option in reversed(_OPTIONS):
        command = option(command)
    return command


def terms_from(options: dict[str, Any], config: Config) -> ImportTerms:
    """Take the options of `term_options` out of a command's options, and return them as terms.

    Args:
        options: Options of the command.
        config: The settings, which contain named mappings.

    Raises:
        click.BadParameter: The mapping cannot be used.
    """
    mapping = options.pop("mapping")
    return ImportTerms(
        now=time.time_ns() // 1_000_000,
        territory=options.pop("territory"),
        currency=options.pop("currency"),
        tax_included=options.pop("gross"),
        tax_rate_bp=options.pop("tax_rate"),
        assumed_stock=options.pop("assume_stock"),
        customer_column=options.pop("customer_column"),
        sku_from=options.pop("sku_from"),
        markets=options.pop("markets"),
        zone=options.pop("zone"),
        decimal=options.pop("decimal"),
        columns={**(read_mapping(mapping, config) if mapping else {}), **options.pop("columns")},
    )
