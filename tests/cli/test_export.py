"""The page of a run as one file, from the command line."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from layerfold.cli.main import main
from layerfold.settings import Settings
from tests.small import make_run


def test_a_page_is_written_with_its_sentences_and_asks_nothing_of_a_network(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    if not (Settings.read({}).frontend / "index.html").is_file():
        pytest.skip("the page is not built: python hatch_build.py")
    run, out = make_run(tmp_path / "small"), tmp_path / "page.html"
    arguments = ["export", str(run), "-s", "the bank of the river", "--out", str(out)]
    monkeypatch.setattr("sys.argv", ["layerfold", *arguments])
    with pytest.raises(SystemExit) as ended:
        main()
    assert ended.value.code in (0, None)
    page = out.read_text("utf-8")
    assert page.startswith("<!doctype html>")
    assert "Content-Security-Policy" in page
    assert not re.search(r'(?:src|href)="(?!data:|#)', page.split("</head>")[0])
    assert len(page) < 6_000_000
