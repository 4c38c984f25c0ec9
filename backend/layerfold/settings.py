"""What a person may choose when starting Layerfold: flag, else ``LAYERFOLD_*`` in the environment,
else the default.

LAYERFOLD_RUNS             folders, hf:…, s3://…, as in PATH         the bundled runs
LAYERFOLD_HOST             address to listen on                      127.0.0.1
LAYERFOLD_PORT             port; 0 is any                            8765, or the next free one
LAYERFOLD_ALLOWED_HOSTS    further host names, by commas             none
LAYERFOLD_TRUSTED_PROXIES  addresses whose X-Forwarded-* is believed  127.0.0.1,::1
LAYERFOLD_ROOT_PATH        path that a proxy puts before the page    none
LAYERFOLD_CACHE            folder for what can be computed again     layerfold in user cache
LAYERFOLD_LOG_LEVEL        debug, info, warning, error               warning
LAYERFOLD_BUILD            0: runs without clouds stay as they are   1
LAYERFOLD_LAB              folder for trainings of the page          layerfold/lab in user data
LAYERFOLD_LANG             en or zh, of what a person reads          that of the locale
"""

from __future__ import annotations

import errno
import os
import socket
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final, Self

from layerfold.errors import InputError, PortInUse
from layerfold.files.bundled import bundled as bundled
from layerfold.files.bundled import bundled_models, bundled_run

DEFAULT_PORT: Final = 8765
FIRST: Final = "storyteller"
PORTS_TRIED: Final = 50
UNREAD_MILLISECONDS: Final = 12_000
LOOPBACK: Final = ("127.0.0.1", "localhost", "::1")
LOG_LEVELS: Final = ("debug", "info", "warning", "error")


@dataclass(frozen=True)
class Flags:
    """What was said on the command line, each as in ``Settings``; None where nothing was."""

    runs: tuple[Path, ...] | None = None
    host: str | None = None
    port: int | None = None
    allowed_hosts: tuple[str, ...] | None = None
    trusted_proxies: tuple[str, ...] | None = None
    root_path: str | None = None
    cache: Path | None = None
    log_level: str | None = None
    build: bool | None = None
    lab: Path | None = None


@dataclass(frozen=True)
class Settings:
    """``port`` None: the default, or the next free one. ``runs`` are run folders, folders of them,
    or models from elsewhere (hf:…).
    """

    runs: tuple[Path, ...]
    frontend: Path
    host: str = "127.0.0.1"
    port: int | None = None
    allowed_hosts: tuple[str, ...] = ()
    trusted_proxies: tuple[str, ...] = ("127.0.0.1", "::1")
    root_path: str = ""
    cache: Path | None = None
    log_level: str = "warning"
    build: bool = True
    lab: Path | None = None

    @classmethod
    def read(cls, environment: Mapping[str, str], flags: Flags | None = None) -> Self:
        """The settings in force: of the flags, else of the environment, else the defaults.

        Raises InputError for a value in the environment that cannot be used.
        """
        flags = flags or Flags()

        def words(name: str, default: str = "") -> str:
            return environment.get(f"LAYERFOLD_{name}", default)

        folders = tuple(Path(part) for part in _paths(words("RUNS")))
        host = flags.host or words("HOST") or "127.0.0.1"
        names, proxies, path = flags.allowed_hosts, flags.trusted_proxies, flags.root_path
        return cls(
            runs=flags.runs or folders or bundled_runs(),
            frontend=bundled() / "frontend" / "dist",
            host=host,
            port=_port(flags.port, environment.get("LAYERFOLD_PORT")),
            allowed_hosts=_names(words("ALLOWED_HOSTS")) if names is None else names,
            trusted_proxies=(
                _names(words("TRUSTED_PROXIES", "127.0.0.1,::1")) if proxies is None else proxies
            ),
            root_path=words("ROOT_PATH") if path is None else path,
            cache=flags.cache or cache_folder(environment),
            log_level=_log_level(flags.log_level or words("LOG_LEVEL") or "warning"),
            build=_build(words("BUILD") or "1") if flags.build is None else flags.build,
            lab=_lab(flags.lab, environment, host),
        )


def _names(words: str) -> tuple[str, ...]:
    """Names separated by commas."""
    return tuple(part.strip() for part in words.split(",") if part.strip())


def bundled_runs() -> tuple[Path, ...]:
    """The folders of the runs that come with Layerfold: the one that is shown first, then all."""
    first = bundled_run(FIRST)
    return (first, *bundled_models()) if first.is_dir() else bundled_models()


