"""`tactful import` imports everything or nothing, and names each bad row by file and line."""

import shlex
import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from support.cli_runner import printed_json, run, run_beside, write_file
from support.import_files import SHOPIFY_ORDERS
from support.live_server import live_server
from tactful.cli.data.import_summary import MAX_BAD_ROWS

GOOD = '{"type":"stock","sku":"A","territory":"DE","available":3}\n'
BAD = '{"type":"stock","sku":"A","territory":"DE","avaliable":3}\n'
FEED = """<rss xmlns:g="http://base.google.com/ns/1.0"><channel><item><g:id>RUN</g:id>
<title>Aero</title><g:price>129.00 EUR</g:price></item></channel></rss>"""


async def test_facts_reach_the_running_server(tmp_path: Path) -> None:
    file = write_file(tmp_path / "facts.jsonl", GOOD * 2500)
    async with live_server(tmp_path) as one:
        first = await run_beside(one, "import", file)
        assert first.exit_code == 0
        assert "2,500 stock" in first.output
        assert "0 rejected" in first.output


async def test_a_feed_is_imported_on_the_terms_that_are_given(tmp_path: Path) -> None:
    file = write_file(tmp_path / "feed.xml", FEED)
    async with live_server(tmp_path) as one:
        terms = ("--territory", "DE", "--tax-rate", "19%")
        report = printed_json(await run_beside(one, "import", file, *terms, "--json"))
        assert report["accepted"] == 2
        assert report["files"][0]["facts"] == {"product": 1, "price": 1}
        prices = await one.http.get("/v1/prices/RUN", params={"territory": "DE"})
        assert prices.json()["prices"][0]["price"] == {"amount": 12900, "currency": "EUR"}


async def test_one_bad_row_in_any_file_stops_the_whole_import(tmp_path: Path) -> None:
    good = write_file(tmp_path / "good.jsonl", GOOD)
    bad = write_file(tmp_path / "bad.jsonl", GOOD + BAD)
    async with live_server(tmp_path) as one:
        stopped = await run_beside(one, "import", good, bad)
        assert stopped.exit_code == 1
        assert f"{bad}:2: A `stock` has no field `avaliable`" in stopped.output
        assert "Nothing was imported" in stopped.output
        report = printed_json(await run_beside(one, "import", good, bad, "--skip-bad", "--json"))
        assert report["accepted"] + report["ignored"] == 2


async def test_a_dry_run_sends_nothing(tmp_path: Path) -> None:
    file = write_file(tmp_path / "facts.jsonl", GOOD)
    result = run("import", file, "--dry-run", "--url", "http://127.0.0.1:9")
    assert result.exit_code == 0
    assert "All rows are valid. Nothing was sent." in result.output


def test_a_dry_run_with_bad_rows_says_so_to_a_script(tmp_path: Path) -> None:
    file = write_file(tmp_path / "facts.jsonl", BAD * 30)
    result = run("import", file, "--dry-run")
    assert result.exit_code == 1
    assert "and 10 more bad rows." in result.output


def test_standard_input_goes_into_a_folder_without_a_server(tmp_path: Path) -> None:
    result = run("import", "-", "--data", tmp_path / "data", given=GOOD * 3)
    assert "standard input: facts as JSON Lines: 3 stock" in result.output
    assert result.exit_code == 0
    again = run("import", "-", "--data", tmp_path / "data", "--json", given=GOOD)
    assert (printed_json(again)["accepted"], printed_json(again)["unchanged"]) == (0, 1)
    with closing(sqlite3.connect(tmp_path / "data" / "tactful.db")) as ledger:
        assert [feed for (feed,) in ledger.execute("SELECT feed FROM heard")] == ["stock"]


async def test_the_folder_of_a_running_server_is_refused(tmp_path: Path) -> None:
    async with live_server(tmp_path) as one:
        result = run("import", "-", "--data", one.config.data, given=GOOD)
        assert (result.exit_code, "A server is running on this folder." in result.output) == (
            2,
            True,
        )


def test_a_missing_server_file_or_term_is_reported_with_what_to_do(tmp_path: Path) -> None:
    file = write_file(tmp_path / "facts.jsonl", GOOD)
    silent = run("import", file, "--url", "http://127.0.0.1:9")
    assert (silent.exit_code, "Start it with `tactful serve`" in silent.output) == (2, True)
    assert "cannot be read" in run("import", tmp_path / "none").output
    feed = write_file(tmp_path / "feed.xml", FEED)
    assert "Add --territory GB --tax-rate 20%" in run("import", feed).output
    assert "a percentage" in run("import", feed, "--tax-rate", "20").output
    assert "a territory such as DE" in run("import", feed, "--territory", "Germany").output


