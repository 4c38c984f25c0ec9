"""One optimizer step and the whole trajectory of the weights, as a run's checkpoints tell them."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from functools import partial
from typing import Any, Final

import numpy as np
import torch
from numpy.typing import NDArray

from layerfold.data.reference_states import reference_states
from layerfold.errors import InputError, StepNotFound
from layerfold.interp import loss_landscape as landscape
from layerfold.interp.model_internals import Passage
from layerfold.interp.optimizer_step import (
    PARTS,
    Hyper,
    Motion,
    adamw_parts,
    batch_loss,
    gradients,
    moments_of,
    moved,
    rivals,
)
from layerfold.interp.placed import LossLine, LossPlane, PlacedStep
from layerfold.interp.session import Session, never, stop_if
from layerfold.interp.shown import Shown, norms
from layerfold.interp.step_batches import Batch, batches_of, hyper_of
from layerfold.model.forward import gpt_of
from layerfold.model.gpt import GPT
from layerfold.model.gpt_adapter import GPTAdapter
from layerfold.records import Floats
from layerfold.training.trainer import group_of

Cancelled = Callable[[], bool]
STEP: Final = "step"
# rows of what is kept; the step is the sum of the parts
MOTIONS: Final = (*PARTS, "sgd", "sgd_momentum", "adam")
MOST_WEIGHTS: Final = 100_000_000  # 400 MB


class WeightMotion:
    """Steps of a run's optimizer and the plane of its weights; sentences are of at most
    ``max_tokens``. Raises as ``ModelInternals``.
    """

    def __init__(self, session: Session, max_tokens: int | None = None) -> None:
        self.session = session
        self.max_tokens = max_tokens

    # ---- a step

    def optimizer_step(
        self,
        asked: Passage,
        component: str = STEP,
        factor: float = 1.0,
        cloud: bool = False,
        cancelled: Cancelled = never,
    ) -> PlacedStep:
        """A component of the step, or an alternative optimizer's, ``factor`` times, and what it
        does to the sentence; with ``cloud`` to the reference, too.
        """
        session, step = self.session, asked.step
        session.picture(asked.projection)
        sentence = session.tokenize(asked.text, self.max_tokens, asked.special)
        model = gpt_of(session.space(step).adapter)
        hyper = hyper_of(session.run, step)
        earlier, batch, origin = batches_of(session.run, step, session.atlas.reference)
        stop_if(cancelled)
        rows = self._motions(step, model, hyper, earlier, batch)
        stop_if(cancelled)
        gone = GPTAdapter(moved(model, by_weight(model, row_of(rows, component)), factor))
        was = GPTAdapter(model).states(sentence.ids).values
        now = gone.states(sentence.ids).values
        shown = Shown(session, step, asked.projection)
        positions, trust = shown.moves(was, now)
        stop_if(cancelled)
        names = (*MOTIONS, STEP)
        before, after = (loss_of(one, batch) for one in (model, gone.model))
        return PlacedStep(
            origin,
            len(batch[0]),
            len(earlier),
            hyper.rate,
            hyper.beta1,
            hyper.beta2,
            hyper.decay,
            component,
            factor,
            {name: length_of(row_of(rows, name)) for name in names},
            {name: groups_of(model, row_of(rows, name)) for name in names},
            before,
            after,
            positions,
            norms(now),
            norms(now - was),
            trust,
            shown.places(reference_states(gone, session.atlas.reference)) if cloud else None,
        )

    def _motions(
        self, step: int, model: GPT, hyper: Hyper, before: list[Batch], batch: Batch
    ) -> NDArray[Any]:
        """Every motion as one row of all weights, [motion, p]; computed once."""
        batches = digest_of([*before, batch])
        made_from = {
            "what": "motions",
            "checkpoint": self.session.run.origin(step),
            "batches": batches,
            "hyper": vars(hyper),
        }

        def compute() -> NDArray[Any]:
            grads = gradients(model, *batch, hyper.clip)
            moments = moments_of(model, before, hyper)
            found = adamw_parts(model, grads, moments, hyper)
            others = rivals(grads, moments, hyper)
            motions = [
                *(found[part] for part in PARTS),
                others["sgd"],
                others["momentum"],
                others["adam"],
            ]
            return np.stack([row_from(motion) for motion in motions])

        return self.session.cache.get(made_from, compute)

    # ---- the trajectory

    def loss_landscape(self, size: int = 15, cancelled: Cancelled = never) -> Iterator[LossPlane]:
        """The weight trajectory with the loss under it, ``size`` places a side: how far it is, now
        and then, and at last all of it.
        """
        run, kept = self.session.run, self.session.cache
        steps = run.steps
        model_at = self._model_at(steps[-1])
        _, batch, origin = batches_of(run, steps[-1], self.session.atlas.reference)
        loss = partial(loss_of, batch=batch)
        path = landscape.path_of(model_at, steps)
        plane = LossPlane(0.0, tuple(steps), len(path.origin), origin, len(batch[0]))
        a, b = landscape.crossings(path, size)
        made_from = {
            "what": "survey",
            "checkpoints": [run.origin(step) for step in steps],
            "batch": digest_of([batch]),
        }
        like, rows = model_at(steps[-1]), []
        for n, height in enumerate(b.tolist()):
            stop_if(cancelled)
            yield replace(plane, share=n / (size + 1))
            row = partial(landscape.row_of, path, like, loss, a, height)
            rows.append(kept.get({**made_from, "size": size, "row": n}, row))
        own = kept.get(
            made_from, lambda: np.array([loss(model_at(step)) for step in steps], dtype=np.float32)
        )
        yield replace(
            plane,
            share=1.0,
            places=path.places,
            off=path.off,
            shares=path.shares,
            a=a,
            b=b,
            loss=np.stack(rows),
            own=own,
        )

    def loss_line(self, start: int, end: int, cancelled: Cancelled = never) -> LossLine:
        """The loss on the straight line between two checkpoints."""
        steps = self.session.run.steps
        for step in (start, end):
            if step not in steps:
                raise StepNotFound(
                    f"There is no checkpoint at step {step}. There are at:"
                    f" {', '.join(map(str, steps))}."
                )
        model_at = self._model_at(steps[-1])
        _, batch, _ = batches_of(self.session.run, steps[-1], self.session.atlas.reference)
        stop_if(cancelled)
        loss = partial(loss_of, batch=batch)
        found = landscape.line_between(model_at(start), model_at(end), loss)
        return LossLine(found.barrier, found.share, found.losses)

    def _model_at(self, step: int) -> Callable[[int], GPT]:
        """Opens a checkpoint; raises InputError where the run has none of ours, or they are too
        large to hold side by side.
        """
        model = gpt_of(self.session.run.adapter(step))
        weights = sum(weight.numel() for weight in model.parameters()) * len(self.session.run.steps)
        if weights > MOST_WEIGHTS:
            raise InputError(
                f"The checkpoints hold {weights:,} weights in all; at most {MOST_WEIGHTS:,} are"
                " laid side by side here."
            )
        return lambda at: gpt_of(self.session.run.adapter(at))


@torch.inference_mode()
def loss_of(model: GPT, batch: Batch) -> float:
    """The batch's loss in nats."""
    return float(batch_loss(model, *batch))