def cache_folder(environment: Mapping[str, str]) -> Path:
    """Where things that can be computed again are kept (nothing is made here)."""
    if chosen := environment.get("LAYERFOLD_CACHE"):
        return Path(chosen)
    if sys.platform == "win32":
        return (
            Path(environment.get("LOCALAPPDATA") or Path.home() / "AppData" / "Local")
            / "layerfold"
            / "cache"
        )
    if sys.platform == "darwin":
        return Path.home() / "Library" / "Caches" / "layerfold"
    return Path(environment.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "layerfold"


def data_folder(environment: Mapping[str, str]) -> Path:
    """Where what a person made is kept (nothing is made here)."""
    if sys.platform == "win32":
        return (
            Path(environment.get("LOCALAPPDATA") or Path.home() / "AppData" / "Local") / "layerfold"
        )
    if sys.platform == "darwin":
        return Path.home() / "Library" / "Application Support" / "layerfold"
    return Path(environment.get("XDG_DATA_HOME") or Path.home() / ".local" / "share") / "layerfold"


def _lab(flag: Path | None, environment: Mapping[str, str], host: str) -> Path | None:
    """The folder for trainings: the one that was named; else the person's own, where only this
    machine is served.
    """
    if named := flag or environment.get("LAYERFOLD_LAB"):
        return Path(named)
    return data_folder(environment) / "lab" if host in LOOPBACK else None


def listen(host: str, port: int | None) -> socket.socket:
    """A bound socket: on ``port``, any free one for 0, else on the default port or the next free
    one.

    Raises PortInUse when the port asked for, or every port tried, is taken; InputError when the
    host is not ours.
    """
    if port is not None:
        return _bind(host, port)
    for candidate in range(DEFAULT_PORT, DEFAULT_PORT + PORTS_TRIED):
        try:
            return _bind(host, candidate)
        except PortInUse:
            continue
    raise PortInUse(
        f"Ports {DEFAULT_PORT} to {DEFAULT_PORT + PORTS_TRIED - 1} on {host} are all in use. Ask"
        " for another with --port."
    )


def _bind(host: str, port: int) -> socket.socket:
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    # asyncio turns Nagle off only where it is told the protocol
    bound = socket.socket(family, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    if os.name == "posix":
        bound.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    # accepted sockets inherit it: one that takes nothing is dropped by the system
    if hasattr(socket, "TCP_USER_TIMEOUT"):
        bound.setsockopt(socket.IPPROTO_TCP, socket.TCP_USER_TIMEOUT, UNREAD_MILLISECONDS)
    try:
        bound.bind((host, port))
        bound.listen(512)
    except OSError as error:
        bound.close()
        if error.errno in (errno.EADDRINUSE, errno.EACCES):
            raise PortInUse(
                f"Port {port} on {host} cannot be used: {error.strerror}. Choose another with"
                " --port, or 0 for any."
            ) from None
        raise InputError(
            f"Cannot listen on host {host!r}: {error.strerror or error}. Use 127.0.0.1, or an"
            " address of this machine."
        ) from None
    return bound


def _paths(words: str) -> list[str]:
    """The parts of a list of paths; where the separator is a colon, the one after ``hf`` or before
    ``//`` is no separator.
    """
    parts: list[str] = []
    for part in words.split(os.pathsep):
        if parts and (parts[-1] == "hf" or part.startswith("//")):
            parts[-1] += f":{part}"
        elif part:
            parts.append(part)
    return parts


def _port(flag: int | None, variable: str | None) -> int | None:
    if flag is None and variable:
        if not variable.isascii() or not variable.isdigit():
            raise InputError(
                f"LAYERFOLD_PORT is {variable!r}, not a port. Give a number from 0 to 65535."
            )
        flag = int(variable)
    if flag is not None and not 0 <= flag <= 65535:
        raise InputError(f"{flag} is not a port. Give a number from 0 to 65535.")
    return flag


def _build(word: str) -> bool:
    if word not in ("0", "1"):
        raise InputError(f"LAYERFOLD_BUILD is {word!r}. Give 1 for on or 0 for off.")
    return word == "1"


def _log_level(name: str) -> str:
    if name.lower() not in LOG_LEVELS:
        raise InputError(f"{name!r} is not a log level. Give one of {', '.join(LOG_LEVELS)}.")
    return name.lower()
