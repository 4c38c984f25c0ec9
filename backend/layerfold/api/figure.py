"""The figure for notebooks and pages of its own: cloud, trajectories and trust in plain Plotly,
nothing but data and sliders.

Plotly's sliders know nothing of each other, so each moves what the other leaves alone: a step's
frame carries the positions at every site, a site's frame only says which site is visible.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from html import escape
from textwrap import wrap
from typing import Any, Protocol

import numpy as np
import plotly.graph_objects as go

from layerfold.records import Floats, Reference, Token, Trajectory, View

# Okabe–Ito without black and yellow first, in the order the page gives its sentences.
COLOURS = ("#E69F00", "#56B4E9", "#009E73", "#CC79A7", "#D55E00", "#F0E442", "#0072B2")
INK, MUTED, GROUND = "#e6e9ef", "#8b95a5", "#0e1116"
CLOUD = "rgb(108,118,134)"
POINTS = 400_000  # drawn points over all steps and sites: about 6 MB of HTML
STEP, SITE = "step ", "site "
NEAR = "Neighbourhoods can be read; directions and distances between far groups cannot."
FLAT = (
    "A linear map: distances along the three shown directions can be read, those along all others"
    " are not seen."
)


class Clouds(Protocol):
    """What a figure shows beside the sentences: an atlas's own layout, or a linear map of the same
    states.
    """

    @property
    def view(self) -> View:
        """Which view of the states is shown."""

    @property
    def parameters(self) -> Mapping[str, Any]:
        """How the clouds were made."""

    @property
    def frame(self) -> Mapping[str, Any]:
        """The ball that holds most of them: center and radius."""

    @property
    def reference(self) -> Reference:
        """The tokens they are made of."""

    def cloud(self, step: int) -> Floats:
        """The positions of one step, [site, ref, 3]."""

    def mean_trust(self, steps: Sequence[int]) -> Floats:
        """Mean trustworthiness of each cloud: [step, site], 0.5 for a random picture, 1 for a
        perfect one.
        """


def draw(
    trajectories: Sequence[Trajectory], atlas: Clouds, trust: Floats, made_with: dict[str, Any]
) -> Any:
    """A plotly Figure of ``trajectories`` in the clouds of ``atlas``; ``trust`` [step, site] is
    drawn beside them.
    """
    first = trajectories[0]
    chosen = _chosen(atlas, len(first.steps) * len(first.sites))
    start, site = len(first.steps) - 1, len(first.sites) - 1
    figure = go.Figure(
        data=[
            *_things(trajectories, atlas, chosen, start, site),
            *_trust_traces(first, trust, start, site),
        ],
        layout=_layout(first, atlas, made_with, len(chosen), (start, site)),
        frames=[
            *_step_frames(trajectories, atlas, chosen),
            *_site_frames(first, len(trajectories)),
        ],
    )
    return figure


def _chosen(atlas: Clouds, slices: int) -> Any:
    """Indices of the reference tokens that are drawn: all of them, or an even, seeded share where
    the page would grow too large.
    """
    count, room = len(atlas.reference), max(200, POINTS // slices)
    if count <= room:
        return np.arange(count)
    return np.sort(np.random.default_rng(0).choice(count, room, replace=False))


def _things(
    trajectories: Sequence[Trajectory], atlas: Clouds, chosen: Any, step: int, site: int
) -> list[Any]:
    """The traces of the scene: a cloud a site, marks a site and sentence, a trail a sentence (the
    order every frame keeps).
    """
    first = trajectories[0]
    words = [escape(_label(atlas.reference.text[i])) for i in chosen]
    clouds = atlas.cloud(first.steps[step])
    traces: list[Any] = [
        _cloud(clouds[s][chosen], words, first.sites[s].name, s == site)
        for s in range(len(first.sites))
    ]
    for n, each in enumerate(trajectories):
        colour = COLOURS[n % len(COLOURS)]
        traces += [
            _marks(each, each.positions[step, s], colour, s == site)
            for s in range(len(first.sites))
        ]
    for n, each in enumerate(trajectories):
        traces.append(_trail(each, each.positions[step], COLOURS[n % len(COLOURS)]))
    return traces


def _cloud(points: Floats, words: list[str], name: str, visible: bool) -> Any:
    return go.Scatter3d(
        **_xyz(points),
        mode="markers",
        text=words,
        name=f"cloud at {name}",
        visible=visible,
        showlegend=False,
        hovertemplate="%{text}<extra>reference</extra>",
        marker={"size": 2, "color": CLOUD, "line": {"width": 0}},
    )


def _marks(each: Trajectory, points: Floats, colour: str, visible: bool) -> Any:
    tokens = each.sentence.tokens
    return go.Scatter3d(
        **_xyz(points),
        mode="markers+text",
        text=[_mark_label(token) for token in tokens],
        textfont={"color": colour, "size": 13},
        textposition="top center",
        hovertext=[escape(_label(token.text)) for token in tokens],
        hovertemplate="%{hovertext}<extra></extra>",
        visible=visible,
        showlegend=False,
        marker={"size": 5, "color": colour, "line": {"width": 0}},
    )


def _trail(each: Trajectory, paths: Floats, colour: str) -> Any:
    name = escape(
        each.sentence.text if len(each.sentence.text) <= 60 else each.sentence.text[:59] + "…"
    )
    return go.Scatter3d(
        **_xyz(_joined(paths)),
        mode="lines",
        name=name,
        hoverinfo="skip",
        line={"color": colour, "width": 2.5},
        opacity=0.75,
    )


def _joined(paths: Floats) -> Floats:
    """Every token's path one after the other, parted by a row of NaN: [token·(site+1), 3] from
    [site, token, 3].
    """
    sites, tokens, _ = paths.shape
    joined = np.full((tokens, sites + 1, 3), np.nan, dtype=np.float32)
    joined[:, :sites] = paths.transpose(1, 0, 2)
    return joined.reshape(-1, 3)


def _trust_traces(first: Trajectory, trust: Floats, step: int, site: int) -> list[Any]:
    """Mean trust of every cloud as a small map, and the two lines that mark the place shown."""
    steps, names = [str(s) for s in first.steps], [s.name for s in first.sites]
    heat = go.Heatmap(
        z=np.round(trust.T, 4),
        x=steps,
        y=names,
        zmin=0.5,
        zmax=1,
        colorscale="Cividis",
        colorbar={
            "title": {"text": "mean trust"},
            "thickness": 8,
            "len": 0.4,
            "y": 0.6,
            "outlinewidth": 0,
        },
        hovertemplate="step %{x}, %{y}<br>mean trustworthiness %{z:.3f}<extra></extra>",
    )
    line: dict[str, Any] = {
        "mode": "lines",
        "hoverinfo": "skip",
        "showlegend": False,
        "line": {"color": "#ffffff", "width": 1.5},
    }
    column = go.Scatter(x=[steps[step]] * 2, y=[names[0], names[-1]], **line)
    row = go.Scatter(x=[steps[0], steps[-1]], y=[names[site]] * 2, **line)
    return [heat, column, row]


def _step_frames(trajectories: Sequence[Trajectory], atlas: Clouds, chosen: Any) -> list[Any]:
    first = trajectories[0]
    sites, sentences = len(first.sites), len(trajectories)
    column = sites * (1 + sentences) + sentences + 1
    frames = []
    for i, step in enumerate(first.steps):
        clouds = atlas.cloud(step)
        data = [_move(clouds[s][chosen]) for s in range(sites)]
        data += [_move(each.positions[i, s]) for each in trajectories for s in range(sites)]
        data += [_move(_joined(each.positions[i])) for each in trajectories]
        data.append(go.Scatter(x=[str(step)] * 2))
        frames.append(
            go.Frame(name=f"{STEP}{step}", data=data, traces=[*range(column - 1), column])
        )
    return frames


def _site_frames(first: Trajectory, sentences: int) -> list[Any]:
    sites = len(first.sites)
    scene = sites * (1 + sentences)
    row = scene + sentences + 2
    frames = []
    for s, site in enumerate(first.sites):
        data: list[Any] = [go.Scatter3d(visible=n % sites == s) for n in range(scene)]
        data.append(go.Scatter(y=[site.name] * 2))
        frames.append(go.Frame(name=f"{SITE}{site.name}", data=data, traces=[*range(scene), row]))
    return frames


def _move(points: Floats) -> Any:
    return go.Scatter3d(**_xyz(points))


def _xyz(points: Floats) -> dict[str, Any]:
    return {
        axis: np.ascontiguousarray(points[:, n], dtype=np.float32) for n, axis in enumerate("xyz")
    }


def _layout(
    first: Trajectory, atlas: Clouds, made_with: dict[str, Any], points: int, place: tuple[int, int]
) -> dict[str, Any]:
    steps = [f"{STEP}{step}" for step in first.steps]
    sites = [f"{SITE}{site.name}" for site in first.sites]
    return {
        "paper_bgcolor": GROUND,
        "plot_bgcolor": GROUND,
        "font": {"color": INK, "family": "system-ui, sans-serif", "size": 12},
        "margin": {"l": 10, "r": 10, "t": 44, "b": 10},
        "height": 760,
        "title": {
            "text": escape(str(made_with["run"])) or "Layerfold",
            "x": 0.01,
            "font": {"size": 16},
        },
        "legend": {"x": 0.01, "y": 0.99, "bgcolor": "rgba(0,0,0,0)"},
        "scene": _scene(atlas),
        "xaxis": {
            "domain": [0.8, 0.97],
            "anchor": "y",
            "type": "category",
            "title": {"text": "training step"},
            "showgrid": False,
        },
        "yaxis": {"domain": [0.42, 0.78], "anchor": "x", "type": "category", "showgrid": False},
        "sliders": [_slider(steps, STEP, place[0], 0.17), _slider(sites, SITE, place[1], 0.07)],
        "updatemenus": [_buttons(steps, "training", 0.15), _buttons(sites, "layers", 0.05)],
        "annotations": [_caption(made_with, points, len(atlas.reference))],
    }


def _scene(atlas: Clouds) -> dict[str, Any]:
    center, radius = atlas.frame["center"], float(atlas.frame["radius"])
    hidden = {"visible": False, "autorange": False}
    camera = {"eye": {"x": 0.95, "y": 0.95, "z": 0.6}}
    axes = {
        f"{axis}axis": hidden | {"range": [float(c) - radius, float(c) + radius]}
        for axis, c in zip("xyz", center, strict=True)
    }
    return {
        "domain": {"x": [0, 0.76], "y": [0.2, 1]},
        "aspectmode": "cube",
        "bgcolor": GROUND,
        "uirevision": "kept",
        "camera": camera,
        **axes,
    }


def _animate(names: list[str] | list[None], milliseconds: int) -> dict[str, Any]:
    options = {
        "mode": "immediate",
        "fromcurrent": True,
        "frame": {"duration": milliseconds, "redraw": True},
        "transition": {"duration": 0},
    }
    return {"method": "animate", "args": [names, options]}


def _slider(names: list[str], prefix: str, active: int, y: float) -> dict[str, Any]:
    return {
        "active": active,
        "x": 0.14,
        "y": y,
        "yanchor": "middle",
        "len": 0.62,
        "pad": {"t": 0, "b": 0},
        "currentvalue": {"prefix": prefix, "font": {"size": 12, "color": INK}, "xanchor": "left"},
        "font": {"color": MUTED, "size": 10},
        "tickcolor": MUTED,
        "steps": [{"label": name.removeprefix(prefix), **_animate([name], 0)} for name in names],
    }


def _buttons(names: list[str], what: str, y: float) -> dict[str, Any]:
    return {
        "type": "buttons",
        "direction": "left",
        "showactive": False,
        "x": 0.01,
        "y": y,
        "xanchor": "left",
        "yanchor": "middle",
        "bgcolor": "#1b212b",
        "bordercolor": "#3a4352",
        "font": {"size": 11, "color": MUTED},
        "buttons": [
            {"label": f"▶ {what}", **_animate(names, 500)},
            {"label": "❚❚", **_animate([None], 0)},
        ],
    }


def _caption(made_with: dict[str, Any], points: int, reference: int) -> dict[str, Any]:
    atlas = ", ".join(
        f"{name} {value}"
        for name, value in made_with["atlas"].items()
        if isinstance(value, int | float | str)
    )
    versions = ", ".join(f"{name} {value}" for name, value in made_with["versions"].items())
    paragraphs = [
        f"{points:,} of {reference:,} reference tokens are drawn.",
        NEAR if made_with["projection"] == "umap" else FLAT,
        "The map: how much of each cloud's neighbourhoods is true (0.5: chance, 1: all).",
        f"{made_with['view']} states; {atlas}",
        versions,
    ]
    text = "<br>".join(
        escape(line, quote=False) for paragraph in paragraphs for line in wrap(paragraph, 46)
    )
    place = {
        "x": 0.79,
        "y": 0.27,
        "xref": "paper",
        "yref": "paper",
        "xanchor": "left",
        "yanchor": "top",
    }
    return {
        "text": text,
        "showarrow": False,
        "align": "left",
        "font": {"size": 10, "color": MUTED},
        **place,
    }


def _label(text: str) -> str:
    """How a token reads in a label: without the space before it, blanks made visible, cut at 24
    characters.
    """
    shown = text.strip() or text.replace(" ", "␣").replace("\n", "⏎").replace("\t", "⇥")
    return shown if len(shown) <= 24 else shown[:23] + "…"


def _mark_label(token: Token) -> str:
    """What stands beside a token; text in a 3-D scene knows tags but no entities, so angle brackets
    are drawn with their likeness.
    """
    return _label(token.text).replace("<", "‹").replace(">", "›") if token.piece == 0 else ""
