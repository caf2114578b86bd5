"""A shop platform that sends signed deliveries: `deliverer.py PORT RATE SECONDS FIRST`.

Three of four are orders and the fourth is a product, in the form that WooCommerce 11.0.1 really sent.
RATE is deliveries a second, 0: as fast as the server takes them. FIRST is the number of the first one.
It prints a line of JSON: how many were sent, and the p99 of their answers in milliseconds.
"""

import base64
import hashlib
import hmac
import http.client
import json
import sys
import time
from itertools import count
from pathlib import Path
from threading import Lock, Thread
from typing import Any

CAPTURES = Path(__file__).parents[1] / "unit/connectors/shops/woocommerce"
SECRET = "whsecret"
CONNECTIONS = 8


def capture(name: str) -> dict[str, Any]:
    """Return the body of a captured delivery."""
    found: dict[str, Any] = json.loads((CAPTURES / f"webhook.{name}.json").read_text("utf-8"))
    return dict(found["body"])


ORDER, PRODUCT = capture("order.updated.processing"), capture("product.updated.sale_price")


def delivery(number: int) -> tuple[bytes, dict[str, str]]:
    """Return the body and the headers of a delivery; each is about another order or state."""
    if number % 4:
        topic, body = "order.updated", {**ORDER, "id": 10_000 + number, "number": str(number)}
    else:
        sku = f"s{number // 4 % 400}"
        changed = {"id": number // 4 % 400, "sku": sku, "stock_quantity": 10_000_000 + number}
        topic, body = "product.updated", {**PRODUCT, **changed}
    raw = json.dumps(body).encode()
    signature = base64.b64encode(hmac.digest(SECRET.encode(), raw, hashlib.sha256)).decode()
    return raw, {
        "Content-Type": "application/json",
        "X-WC-Webhook-Topic": topic,
        "X-WC-Webhook-Delivery-ID": f"delivery-{number}",
        "X-WC-Webhook-Signature": signature,
    }


class Sender:
    """Connections that share one sequence of deliveries."""

    def __init__(self, port: int, rate: float, seconds: float, first: int) -> None:
        self._port, self._rate, self._first = port, rate, first
        self._numbers = count()
        self._lock = Lock()
        self.begun = time.monotonic()
        self._end = self.begun + seconds
        self.answers_ms: list[float] = []

    def run(self) -> None:
        """Send until the time is over."""
        threads = [Thread(target=self._send) for _ in range(CONNECTIONS)]
        for one in threads:
            one.start()
        for one in threads:
            one.join()

    def _send(self) -> None:
        connection = http.client.HTTPConnection("127.0.0.1", self._port, timeout=60)
        while True:
            with self._lock:
                number = next(self._numbers)
            due = self.begun + number / self._rate if self._rate else time.monotonic()
            if due >= self._end:
                break
            time.sleep(max(0.0, due - time.monotonic()))
            body, headers = delivery(self._first + number)
            asked = time.perf_counter()
            connection.request("POST", "/v1/in/woo", body, headers)
            answer = connection.getresponse()
            answer.read()
            assert answer.status == 202, answer.status
            self.answers_ms.append(1000 * (time.perf_counter() - asked))
        connection.close()


if __name__ == "__main__":
    sender = Sender(int(sys.argv[1]), float(sys.argv[2]), float(sys.argv[3]), int(sys.argv[4]))
    sender.run()
    found = sorted(sender.answers_ms)
    print(json.dumps({"sent": len(found), "p99_ms": found[len(found) * 99 // 100]}))
