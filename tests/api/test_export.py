"""Exports hold the numbers they were given, in formats that other programs read, with words on
where they come from.
"""

from __future__ import annotations

import csv
import io
import json
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from layerfold.api import export, figure
from layerfold.errors import InputError
from layerfold.records import Reference, Sentence, Slice, Token, Trajectory, sites_of

STEPS = (0, 8, 64)
SITES = sites_of(2)


@dataclass(frozen=True)
class SmallAtlas:
    """The part of an atlas that exports look at, with 40 random reference tokens."""

    count: int = 40
    view: str = "normalised"
    steps: tuple[int, ...] = STEPS
    sites: tuple[Any, ...] = SITES
    frame: dict[str, Any] = field(
        default_factory=lambda: {"center": [0.0, 0.0, 0.0], "radius": 4.0}
    )
    parameters: dict[str, Any] = field(
        default_factory=lambda: {"k": 15, "min_dist": 0.1, "seed": 7}
    )

    @property
    def reference(self) -> Reference:
        ids = np.zeros((self.count, 1), dtype=np.int32)
        zeros = np.zeros(self.count, dtype=np.int32)
        words = tuple(f" w{i}<b>" for i in range(self.count))
        return Reference(
            ids,
            np.arange(self.count, dtype=np.int32),
            zeros,
            np.ones(self.count, np.float32),
            words,
            ("source",) * self.count,
        )

    def slice(self, step: int) -> Slice:
        random = np.random.default_rng(step)
        positions = random.normal(size=(len(SITES), self.count, 3)).astype(np.float32)
        trust = np.full((len(SITES), self.count), 0.5 + step / 128, dtype=np.float32)
        return Slice(step, positions, trust, trust)

    def cloud(self, step: int) -> Any:
        return self.slice(step).positions

    def mean_trust(self, steps: Any) -> Any:
        return np.stack([self.slice(step).trust.mean(axis=1) for step in steps])


def trajectory(text: str = 'a <bank>,\n"dry" & 河', steps: tuple[int, ...] = STEPS) -> Trajectory:
    tokens = tuple(Token(i, piece, 0, 0) for i, piece in enumerate(text.split(" ")))
    shape = (len(steps), len(SITES), len(tokens))
    random = np.random.default_rng(len(text))
    positions = random.normal(size=(*shape, 3)).astype(np.float32)
    return Trajectory(
        Sentence(text, tokens),
        steps,
        SITES,
        positions,
        random.uniform(0, 100, shape).astype(np.float32),
    )


@pytest.fixture
def atlas() -> Any:
    return SmallAtlas()


def test_json_holds_the_numbers_and_their_origin(atlas: Any) -> None:
    each = trajectory()
    whole = json.loads(export.as_json([each], atlas, "small"))
    assert np.allclose(whole["sentences"][0]["positions"], each.positions, atol=1e-5)
    assert np.allclose(whole["sentences"][0]["outside"], each.outside, atol=1e-5)
    assert whole["steps"] == list(STEPS)
    assert whole["sites"] == ["embed", "L0.mid", "L0.post", "L1.mid", "L1.post"]
    assert whole["mean_trust"][2] == [1.0] * 5
    assert whole["made_with"]["run"] == "small"
    assert whole["made_with"]["atlas"]["seed"] == 7
    assert set(whole["made_with"]["versions"]) == set(export.NEEDS)


def test_csv_has_one_row_a_step_site_and_token(atlas: Any) -> None:
    pair = [trajectory(), trajectory("two words")]
    rows = list(
        csv.DictReader(io.StringIO(export.as_csv(pair, atlas, "small").decode(), newline=""))
    )
    assert tuple(rows[0]) == export.COLUMNS
    assert len(rows) == sum(each.outside.size for each in pair)
    last = rows[-1]
    assert (last["sentence"], last["text"], last["step"], last["site_name"]) == (
        "1",
        "words",
        "64",
        "L1.post",
    )
    assert np.allclose(
        [float(last[axis]) for axis in "xyz"], pair[1].positions[-1, -1, -1], rtol=1e-4
    )
    assert {row["text"] for row in rows if row["sentence"] == "0"} == set(
        trajectory().sentence.text.split(" ")
    )


