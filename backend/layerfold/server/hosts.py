"""The names that a server answers to, as a person writes them: names, wildcards, with a scheme
or a port where it matters."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from ipaddress import ip_address, ip_network
from typing import Final, Self
from urllib.parse import urlsplit

from layerfold.errors import InputError

LOCAL_NAMES: Final = ("localhost", "127.0.0.1", "[::1]")
ANY_ADDRESS: Final = ("", "0.0.0.0", "::")
SCHEMES: Final = {"http": 80, "https": 443}
LABEL: Final = re.compile(r"(?!-)[a-z0-9_-]{1,63}(?<!-)")
WILD: Final = "*."
OPTION: Final = "--allow-host"


@dataclass(frozen=True)
class Host:
    """A name with its port, None where nothing is said of it."""

    name: str
    port: int | None = None

    @classmethod
    def of_header(cls, header: str) -> Self | None:
        """What a Host header says, in lower case, as shortly as it can be said (an address's zeros,
        the dot at a name's end); None where there is no sense in it.
        """
        if any(mark in header for mark in "/\\@?# \t,"):
            return None
        try:
            parts = urlsplit(f"//{header}")
            name, port = (parts.hostname or "").removesuffix("."), parts.port
            name = f"[{ip_address(name)}]" if ":" in name else name
        except ValueError:
            return None
        return cls(name, port) if name else None


@dataclass(frozen=True)
class Allowed:
    """A name that may be used: ``wild`` stands for any name that ends with a dot and it; a scheme
    or port that is not said is any.

    ``own`` are the server's names for itself; a page of such a name has a port of its own, and is
    ours only by the Host it names.
    """

    name: str
    wild: bool = False
    scheme: str = ""
    port: int | None = None
    own: bool = False

    def is_host(self, host: Host | None) -> bool:
        """Whether a request may name this host."""
        return (
            host is not None
            and self._has(host.name)
            and (host.port is None or self.port in (None, host.port))
        )

    def is_origin(self, scheme: str, host: Host) -> bool:
        """Whether a page of this origin is ours."""
        port = SCHEMES[scheme] if host.port is None else host.port
        return self._has(host.name) and self.scheme in ("", scheme) and self.port in (None, port)

    def _has(self, name: str) -> bool:
        return name.endswith(f".{self.name}") if self.wild else name == self.name


def allowed_host(words: str) -> Allowed:
    """What --allow-host means: NAME, *.NAME, with http:// or https:// before it and :PORT after it.

    Raises InputError for anything else, and for names so wide that they would let strangers in.
    """
    scheme, separator, rest = words.strip().lower().rpartition("://")
    if separator and scheme not in SCHEMES:
        raise _refused(words, f"{scheme}:// is neither http:// nor https://")
    rest = rest.removesuffix("/")
    if "/" in rest:
        raise _refused(words, "a path is no part of a host: give the proxy's path with --root-path")
    wild, rest = rest.startswith(WILD), rest.removeprefix(WILD)
    if "*" in rest:
        raise _refused(words, "a * stands alone before the first dot, for names like a.example.org")
    host = Host.of_header(f"[{rest}]" if rest.count(":") > 1 and not rest.startswith("[") else rest)
    if host is None or rest.endswith(":"):
        raise _refused(words, "it is no host name")
    name = _spelt(words, host.name, wild)
    port = SCHEMES[scheme] if scheme and host.port is None else host.port
    return Allowed(name, wild, scheme, port)


def _spelt(words: str, name: str, wild: bool) -> str:
    """A name as browsers send it."""
    if name.startswith("["):
        if wild:
            raise _refused(words, "an address has no names below it")
        return name
    try:
        name = name.removesuffix(".").encode("idna").decode("ascii")
    except UnicodeError:
        raise _refused(words, "it is no host name") from None
    if not all(LABEL.fullmatch(label) for label in name.split(".")):
        raise _refused(words, "it is no host name")
    if wild and ("." not in name or _is_address(name)):
        raise _refused(
            words,
            f"*.{name} would let in names of strangers: give at least two parts, as in "
            "*.example.org",
        )
    return name


def known_hosts(host: str, further: Iterable[str] = ()) -> tuple[Allowed, ...]:
    """The names the server answers to: the local ones, the address it listens on, and those
    allowed by name; raises InputError."""
    given = () if host in ANY_ADDRESS else (f"[{host}]" if ":" in host else host,)
    own = (Allowed(name.lower(), own=True) for name in (*LOCAL_NAMES, *given))
    return tuple(dict.fromkeys((*own, *map(allowed_host, further))))


def trusted_proxies(words: Iterable[str]) -> tuple[str, ...]:
    """Addresses and networks (10.0.0.0/8) whose X-Forwarded headers are believed; raises
    InputError."""
    found = []
    for word in words:
        try:
            found.append(str(ip_network(word.strip(), strict=False)))
        except ValueError:
            raise InputError(
                f"--trust-proxy {word!r} is no address: give one like 10.0.0.7 or 10.0.0.0/8"
            ) from None
    return tuple(found)


def is_trusted(peer: str, networks: Iterable[str]) -> bool:
    """Whether the other end of a connection is a trusted proxy."""
    try:
        address = ip_address(peer)
    except ValueError:
        return False
    mapped = getattr(address, "ipv4_mapped", None)
    return any((mapped or address) in ip_network(network) for network in networks)


def _is_address(name: str) -> bool:
    return name.replace(".", "").isdigit()


def _refused(words: str, why: str) -> InputError:
    return InputError(
        f"{OPTION} {words!r} is not understood: {why}. Give a name, *.example.org, "
        "https://example.org or example.org:8443"
    )
