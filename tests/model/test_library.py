"""A package that puts another module in its own place, imported by several threads at once."""

from __future__ import annotations

import re
import sys
import threading
from pathlib import Path

import pytest

from layerfold.model.huggingface.library import library

NAME = "lazy_as_transformers"
# what transformers does: at the end of a long import another module stands in its place
SOURCE = """
import sys, types
from tests.model.test_library import half_way
half_way()
whole = types.ModuleType(__name__)
whole.AutoTokenizer = "here"
sys.modules[__name__] = whole
"""
begun, go_on = threading.Event(), threading.Event()


def half_way() -> None:
    """The import has begun, and waits until it may go on."""
    begun.set()
    assert go_on.wait(120)


def test_who_asks_while_a_package_is_being_imported_is_given_the_whole_of_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / f"{NAME}.py").write_text(SOURCE)
    monkeypatch.syspath_prepend(str(tmp_path))
    given: list[object] = []

    def ask() -> None:
        given.append(getattr(library(NAME), "AutoTokenizer", "nothing"))

    threads = [threading.Thread(target=ask) for _ in range(3)]
    try:
        threads[0].start()
        assert begun.wait(120)
        for thread in threads[1:]:
            thread.start()
        for thread in threads[1:]:
            thread.join(0.2)
        assert given == []  # all wait for the one that imports
        go_on.set()
        for thread in threads:
            thread.join(120)
    finally:
        sys.modules.pop(NAME, None)
    assert given == ["here"] * 3


def test_a_package_that_is_not_there_is_an_import_error_as_ever() -> None:
    with pytest.raises(ImportError):
        library("a_package_that_is_not_there")


def test_nothing_else_of_what_serves_imports_such_a_package() -> None:
    """The callback is imported by a Trainer's own program, which has it already."""
    package = Path(library.__code__.co_filename).parents[2]
    late = re.compile(r"^\s*(?:import|from) (?:transformers|peft)\b", re.M)
    found = {path.name for path in package.rglob("*.py") if late.search(path.read_text("utf-8"))}
    assert found == {"trainer_callback.py"}
