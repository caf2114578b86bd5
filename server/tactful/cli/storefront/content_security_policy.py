"""Matching of URLs against Content-Security-Policies, as browsers do it."""

from typing import Final
from urllib.parse import urlsplit

_DEFAULT_PORTS: Final = {"http": "80", "https": "443", "ws": "80", "wss": "443"}


def allows(policies: tuple[str, ...], directive: str, url: str, page: str, nonce: str = "") -> bool:
    """Return whether every policy of a page allows a URL (W3C Content Security Policy Level 3).

    Args:
        policies: The page's policies.
        directive: The directive that applies, `script-src` or `connect-src`.
        url: The URL to load.
        page: URL of the page, which `'self'` means.
        nonce: Nonce of the script tag; empty: it has none.
    """
    return all(_allows(_sources(policy, directive), url, page, nonce) for policy in policies)


def _sources(policy: str, directive: str) -> list[str] | None:
    """Return the sources of a directive or of the one that it falls back to; None: there is none."""
    found: dict[str, list[str]] = {}
    for part in policy.split(";"):
        name, *sources = part.split() or [""]
        found.setdefault(name.lower(), sources)
    fallbacks = {"script-src": ("script-src-elem", "script-src", "default-src")}
    for name in fallbacks.get(directive, (directive, "default-src")):
        if name in found:
            return found[name]
    return None


def _allows(sources: list[str] | None, url: str, page: str, nonce: str) -> bool:
    if sources is None:
        return True
    if nonce and f"'nonce-{nonce}'" in sources:
        return True
    if "'strict-dynamic'" in sources:
        return False
    return any(_matches(source, url, page) for source in sources)


def _matches(source: str, url: str, page: str) -> bool:
    """Return whether a source expression matches a URL."""
    wanted = urlsplit(url)
    if source == "*":
        return True
    if source.lower() == "'self'":
        own = urlsplit(page)
        return wanted.netloc == own.netloc
    if source.endswith(":"):
        return wanted.scheme == source[:-1].lower()
    allowed = urlsplit(source if "//" in source else f"//{source}")
    if allowed.scheme and not _same_scheme(allowed.scheme, wanted.scheme):
        return False
    host, name = (allowed.hostname or "").lower(), (wanted.hostname or "").lower()
    if not (name.endswith(host[1:]) if host.startswith("*.") else name == host):
        return False
    port = allowed.netloc.rpartition(":")[2] if ":" in allowed.netloc else ""
    if port not in {"", "*", str(wanted.port or _DEFAULT_PORTS.get(wanted.scheme, ""))}:
        return False
    path = allowed.path
    return not path or (wanted.path.startswith(path) if path.endswith("/") else wanted.path == path)


def _same_scheme(allowed: str, wanted: str) -> bool:
    """Return whether a scheme matches; an insecure source allows secure URLs (section 6.7.2.8)."""
    return wanted == allowed or (allowed, wanted) in {
        ("http", "https"),
        ("ws", "wss"),
        ("http", "ws"),
        ("http", "wss"),
        ("https", "wss"),
    }
