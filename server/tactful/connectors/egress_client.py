"""HTTP client for addresses outside the shop, which never reaches private addresses unasked.

A host name is resolved once, its address is checked, and the connection goes to that very address. A
second answer of the name server cannot lead elsewhere. Environment variables for proxies are ignored.
"""

import socket
import ssl
import time
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from http.client import HTTPConnection, HTTPException, HTTPResponse, HTTPSConnection
from ipaddress import IPv4Address, IPv6Address, ip_address, ip_network
from typing import Final
from urllib.parse import SplitResult, urljoin, urlsplit

MAX_REDIRECTS: Final = 5
_THIS_MACHINE: Final = frozenset({"localhost", "127.0.0.1", "::1"})
MAX_SECONDS: Final = 600
"""Seconds after which a response that is still arriving is given up."""
_REDIRECTS: Final = frozenset({301, 302, 303, 307, 308})
_PORTS: Final = {"http": 80, "https": 443}
_NAT64: Final = ip_network("64:ff9b::/96")
_UNICAST: Final = ip_network("2000::/3")
"""All IPv6 addresses that are assigned to the internet. Outside are site-local addresses, and further forms that wrap an
IPv4 address, such as those of local NAT64 (RFC 8215)."""
_NOT_PUBLIC: Final = tuple(
    map(ip_network, ("192.0.0.0/24", "192.88.99.0/24", "3fff::/20", "2001::/23"))
)
"""Protocol assignments, relays of 6to4 and documentation (RFC 6890, 7526, 9637), which Python counts as global in part."""

Address = IPv4Address | IPv6Address


class EgressError(Exception):
    """A URL cannot be fetched, or must not be; the text says which, why, and what to do."""


class EgressResponse:
    """A response whose body is read within a limit of bytes and time."""

    def __init__(self, url: str, answer: HTTPResponse, deadline: float) -> None:
        self.url = url
        """URL at the end of all redirects."""
        self.status = answer.status
        self.headers = answer.getheaders()
        self.location = answer.getheader("Location")
        """Target of a redirect; `None`: it names none."""
        self._answer = answer
        self._deadline = deadline

    def chunks(self, limit: int, *, size: int = 1 << 16) -> Iterator[bytes]:
        """Yield the body in parts, at most `limit` + 1 bytes in all.

        Args:
            limit: Bytes; a caller that receives more than these knows that the body is longer.
            size: The most bytes of a part.

        Raises:
            EgressError: The connection broke, or the response takes longer than `MAX_SECONDS`.
        """
        left = limit + 1
        with _errors_of(self.url):
            while left and (chunk := self._answer.read1(min(size, left))):
                if time.monotonic() > self._deadline:
                    raise EgressError(f"{self.url}: The response takes over {MAX_SECONDS} s.")
                left -= len(chunk)
                yield chunk


class EgressClient:
    """Fetches http(s) URLs at public addresses, and at private ones that a person named."""

    def __init__(self, *, allow: Iterable[str] = (), typed: Iterable[str] = ()) -> None:
        """Create the client.

        Args:
            allow: Further networks that may be reached, as in `10.0.0.0/8`.
            typed: URLs that a person typed. If their host is `localhost` or an address, it may be
                reached although it is private. With one of this machine, all names of this machine
                may: a page on `localhost` and its server at 127.0.0.1 belong together.
        """
        self._allowed = [ip_network(each) for each in allow]
        hosts = {_host_of(url) for url in typed}
        self._typed = {host for host in hosts if host == "localhost" or _address_of(host)}
        if self._typed & _THIS_MACHINE:
            self._typed |= _THIS_MACHINE
        self._pinned: dict[str, str] = {}

    @contextmanager
    def get(
        self,
        url: str,
        headers: dict[str, str],
        *,
        timeout: float,
        follow: int = MAX_REDIRECTS,
    ) -> Iterator[EgressResponse]:
        """Fetch a URL with GET for the time of the block, and follow redirects within its host.

        Args:
            url: An http or https URL.
            headers: Request headers.
            timeout: Seconds to wait for the connection, and for the next bytes.
            follow: How many redirects may be followed; the response after them is yielded as it is.

        Raises:
            EgressError: The URL must not be fetched, or nothing responds.
        """
        while True:
            with self._answer("GET", url, headers, None, timeout) as answer:
                target = answer.location if answer.status in _REDIRECTS else None
                if not target or not follow:
                    yield answer
                    return
            url, follow = _redirected(url, urljoin(url, target)), follow - 1

    @contextmanager
    def send(
        self, method: str, url: str, headers: dict[str, str], body: bytes, *, timeout: float
    ) -> Iterator[EgressResponse]:
        """Send a body to a URL for the time of the block. A redirect is not followed.

        Args:
            method: HTTP method, such as `PUT`.
            url: An http or https URL.
            headers: Request headers.
            body: The body.
            timeout: Seconds to wait for the connection, and for the next bytes.

        Raises:
            EgressError: The URL must not be reached, or nothing responds.
        """
        with self._answer(method, url, headers, body, timeout) as answer:
            yield answer

    @contextmanager
    def _answer(
        self, method: str, url: str, headers: dict[str, str], body: bytes | None, timeout: float
    ) -> Iterator[EgressResponse]:
        parts = _split(url)
        connection = self._connection(url, parts, timeout)
        answer: HTTPResponse | None = None
        try:
            with _errors_of(url):
                path = f"{parts.path or '/'}{'?' + parts.query if parts.query else ''}"
                connection.request(method, path, body, headers)
                answer = connection.getresponse()
            yield EgressResponse(url, answer, time.monotonic() + MAX_SECONDS)
        finally:
            # A response whose end closes the connection keeps the socket until it is read.
            if answer is not None:
                answer.close()
            connection.close()

    def _connection(self, url: str, parts: SplitResult, timeout: float) -> HTTPConnection:
        host = parts.hostname or ""
        port = parts.port or _PORTS[parts.scheme]
        address = self._pinned.get(host) or self._resolve(url, host, port)
        self._pinned[host] = address
        kind = _PinnedHttps if parts.scheme == "https" else _PinnedHttp
        return kind(address, host, port, timeout)

    def _resolve(self, url: str, host: str, port: int) -> str:
        """Return an address of a host that may be reached."""
        with _errors_of(url):
            found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
        for *_, (address, *_rest) in found:
            if self._may_connect(host, str(address)):
                return str(address)
        raise EgressError(
            f"{url}: {host} has a private address ({found[0][4][0]}). "
            "Allow its network with the setting egress_allow if it is meant."
        )

    def _may_connect(self, host: str, text: str) -> bool:
        address = ip_address(text.partition("%")[0])
        if host.lower() in self._typed:
            return True
        return is_public(address) or any(address in network for network in self._allowed)


