"""What a proxy in front of the server says of the request that a browser made, and under which
path it put the server."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from starlette.datastructures import Headers
from starlette.types import Scope

from layerfold.errors import ForeignOrigin, InputError
from layerfold.server.hosts import OPTION, Allowed, Host, is_trusted

PATH: Final = re.compile(r"(?:/[\w.~%@:+-]+)+")
SECURE: Final = {"http": "https", "ws": "wss"}
PLAIN: Final = {"https": "http", "wss": "ws"}


@dataclass(frozen=True)
class Proxies:
    """Whose X-Forwarded headers are believed, and the path that a proxy adds in front without a
    word."""

    trusted: tuple[str, ...] = ()
    root_path: str = ""


def root_path_of(words: str) -> str:
    """The path that --root-path means, without a slash at its end; raises InputError."""
    path = words.strip().rstrip("/")
    if path and not PATH.fullmatch(path):
        raise InputError(f"--root-path {words!r} is no path: give one like /user/me/proxy/8765")
    return path


def as_asked(scope: Scope, proxies: Proxies, hosts: Sequence[Allowed]) -> Scope:
    """The request as the browser made it: its host, its scheme, its path without what the proxy put
    before it.

    Only the headers of a trusted proxy are believed. Raises ForeignOrigin where it says a host that
    is not ours.
    """
    found = dict(scope)
    headers = Headers(scope=scope)
    root = proxies.root_path
    if is_trusted((scope.get("client") or ("",))[0], proxies.trusted):
        said = _forwarded(headers)
        host, scheme, prefix = (
            _first(headers, f"x-forwarded-{name}") or said.get(name, "")
            for name in ("host", "proto", "prefix")
        )
        if host:
            _check_forwarded(host, hosts)
            found["headers"] = [
                (name, value) for name, value in scope["headers"] if name != b"host"
            ] + [(b"host", host.encode("latin-1"))]
        if scheme.lower() in ("http", "https"):
            found["scheme"] = (SECURE if scheme.lower() == "https" else PLAIN).get(
                scope["scheme"], scope["scheme"]
            )
        root = prefix.rstrip("/") if PATH.fullmatch(prefix.rstrip("/")) else root
    if root and scope["path"].startswith(f"{root}/"):
        found["path"] = scope["path"][len(root) :]
        found["raw_path"] = found["path"].encode()
    return found


def lacks_slash(scope: Scope, proxies: Proxies) -> str:
    """Where a browser belongs that asked for the page without the slash by which it finds its
    files; empty where it has it."""
    return (
        f"{proxies.root_path}/" if proxies.root_path and scope["path"] == proxies.root_path else ""
    )


def hint(scope: Scope, proxies: Proxies) -> str:
    """What to set where a proxy says something and is not believed."""
    peer = (scope.get("client") or ("",))[0]
    headers = Headers(scope=scope)
    said = headers.get("x-forwarded-host") or _forwarded(headers).get("host")
    if not said or is_trusted(peer, proxies.trusted):
        return ""
    return f" A proxy at {peer} says it is {said[:100]}: believe it with --trust-proxy {peer}."


def _check_forwarded(host: str, hosts: Sequence[Allowed]) -> None:
    named = Host.of_header(host)
    if not any(one.is_host(named) for one in hosts):
        raise ForeignOrigin(
            f"The proxy says X-Forwarded-Host {host[:100]!r}, which is not allowed here. "
            f"Start with {OPTION} {named.name if named else 'NAME'} if it is yours."
        )


def _first(headers: Headers, name: str) -> str:
    """The first of the values of a header: what the proxy nearest to the browser says."""
    return headers.get(name, "").split(",")[0].strip()


def _forwarded(headers: Headers) -> dict[str, str]:
    """What the proxy nearest to the browser says by Forwarded (RFC 7239): host and proto."""
    pairs = (pair.partition("=") for pair in _first(headers, "forwarded").split(";"))
    return {name.strip().lower(): value.strip().strip('"') for name, _, value in pairs}
