"""A ``tokenizer.json`` that a stranger may have written: looked through before the library reads
it, which would take it at its word.

An id of a billion would become a table of a billion names, and each normalizer that replaces a
character by many multiplies the text.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from math import prod
from pathlib import Path
from typing import Any, Final

from tokenizers import Tokenizer as Backend

from layerfold.files.atomic import read_bounded

BYTES: Final = 128 << 20  # Gemma's has 33 MB
GAP: Final = 1 << 16  # ids that may be missing from a vocabulary
STEPS: Final = 64  # normalizers, pre-tokenizers …, one after another
SUBSTITUTIONS: Final = 8192  # characters that are read as another: a text grows by none of them
GROWTH: Final = 256  # how many times longer normalizers may make a text


def read_backend(path: Path) -> Any:
    """The tokenizer in a file; raises OSError and ValueError, and what the library raises, which is
    a bare Exception.
    """
    text = read_bounded(path, BYTES).decode("utf-8")
    check_tokenizer(text)
    with given_up():
        return Backend.from_str(text)


@contextmanager
def given_up() -> Iterator[None]:
    """Where the library's own code gives up it raises what is no Exception, or no more than an
    Exception, and what reads a stranger's file would pass it on: here it becomes a ValueError.
    """
    try:
        yield
    except BaseException as error:
        if type(error).__name__ != "PanicException" and type(error) is not Exception:
            raise
        raise ValueError(f"the tokenizers library gives up on it: {error}") from None


def check_tokenizer(text: str) -> None:
    """A tokenizer's file asks for no more than it holds; raises ValueError."""
    try:
        told = json.loads(text)
    except RecursionError:
        raise ValueError("it is nested too deeply") from None
    if not isinstance(told, dict):
        raise ValueError(f"it is a JSON {type(told).__name__}, not an object")
    ids = list(_ids(told))
    if ids and not 0 <= min(ids) <= max(ids) < len(ids) + GAP:
        wrong = max(ids) if min(ids) >= 0 else min(ids)
        raise ValueError(f"it names token {wrong:,} and has {len(ids):,} tokens")
    for part in ("normalizer", "pre_tokenizer", "post_processor", "decoder"):
        _check_part(part, list(_steps(told.get(part))))


def _check_part(part: str, steps: list[dict[str, Any]]) -> None:
    """A part's steps are few and lengthen a text little; raises ValueError."""
    others = [step for step in steps if not _substitutes(step)]
    replaced = [len(str(step.get("content", ""))) for step in others if _replaces(step)]
    if len(others) > STEPS or prod(max(1, size) for size in replaced) > GROWTH:
        raise ValueError(
            f"its {part} has more than {STEPS} steps, or makes a text more than {GROWTH}"
            " times longer"
        )
    if len(steps) > len(others) + SUBSTITUTIONS:
        raise ValueError(f"its {part} replaces more than {SUBSTITUTIONS:,} characters")


def _replaces(step: dict[str, Any]) -> bool:
    return step.get("type") == "Replace"


def _substitutes(step: dict[str, Any]) -> bool:
    """Whether a step replaces a character by at most one other; its own pattern stands in it."""
    if set(step) == {"String"}:
        return True
    pattern = step.get("pattern")
    form = pattern.get("String") if isinstance(pattern, dict) else None
    content = step.get("content")
    return (
        _replaces(step)
        and isinstance(form, str)
        and isinstance(content, str)
        and len(content) <= 1 <= len(form)
    )


def _ids(told: dict[str, Any]) -> Iterator[int]:
    model = told.get("model")
    vocabulary = model.get("vocab") if isinstance(model, dict) else None
    if isinstance(vocabulary, dict):
        yield from (n for n in vocabulary.values() if isinstance(n, int))
    elif isinstance(vocabulary, list):
        yield from range(len(vocabulary))
    added = told.get("added_tokens")
    for token in added if isinstance(added, list) else ():
        if isinstance(token, dict) and isinstance(token.get("id"), int):
            yield token["id"]


def _steps(part: Any) -> Iterator[dict[str, Any]]:
    """The steps of a part, a sequence's one by one."""
    waiting = [part]
    while waiting:
        step = waiting.pop()
        if isinstance(step, list):
            waiting += step
        elif isinstance(step, dict):
            yield step
            waiting += [inner for inner in step.values() if isinstance(inner, dict | list)]