def test_npz_opens_without_pickles(atlas: Any) -> None:
    each = trajectory()
    with np.load(io.BytesIO(export.as_npz([each], atlas, "small")), allow_pickle=False) as arrays:
        assert np.array_equal(arrays["positions_0"], each.positions)
        assert np.array_equal(arrays["outside_0"], each.outside)
        assert arrays["texts"].tolist() == [each.sentence.text]
        assert json.loads(str(arrays["made_with"]))["view"] == "normalised"


def test_html_is_one_page_that_asks_no_other_origin(atlas: Any) -> None:
    page = export.as_html(
        [trajectory("</script><script>alert(1)</script> x")], atlas, "small"
    ).decode()
    assert "plotly.js v" in page[:60_000]
    assert "<script src=" not in page
    assert "alert(1)</script>" not in page
    assert '"showSendToCloud": false' in page


@pytest.mark.parametrize("suffix", [".json", ".csv", ".npz", ".html"])
def test_the_suffix_picks_the_format_and_the_bytes_repeat(
    tmp_path: Path, atlas: Any, suffix: str
) -> None:
    paths = [
        export.write(tmp_path / name / f"out{suffix}", [trajectory()], atlas, "small")
        for name in "ab"
    ]
    first, second = (path.read_bytes() for path in paths)
    assert first
    if suffix != ".html":  # Plotly gives each page's element an id of its own
        assert first == second


def test_an_unknown_suffix_is_named_with_the_known_ones(tmp_path: Path, atlas: Any) -> None:
    with pytest.raises(InputError, match=r"'out\.pdf'.*\.json, \.csv, \.npz, \.html"):
        export.write(tmp_path / "out.pdf", [trajectory()], atlas, "small")
    assert list(tmp_path.iterdir()) == []


def test_lone_surrogates_and_nul_do_not_stop_an_export(tmp_path: Path, atlas: Any) -> None:
    for suffix in (".json", ".csv", ".npz", ".html"):
        assert (
            export.write(tmp_path / f"out{suffix}", [trajectory("a \ud800 b\0")], atlas, "small")
            .stat()
            .st_size
            > 0
        )


def test_sentences_of_different_steps_do_not_mix(atlas: Any) -> None:
    with pytest.raises(InputError, match="different steps"):
        export.figure([trajectory(), trajectory(steps=(0, 8))], atlas)
    with pytest.raises(InputError, match="place a sentence first"):
        export.as_json([], atlas, "small")


def test_the_figure_moves_positions_by_step_and_visibility_by_site(atlas: Any) -> None:
    pair = [trajectory(), trajectory("two words")]
    drawn = export.figure(pair, atlas, "small")
    frames = {frame.name: frame for frame in drawn.frames}
    assert [slider.steps[0].args[0][0] for slider in drawn.layout.sliders] == [
        "step 0",
        "site embed",
    ]
    assert len(frames) == len(STEPS) + len(SITES)
    for frame in drawn.frames:
        for index, change in zip(frame.traces, frame.data, strict=True):
            assert drawn.data[index].type == change.type
    moved = frames["step 8"].data[3]
    assert np.allclose(np.stack([moved.x, moved.y, moved.z], axis=1), atlas.slice(8).positions[3])
    shown = [
        n
        for n, change in zip(frames["site L0.mid"].traces, frames["site L0.mid"].data, strict=True)
        if change.visible is True
    ]
    assert shown == [1, 6, 11]
    trails = [
        trace
        for trace in drawn.data
        if getattr(trace, "mode", "") == "lines" and trace.type == "scatter3d"
    ]
    assert [trace.line.color for trace in trails] == list(figure.COLOURS[:2])


def test_a_large_atlas_is_thinned_to_a_bounded_page(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(figure, "POINTS", 3_000)
    drawn = export.figure([trajectory()], SmallAtlas(count=400))  # type: ignore[arg-type]
    assert len(drawn.data[0].x) == 200
    assert "200 of 400" in drawn.layout.annotations[0].text.replace("<br>", " ")
