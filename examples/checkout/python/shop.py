"""Example shop that accepts Tactful's offers: verify offline, redeem once, retry, cancel, refund.

It uses only Python's standard library, and `offer_tokens.py` beside it. Run it with

    TACTFUL_URL=http://127.0.0.1:8000 TACTFUL_SERVER_KEY=... python shop.py

Orders are kept in memory; a real shop keeps them in its database. Everything else can be copied as it is.
"""

import json
import os
import re
import sys
import time
from http.client import HTTPException
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Lock
from urllib.error import HTTPError
from urllib.parse import quote, unquote
from urllib.request import Request, urlopen

from offer_tokens import LEVELS, Refused, decoded, verify

PRICES = {
    ("RUN-42", "DE"): (12900, "EUR"),
    ("RUN-42", "GB"): (11500, "GBP"),
    ("TRAIL-42", "DE"): (13900, "EUR"),
    ("SOCK-3", "DE"): (1990, "EUR"),
}
PAUSES = (0.05, 0.2, 0.8)  # seconds between attempts while the outcome is unknown
FINAL_STATUSES = {401, 404, 409, 410, 422}


class Unknown(Exception):
    """The outcome of a request is unknown: it may have had its effect. Only repeating it can tell."""


# -- Tactful -------------------------------------------------------------------------------------------


class Tactful:
    """Client of Tactful's HTTP API."""

    def __init__(self, url, key):
        self.url, self.key, self.keys = url.rstrip("/"), key, {}

    def claims_of(self, token):
        """Return the claims of a valid token. An unknown key may be new, so the keys are fetched again."""
        try:
            return verify(token, self.keys, time.time())
        except Refused as refused:
            if refused.code != "token.key":
                raise
        _, document = self.request("GET", "/.well-known/jwks.json")
        self.keys = {jwk["kid"]: decoded(jwk["x"]) for jwk in document["keys"]}
        return verify(token, self.keys, time.time())

    def post_until_known(self, path, body):
        """Repeat a POST until its outcome is known. It names the order, so it has its effect only once."""
        for pause in (*PAUSES, None):
            try:
                status, answer = self.request("POST", path, body)
            except Unknown:
                if pause is None:
                    raise
                time.sleep(pause)
            else:
                if status != 200:
                    raise Refused(status, answer.get("code", "unclear"))
                return answer
        raise AssertionError("unreachable")

    def request(self, method, path, body=None):
        """Send one request and return (status, body); raise Unknown for no response or an unclear one."""
        data = None if body is None else json.dumps(body).encode()
        headers = {"Authorization": f"Bearer {self.key}", "Content-Type": "application/json"}
        request = Request(self.url + path, data, headers, method=method)
        try:
            with urlopen(request, timeout=5) as response:
                return response.status, json.load(response)
        except HTTPError as error:
            with error:
                if error.code not in FINAL_STATUSES:
                    raise Unknown(str(error)) from error
                return error.code, json.loads(error.read() or b"{}")
        except (OSError, HTTPException, ValueError) as error:
            raise Unknown(str(error)) from error


# -- The shop ------------------------------------------------------------------------------------------


