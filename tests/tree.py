"""The tree of the project with a line a file, each line taken from the words that open the file."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).parents[1]
WIDTH = 34
LINE = 150
# What cannot speak for itself, in the order in which it is met.
TOP = {
    "README.md": "what it is, how to start, how to read it honestly",
    "ARCHITECTURE.md": "rooms, flow, layers, invariants",
    "README.zh.md": "… in Chinese",
    "CONTRIBUTING.md": "how to change it",
    "CHANGELOG.md": "what changed",
    "LICENSE": "MIT",
    "Makefile": "the verbs: run test check fix page wheels sbom docs train atlas bench",
    "pyproject.toml": "the package, its tools, the layers of its imports",
    "hatch_build.py": "builds the page when the package is built",
    "packages/": "the bundled runs as wheels of their own, and the bill of materials",
    "constraints.txt": "exact versions of everything installed",
    "mkdocs.yml": "the site of the documents",
    "package.json": "what the page's bundle is made of, and the tools that check it",
    "package-lock.json": "exact versions of those",
    "tsconfig.json": "how the page's types are checked",
    "Dockerfile": "the server as an image",
    "docker-compose.yml": "… and as a service, read-only, by as many servers as are asked for",
    "Caddyfile": "the front of those",
    ".ci/run": "what runs before a change lands",
}
PAGE = {
    "frontend/index.html": "the page",
    "frontend/icon.svg": "its icon",
    "frontend/build.mjs": "makes one module and one sheet of the sources",
    "frontend/src/styles/": "its looks, dark and light, panel by panel",
    "frontend/src/protocol/wire.schema.json": (
        "the messages of the stream as JSON Schema (generated)"
    ),
    "frontend/src/protocol/wire.ts": "… and as types (generated)",
}
LAST = {
    "models/": "bundled runs, each a folder: card, tokenizer, checkpoints, metrics, atlas",
    "tests/": "mirrors the package; tests/frontend runs in Node, tests/browser in Chromium",
    "docs/": "tutorial, how-to, reference, explanation; `make docs` builds the site",
}


def tree() -> str:
    """The tree as text: one line a file of the package, the page and the benchmarks."""
    lines = [
        *rows(TOP),
        "",
        *section("backend/layerfold", "*.py"),
        "",
        *rows(PAGE),
        *section("frontend/src", "*.ts"),
    ]
    lines += ["", *section("benchmarks", "*.py"), "", *rows(LAST)]
    return "\n".join(lines) + "\n"


def rows(table: dict[str, str]) -> list[str]:
    """A line for each name that is there."""
    return [f"{name:<{WIDTH}} {words}" for name, words in table.items() if (ROOT / name).exists()]


def section(folder: str, pattern: str) -> Iterator[str]:
    """A line for each file of a folder, those of its own first, then folder by folder."""
    root = ROOT / folder
    files = [
        path
        for path in root.rglob(pattern)
        if path.stat().st_size and not {"__pycache__", "results"} & set(path.parts)
    ]
    yield f"{folder}/"
    seen = root
    for path in sorted(files, key=lambda path: (path.parent != root, path.parent, path.name)):
        if path.parent != seen:
            seen = path.parent
            yield f"  {seen.relative_to(root).as_posix()}/"
        indent = "  " if seen == root else "    "
        yield f"{indent + path.name:<{WIDTH}} {opening(path)}"


def opening(path: Path) -> str:
    """The first sentence of the words that open a file, without its full stop."""
    text = path.read_text("utf-8").lstrip()
    block = re.match(r"/\*\*?\s*(.*?)\s*\*/", text, re.S)
    line = re.sub(r"\s*\n \*\s*", " ", block[1].removeprefix("* ")) if block else None
    found = re.match(r'(?:"""|//)\s*(.*?)\s*(?:"""|\n|$)', text)
    words = re.split(
        r"(?<!et al)(?<=[^.…])\.(?:\s|$)|[。；;]",
        (line or (found[1] if found else "")).replace("``", ""),
    )[0]
    return words if len(words) <= LINE - WIDTH else words.split(": ")[0]
