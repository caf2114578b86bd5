"""The checkout examples, as a shop runs them, against a fake Tactful that loses responses."""

import importlib.util
import json
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from typing import Any

import msgspec
import pytest

from support.example_checkouts import CHECKOUT, COMMANDS, ExampleShop, run_the_curl_page, running
from support.node import node
from support.vectors import FOLDER, vectors
from tactful.core.facts.fact_codec import FactRejection, decode
from tactful.core.offers.tokens import TokenClaims, TokenSigner, TokenVerifier

pytestmark = pytest.mark.thorough  # programs of their own, which wait for answers that do not come

KEY = "server-key"
OLD, NEW, STRANGER = (TokenSigner(bytes([number]) * 32) for number in (1, 2, 3))


class FakeTactful:
    """The checkout endpoints, with a script of what goes wrong with the next answers."""

    def __init__(self) -> None:
        self.reset()

    def reset(self) -> None:
        """As if nothing had happened."""
        self.verifier = TokenVerifier([OLD.public])
        self.redeemed: dict[tuple[str, str], Any] = {}
        self.cancelled: list[str] = []
        self.refunded: dict[str, Any] = {}
        self.asked: list[str] = []
        self.faults: list[str] = []
        self.reported: list[Any] = []
        self.unit: int | None = None

    def answer(self, path: Any, body: Any) -> tuple[int, Any]:
        if path == "/v1/facts":
            self.reported += body
            return 200, {"accepted": len(body), "rejected": []}
        self.asked.append(path)
        parts = path.strip("/").split("/")
        if parts[-1] == "jwks.json":
            return 200, self.verifier.jwks()
        if parts[1] == "offers":
            return 200, {"offer": parts[2]}
        if parts[-1] == "cancel":
            if parts[-2] not in self.cancelled:
                self.cancelled.append(parts[-2])
            return 200, {"order": parts[-2]}
        if parts[-1] == "refund":
            self.refunded.setdefault(body["refund"], body)
            amount = sum(10965 * line["qty"] for line in body["lines"])
            return 200, {"refund": body["refund"], "amount": {"amount": amount, "currency": "EUR"}}
        return self.redeem(body)

    def redeem(self, body: Any) -> tuple[int, Any]:
        claims = self.verifier.verify(body["token"], int(time.time() * 1000))
        assert isinstance(claims, TokenClaims)
        if claims.level == "order":
            return 409, {"code": "redemption.stacking"}
        answer = {
            "redemption": f"rd_{len(self.redeemed)}",
            "unit": {"amount": self.unit or claims.unit, "currency": claims.currency},
            "qty": body["lines"][0]["qty"],
            "saved": {"amount": 1935, "currency": claims.currency},
        }
        used = {order for offer, order in self.redeemed if offer == claims.offer}
        if used - {body["order"]} - set(self.cancelled):
            return 409, {"code": "redemption.used"}
        return 200, self.redeemed.setdefault((claims.offer, body["order"]), answer)