class _PinnedHttp(HTTPConnection):
    """Connection to an address that was checked, under the name of its host."""

    def __init__(self, address: str, host: str, port: int, timeout: float) -> None:
        super().__init__(host, port, timeout=timeout)
        self._address = address

    def connect(self) -> None:
        """Connect to the address, without resolving the host again."""
        self.sock = socket.create_connection((self._address, self.port), self.timeout)


class _PinnedHttps(HTTPSConnection):
    """The same over TLS; the certificate is checked against the name of the host."""

    def __init__(self, address: str, host: str, port: int, timeout: float) -> None:
        super().__init__(host, port, timeout=timeout)
        self._address = address

    def connect(self) -> None:
        """Connect to the address, without resolving the host again."""
        plain = socket.create_connection((self._address, self.port), self.timeout)
        try:
            self.sock = ssl.create_default_context().wrap_socket(plain, server_hostname=self.host)
        except BaseException:
            plain.close()
            raise


def is_public(address: Address) -> bool:
    """Return whether an address is on the public internet, also if IPv6 wraps an IPv4 address."""
    if isinstance(address, IPv6Address):
        inner = address.ipv4_mapped or address.sixtofour
        if address in _NAT64:
            inner = IPv4Address(int(address) & 0xFFFFFFFF)
        if inner is not None:
            return is_public(inner)
        if address not in _UNICAST:
            return False
    return (
        address.is_global
        and not address.is_multicast
        and not any(address in network for network in _NOT_PUBLIC)
    )


def _split(url: str) -> SplitResult:
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError:
        parts, port = urlsplit(""), 0
    if port == 0 or parts.scheme not in _PORTS or not parts.hostname or parts.username:
        raise EgressError(
            f"{url!r} is not an http(s) URL. Write one such as https://shop.example/p/1."
        )
    return parts


def _redirected(url: str, target: str) -> str:
    """Return the target of a redirect, which must stay on the same host."""
    before, after = _split(url), _split(target)
    ports = [each.port or _PORTS[each.scheme] for each in (before, after)]
    if before.hostname != after.hostname or (ports[0] != ports[1] and ports != [80, 443]):
        raise EgressError(
            f"{url} redirects to another host, {after.scheme}://{after.netloc}. "
            "Name that URL instead if it is meant."
        )
    return target


def _host_of(url: str) -> str:
    try:
        return (urlsplit(url).hostname or "").lower()
    except ValueError:
        return ""


def _address_of(host: str) -> Address | None:
    try:
        return ip_address(host)
    except ValueError:
        return None


@contextmanager
def _errors_of(url: str) -> Iterator[None]:
    """Turn what the network can raise into an `EgressError`."""
    try:
        yield
    except (OSError, HTTPException, UnicodeError) as error:
        reason = getattr(error, "strerror", None) or str(error) or type(error).__name__
        raise EgressError(f"{url} does not respond: {reason}") from error
