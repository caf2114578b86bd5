"""The command `tactful connect bridge`."""

import json
from typing import Any

from click.testing import CliRunner, Result

from support.broken_bridges import KeepsCancellationsToItself
from support.driven_shop import Shop, serving_driver
from support.ports import free_port
from tactful.bridge_check.check_run import SERVER_KEY
from tactful.cli import main


def check(shop: type[Shop], *options: str, lacking: frozenset[str] = frozenset()) -> Result:
    """The result of the command for a shop."""
    port = free_port()
    with serving_driver(shop(f"http://127.0.0.1:{port}", SERVER_KEY), lacking) as url:
        given = ["connect", "bridge", url, "--port", str(port), "--patience", "0", *options]
        return CliRunner().invoke(main, given)


def test_a_good_bridge_ends_with_exit_code_0() -> None:
    done = check(Shop, "--only", "cart.price", "--only", "cancel.order")
    assert done.exit_code == 0, done.output
    assert "a shop on tactful-bridge: 2 passed, 0 failed, 0 left out." in done.output


def test_a_failed_check_shows_what_happened_and_the_harm() -> None:
    done = check(KeepsCancellationsToItself, "--only", "cancel.order")
    assert done.exit_code == 1
    assert (
        "No order uses the offer any more, but Tactful has `redeemed` by order o1." in done.output
    )
    assert "Harm: The campaign's budget counts a discount that nobody got" in done.output
    assert "POST /v1/redemptions: 200" in done.output


def test_what_the_shop_cannot_do_is_left_out_and_named() -> None:
    done = check(Shop, "--only", "promotion.stacks", lacking=frozenset({"promotion"}))
    assert done.exit_code == 0
    assert "The test driver has no `promotion`." in done.output
    assert "0 passed, 0 failed, 1 left out." in done.output


def test_the_report_can_be_json() -> None:
    done = check(Shop, "--only", "cart.forged", "--json")
    report: dict[str, Any] = json.loads(done.output)
    assert report["shop"] == "a shop on tactful-bridge"
    (result,) = report["results"]
    assert (result["name"], result["outcome"]) == ("cart.forged", "passed")


def test_an_unknown_check_is_refused_with_the_known_ones() -> None:
    done = CliRunner().invoke(main, ["connect", "bridge", "http://127.0.0.1:9", "--only", "cart"])
    assert done.exit_code == 2
    assert "There is no check 'cart'. The checks are cart.price," in done.output


def test_a_driver_that_does_not_answer_ends_with_exit_code_2() -> None:
    done = CliRunner().invoke(main, ["connect", "bridge", "http://127.0.0.1:9"])
    assert done.exit_code == 2
    assert "The test driver does not answer: POST http://127.0.0.1:9/about" in done.output