async def test_a_wrong_key_is_distinguished_from_a_missing_one(tmp_path: Path) -> None:
    file = write_file(tmp_path / "facts.jsonl", GOOD)
    async with live_server(tmp_path) as one:
        assert (
            "refuses this server key" in (await run_beside(one, "import", file, key="wrong")).output
        )
        assert "key is missing" in (await run_beside(one, "import", file, key="")).output


async def test_progress_is_a_line_for_each_quarter_where_there_is_no_terminal(
    tmp_path: Path,
) -> None:
    file = write_file(tmp_path / "facts.jsonl", GOOD * 20_000)
    result = run("import", file, "--dry-run")
    # Where the machine is slow, a line also says how much time is left.
    lines = [line.partition(",")[0] for line in result.output.splitlines()]
    assert [line for line in lines if line.startswith("checking")] == [
        f"checking {file}: {share} %" for share in (25, 50, 75, 100)
    ]


@pytest.mark.parametrize(
    ("content", "looks"),
    [
        ("<html><body>Log in</body></html>", "a web page (HTML)"),
        ("<goods><offer/></goods>", "its root is <goods>"),
        ("<rss><channel/></rss>", "has no <item>"),
        ("id\ttitle\tprice\tavailability\n", "No facts were found. The file was read as"),
    ],
)
@pytest.mark.parametrize("option", ["--dry-run", "--skip-bad", "--json"])
def test_a_file_without_facts_is_no_success_and_says_what_it_looks_like(
    tmp_path: Path, content: str, looks: str, option: str
) -> None:
    file = write_file(tmp_path / "feed", content)
    terms = ("--territory", "DE", "--tax-rate", "19%", "--data", tmp_path / "data")
    result = run("import", file, *terms, option)
    assert result.exit_code == 1
    if option == "--json":
        assert printed_json(result)["files"][0]["facts"] == {}
    else:
        assert looks in result.output


def test_what_is_unknown_left_out_or_assumed_is_counted_with_its_first_lines(
    tmp_path: Path,
) -> None:
    item = "<item><g:id>{0}</g:id><g:price>1 EUR</g:price><g:availability>soon</g:availability></item>\n"
    items = "".join(item.format(number) for number in range(5))
    file = write_file(
        tmp_path / "feed.xml",
        f'<rss xmlns:g="http://base.google.com/ns/1.0"><channel>\n{items}</channel></rss>',
    )
    terms = ("--territory", "DE", "--tax-rate", "19%", "--dry-run")
    message = "Availability 'soon' is an unknown word: no stock fact is made."
    result = run("import", file, *terms)
    assert result.exit_code == 0
    assert f"  5 × {message} (lines 2, 3, 4, …)" in result.output
    (report,) = printed_json(run("import", file, *terms, "--json"))["files"]
    assert report["notes"] == [{"message": message, "count": 5, "lines": [2, 3, 4]}]


def test_a_customer_column_that_is_not_in_the_file_stops_the_import(tmp_path: Path) -> None:
    file = write_file(tmp_path / "orders.csv", SHOPIFY_ORDERS)
    result = run("import", file, "--dry-run", "--customer-column", "email")
    assert (result.exit_code, "Did you mean 'Email'?" in result.output) == (2, True)


def test_a_customer_column_without_an_order_export_is_refused(tmp_path: Path) -> None:
    file = write_file(tmp_path / "facts.jsonl", GOOD)
    result = run("import", file, "--dry-run", "--customer-column", "Email")
    assert (result.exit_code, "is for order exports" in result.output) == (2, True)


def test_an_ambiguous_price_is_read_with_the_decimal_sign_that_is_given(tmp_path: Path) -> None:
    file = write_file(tmp_path / "feed.xml", FEED.replace("129.00", "1,290"))
    terms = ("--territory", "DE", "--tax-rate", "19%", "--dry-run")
    assert "Say with --decimal" in run("import", file, *terms).output
    assert run("import", file, *terms, "--decimal", ".").exit_code == 0


TABLE = "Artikelnr;Bezeichnung;Preis;Lager\n1001;Tasse;12,50;A-1\n"
TABLE_TERMS = ("--territory", "DE", "--tax-rate", "19%", "--currency", "EUR", "--dry-run", "--json")


