"""The residual stream seen otherwise than in the picture: raw, normalised, or only what attention
and MLPs have added.

One plane of three principal directions for all sites of a step, so that a move between sites is
drawn as it is; turned toward the picture that it takes the place of (Schönemann 1966), and made as
large.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial
from typing import Any, Final, cast

import numpy as np

from layerfold.data.reference_states import fingerprint, states_at, viewed
from layerfold.geometry.trust import correlation, trust_of
from layerfold.interp.ablation import Scaling, ablate
from layerfold.interp.model_internals import Passage
from layerfold.interp.placed import PlacedView
from layerfold.interp.session import Session, never, stop_if
from layerfold.records import Floats, View

Cancelled = Callable[[], bool]
FORMAT: Final = 1
CLOUD: Final = "cloud"
SAMPLE: Final = 600  # reference tokens on which a view is scored
WITHIN: Final = 0.98  # of the points of every site lie within the frame


@dataclass(frozen=True)
class View3:
    """A linear way to see states: ``middle`` [d] and ``directions`` [3, d], what they hold of the
    variance [3], how each follows the length of the raw state (Pearson's r) [3], and mean
    trustworthiness among ``SAMPLE`` reference tokens [site].
    """

    middle: Floats
    directions: Floats
    shares: Floats
    norm: Floats
    trust: Floats

    def place(self, states: Floats) -> Floats:
        """Places [..., 3] of states [..., d] of this view."""
        return np.asarray((states - self.middle) @ self.directions.T, dtype=np.float32)


class StreamViews:
    """Views of a run's residual stream; sentences are of at most ``max_tokens``. Raises as
    ``ModelInternals``.
    """

    def __init__(self, session: Session, max_tokens: int | None = None) -> None:
        self.session = session
        self.max_tokens = max_tokens

    def stream_view(
        self,
        asked: Passage,
        view: str,
        scaling: Scaling | None = None,
        cancelled: Cancelled = never,
    ) -> PlacedView:
        """The sentence and the cloud in a view: ``raw``, ``normalised``, or ``added``, what
        attention and MLPs have written; with parts scaled beside it.
        """
        stop_if(cancelled)
        session, step = self.session, asked.step
        picture = session.picture(asked.projection)
        shown = picture.cloud(step)
        sentence = session.tokenize(asked.text, self.max_tokens, asked.special)
        adapter = session.space(step).adapter
        ways = {"positions": adapter.states(sentence.ids).values}
        if scaling is not None:
            ways["moved"] = ablate(adapter, sentence.ids, scaling).states
        found, cloud = view_at(session, step, view, cancelled)
        stop_if(cancelled)
        turn, scale, center = fitted(cloud, shown, picture.frame)
        places = {
            "cloud": cloud,
            **{name: found.place(seen(way, view)) for name, way in ways.items()},
        }
        placed = {
            name: np.asarray(scale * (values @ turn) + center, dtype=np.float32)
            for name, values in places.items()
        }
        return PlacedView(
            rounded(found.shares),
            rounded(found.norm),
            rounded(found.trust),
            min(SAMPLE, cloud.shape[1]),
            **placed,
        )


def view_at(
    session: Session, step: int, how: str, cancelled: Cancelled = never
) -> tuple[View3, Floats]:
    """A view of the cloud at a step, and its places [site, ref, 3], found once and kept by content:
    the reference is not read again for another sentence. Raises Cancelled."""
    reference = session.atlas.reference
    origin = {
        "format": FORMAT,
        "what": "stream view",
        "view": how,
        "checkpoint": session.run.origin(step),
        "reference": fingerprint(reference),
    }

    def made() -> dict[str, Floats]:
        model = partial(session.model, step)
        raw = states_at(session.run, step, reference, model, lambda _: stop_if(cancelled))
        states = seen(raw, how)
        found = view_of(states, raw)
        return {**vars(found), CLOUD: found.place(states)}

    kept = {
        name: np.asarray(values) for name, values in session.cache.get_all(origin, made).items()
    }
    cloud = kept.pop(CLOUD)
    return View3(**kept), cloud


def seen(raw: Floats, how: str) -> Floats:
    """Raw states [site, token, d] as they are, each layer-normalised, or without the embedding they
    began as.
    """
    return raw - raw[:1] if how == "added" else viewed(raw, cast(View, how))


def view_of(states: Floats, raw: Floats) -> View3:
    """The three principal directions of states [site, token, d] of all sites together, and what
    they keep.
    """
    flat = states.reshape(-1, states.shape[-1]).astype(np.float64)
    middle = flat.mean(axis=0)
    values, vectors = np.linalg.eigh((flat - middle).T @ (flat - middle) / len(flat))
    directions = np.zeros((3, flat.shape[1]))
    directions[: min(3, len(values))] = vectors[:, ::-1].T[:3]
    shares = np.zeros(3)
    shares[: min(3, len(values))] = (values[::-1] / max(values.sum(), 1e-30))[:3]
    places = (flat - middle) @ directions.T
    lengths = np.linalg.norm(raw.astype(np.float64), axis=-1).ravel()
    norm = [correlation(places[:, axis], lengths) for axis in range(3)]
    few = np.unique(np.linspace(0, states.shape[1] - 1, SAMPLE).astype(int))
    view = View3(
        single(middle),
        single(directions),
        single(shares),
        single(norm),
        np.full(len(states), np.nan, dtype=np.float32),
    )
    for site, slice in enumerate(states[:, few]):
        if distinct(slice):
            view.trust[site] = trust_of(slice, view.place(slice)).means()[0]
    return view


def single(values: Any) -> Floats:
    """Values in single precision."""
    return np.asarray(values, dtype=np.float32)


def distinct(states: Floats) -> bool:
    """Whether states [token, d] are enough and not all the same, so that they have neighbours to be
    kept.
    """
    return len(states) > 48 and bool(np.ptp(states, axis=0).max() > 0)


def fitted(places: Floats, shown: Floats, frame: Mapping[str, Any]) -> tuple[Floats, float, Floats]:
    """A turn [3, 3], a scale and a middle [3]: places [site, ref, 3] then fill the frame, as near
    to those shown as a turn brings them.
    """
    flat, other = places.reshape(-1, 3).astype(np.float64), shown.reshape(-1, 3).astype(np.float64)
    left, _, right = np.linalg.svd(flat.T @ (other - other.mean(axis=0)))
    # the widest site fits, the others lie within it
    reach = float(np.quantile(np.linalg.norm(places, axis=-1), WITHIN, axis=-1).max())
    return (
        np.asarray(left @ right),
        float(frame["radius"]) / max(reach, 1e-30),
        np.asarray(frame["center"], dtype=np.float64),
    )


def rounded(values: Floats) -> tuple[float | None, ...]:
    """Numbers of four places; None for what is none."""
    return tuple(round(float(value), 4) if np.isfinite(value) else None for value in values)