class Shop:
    """Orders: id → {"status", "asked", "lines", "shipping", "refunds"}, and "offers", which it uses.

    An order is "pending" until it is placed. An order that stays pending is settled by a repetition.
    """

    def __init__(self, tactful):
        self.tactful, self.orders, self.lock = tactful, {}, Lock()
        self.unreported = []

    def place(self, asked):
        """Place an order. Repeating the request is safe, and settles a pending order."""
        name = asked["order"]
        fresh = {
            "status": "pending",
            "asked": asked,
            "lines": [self.priced(line, asked["territory"]) for line in asked["lines"]],
            "shipping": asked.get("shipping"),
            "refunds": {},
        }
        with self.lock:
            order = self.orders.setdefault(name, fresh)
        if order["asked"] != asked:
            raise Refused(409, "order.changed")
        if order["status"] != "pending":
            return 200, self.shown(name)
        try:
            self.settle(name, order)
        except Unknown:
            return 202, {"order": name, "status": "pending"}
        except Refused:
            self.roll_back(name, order)
            raise
        self.report(name)
        return 201, self.shown(name)

    def settle(self, name, order):
        """Redeem the offers, if there are any, and place the order."""
        if "offers" not in order:
            # The offers are stored before the first redemption: after it a token may be used, or have ended.
            tokens = order["asked"].get("tokens", [])
            offers = [
                self.offer_of(token, self.tactful.claims_of(token), order) for token in tokens
            ]
            order["offers"] = sorted(offers, key=lambda offer: LEVELS.index(offer["level"]))
        for offer in order["offers"]:
            # Each offer applies to the result of the previous one, so the lines have their present price.
            lines = order["lines"] if offer["place"] is None else [order["lines"][offer["place"]]]
            keys = ("sku", "qty") if offer["level"] == "item" else ("sku", "qty", "unit")
            body = {
                "token": offer["token"],
                "order": name,
                "territory": order["asked"]["territory"],
                "lines": [{key: line[key] for key in keys} for line in lines],
            }
            if "customer" in order["asked"]:
                # A customer's offer is redeemed for that customer alone.
                body["customer"] = order["asked"]["customer"]
            if offer["level"] == "shipping":
                body["shipping"] = order["asked"]["shipping"]
            self.charge(order, offer, self.tactful.post_until_known("/v1/redemptions", body))
        order["status"] = "placed"
        order["placed_at"] = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime())

    def report(self, name):
        """Report the state of an order, with the shopper's session. Nobody waits for Tactful here.

        What does not get through is sent with the next order; a real shop keeps it in its database.
        """
        self.unreported.append(self.fact(name))
        facts, self.unreported = self.unreported, []
        try:
            status, answer = self.tactful.request("POST", "/v1/facts", facts)
        except Unknown:
            self.unreported += facts
            return
        if status != 200 or answer["rejected"]:
            print(f"Tactful refused a report: {answer}", file=sys.stderr)

    def fact(self, name):
        """Return what Tactful is told of an order."""
        order = self.orders[name]
        offers = {o["place"]: o["id"] for o in order["offers"] if o["level"] == "item"}
        fact = {
            "type": "order",
            "order": name,
            "territory": order["asked"]["territory"],
            "placed_at": order["placed_at"],
            "status": order["status"],
            "lines": [
                {"sku": line["sku"], "qty": line["qty"], "unit": self.paid_for_one(line)}
                | ({"offer": offers[place]} if place in offers else {})
                for place, line in enumerate(order["lines"])
            ],
        }
        known = {key: order["asked"].get(key) for key in ("customer", "session")}
        return fact | {key: value for key, value in known.items() if value}

    def paid_for_one(self, line):
        """Return what was paid for one piece, rounded down where pieces do not share a total evenly."""
        paid = line.get("paid")
        return line["unit"] if paid is None else {**paid, "amount": paid["amount"] // line["qty"]}

    def charge(self, order, offer, answer):
        """Charge the amounts of the response: they are lower than the token's if the price has fallen."""
        offer["used"] = True
        if offer["level"] == "item":
            order["lines"][offer["place"]]["unit"] = answer["unit"]
        elif offer["level"] == "order":
            for line, share in zip(order["lines"], answer["lines"], strict=True):
                line["paid"] = share["paid"]
        else:
            order["shipping"] = answer["unit"]

    def roll_back(self, name, order):
        """Cancel what the order has redeemed, because a later offer was refused.

        The id of an order that redeemed something is not used again.
        """
        if any(offer.get("used") for offer in order.get("offers", ())):
            self.tactful.post_until_known(f"/v1/redemptions/{quote(name, safe='')}/cancel", {})
            order["status"] = "cancelled"
        else:
            self.orders.pop(name, None)  # the shopper may order again at the public price

    def offer_of(self, token, claims, order):
        """Return what a token applies to; raise Refused where the order does not match it."""
        level, place = claims.get("level", "item"), None
        currency = order["lines"][0]["unit"]["currency"]
        if level == "item":
            skus = [line["sku"] for line in order["lines"]]
            if claims["sku"] not in skus:
                raise Refused(422, "redemption.sku")
            place = skus.index(claims["sku"])
        if level == "shipping" and not order["shipping"]:
            raise Refused(422, "redemption.shipping")
        if claims["currency"] != currency:
            raise Refused(422, "redemption.sku")
        if order["asked"]["territory"] != claims["territory"]:
            raise Refused(422, "redemption.territory")
        if place is not None and order["lines"][place]["qty"] > claims["max_qty"]:
            raise Refused(422, "redemption.quantity")
        return {"id": claims["offer"], "token": token, "level": level, "place": place}

    def cancel(self, name):
        """Cancel an order before it is shipped. The shopper can use the offer again until it ends."""
        order = self.settled(name)
        if order["status"] == "placed" and order["offers"]:
            self.tactful.post_until_known(f"/v1/redemptions/{quote(name, safe='')}/cancel", {})
        was_placed = order["status"] == "placed"
        order["status"] = "cancelled"
        if was_placed:
            self.report(name)
        return 200, self.shown(name)

    def refund(self, name, asked):
        """Refund returned pieces at the price that was paid for them, not at the public price."""
        order = self.settled(name)
        if order["status"] == "cancelled":
            raise Refused(409, "order.cancelled")
        with self.lock:
            self.check_refund(order, asked)
            order["refunds"][asked["refund"]] = asked["lines"]
        covered = {line["sku"] for line in order["lines"] if "paid" in line}
        covered |= {
            order["lines"][o["place"]]["sku"] for o in order["offers"] if o["level"] == "item"
        }
        units = {line["sku"]: line["unit"]["amount"] for line in order["lines"]}
        rest = [line for line in asked["lines"] if line["sku"] not in covered]
        amount = sum(units[line["sku"]] * line["qty"] for line in rest)
        lines = [line for line in asked["lines"] if line["sku"] in covered]
        if lines:
            path = f"/v1/redemptions/{quote(name, safe='')}/refund"
            body = {"refund": asked["refund"], "lines": lines}
            amount += self.tactful.post_until_known(path, body)["amount"]["amount"]
        currency = order["lines"][0]["unit"]["currency"]
        return 200, {"refund": asked["refund"], "amount": {"amount": amount, "currency": currency}}

    def check_refund(self, order, asked):
        """Raise Refused if the id was used for another refund, or more is returned than was bought."""
        refunds = {**order["refunds"], asked["refund"]: asked["lines"]}
        if order["refunds"].get(asked["refund"], asked["lines"]) != asked["lines"]:
            raise Refused(409, "refund.changed")
        left = {line["sku"]: line["qty"] for line in order["lines"]}
        for line in (line for lines in refunds.values() for line in lines):
            left[line["sku"]] = left.get(line["sku"], 0) - line["qty"]
            if line["qty"] < 1 or left[line["sku"]] < 0:
                raise Refused(422, "refund.quantity")

    def settled(self, name):
        """Return an order whose outcome is known; a pending one is settled first."""
        order = self.orders.get(name)
        if order is None:
            raise Refused(404, "order.unknown")
        if order["status"] == "pending":
            self.settle(name, order)
        return order

    def priced(self, line, territory):
        """Return a line at the public price."""
        price = PRICES.get((line["sku"], territory))
        if price is None or not isinstance(line["qty"], int) or line["qty"] < 1:
            raise Refused(422, "order.line")
        unit = {"amount": price[0], "currency": price[1]}
        return {"sku": line["sku"], "qty": line["qty"], "unit": unit}

    def shown(self, name):
        """Return an order as the shopper sees it."""
        order = self.orders[name]
        paid = [
            line["paid"]["amount"] if "paid" in line else line["unit"]["amount"] * line["qty"]
            for line in order["lines"]
        ]
        total = sum(paid) + (order["shipping"]["amount"] if order["shipping"] else 0)
        currency = order["lines"][0]["unit"]["currency"]
        shown = {"order": name, "status": order["status"], "lines": order["lines"]}
        if order["shipping"]:
            shown["shipping"] = order["shipping"]
        return {**shown, "total": {"amount": total, "currency": currency}}


class RequestHandler(BaseHTTPRequestHandler):
    """Handles POST /orders, /orders/{id}/cancel and /orders/{id}/refunds."""

    shop: Shop
    protocol_version = "HTTP/1.1"

    def do_POST(self):
        body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        try:
            status, answer = self.dispatch(json.loads(body or b"{}"))
        except Refused as refused:
            status, answer = refused.status, {"code": refused.code}
        except Unknown:
            status, answer = 503, {"code": "unknown"}
        except (KeyError, TypeError, ValueError, AttributeError):
            status, answer = 400, {"code": "request"}
        data = json.dumps(answer).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(data)))
        self.end_headers()
        self.wfile.write(data)

    def dispatch(self, asked):
        if self.path == "/orders":
            return self.shop.place(asked)
        found = re.fullmatch(r"/orders/([^/]+)/(cancel|refunds)", self.path)
        if not found:
            raise Refused(404, "path")
        name = unquote(found[1])
        return self.shop.cancel(name) if found[2] == "cancel" else self.shop.refund(name, asked)

    def log_message(self, *_):
        pass


def main():
    RequestHandler.shop = Shop(Tactful(os.environ["TACTFUL_URL"], os.environ["TACTFUL_SERVER_KEY"]))
    server = ThreadingHTTPServer(("127.0.0.1", int(os.environ.get("PORT", "8080"))), RequestHandler)
    print(f"shop on http://127.0.0.1:{server.server_port}", flush=True)
    try:
        server.serve_forever()
    except KeyboardInterrupt:
        sys.exit(0)


if __name__ == "__main__":
    main()
