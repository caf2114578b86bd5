"""One run of the kit: which checks it has, and what it keeps of each."""

from support.broken_bridges import KeepsCancellationsToItself
from support.driven_shop import Shop, probing, serving_driver
from support.ports import free_port
from tactful.bridge_check.check_run import (
    SERVER_KEY,
    CheckOutcome,
    CheckReport,
    run_checks,
    run_with,
)


def test_a_run_starts_everything_that_the_shop_needs() -> None:
    port = free_port()
    seen: list[CheckOutcome] = []
    with serving_driver(Shop(f"http://127.0.0.1:{port}", SERVER_KEY)) as url:
        report = run_checks(
            url, port=port, only=("refund.once",), patience=0, on_result=seen.append
        )
    assert report.shop == "a shop on tactful-bridge"
    assert report.results == seen
    assert report.names("passed") == ["refund.once"]


def test_a_failed_check_keeps_the_requests_of_the_bridge() -> None:
    with probing(KeepsCancellationsToItself) as probe:
        (result,) = run_with(probe, only=["cancel.order"])
    assert result.outcome == "failed"
    assert "POST /v1/redemptions/o1/confirm: 200" in result.exchanges


class Fails(Shop):
    """A shop whose cart cannot be shown."""

    def total(self, cart: str) -> dict[str, object]:
        raise ValueError(cart)


def test_a_shop_that_fails_fails_the_check_and_not_the_run() -> None:
    with probing(Fails) as probe:
        results = run_with(probe, only=["cart.price", "refund.once"])
    assert CheckReport("shop", results).names("failed") == ["cart.price"]
    assert "`total` failed with status 500" in results[0].found


def test_a_check_that_needs_a_missing_verb_is_left_out() -> None:
    with probing(Shop, frozenset({"back"})) as probe:
        results = run_with(probe, only=["payment.back", "refund.once"])
    report = CheckReport("shop", results)
    assert (report.names("left_out"), report.names("passed")) == (["payment.back"], ["refund.once"])
    assert results[0].found == "The test driver has no `back`."
