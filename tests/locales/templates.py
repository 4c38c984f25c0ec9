"""The templates of every message that an error of the tree is raised with, read from the code."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator, Set
from functools import cache
from pathlib import Path

import layerfold
from layerfold import errors

PACKAGE = Path(layerfold.__file__).parent
ERRORS = {
    name
    for name, value in vars(errors).items()
    if isinstance(value, type) and issubclass(value, errors.LayerfoldError)
}
# where a ValueError is why a file of a run cannot be read, and is said within such an error
READING = ("atlas", "cards")


@cache
def code() -> str:
    """All that the package's code says, letters and digits alone, f-strings in a row as one."""
    texts = (path.read_text("utf-8") for path in sorted(PACKAGE.rglob("*.py")))
    return "".join(re.sub(r'"\s*f?"|\W+', "", text) for text in texts)


@cache
def templates() -> dict[str, str]:
    """Each template, values as {0}, {1} …, and where it stands first."""
    found: dict[str, str] = {}
    for path in sorted(PACKAGE.rglob("*.py")):
        reading = path.relative_to(PACKAGE).parts[0] in READING
        names = ERRORS | {"ValueError"} if reading else ERRORS
        for call in _raised(ast.parse(path.read_text("utf-8")), names):
            template = _template(call.args[0])
            if template is not None:
                where = f"{path.relative_to(PACKAGE)}:{call.lineno}"
                found.setdefault(template, where)
    return found


def stand_ins() -> dict[str, str]:
    """What stands in a field of a message where there is no value, or one of two, and where."""
    found: dict[str, str] = {}
    for path in sorted(PACKAGE.rglob("*.py")):
        tree = ast.parse(path.read_text("utf-8"))
        words = [call.args[0] for call in _raised(tree, ERRORS)]
        words += [one.value for one in ast.walk(tree) if isinstance(one, ast.Return) and one.value]
        for node in words:
            for word in _alternatives(node):
                found.setdefault(word, f"{path.relative_to(PACKAGE)}:{node.lineno}")
    return found


def _alternatives(words: ast.expr) -> Iterator[str]:
    """``', '.join(names) or 'none'``: what is said instead of a list, in a field or returned."""
    for node in ast.walk(words):
        if isinstance(node, ast.BoolOp) and isinstance(node.op, ast.Or):
            first, last = node.values[0], node.values[-1]
            joined = "', '.join(" in ast.unparse(first)
            if joined and isinstance(last, ast.Constant) and str(last.value).isascii():
                yield str(last.value)


def _raised(tree: ast.AST, names: Set[str]) -> Iterator[ast.Call]:
    for node in ast.walk(tree):
        if isinstance(node, ast.Call) and node.args and _name(node.func) in names:
            yield node


def _name(node: ast.expr) -> str:
    return getattr(node, "id", getattr(node, "attr", ""))


def _template(words: ast.expr) -> str | None:
    if isinstance(words, ast.Constant) and isinstance(words.value, str):
        return words.value
    if not isinstance(words, ast.JoinedStr):
        return None
    text, fields = "", 0
    for part in words.values:
        if isinstance(part, ast.Constant):
            text += str(part.value)
        else:
            text += f"{{{fields}}}"
            fields += 1
    return text
