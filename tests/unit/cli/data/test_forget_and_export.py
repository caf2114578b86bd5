"""`tactful forget` and `tactful export` act on a customer of the running server."""

from pathlib import Path

from support.cli_runner import printed_json, run_beside
from support.live_server import live_server

FACT = {"type": "customer", "customer": "c/1 ü", "tier": "gold"}


async def test_a_customer_is_exported_and_then_erased(tmp_path: Path) -> None:
    async with live_server(tmp_path) as one:
        await one.facts(FACT)
        before = await run_beside(one, "export", "c/1 ü")
        fact = printed_json(before)["facts"][0]
        assert fact["fact"]["tier"] == "gold"
        assert (fact["at"], fact["ended"]) == ("2026-03-10T12:00:00Z", None)
        forgotten = await run_beside(one, "forget", "c/1 ü", "--yes")
        assert forgotten.output == "All data about customer c/1 ü is erased.\n"
        after = await run_beside(one, "export", "c/1 ü")
        assert after.exit_code == 2
        assert "Nothing is kept about that customer." in after.output


async def test_nobody_is_erased_without_a_confirmation(tmp_path: Path) -> None:
    async with live_server(tmp_path) as one:
        await one.facts(FACT)
        result = await run_beside(one, "forget", "c/1 ü", given="n\n")
        assert (result.exit_code, "Nothing was erased" in result.output) == (2, True)
        assert "gold" in (await run_beside(one, "export", "c/1 ü")).output