def test_a_proposed_command_imports_the_table(tmp_path: Path) -> None:
    file = write_file(tmp_path / "goods.csv", TABLE)
    proposed = run("import", "--guess", file)
    assert "Columns that are not read: Lager." in proposed.output
    assert "SKU" not in proposed.output
    nameless = write_file(tmp_path / "nameless.csv", "Kennung;Preis;Bestand\nA-1;12,50;3\n")
    assert "No column of the SKU was recognised." in run("import", "--guess", nameless).output
    line = next(x for x in proposed.output.splitlines() if x.startswith("tactful import "))
    _, *command = shlex.split(line)
    report = printed_json(run(*command, *TABLE_TERMS))
    assert report["files"][0]["facts"] == {"product": 1, "price": 1}


def test_a_guess_reads_the_table_of_a_spreadsheet_that_is_not_utf_8(tmp_path: Path) -> None:
    text = "Artikelnr;Benämning;Pris;Ord. pris;Inköpspris;Lagersaldo\nA-1;Åre;1 299,00;1 499,00;520,50;7\n"
    (file := tmp_path / "varor.csv").write_bytes(text.encode("windows-1252"))
    settings = write_file(tmp_path / "tactful.toml", 'default_territory = "SE"\n')
    said = run("import", "--guess", file, "--config", settings)
    assert "The file is not UTF-8, and is read as windows-1252." in said.output
    for part in ("title=Benämning", "list=Ord. pris", "cost=Inköpspris", "--encoding windows-1252"):
        assert part in said.output
    assert "--territory SE --tax-rate 20% --currency SEK" in said.output
    assert "Columns that are not read: none." in said.output
    (proposal,) = (line for line in said.stdout.splitlines() if line.startswith("tactful import "))
    words = shlex.split(proposal)[1:]
    done = run(*words, "--territory", "SE", "--tax-rate", "25%", "--currency", "SEK", "--dry-run")
    assert (done.exit_code, "All rows are valid" in done.output) == (0, True)


def test_a_guess_names_a_known_format_and_refuses_a_table_without_a_known_column(
    tmp_path: Path,
) -> None:
    orders = write_file(tmp_path / "orders.csv", SHOPIFY_ORDERS)
    assert "It needs no --column." in run("import", "--guess", orders).output
    strange = write_file(tmp_path / "strange.csv", "a;b\n1;2\n")
    assert run("import", "--guess", strange).exit_code == 2


