"""What the documents say is what the program does."""

from __future__ import annotations

import ast
import re
import shlex
import tomllib
from pathlib import Path

import pytest

from layerfold import errors
from layerfold.cli import main as cli
from layerfold.settings import Flags
from tests import generated
from tests.tree import tree

ROOT = Path(__file__).parents[1]
DOCUMENTS = [*sorted(ROOT.glob("*.md")), *sorted((ROOT / "docs").rglob("*.md"))]
SOURCES = [path for path in (ROOT / "backend").rglob("*.py") if path.name != "__init__.py"]


def blocks(path: Path, language: str) -> list[str]:
    return re.findall(rf"```{language}\n(.*?)```", path.read_text("utf-8"), re.S)


@pytest.mark.parametrize("path", generated.WRITTEN, ids=lambda path: path.name)
def test_generated_parts_of_documents_are_fresh(path: Path) -> None:
    text = path.read_text("utf-8")
    assert generated.filled(text) == text, f"{path.name} is stale: run make fix"


def test_the_tree_names_every_module_of_the_package_and_of_the_page() -> None:
    shown = tree()
    for path in [*SOURCES, *(ROOT / "frontend" / "src").rglob("*.ts")]:
        assert re.search(rf"^ +{re.escape(path.name)} +\S", shown, re.M), (
            f"{path.name} has no opening words for the tree"
        )


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda path: path.relative_to(ROOT).as_posix())
def test_links_lead_somewhere(document: Path) -> None:
    for target in re.findall(r"\]\(([^)#:]+)\)", document.read_text("utf-8")):
        assert (document.parent / target).exists(), (
            f"{document.name} points to {target}, which is not there"
        )


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda path: path.relative_to(ROOT).as_posix())
def test_commands_in_documents_exist(document: Path) -> None:
    """Every `make VERB`, and every `layerfold COMMAND --option`, is one that the program has."""
    verbs = set(re.findall(r"^([a-z-]+):", (ROOT / "Makefile").read_text("utf-8"), re.M))
    for block in blocks(document, "console"):
        for line in block.split("<!--")[0].splitlines():
            words = (
                shlex.split(line.removeprefix("$ "), comments=True)
                if line.startswith(("make ", "layerfold ", "$ layerfold"))
                else []
            )
            if words[:1] == ["make"]:
                assert words[1] in verbs, line
            elif words:
                assert_command(cli.with_command(words[1:]), line)


def assert_command(arguments: list[str], line: str) -> None:
    everywhere = {"--help", "--lang"}
    options = [word for word in arguments if word.startswith("--") and word not in everywhere]
    if not arguments or arguments[0].startswith("-"):
        assert all(option == "--version" for option in options), line
        return
    folder = arguments[0] not in cli.COMMANDS
    name = "serve" if folder else arguments[0]
    assert not folder or "/" in arguments[0], f"{line}: no such command"
    assert all(option in generated.helps()[name] for option in options), line


def test_python_in_documents_parses() -> None:
    for document in DOCUMENTS:
        for block in blocks(document, "python"):
            ast.parse(block)


def test_every_setting_is_in_the_table_and_every_line_of_the_table_is_read() -> None:
    source = "".join(path.read_text("utf-8") for path in SOURCES)
    read = set(re.findall(r"[\"'](LAYERFOLD_[A-Z_]+)[\"']", source))
    read |= {f"LAYERFOLD_{name.upper()}" for name in Flags.__dataclass_fields__}
    told = set(re.findall(r"`(LAYERFOLD_[A-Z_]+)`", generated.settings_block()))
    assert told == read
    elsewhere = set(
        re.findall(
            r"LAYERFOLD_[A-Z_]+",
            (ROOT / "Dockerfile").read_text("utf-8")
            + (ROOT / "docker-compose.yml").read_text("utf-8"),
        )
    )
    assert elsewhere <= told


def test_the_layers_told_are_the_layers_enforced() -> None:
    contracts = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["tool"]["importlinter"][
        "contracts"
    ]
    told = re.search(
        r"## Layers.*?```text\n(.*?)```", (ROOT / "ARCHITECTURE.md").read_text("utf-8"), re.S
    )
    assert told
    assert [re.split(r"\s{2,}", line)[0] for line in told[1].splitlines()] == contracts[0]["layers"]


def test_every_dependency_is_justified() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]
    table = (ROOT / "docs" / "reference" / "dependencies.md").read_text("utf-8")
    for requirement in project["dependencies"]:
        name = re.split(r"[=><]", requirement)[0]
        assert re.search(rf"^\| {name} \| \S", table, re.M), (
            f"{name} has no line in dependencies.md"
        )
    for name in project["optional-dependencies"]["dev"]:
        word = (
            name.removeprefix("types-").removesuffix("-python").removesuffix("-playwright").lower()
        )
        assert word in table.lower(), f"{name} is not justified in dependencies.md"


def test_every_error_is_drawn_in_the_tree_of_errors() -> None:
    drawn = errors.__doc__ or ""
    for name in vars(errors):
        if isinstance(getattr(errors, name), type):
            assert name in drawn, f"{name} is missing from the tree that opens errors.py"


def test_no_file_of_the_project_names_a_registry() -> None:
    words = [
        ".".join(parts)
        for parts in (
            ("pypi", "org"),
            ("pythonhosted", "org"),
            ("registry", "npmjs"),
            ("download", "pytorch"),
            ("deb", "debian"),
        )
    ]
    kept = [
        ROOT / name
        for name in (
            "Makefile",
            "Dockerfile",
            "docker-compose.yml",
            "constraints.txt",
            "pyproject.toml",
            "package-lock.json",
            ".ci/run",
        )
    ]
    for path in [*kept, *DOCUMENTS, *SOURCES]:
        found = [word for word in words if word in path.read_text("utf-8")]
        assert not found, f"{path.name} names {found}"


def test_the_readme_can_be_read_in_five_minutes() -> None:
    for name in ("README.md", "README.zh.md"):
        text = (ROOT / name).read_text("utf-8")
        assert len(text.splitlines()) <= 150
        assert len(text.split()) <= 1300


def test_the_glossary_is_short_and_names_what_there_is() -> None:
    text = (ROOT / "docs" / "reference" / "glossary.md").read_text("utf-8")
    words = re.findall(r"^\| ([^|]+) \| ([^|]+) \| [^|]+ \|$", text, re.M)[2:]
    assert 20 <= len(words) <= 40
    assert all(re.search(r"[\u4e00-\u9fff]", chinese) for _, chinese in words)
    named = " ".join(path.stem + " " + path.read_text("utf-8") for path in SOURCES).lower()
    for word, _ in words:
        plain = re.sub(r"[ -]", "[ _-]?", word.lower())
        assert re.search(plain, named), f"the glossary explains {word!r}, which nothing is called"
