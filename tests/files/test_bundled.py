"""Where the bundled runs are found: in a checkout, in what wheels have installed, or nowhere."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from layerfold import settings
from layerfold.data.passages import RUN, bundled_passages
from layerfold.errors import CorpusError
from layerfold.files import bundled as module
from layerfold.files.bundled import bundled_models, bundled_run

ROOT = Path(__file__).parents[2]


@pytest.fixture
def installed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder that Python finds packages in; the program has no checkout round it."""
    monkeypatch.setattr(module, "bundled", lambda: tmp_path / "wheel")
    monkeypatch.setattr(sys, "path", [*sys.path, str(tmp_path / "site"), str(tmp_path / "user")])
    return tmp_path


def test_in_a_checkout_they_are_its_own() -> None:
    assert bundled_models() == (ROOT / "models",)
    assert bundled_run("storyteller") == ROOT / "models" / "storyteller"


def test_wheels_put_them_where_python_looks_in_one_folder_or_more(installed: Path) -> None:
    for name in ("site/layerfold_models/induction", "user/layerfold_models/storyteller"):
        (installed / name).mkdir(parents=True)
    folders = tuple(installed / name / "layerfold_models" for name in ("site", "user"))
    assert bundled_models() == folders
    assert bundled_run("storyteller") == folders[1] / "storyteller"
    assert settings.bundled_runs() == (folders[1] / "storyteller", *folders)


def test_without_them_there_is_nothing_to_serve_and_what_needs_them_says_so(
    installed: Path,
) -> None:
    assert bundled_models() == settings.bundled_runs() == ()
    assert not bundled_run("storyteller").exists()
    with pytest.raises(CorpusError, match="give a text of your own"):
        bundled_passages(bundled_run(RUN).parent)
