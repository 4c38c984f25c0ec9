"""The shape of the code: short files, short functions, names that say something, imports at the
top.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
PYTHON = sorted(
    path for folder in ("backend", "tests", "benchmarks") for path in (ROOT / folder).rglob("*.py")
)
GENERATED = {"wire.ts"}
SCRIPTS = sorted(
    path
    for folder in ("frontend", "tests")
    for path in (ROOT / folder).rglob("*.*")
    if path.suffix in (".ts", ".js", ".mjs")
    and path.name not in GENERATED
    and "dist" not in path.parts
)
STYLES = sorted((ROOT / "frontend" / "src").rglob("*.css"))
FILE_LINES, FUNCTION_LINES, COLUMNS = 400, 60, 110
PARAMETERS = 7
# More parameters than the bar, and why: the options of the command line under cli/ are parameters,
# and are not counted at all.
MANY_PARAMETERS = {
    "backend/layerfold/recording/recorder.py:__init__": "one call in a person's own script",
}
# torch, umap and numba take seconds to import: what can be used without them imports them where
# they are needed.
LATE = {
    "backend/layerfold/cli/atlas.py": "a cluster is not asked of everybody",
    "backend/layerfold/cli/manifold.py": "help at once",
    "backend/layerfold/cli/train.py": "help at once",
    "backend/layerfold/interp/paths.py": "a run is opened and listed without torch",
    "backend/layerfold/model/huggingface/__init__.py": "a model's card is read without torch",
    "backend/layerfold/model/huggingface/shape.py": "a config is read without torch",
    "backend/layerfold/runs/run.py": "a run opens without torch",
    "backend/layerfold/server/inspect.py": "the server listens without torch",
    "backend/layerfold/space/layout.py": "numba",
}
LATE_IMPORTS = 10
EMPTY_WORDS = {"utils", "util", "helpers", "helper", "manager", "base", "common", "misc"}
FUNCTION = r"function\*? (?P<function>\w+)"
ARROW = r"(?:const|let) (?P<arrow>\w+)(?:: .*)? = (?:async )?(?:\(?.*=> \{$|\($)"
METHOD = r"(?:static |get |set |\*)?(?:async )?(?P<method>#?\w+)\((?:.*\)(?:: .*)? \{|)$"
HEAD = re.compile(
    rf"^(?P<indent>\s*)(?:export )?(?:default )?(?:async )?(?:{FUNCTION}|{ARROW}|{METHOD})"
)
WORDS = ("if", "for", "while", "switch", "catch", "with")


def name(path: Path) -> str:
    return path.relative_to(ROOT).as_posix()


def python_functions(path: Path) -> Iterator[tuple[str, int]]:
    for node in ast.walk(ast.parse(path.read_text("utf-8"))):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            yield node.name, (node.end_lineno or node.lineno) - node.lineno + 1


def python_parameters(path: Path) -> Iterator[tuple[str, int]]:
    """Functions and how many parameters each has, but for ``self`` and ``cls``."""
    for node in ast.walk(ast.parse(path.read_text("utf-8"))):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            given = node.args.posonlyargs + node.args.args + node.args.kwonlyargs
            yield node.name, sum(one.arg not in ("self", "cls") for one in given)


def script_functions(path: Path) -> Iterator[tuple[str, int]]:
    """Functions by their heads: from the head to the brace that closes at the same indent."""
    lines = path.read_text("utf-8").splitlines()
    for start, line in enumerate(lines):
        head = HEAD.match(line)
        if head and line.endswith(("{", "(")) and head["method"] not in WORDS:
            end = re.compile(rf"{head['indent']}[}})][);,]*$")
            closing = next((n for n in range(start + 1, len(lines)) if end.match(lines[n])), start)
            yield head["function"] or head["arrow"] or head["method"], closing - start + 1


@pytest.mark.parametrize("path", PYTHON + SCRIPTS + STYLES, ids=name)
def test_a_file_is_short(path: Path) -> None:
    count = len(path.read_text("utf-8").splitlines())
    assert count <= FILE_LINES, f"{name(path)} has {count} lines, {FILE_LINES} at most: part it"


@pytest.mark.parametrize("path", PYTHON + SCRIPTS, ids=name)
def test_a_function_is_short(path: Path) -> None:
    functions = python_functions(path) if path.suffix == ".py" else script_functions(path)
    long = [
        f"{function} ({lines} lines)" for function, lines in functions if lines > FUNCTION_LINES
    ]
    assert not long, f"{name(path)}: {', '.join(long)}; {FUNCTION_LINES} at most: part it by verbs"


def test_a_function_has_few_parameters() -> None:
    many = [
        f"{place} ({count})"
        for path in PYTHON
        if not name(path).startswith("backend/layerfold/cli/")
        for function, count in python_parameters(path)
        for place in [f"{name(path)}:{function}"]
        if count > PARAMETERS and place not in MANY_PARAMETERS
    ]
    assert not many, f"{', '.join(many)}; {PARAMETERS} at most: make a frozen record of some"


def test_a_line_is_short() -> None:
    """But for a picture inside a style sheet, which is one word."""
    long = [
        f"{name(path)}:{number}"
        for path in PYTHON + SCRIPTS + STYLES
        for number, line in enumerate(path.read_text("utf-8").splitlines(), 1)
        if len(line) > COLUMNS and 'url("data:' not in line
    ]
    assert not long, f"{', '.join(long)}: {COLUMNS} columns at most, better 100: wrap them"


@pytest.mark.parametrize("path", PYTHON + SCRIPTS, ids=name)
def test_a_name_says_something(path: Path) -> None:
    words = {*path.relative_to(ROOT).parent.parts, *re.split(r"[._-]", path.stem)}
    assert not words & EMPTY_WORDS, f"{name(path)}: call it by what it holds"


def late_imports(path: Path) -> Iterator[tuple[int, str]]:
    """Each import of our own inside a function, by its line."""
    lines = path.read_text("utf-8").splitlines()
    for function in ast.walk(ast.parse("\n".join(lines))):
        if isinstance(function, ast.FunctionDef | ast.AsyncFunctionDef):
            for inner in ast.walk(function):
                names = [inner.module or ""] if isinstance(inner, ast.ImportFrom) else []
                names += [one.name for one in inner.names] if isinstance(inner, ast.Import) else []
                if any(name.split(".")[0] == "layerfold" for name in names):
                    yield inner.lineno, lines[inner.lineno - 1]


def test_our_own_modules_are_imported_at_the_top() -> None:
    """But for what takes seconds to import (torch, umap, numba), in the files named with their
    reason; their number only falls.
    """
    late = [
        f"{name(path)}:{line}"
        for path in PYTHON
        if "backend" in path.parts
        for line, _ in late_imports(path)
    ]
    strange = [place for place in late if place.split(":")[0] not in LATE]
    assert not strange, f"imported late: a hidden cycle, or a reason to state: {strange}"
    assert len(late) <= LATE_IMPORTS, f"{len(late)} imports are late, {LATE_IMPORTS} at most"


def test_there_are_no_stray_prints_in_the_package() -> None:
    """Only the command line, with what it says, and the schema that is printed, speak on stdout."""
    speaking = {
        name(path)
        for path in PYTHON
        if "backend" in path.parts and re.search(r"^\s+print\(", path.read_text("utf-8"), re.M)
    }
    assert speaking <= {
        f"backend/layerfold/{module}.py"
        for module in (
            *(
                "cli/main",
                "cli/serve",
                "cli/get",
                "cli/terminal",
                "cli/about",
                "cli/check",
                "cli/place",
                "cli/verify",
            ),
            "server/protocol/schema",
        )
    }
