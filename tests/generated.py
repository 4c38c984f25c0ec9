"""What is generated from the program and kept in the tree: blocks in documents, the page's types of
the protocol.

``python -m tests.generated`` exits with 1 and names what is stale; ``--write`` writes it anew
(`make check`, `make fix`). A block stands between ``<!-- generated: NAME -->`` and
``<!-- end -->``.
"""

from __future__ import annotations

import os
import re
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from functools import cache
from pathlib import Path

from layerfold import settings
from layerfold.cli.main import COMMANDS
from tests.seed_table import methods_block, numbers_block, seed_block
from tests.tree import tree

ROOT = Path(__file__).parents[1]
WRITTEN = (
    ROOT / "docs" / "reference" / "cli.md",
    ROOT / "docs" / "explanation" / "seed.md",
    ROOT / "CONTRIBUTING.md",
    ROOT / "README.md",
    ROOT / "README.zh.md",
)
SCHEMA = ROOT / "frontend" / "src" / "protocol" / "wire.schema.json"
TYPES = ROOT / "frontend" / "src" / "protocol" / "wire.ts"
JSON2TS = ROOT / "node_modules" / "json-schema-to-typescript"
EACH_HELP = """
import sys
from layerfold.cli.main import main
for command in sys.argv[1:]:
    sys.argv = ["layerfold", *([command] if command else []), "--help"]
    try:
        main()
    except SystemExit:
        print(end="\\0")
"""
BLOCK = re.compile(r"(<!-- generated: (?P<name>[a-z]+) -->\n).*?(<!-- end -->)", re.S)


def main() -> int:
    """0 when everything is fresh, or has been written anew."""
    stale = [path for path, text in fresh() if not path.exists() or path.read_text("utf-8") != text]
    if "--write" in sys.argv:
        for path, text in fresh():
            path.write_text(text, "utf-8")
        return 0
    for path in stale:
        print(f"{path.relative_to(ROOT)} is stale: run make fix", file=sys.stderr)
    return 1 if stale else 0


def fresh() -> Iterator[tuple[Path, str]]:
    """Each generated file with the text that it should hold."""
    for path in WRITTEN:
        yield path, filled(path.read_text("utf-8"))
    schema = output([sys.executable, "-m", "layerfold.server.protocol.schema"])
    yield SCHEMA, schema
    if JSON2TS.is_dir():
        yield TYPES, types(schema)


def filled(text: str) -> str:
    """A document with its generated blocks as they should be."""
    made = {
        "help": help_block,
        "settings": settings_block,
        "tree": lambda: f"```text\n{tree()}```\n",
        "seed": seed_block,
        "seedzh": lambda: seed_block("zh"),
        "seednumbers": numbers_block,
        "seedmethods": methods_block,
    }
    return BLOCK.sub(lambda block: block[1] + made[block["name"]]() + block[3], text)


def help_block() -> str:
    """The help of every command as it prints itself."""
    shown = [
        f"$ layerfold {command} --help".replace("  ", " ") + "\n" + said.strip()
        for command, said in helps().items()
    ]
    return "```console\n" + "\n\n".join(shown) + "\n```\n"


@cache
def helps() -> dict[str, str]:
    """What each command says of itself, all in one process; that of the program is of ''."""
    commands = ["", *COMMANDS]
    said = output([sys.executable, "-c", EACH_HELP, *commands]).split("\0")
    return dict(zip(commands, said[:-1], strict=True))


def settings_block() -> str:
    """The table of settings, from the words that open settings.py."""
    rows = [
        re.split(r"\s{2,}", line.strip())
        for line in (settings.__doc__ or "").splitlines()
        if line.startswith("LAYERFOLD_")
    ]
    lines = ["| variable | what it sets | default |", "| --- | --- | --- |"]
    return (
        "\n".join([*lines, *(f"| `{name}` | {what} | {default} |" for name, what, default in rows)])
        + "\n"
    )


def types(schema: str) -> str:
    """The page's types, made by the tool and with the arguments that package.json names."""
    with tempfile.TemporaryDirectory() as folder:
        source, made = Path(folder) / "wire.schema.json", Path(folder) / "wire.ts"
        source.write_text(schema, "utf-8")
        tool = JSON2TS / "dist" / "src" / "cli.js"
        output(["node", str(tool), "-i", str(source), "-o", str(made)])
        return made.read_text("utf-8")


def output(command: list[str]) -> str:
    """What a command prints on stdout."""
    path = os.pathsep.join([str(Path(sys.executable).parent), os.environ.get("PATH", "")])
    environment = os.environ | {"PATH": path, "COLUMNS": "100", "NO_COLOR": "1", "TERM": "dumb"}
    return subprocess.run(
        command,
        check=True,
        capture_output=True,
        text=True,
        encoding="utf-8",
        env=environment,
        cwd=ROOT,
    ).stdout


if __name__ == "__main__":
    sys.exit(main())