@contextmanager
def serving(fake: FakeTactful) -> Iterator[str]:
    """The fake behind a real socket."""

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
            is_post = self.command == "POST"
            fault = fake.faults.pop(0) if is_post and fake.faults else None
            if fault == "lost before":
                return
            assert (
                self.path.startswith("/.well") or self.headers["Authorization"] == f"Bearer {KEY}"
            )
            status, answer = fake.answer(self.path, json.loads(body) if body else None)
            if fault == "lost after":
                return
            if fault == "error after":
                status, answer = 500, {"code": "internal"}
            data = json.dumps(answer).encode()
            self.send_response(status)
            self.send_header("Content-Length", str(len(data)))
            self.end_headers()
            self.wfile.write(data[: 5 if fault == "cut" else None])

        def do_GET(self) -> None:
            self.do_POST()

        def log_message(self, *_: Any) -> None:
            """Quiet."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


@pytest.fixture(scope="module", params=COMMANDS)
def pair(request: pytest.FixtureRequest) -> Iterator[tuple[FakeTactful, ExampleShop]]:
    fake = FakeTactful()
    with serving(fake) as url, running(request.param, url, KEY) as started:
        yield fake, started


@pytest.fixture
def fake(pair: tuple[FakeTactful, ExampleShop]) -> FakeTactful:
    pair[0].reset()
    return pair[0]


@pytest.fixture
def shop(pair: tuple[FakeTactful, ExampleShop], fake: FakeTactful) -> ExampleShop:
    pair[1].tests += 1
    return pair[1]


def token(signer: TokenSigner = OLD, *, lasting: int = 900, **changes: Any) -> str:
    now = int(time.time())
    plain = {
        "currency": "EUR",
        "exp": now + lasting,
        "holder": "A" * 22,
        "iat": now,
        "max_qty": 1,
        "offer": "of_1",
        "rulebook": "r1",
        "sku": "RUN-42",
        "territory": "DE",
        "unit": 10965,
    }
    return signer.sign(msgspec.convert(plain | changes, TokenClaims))


def redemptions(fake: FakeTactful) -> list[str]:
    return [path for path in fake.asked if path == "/v1/redemptions"]


def test_an_offer_is_honoured(shop: ExampleShop, fake: FakeTactful) -> None:
    status, order = shop.order(token(), more=[{"sku": "SOCK-3", "qty": 2}])
    assert (status, order["status"]) == (201, "placed")
    assert order["lines"][0]["unit"] == {"amount": 10965, "currency": "EUR"}
    assert order["total"] == {"amount": 10965 + 2 * 1990, "currency": "EUR"}
    assert list(fake.redeemed) == [("of_1", shop.name("o1"))]


def test_an_order_without_an_offer_asks_nobody(shop: ExampleShop, fake: FakeTactful) -> None:
    status, order = shop.order()
    assert (status, order["total"]["amount"]) == (201, 12900)
    assert fake.asked == []


def test_repeating_an_order_changes_nothing(shop: ExampleShop, fake: FakeTactful) -> None:
    mine = token()
    first = shop.order(mine)
    again = shop.order(mine)
    assert (first[0], again[0]) == (201, 200)
    assert first[1] == again[1]
    assert len(redemptions(fake)) == 1


def test_another_cart_under_the_same_order_is_refused(shop: ExampleShop) -> None:
    mine = token()
    shop.order(mine)
    assert shop.order(mine, qty=2) == (409, {"code": "order.changed"})


@pytest.mark.parametrize(
    ("made", "ordered", "answer"),
    [
        ({"signer": STRANGER}, {}, (401, "token.key")),
        ({"lasting": 0}, {}, (410, "token.expired")),
        ({"sku": "TRAIL-42"}, {}, (422, "redemption.sku")),
        ({"currency": "GBP"}, {}, (422, "redemption.sku")),
        ({"territory": "AT"}, {}, (422, "redemption.territory")),
        ({}, {"qty": 2}, (422, "redemption.quantity")),
        ({}, {"sku": "NONE"}, (422, "order.line")),
        ({}, {"qty": 0}, (422, "order.line")),
    ],
    ids=lambda given: "stranger" if "signer" in given else str(given),
)
def test_what_can_be_refused_offline_is_never_redeemed(
    shop: ExampleShop, fake: FakeTactful, made: Any, ordered: Any, answer: Any
) -> None:
    status, refusal = shop.order(token(**made), **ordered)
    assert (status, refusal["code"]) == answer
    assert redemptions(fake) == []
    assert shop.order(token())[0] == 201


def test_a_tampered_token_is_refused(shop: ExampleShop, fake: FakeTactful) -> None:
    header, payload, signature = token().split(".")
    _, cheaper, _ = token(unit=1).split(".")
    assert shop.order(f"{header}.{cheaper}.{signature}") == (401, {"code": "token.signature"})
    assert shop.order(f"{header}.{payload}") == (401, {"code": "token.malformed"})
    assert redemptions(fake) == []


def test_a_token_of_a_new_key_makes_the_shop_fetch_the_keys_again(
    shop: ExampleShop, fake: FakeTactful
) -> None:
    assert shop.order(token())[0] == 201
    fake.verifier = TokenVerifier([OLD.public, NEW.public])
    assert shop.order(token(NEW, offer="of_2"), order="o2")[0] == 201
    assert fake.asked[-2:] == ["/.well-known/jwks.json", "/v1/redemptions"]


@pytest.mark.parametrize("fault", ["lost before", "lost after", "error after", "cut"])
def test_an_unknown_answer_is_asked_for_again_and_the_offer_is_used_once(
    shop: ExampleShop, fake: FakeTactful, fault: Any
) -> None:
    fake.faults = [fault]
    status, order = shop.order(token())
    assert (status, order["total"]["amount"]) == (201, 10965)
    assert len(fake.redeemed) == 1
    assert not fake.faults


def test_an_answer_that_stays_unknown_leaves_the_order_pending_until_it_is_repeated(
    shop: ExampleShop, fake: FakeTactful
) -> None:
    mine = token()
    fake.faults = ["lost after"] * 4
    assert shop.order(mine) == (202, {"order": shop.name("o1"), "status": "pending"})
    assert shop.order(mine)[0] == 201
    assert len(fake.redeemed) == 1


def test_a_pending_order_is_settled_before_it_is_cancelled(
    shop: ExampleShop, fake: FakeTactful
) -> None:
    fake.faults = ["lost before"] * 4
    assert shop.order(token())[0] == 202
    assert shop.cancel()[1]["status"] == "cancelled"
    assert fake.cancelled == [shop.name("o1")]
    assert list(fake.redeemed) == [("of_1", shop.name("o1"))]


def test_a_used_offer_is_refused_and_the_shopper_may_still_buy(shop: ExampleShop) -> None:
    mine = token()
    assert shop.order(mine)[0] == 201
    assert shop.order(mine, order="o2") == (409, {"code": "redemption.used"})
    status, order = shop.order(order="o2")
    assert (status, order["total"]["amount"]) == (201, 12900)


@pytest.mark.parametrize("lost", [[], ["lost after"] * 4])
def test_where_a_later_offer_is_refused_the_order_gives_the_earlier_one_back(
    shop: ExampleShop, fake: FakeTactful, lost: Any
) -> None:
    both = token(offer="of_2", level="order", at_most=500), token()
    fake.faults = [*lost]
    if lost:
        assert shop.order(*both)[0] == 202
    assert shop.order(*both) == (409, {"code": "redemption.stacking"})
    assert list(fake.redeemed) == [("of_1", shop.name("o1"))]
    assert fake.cancelled == [shop.name("o1")]
    assert shop.cancel()[1]["status"] == "cancelled"


def test_an_offer_on_the_shipping_needs_a_charge_of_the_order(
    shop: ExampleShop, fake: FakeTactful
) -> None:
    free = token(level="shipping", at_most=690)
    assert shop.order(free) == (422, {"code": "redemption.shipping"})
    assert redemptions(fake) == []


def test_the_lower_price_of_the_answer_is_charged(shop: ExampleShop, fake: FakeTactful) -> None:
    fake.unit = 9900
    assert shop.order(token())[1]["total"]["amount"] == 9900


def test_a_cancelled_order_gives_the_offer_back_once(shop: ExampleShop, fake: FakeTactful) -> None:
    mine = token()
    shop.order(mine)
    first = shop.cancel()
    assert first == shop.cancel()
    assert first[1]["status"] == "cancelled"
    assert fake.cancelled == [shop.name("o1")]
    assert len([path for path in fake.asked if path.endswith("cancel")]) == 1
    assert shop.order(mine, order="o2")[0] == 201


def test_cancelling_an_order_without_an_offer_asks_nobody(
    shop: ExampleShop, fake: FakeTactful
) -> None:
    shop.order()
    assert shop.cancel()[0] == 200
    assert fake.asked == []


def test_a_refund_gives_back_what_was_paid(shop: ExampleShop, fake: FakeTactful) -> None:
    shop.order(token(max_qty=3), qty=3, more=[{"sku": "SOCK-3", "qty": 1}])
    lines = [{"sku": "RUN-42", "qty": 1}, {"sku": "SOCK-3", "qty": 1}]
    answer = (200, {"refund": "r1", "amount": {"amount": 10965 + 1990, "currency": "EUR"}})
    fake.faults = ["lost after"]
    assert shop.refund("r1", lines) == answer
    assert shop.refund("r1", lines) == answer
    assert fake.refunded == {"r1": {"refund": "r1", "lines": [{"sku": "RUN-42", "qty": 1}]}}


@pytest.mark.parametrize(
    ("refund", "lines", "answer"),
    [
        ("r1", [{"sku": "RUN-42", "qty": 2}], (409, "refund.changed")),
        ("r2", [{"sku": "RUN-42", "qty": 3}], (422, "refund.quantity")),
        ("r2", [{"sku": "SOCK-3", "qty": 1}], (422, "refund.quantity")),
        ("r2", [{"sku": "RUN-42", "qty": -1}], (422, "refund.quantity")),
    ],
)
def test_no_more_comes_back_than_was_bought(
    shop: ExampleShop, fake: FakeTactful, refund: Any, lines: Any, answer: Any
) -> None:
    shop.order(token(max_qty=3), qty=3)
    shop.refund("r1", [{"sku": "RUN-42", "qty": 1}])
    status, refusal = shop.refund(refund, lines)
    assert (status, refusal["code"]) == answer
    assert list(fake.refunded) == ["r1"]


def test_nonsense_is_answered_not_crashed_on(shop: ExampleShop) -> None:
    assert shop.post("/orders", {})[0] == 400
    assert shop.post("/orders", [])[0] == 400
    assert shop.post("/nothing", {}) == (404, {"code": "path"})
    assert shop.post("/orders/none/cancel", {}) == (404, {"code": "order.unknown"})
    assert shop.order(token())[0] == 201


def judged_by_python() -> Iterator[tuple[str, str]]:
    spec = importlib.util.spec_from_file_location(
        "offer_tokens", CHECKOUT / "python" / "offer_tokens.py"
    )
    assert spec is not None
    assert spec.loader is not None
    example = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(example)
    cases = vectors("tokens.json")
    keys = {jwk["kid"]: example.decoded(jwk["x"]) for jwk in cases["jwks"]["keys"]}
    for case in cases["tokens"]:
        try:
            example.verify(case["token"], keys, case["now"] / 1000)
        except example.Refused as refused:
            yield case["name"], refused.code
        else:
            yield case["name"], "ok"


def judged_by_javascript() -> Iterator[tuple[str, str]]:
    script = f"""
        import {{ readFileSync }} from "node:fs";
        import {{ keysOf, verify }} from {json.dumps((CHECKOUT / "js" / "shop.mjs").as_uri())};
        const cases = JSON.parse(readFileSync({json.dumps(str(FOLDER / "tokens.json"))}, "utf8"));
        const keys = keysOf(cases.jwks);
        const judge = ({{ token, now }}) => {{
          try {{ verify(token, keys, now / 1000); return "ok"; }} catch (refused) {{ return refused.code; }}
        }};
        console.log(JSON.stringify(cases.tokens.map((it) => [it.name, judge(it)])));
    """
    command = [node(), "--input-type=module", "-e", script]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    return ((name, answer) for name, answer in json.loads(done.stdout))


@pytest.mark.parametrize("judged", [judged_by_python, judged_by_javascript], ids=["python", "js"])
def test_the_example_judges_every_token_of_the_vectors_as_the_server_does(judged: Any) -> None:
    wanted = {case["name"]: case["want"] for case in vectors("tokens.json")["tokens"]}
    assert dict(judged()) == wanted


def test_the_page_of_curl_runs_from_top_to_bottom() -> None:
    fake = FakeTactful()
    fake.faults = ["lost after"]
    with serving(fake) as url:
        output = run_the_curl_page(url, KEY, token())
    assert '"sku":"RUN-42"' in output
    assert output.count("\n200\n") == 3
    assert list(fake.redeemed) == [("of_1", "o1")]
    assert list(fake.refunded) == ["r1"]
    assert fake.cancelled == ["o1"]
    assert fake.asked[-1] == "/v1/offers/of_1"


def test_an_order_is_reported_with_its_session_and_its_offer(
    fake: FakeTactful, shop: ExampleShop
) -> None:
    asked = {"order": shop.name("o1"), "territory": "DE", "session": "se_1"}
    lines = [{"sku": "RUN-42", "qty": 1}, {"sku": "SOCK-3", "qty": 2}]
    status, _ = shop.post("/orders", asked | {"lines": lines, "tokens": [token()]})
    assert status == 201
    (fact,) = fake.reported
    assert not isinstance(decode(json.dumps(fact).encode()), FactRejection)
    assert (fact["order"], fact["session"], fact["status"]) == (shop.name("o1"), "se_1", "placed")
    assert [(line["unit"]["amount"], line.get("offer")) for line in fact["lines"]] == [
        (10965, "of_1"), (1990, None),
    ]  # fmt: skip


def test_a_report_that_is_lost_delays_no_order_and_is_sent_with_the_next_one(
    fake: FakeTactful, shop: ExampleShop
) -> None:
    fake.faults = ["lost before"]
    assert shop.order(order="o1")[0] == 201
    assert fake.reported == []
    assert shop.order(order="o2")[0] == 201
    assert [fact["order"] for fact in fake.reported] == [shop.name("o1"), shop.name("o2")]
