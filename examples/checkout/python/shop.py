"""A small shop that honours Tactful's offers: verify offline, redeem once, retry, cancel, refund.

Only Python's standard library. Run it with

    TACTFUL_URL=http://127.0.0.1:8000 TACTFUL_SERVER_KEY=... python shop.py

Orders are kept in memory, which a real shop does in its database: everything else is meant as it stands.
"""

import hashlib
import json
import os
import re
import sys
import time
from base64 import urlsafe_b64decode, urlsafe_b64encode
from http.client import HTTPException
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Lock
from urllib.error import HTTPError
from urllib.parse import quote, unquote
from urllib.request import Request, urlopen

PRICES = {
    ("RUN-42", "DE"): (12900, "EUR"),
    ("RUN-42", "GB"): (11500, "GBP"),
    ("TRAIL-42", "DE"): (13900, "EUR"),
    ("SOCK-3", "DE"): (1990, "EUR"),
}
PAUSES = (0.05, 0.2, 0.8)  # seconds between attempts while the answer is unknown
REFUSALS = {401, 404, 409, 410, 422}


class Refused(Exception):
    """The offer, or the order, cannot be taken; `code` says why."""

    def __init__(self, status: int, code: str) -> None:
        super().__init__(code)
        self.status = status
        self.code = code


class Unknown(Exception):
    """Nobody answered, or not clearly. It may have happened: only the same question again can tell."""


# -- The token: a compact JWS, EdDSA over Ed25519 ------------------------------------------------------
#
# The standard library has no Ed25519, so here is its verification (RFC 8032, 5.1.7). It handles no
# secret, so plain integers do. Where PyJWT or cryptography is installed, use that: it is far faster.

P = 2**255 - 19
L = 2**252 + 27742317777372353535851937790883648493
D = -121665 * pow(121666, -1, P) % P


def add(a, b):
    """Two points of the curve, in extended coordinates."""
    e, f = (a[1] - a[0]) * (b[1] - b[0]), (a[1] + a[0]) * (b[1] + b[0])
    g, h = 2 * a[3] * b[3] * D, 2 * a[2] * b[2]
    e, f, g, h = f - e, h - g, h + g, f + e
    return e * f % P, g * h % P, f * g % P, e * h % P


def times(scalar, point):
    """A multiple of a point."""
    total = (0, 1, 1, 0)
    while scalar:
        if scalar & 1:
            total = add(total, point)
        point = add(point, point)
        scalar >>= 1
    return total


