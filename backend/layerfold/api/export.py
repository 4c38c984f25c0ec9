"""Trajectories as files: JSON, CSV, NPZ, or one page of HTML that needs nothing else. `write` picks
by the file's name.

All four hold the same numbers with the words that explain them: the run, the view of the states,
the seed and the parameters of the atlas, the versions of the libraries, and how far each place can
be trusted.
"""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Sequence
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

import numpy as np

from layerfold.api.figure import Clouds, draw
from layerfold.errors import InputError
from layerfold.files.atomic import write_atomically
from layerfold.records import Trajectory

FORMAT = 1
COLUMNS = (
    "sentence",
    "token",
    "id",
    "text",
    "piece",
    "pieces",
    "step",
    "site",
    "site_name",
    "x",
    "y",
    "z",
    "outside",
    "mean_trust",
)
NEEDS = ("layerfold", "numpy", "torch", "tokenizers", "plotly")


def write(path: Path, trajectories: Sequence[Trajectory], atlas: Clouds, run: str) -> Path:
    """``path`` holds the trajectories in the format its suffix names: ``.json``, ``.csv``, ``.npz``
    or ``.html``.

    Raises InputError for another suffix.
    """
    formats = {".json": as_json, ".csv": as_csv, ".npz": as_npz, ".html": as_html}
    form = formats.get(path.suffix.lower())
    if form is None:
        raise InputError(
            f"cannot write {path.name!r}: give it one of the endings {', '.join(formats)}"
        )
    write_atomically(path, form(trajectories, atlas, run))
    return path


def provenance(atlas: Clouds, run: str, projection: str = "umap") -> dict[str, Any]:
    """Where the numbers come from: run, view, projection, parameters of the clouds (seed included)
    and versions of the libraries.
    """
    versions = {name: _version(name) for name in NEEDS}
    return {
        "run": run,
        "view": atlas.view,
        "projection": projection,
        "atlas": dict(atlas.parameters),
        "versions": versions,
    }


def as_json(trajectories: Sequence[Trajectory], atlas: Clouds, run: str) -> bytes:
    """One object: ``made_with``, ``steps``, ``sites``, ``mean_trust`` [step][site] and
    ``sentences``.

    Each sentence has ``text``, ``cut``, ``tokens``, ``positions`` [step][site][token][3] and
    ``outside`` [step][site][token].
    """
    first = _first(trajectories)
    sentences = [
        {
            "text": each.sentence.text,
            "cut": each.sentence.cut,
            "tokens": [
                {"id": t.id, "text": t.text, "piece": t.piece, "pieces": t.pieces}
                for t in each.sentence.tokens
            ],
            "positions": _rounded(each.positions),
            "outside": _rounded(each.outside),
        }
        for each in trajectories
    ]
    whole = {
        "format": FORMAT,
        "made_with": provenance(atlas, run, first.projection),
        "steps": list(first.steps),
        "sites": [site.name for site in first.sites],
        "mean_trust": _rounded(atlas.mean_trust(first.steps)),
        "sentences": sentences,
    }
    return _utf8(json.dumps(whole, ensure_ascii=False, allow_nan=False) + "\n")


def as_csv(trajectories: Sequence[Trajectory], atlas: Clouds, run: str) -> bytes:
    """One row a sentence, step, site and token; the columns are COLUMNS. Where it comes from stands
    in the other formats.
    """
    del run  # a comment line would break most readers of CSV
    first = _first(trajectories)
    trust = atlas.mean_trust(first.steps)
    text = io.StringIO()
    rows = csv.writer(text, lineterminator="\n")
    rows.writerow(COLUMNS)
    for s, each in enumerate(trajectories):
        for (i, j, k), outside in np.ndenumerate(each.outside):
            token, site = each.sentence.tokens[k], each.sites[j]
            place = [_short(value) for value in each.positions[i, j, k]]
            names = (
                s,
                k,
                token.id,
                token.text,
                token.piece,
                token.pieces,
                each.steps[i],
                site.index,
                site.name,
            )
            rows.writerow([*names, *place, _short(outside), _short(trust[i, j])])
    return _utf8(text.getvalue())


def as_npz(trajectories: Sequence[Trajectory], atlas: Clouds, run: str) -> bytes:
    """Arrays without pickles: ``steps``, ``sites``, ``mean_trust``, ``texts``; ``made_with`` is
    JSON text.

    For sentence n: ``positions_n`` [step, site, token, 3], ``outside_n`` [step, site, token],
    ``ids_n`` and ``tokens_n`` [token].
    """
    first = _first(trajectories)
    arrays: dict[str, Any] = {
        "steps": np.array(first.steps, dtype=np.int64),
        "sites": np.array([site.name for site in first.sites]),
        "mean_trust": atlas.mean_trust(first.steps),
        "texts": np.array([_plain(each.sentence.text) for each in trajectories]),
        "made_with": np.array(json.dumps(provenance(atlas, run, first.projection))),
    }
    for n, each in enumerate(trajectories):
        arrays[f"positions_{n}"] = np.asarray(each.positions, dtype=np.float32)
        arrays[f"outside_{n}"] = np.asarray(each.outside, dtype=np.float32)
        arrays[f"ids_{n}"] = np.array(each.sentence.ids, dtype=np.int64)
        arrays[f"tokens_{n}"] = np.array([_plain(token.text) for token in each.sentence.tokens])
    file = io.BytesIO()
    np.savez_compressed(file, **arrays)
    return file.getvalue()


def as_html(trajectories: Sequence[Trajectory], atlas: Clouds, run: str) -> bytes:
    """A page that holds the figure and Plotly itself: it opens from a disk, without a server or a
    network.
    """
    drawn = figure(trajectories, atlas, run).update_layout(height=None, autosize=True)
    page: str = drawn.to_html(
        include_plotlyjs=True,
        full_html=True,
        auto_play=False,
        config={
            "displaylogo": False,
            "responsive": True,
            "showSendToCloud": False,
            "scrollZoom": True,
        },
        default_height="96vh",
    )
    style = (
        "<meta"
        " charset='utf-8'><title>Layerfold</title><style>body{margin:0;background:#0e1116}</style>"
    )
    return _utf8(page.replace("<head>", f"<head>{style}", 1))


def figure(trajectories: Sequence[Trajectory], atlas: Clouds, run: str = "") -> Any:
    """A plotly Figure: cloud, trajectories and trust, with one slider through training and one
    through the layers.
    """
    first = _first(trajectories)
    return draw(
        trajectories, atlas, atlas.mean_trust(first.steps), provenance(atlas, run, first.projection)
    )


def _first(trajectories: Sequence[Trajectory]) -> Trajectory:
    if not trajectories:
        raise InputError("nothing to export: place a sentence first")
    first = trajectories[0]
    if any(
        (each.steps, each.sites, each.projection) != (first.steps, first.sites, first.projection)
        for each in trajectories
    ):
        raise InputError(
            "trajectories of different steps, sites or projections cannot share a file: place the"
            " sentences together"
        )
    return first


def _rounded(values: np.ndarray[Any, np.dtype[np.float32]]) -> Any:
    return np.round(values.astype(np.float64), 5).tolist()


def _short(value: Any) -> str:
    return f"{float(value):.5g}"


def _plain(text: str) -> str:
    # numpy cuts trailing NULs anyway
    return text.encode("utf-8", "replace").decode("utf-8").rstrip("\0")


def _utf8(text: str) -> bytes:
    return text.encode("utf-8", "replace")


def _version(name: str) -> str:
    try:
        return version(name)
    except PackageNotFoundError:
        return "not installed"