def test_columns_are_read_from_a_mapping_file(tmp_path: Path) -> None:
    file = write_file(tmp_path / "goods.csv", TABLE)
    mapping = write_file(
        tmp_path / "goods.toml", '[columns]\nsku = "Artikelnr"\nprice = "Bezeichnung"\n'
    )
    given = ("--mapping", mapping, "--column", "price=Preis")
    report = printed_json(run("import", file, *given, *TABLE_TERMS))
    assert report["files"][0]["facts"] == {"price": 1}


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (("--column", "skuu=Artikelnr"), "Did you mean 'sku'?"),
        (("--column", "colour=Farbe"), "is no field of an import. Use sku, product"),
        (("--column", "sku"), "names no column. Write sku=NAME."),
        (("--column", "sku=Nr", "--column", "price=Preis"), "has no column 'Nr'"),
        (("--mapping", "empty.toml"), "has no table [columns]"),
        (("--mapping", "broken.toml"), "cannot be read"),
    ],
)
def test_a_wrong_column_is_refused_with_what_to_do(
    tmp_path: Path, options: tuple[str, ...], message: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    write_file(tmp_path / "empty.toml", "")
    write_file(tmp_path / "broken.toml", "[columns")
    file = write_file(tmp_path / "goods.csv", TABLE)
    result = run("import", file, *options, *TABLE_TERMS)
    assert result.exit_code == 2
    assert message in " ".join(result.output.split())


SHOP_TABLE = ("--column", "sku=sku", "--column", "title=name", "--column", "stock=stock")


async def test_an_item_that_is_missing_from_a_complete_file_is_not_sold_any_more(
    tmp_path: Path,
) -> None:
    rows = [f"S{number},Shoe,3\n" for number in range(10)]
    header = "sku,name,stock\n"
    full = write_file(tmp_path / "full.csv", header + "".join(rows))
    less = write_file(tmp_path / "less.csv", header + "".join(rows[1:]))
    terms = (*SHOP_TABLE, "--territory", "DE", "--complete", "--json")
    async with live_server(tmp_path) as one:
        assert printed_json(await run_beside(one, "import", full, *terms))["ended"] == 0
        planned = printed_json(await run_beside(one, "import", less, *terms, "--dry-run"))
        assert planned["missing"][0] == {"kind": "product", "missing": 1, "known": 10}
        done = printed_json(await run_beside(one, "import", less, *terms))
        assert (done["ended"], done["accepted"]) == (2, 0)
        again = printed_json(await run_beside(one, "import", less, *terms))
        assert (again["ended"], again["missing"]) == (0, [])
        item = await one.parts.shop.state.fact_cache.read_item("S0")
        assert (item.ended, item.available("DE")) == ("gone", 0)
        back = printed_json(await run_beside(one, "import", full, *terms))
        assert back["accepted"] == 2
        item = await one.parts.shop.state.fact_cache.read_item("S0")
        assert (item.ended, item.available("DE")) == (None, 3)


def test_a_file_that_lost_many_rows_stops_and_asks_before_anything_ends(tmp_path: Path) -> None:
    lines = [GOOD.replace('"A"', f'"S{number}"') for number in range(4)]
    full = write_file(tmp_path / "full.jsonl", "".join(lines))
    cut = write_file(tmp_path / "cut.jsonl", "".join(lines[:3]).replace(":3}", ":2}"))
    folder = ("--data", tmp_path / "data")
    assert run("import", full, *folder).exit_code == 0
    stopped = run("import", cut, *folder, "--complete")
    assert stopped.exit_code == 1
    assert "1 of 4 known stock facts (25 %) is missing." in stopped.output
    assert "add --yes" in stopped.output
    again = printed_json(run("import", full, *folder, "--json"))
    assert again["unchanged"] == 4
    done = printed_json(run("import", cut, *folder, "--complete", "--yes", "--json"))
    assert (done["accepted"], done["ended"]) == (3, 1)


def test_complete_needs_good_rows_and_facts_that_can_be_missing(tmp_path: Path) -> None:
    file = write_file(tmp_path / "facts.jsonl", GOOD)
    both = run("import", file, "--complete", "--skip-bad")
    assert (both.exit_code, "exclude each other" in both.output) == (2, True)
    orders = write_file(tmp_path / "orders.csv", SHOPIFY_ORDERS)
    refused = run("import", orders, "--complete")
    assert (refused.exit_code, "no file has any" in refused.output) == (2, True)


def test_a_substitute_for_skus_is_checked_before_the_files_are_read(tmp_path: Path) -> None:
    file = write_file(tmp_path / "facts.jsonl", GOOD)
    unknown = run("import", file, "--sku-from", "ean")
    assert (unknown.exit_code, "'ean' is unknown. Use handle+options" in unknown.output) == (
        2,
        True,
    )
    useless = run("import", file, "--sku-from", "barcode")
    assert (useless.exit_code, "no file is one" in useless.output) == (2, True)


@pytest.mark.parametrize("words", [(), ("--guess",), ("--column", "sku=x", "--column", "price=y")])
def test_the_name_of_a_column_cannot_control_the_terminal(
    tmp_path: Path, words: tuple[str, ...]
) -> None:
    file = write_file(tmp_path / "goods.csv", "\x1b]0;owned\x07,\u202eprice,sku\n1,2,3\n")
    result = run("import", file, "--territory", "DE", "--tax-rate", "19%", *words)
    assert not {*"\x1b\x07\u202e"} & {*result.output}


def test_a_limit_is_raised_by_the_option_that_the_message_names(tmp_path: Path) -> None:
    file = write_file(tmp_path / "facts.jsonl", GOOD * 3)
    refused = run("import", file, "--dry-run", "--limit", "rows=2")
    assert refused.exit_code == 2
    assert "more than 2 lines or items. Add --limit rows=4" in refused.output
    assert run("import", file, "--dry-run", "--limit", "rows=4").exit_code == 0
    assert "'x' is not a limit" in run("import", file, "--limit", "rows=x").output


def test_bad_rows_beyond_those_that_are_named_are_counted(tmp_path: Path) -> None:
    file = write_file(tmp_path / "facts.jsonl", BAD * (MAX_BAD_ROWS + 5))
    (report,) = printed_json(run("import", file, "--dry-run", "--json"))["files"]
    assert (len(report["bad"]), report["bad_count"]) == (MAX_BAD_ROWS, MAX_BAD_ROWS + 5)
    assert "1,005 bad rows" in run("import", file, "--dry-run").output