def point_of(raw):
    """The point that 32 bytes stand for; ValueError if they stand for none."""
    y = int.from_bytes(raw, "little")
    sign, y = y >> 255, y & (1 << 255) - 1
    squared = (y * y - 1) * pow(D * y * y + 1, -1, P) % P
    x = pow(squared, (P + 3) // 8, P)
    if (x * x - squared) % P:
        x = x * pow(2, (P - 1) // 4, P) % P
    if y >= P or (x * x - squared) % P or (x == 0 and sign):
        raise ValueError("no point of the curve")
    x = P - x if x & 1 != sign else x
    return x, y, 1, x * y % P


def signature_holds(public, message, signature):
    """Whether an Ed25519 key signed a message."""
    s = int.from_bytes(signature[32:], "little")
    if len(public) != 32 or len(signature) != 64 or s >= L:
        return False
    try:
        key, r = point_of(public), point_of(signature[:32])
    except ValueError:
        return False
    digest = hashlib.sha512(signature[:32] + public + message).digest()
    left = times(s, BASE)
    right = add(r, times(int.from_bytes(digest, "little") % L, key))
    return (
        not (left[0] * right[2] - right[0] * left[2]) % P
        and not (left[1] * right[2] - right[1] * left[2]) % P
    )


BASE = point_of((4 * pow(5, -1, P) % P).to_bytes(32, "little"))


CLAIMS = {
    "currency": str, "exp": int, "holder": str, "iat": int, "max_qty": int, "offer": str,
    "rulebook": str, "sku": str, "territory": str, "unit": int,
}  # fmt: skip
BOUNDS = {"at_most": int, "level": str, "percent_bp": int}  # only there in an offer with a `level`
LEVELS = ("item", "order", "shipping")  # the sequence in which offers come off


def encoded(raw):
    """Base64url without padding."""
    return urlsafe_b64encode(raw).rstrip(b"=").decode()


def written(value):
    """JSON in its only spelling: keys in order, no blanks."""
    return json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False).encode()


def decoded(text):
    """Base64url in its only spelling; ValueError for any other."""
    raw = urlsafe_b64decode(text + "=" * (-len(text) % 4))
    if encoded(raw) != text:
        raise ValueError("not canonical")
    return raw


def verify(token, keys, now):
    """The claims of a token that one of the keys signed; Refused otherwise. `keys`: kid → public key."""
    try:
        header, payload, signature = token.split(".")
        raw, signed = decoded(payload), decoded(signature)
    except ValueError:
        raise Refused(401, "token.malformed") from None
    if len(token) > 4096 or len(signed) != 64:
        raise Refused(401, "token.malformed")
    # A key has one header, so none is ever parsed, and none can surprise.
    headers = {
        encoded(written({"alg": "EdDSA", "kid": kid, "typ": "offer+jwt"})): kid for kid in keys
    }
    if header not in headers:
        raise Refused(401, "token.key")
    if not signature_holds(keys[headers[header]], f"{header}.{payload}".encode(), signed):
        raise Refused(401, "token.signature")
    claims = claims_in(raw)
    if now >= claims["exp"]:
        raise Refused(410, "token.expired")
    return claims


def claims_in(raw):
    """The claims, exactly as Tactful writes them."""
    try:
        claims = json.loads(raw)
        types = {name: type(value) for name, value in claims.items()}
    except (ValueError, AttributeError):
        raise Refused(401, "token.malformed") from None
    right = CLAIMS.items() <= types.items() <= {**CLAIMS, **BOUNDS}.items()
    right = right and claims.get("level", "order") in LEVELS[1:]
    if not right or written(claims) != raw or claims["unit"] < 0:
        raise Refused(401, "token.malformed")
    return claims


# -- Tactful -------------------------------------------------------------------------------------------


class Tactful:
    """What the shop asks of Tactful."""

    def __init__(self, url, key):
        self.url, self.key, self.keys = url.rstrip("/"), key, {}

    def claims_of(self, token):
        """The claims of a genuine token. An unknown key may be a new one: fetch the keys, try again."""
        try:
            return verify(token, self.keys, time.time())
        except Refused as refused:
            if refused.code != "token.key":
                raise
        _, document = self.ask("GET", "/.well-known/jwks.json")
        self.keys = {jwk["kid"]: decoded(jwk["x"]) for jwk in document["keys"]}
        return verify(token, self.keys, time.time())

    def insist(self, path, body):
        """Ask until the answer is known. The order's id is in the question, so it happens once."""
        for pause in (*PAUSES, None):
            try:
                status, answer = self.ask("POST", path, body)
            except Unknown:
                if pause is None:
                    raise
                time.sleep(pause)
            else:
                if status != 200:
                    raise Refused(status, answer.get("code", "unclear"))
                return answer
        raise AssertionError("unreachable")

    def ask(self, method, path, body=None):
        """(status, answer) of one attempt; Unknown where there is none, or none to rely on."""
        data = None if body is None else json.dumps(body).encode()
        headers = {"Authorization": f"Bearer {self.key}", "Content-Type": "application/json"}
        request = Request(self.url + path, data, headers, method=method)
        try:
            with urlopen(request, timeout=5) as response:
                return response.status, json.load(response)
        except HTTPError as error:
            with error:
                if error.code not in REFUSALS:
                    raise Unknown(str(error)) from error
                return error.code, json.loads(error.read() or b"{}")
        except (OSError, HTTPException, ValueError) as error:
            raise Unknown(str(error)) from error


# -- The shop ------------------------------------------------------------------------------------------


class Shop:
    """Orders: id → {"status", "asked", "lines", "shipping", "refunds"}, and "offers": what it uses.

    An order is "pending" until it is placed. One that stays so has to be settled by asking again.
    """

    def __init__(self, tactful):
        self.tactful, self.orders, self.lock = tactful, {}, Lock()

    def place(self, asked):
        """Place an order. Repeating it is safe, and is how a pending one is settled."""
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
            self.give_up(name, order)
            raise
        return 201, self.shown(name)

    def settle(self, name, order):
        """Use the offers, if there are any, and place the order."""
        if "offers" not in order:
            # Kept before asking: once Tactful was asked, a token may be used, and even ended.
            tokens = order["asked"].get("tokens", [])
            offers = [self.offered(token, self.tactful.claims_of(token), order) for token in tokens]
            order["offers"] = sorted(offers, key=lambda offer: LEVELS.index(offer["level"]))
        for offer in order["offers"]:
            # On the result of the one before: what a line costs by now stands in it.
            lines = order["lines"] if offer["place"] is None else [order["lines"][offer["place"]]]
            keys = ("sku", "qty") if offer["level"] == "item" else ("sku", "qty", "unit")
            body = {
                "token": offer["token"],
                "order": name,
                "territory": order["asked"]["territory"],
                "lines": [{key: line[key] for key in keys} for line in lines],
            }
            if offer["level"] == "shipping":
                body["shipping"] = order["asked"]["shipping"]
            self.charge(order, offer, self.tactful.insist("/v1/redemptions", body))
        order["status"] = "placed"

    def charge(self, order, offer, answer):
        """Take the answer's amounts, not the token's: where a price fell since, the lower is charged."""
        offer["used"] = True
        if offer["level"] == "item":
            order["lines"][offer["place"]]["unit"] = answer["unit"]
        elif offer["level"] == "order":
            for line, share in zip(order["lines"], answer["lines"], strict=True):
                line["paid"] = share["paid"]
        else:
            order["shipping"] = answer["unit"]

    def give_up(self, name, order):
        """An offer was refused. What the order used before it is given back; an id is not used again."""
        if any(offer.get("used") for offer in order.get("offers", ())):
            self.tactful.insist(f"/v1/redemptions/{quote(name, safe='')}/cancel", {})
            order["status"] = "cancelled"
        else:
            self.orders.pop(name, None)  # the shopper may order again, at the public price

    def offered(self, token, claims, order):
        """What a token is for; Refused where the order has no such thing."""
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
        return {"token": token, "level": level, "place": place}

    def cancel(self, name):
        """Cancel an order before it is shipped; the shopper gets the offer back while it holds."""
        order = self.settled(name)
        if order["status"] == "placed" and order["offers"]:
            self.tactful.insist(f"/v1/redemptions/{quote(name, safe='')}/cancel", {})
        order["status"] = "cancelled"
        return 200, self.shown(name)

    def refund(self, name, asked):
        """Give money back for returned pieces: what was paid for them, not what they usually cost."""
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
            amount += self.tactful.insist(path, body)["amount"]["amount"]
        currency = order["lines"][0]["unit"]["currency"]
        return 200, {"refund": asked["refund"], "amount": {"amount": amount, "currency": currency}}

    def check_refund(self, order, asked):
        """Refused if the id was used for something else, or more comes back than was bought."""
        refunds = {**order["refunds"], asked["refund"]: asked["lines"]}
        if order["refunds"].get(asked["refund"], asked["lines"]) != asked["lines"]:
            raise Refused(409, "refund.changed")
        left = {line["sku"]: line["qty"] for line in order["lines"]}
        for line in (line for lines in refunds.values() for line in lines):
            left[line["sku"]] = left.get(line["sku"], 0) - line["qty"]
            if line["qty"] < 1 or left[line["sku"]] < 0:
                raise Refused(422, "refund.quantity")

    def settled(self, name):
        """An order of which it is known whether it took place."""
        order = self.orders.get(name)
        if order is None:
            raise Refused(404, "order.unknown")
        if order["status"] == "pending":
            self.settle(name, order)
        return order

    def priced(self, line, territory):
        """A line at the public price."""
        price = PRICES.get((line["sku"], territory))
        if price is None or not isinstance(line["qty"], int) or line["qty"] < 1:
            raise Refused(422, "order.line")
        unit = {"amount": price[0], "currency": price[1]}
        return {"sku": line["sku"], "qty": line["qty"], "unit": unit}

    def shown(self, name):
        """What the shopper sees of an order."""
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


class Door(BaseHTTPRequestHandler):
    """POST /orders, /orders/{id}/cancel and /orders/{id}/refunds."""

    shop: Shop
    protocol_version = "HTTP/1.1"

    def do_POST(self):
        body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        try:
            status, answer = self.act(json.loads(body or b"{}"))
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

    def act(self, asked):
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
    Door.shop = Shop(Tactful(os.environ["TACTFUL_URL"], os.environ["TACTFUL_SERVER_KEY"]))
    server = ThreadingHTTPServer(("127.0.0.1", int(os.environ.get("PORT", "8080"))), Door)
    print(f"shop on http://127.0.0.1:{server.server_port}", flush=True)
    try:
        server.serve_forever()
    except KeyboardInterrupt:
        sys.exit(0)


if __name__ == "__main__":
    main()
