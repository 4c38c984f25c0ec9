"""What README.md says of a person's own text, run as it stands there."""

from __future__ import annotations

import re
import shlex
from pathlib import Path

import pytest

from layerfold.interp.session import open_session
from layerfold.server.protocol.tables import reference_table
from tests.cli.calling import layerfold
from tests.data.test_sampling import prose
from tests.readme import block
from tests.small import make_run


@pytest.mark.slow
def test_the_readme_builds_clouds_over_a_table_and_over_a_folder(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    make_run(tmp_path / "my-run", atlas=False)
    rows = "".join(
        f'"{prose(seed, 50)}",{"sea" if seed % 2 else "war"},{seed % 5 + 0.5}\n'
        for seed in range(120)
    )
    (tmp_path / "reviews.csv").write_text("review,topic,stars\n" + rows)
    (tmp_path / "books").mkdir()
    for name in ("one.txt", "two.md"):
        (tmp_path / "books" / name).write_text(prose(len(name), 9000))
    table, folder = block("own text").splitlines()
    assert sources_after(table, tmp_path) == ({"reviews"}, ["topic", "stars"])
    assert sources_after(folder, tmp_path) == ({"one", "two"}, [])


def test_more_tokens_than_a_text_has_are_told_with_how_many_there_are(tmp_path: Path) -> None:
    run = make_run(tmp_path / "my-run", atlas=False)
    (tmp_path / "short.txt").write_text(prose(1, 3000))
    done = layerfold(
        *("atlas", str(run), "--corpus", str(tmp_path / "short.txt"), "--tokens", "100000", "--yes")
    )
    assert done.returncode != 0
    said = done.stderr.splitlines()
    assert "An atlas of 100,000 tokens takes about" in done.stderr
    assert re.search(
        r"gives [\d,]+ tokens in context, 100,000 were asked for: .* give --tokens \d+", said[-1]
    )
    assert "Traceback" not in done.stderr
    assert not (run / "atlas" / "atlas.json").exists()


def sources_after(line: str, folder: Path) -> tuple[set[str], list[str]]:
    """The sources of the reference, and the names of its labels, once a command line has been run
    in a folder.
    """
    name, *arguments = shlex.split(line)
    assert name == "layerfold"
    done = layerfold(*arguments)  # in this process, where umap has been compiled
    assert done.returncode == 0, done.stderr
    found = reference_table(open_session(folder / "my-run", None))
    assert len(found.text) == 1000
    return set(found.source), [label.name for label in found.labels]
