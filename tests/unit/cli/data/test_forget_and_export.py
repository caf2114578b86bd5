"""`tactful customers forget` and `export` act on a customer of the running server."""

from pathlib import Path

import msgspec

from journeys.fixture import order
from support.cli_runner import printed_json, run_beside
from support.live_server import live_server

FACT = {"type": "customer", "customer": "c/1 ü", "tier": "gold"}


async def test_a_customer_is_exported_and_then_erased(tmp_path: Path) -> None:
    async with live_server(tmp_path) as one:
        await one.facts(FACT)
        before = await run_beside(one, "customers", "export", "c/1 ü")
        fact = printed_json(before)["facts"][0]
        assert fact["fact"]["tier"] == "gold"
        assert (fact["at"], fact["ended"]) == ("2026-03-10T12:00:00Z", None)
        forgotten = await run_beside(one, "customers", "forget", "c/1 ü", "--yes")
        assert forgotten.output == "All data about customer c/1 ü is erased: 1 fact.\n"
        after = await run_beside(one, "customers", "export", "c/1 ü")
        assert after.exit_code == 2
        assert "Nothing is kept about that customer." in after.output


async def test_the_question_says_how_much_is_erased(tmp_path: Path) -> None:
    async with live_server(tmp_path) as one:
        await one.facts(FACT, order("o1", "c/1 ü", "RUN-42"))
        result = await run_beside(one, "customers", "forget", "c/1 ü", given="y\n")
        assert "Erase 2 facts about customer c/1 ü? This cannot be undone" in result.output
        assert result.exit_code == 0


async def test_a_customer_that_is_not_known_is_not_called_erased(tmp_path: Path) -> None:
    async with live_server(tmp_path) as one:
        result = await run_beside(one, "customers", "forget", "nobody-here", "--yes")
        assert result.exit_code == 1
        assert (
            "Nothing is kept about customer nobody-here, and nothing was erased." in result.output
        )


async def test_nobody_is_erased_without_a_confirmation(tmp_path: Path) -> None:
    async with live_server(tmp_path) as one:
        await one.facts(FACT)
        result = await run_beside(one, "customers", "forget", "c/1 ü", given="n\n")
        assert (result.exit_code, "Nothing was erased" in result.output) == (2, True)
        assert "gold" in (await run_beside(one, "customers", "export", "c/1 ü")).output


async def test_a_shopper_without_an_id_is_erased_by_address_or_number(tmp_path: Path) -> None:
    async with live_server(tmp_path) as one:
        for given, value, told in (
            ("email", " Mia@Shop.example", "mia@shop.example"),
            ("phone", "+49 30 901820", "+4930901820"),
        ):
            case = {
                "type": "case", "case": given, "kind": "defect", "status": "open",
                "opened_at": "2026-03-01T00:00:00Z", "contact": {given: value},
            }  # fmt: skip
            await one.facts(case)
            result = await run_beside(one, "customers", "forget", f"--{given}", value, "--yes")
            assert result.output == f"All data about {told} is erased: 1 case.\n"
            again = await run_beside(one, "customers", "forget", f"--{given}", value, "--yes")
            assert again.exit_code == 1
            assert f"Nothing is kept about {told}, and nothing was erased." in again.output
            report = await one.parts.shop.ingest.ingest([msgspec.json.encode(case)])
            assert [(found.code, "contact" in found.message) for found in report.rejected] == [
                ("fact.erased", True)
            ]


def complaint(ident: str, **more: object) -> dict[str, object]:
    return {
        "type": "case", "case": ident, "kind": "defect", "status": "open",
        "opened_at": "2026-03-01T00:00:00Z", "contact": {"email": "mia@shop.example"}, **more,
    }  # fmt: skip


async def test_the_answer_counts_what_an_address_had_and_what_a_customer_keeps(
    tmp_path: Path,
) -> None:
    async with live_server(tmp_path) as one:
        review = {
            "type": "review", "review": "v1", "sku": "RUN-42", "rating": 1,
            "at": "2026-03-01T00:00:00Z", "contact": {"email": "mia@shop.example"},
        }  # fmt: skip
        await one.facts(complaint("k1"), complaint("k2"), review, complaint("k3", customer="c1"))
        asked = await run_beside(
            one, "customers", "forget", "--email", "mia@shop.example", given="y\n"
        )
        assert "Erase 2 cases and 1 review about mia@shop.example?" in asked.output
        assert "mia@shop.example is erased: 2 cases and 1 review." in asked.output
        assert "1 fact names a customer, too." in asked.output
        again = await run_beside(one, "customers", "forget", "--email", "mia@shop.example", "--yes")
        assert again.exit_code == 1
        assert "No fact about mia@shop.example is without a customer" in again.output
        by_id = await run_beside(one, "customers", "forget", "c1", "--yes", "--json")
        assert printed_json(by_id) == {"erased": {"facts": 1}, "named": 0}


async def test_who_is_to_be_erased_is_named_once_and_can_be_read(tmp_path: Path) -> None:
    async with live_server(tmp_path) as one:
        for given in ((), ("c1", "--email", "mia@shop.example")):
            refused = await run_beside(one, "customers", "forget", *given, "--yes")
            assert "Name one customer, --email or --phone." in refused.output
        for unread in (("--email", "mia"), ("--phone", "030 901820")):
            refused = await run_beside(one, "customers", "forget", *unread, "--yes")
            assert "This cannot be read." in refused.output