def row_from(motion: Motion) -> Floats:
    """A motion of all weights in a row [p], in the order of the model's parameters."""
    return np.concatenate(
        [np.asarray(part.numpy(), dtype=np.float32).ravel() for part in motion.values()]
    )


def row_of(rows: NDArray[Any], name: str) -> Floats:
    """The row of a motion; the step is the sum of its parts."""
    if name == STEP:
        return np.asarray(rows[: len(PARTS)].sum(axis=0), dtype=np.float32)
    return np.asarray(rows[MOTIONS.index(name)], dtype=np.float32)


def by_weight(model: GPT, row: Floats) -> Motion:
    """A row [p] as a motion of each weight."""
    weights = dict(model.named_parameters())
    sizes = np.cumsum([0, *(weight.numel() for weight in weights.values())])
    return {
        name: torch.from_numpy(row[start:end].copy()).view_as(weight)
        for (name, weight), start, end in zip(weights.items(), sizes[:-1], sizes[1:], strict=True)
    }


def groups_of(model: GPT, row: Floats) -> dict[str, float]:
    """The length of a motion in each group of weights: embed, L0.mid, L0.post, …, norm."""
    squares: dict[str, float] = {}
    for name, part in by_weight(model, row).items():
        squares[group_of(name)] = squares.get(group_of(name), 0.0) + float(
            part.double().square().sum()
        )
    return {group: square**0.5 for group, square in squares.items()}


def length_of(row: Floats) -> float:
    """The Euclidean length of a row."""
    return float(np.linalg.norm(row.astype(np.float64)))


def digest_of(batches: Sequence[Batch]) -> str:
    """One hash of batches."""
    return hashlib.sha256(
        b"".join(part.numpy().tobytes() for one in batches for part in one)
    ).hexdigest()
