"""One optimiser step and the whole way of the weights, as a run's checkpoints tell them."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import partial
from typing import Any, Final

import numpy as np
import torch
from numpy.typing import NDArray

from layerfold.data.reference_states import reference_states, viewed
from layerfold.errors import InputError, StepNotFound
from layerfold.interp import loss_landscape as landscape
from layerfold.interp.decomposition import network_of
from layerfold.interp.linear_projection import LinearProjection
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
from layerfold.interp.session import Session, never, stop_if
from layerfold.interp.step_batches import Batch, batches_of, hyper_of
from layerfold.model.adapter import GPTAdapter
from layerfold.model.gpt import GPT
from layerfold.records import Floats
from layerfold.server.protocol.inspect import Line, Lined, Stride, Strode, Survey, Surveyed
from layerfold.training.trainer import group_of

Tensors = Mapping[str, Floats]
Cancelled = Callable[[], bool]
STEP: Final = "step"
# rows of what is kept; the step is the sum of the parts
MOTIONS: Final = (*PARTS, "sgd", "sgd_momentum", "adam")
MOST_WEIGHTS: Final = 50_000_000


class WeightMotion:
    """Steps of a run's optimiser and the plane of its weights; sentences are of at most
    ``max_tokens``.
    """

    def __init__(self, run: Session, max_tokens: int | None = None) -> None:
        self.run = run
        self.max_tokens = max_tokens

    # ---- a step

    def stride(self, question: Stride, cancelled: Cancelled = never) -> tuple[Strode, Tensors]:
        """A motion of the weights and what it does to the sentence; raises StepNotFound,
        InputError, EmptyText, Cancelled, DamagedRun.
        """
        self.run.picture(question.projection)
        sentence = self.run.tokenize(question.text, self.max_tokens, question.special)
        space = self.run.space(question.step)
        model = network_of(space.adapter)
        hyper = hyper_of(self.run.run, question.step)
        before, batch, origin = batches_of(self.run.run, question.step, self.run.atlas.reference)
        stop_if(cancelled)
        rows = self._motions(question.step, model, hyper, before, batch)
        stop_if(cancelled)
        gone = GPTAdapter(
            moved(model, by_weight(model, row_of(rows, question.motion)), question.factor)
        )
        tensors = self._moves(
            question,
            GPTAdapter(model).states(sentence.ids).values,
            gone.states(sentence.ids).values,
        )
        if question.cloud:
            stop_if(cancelled)
            tensors["cloud"] = self._places(
                question, reference_states(gone, self.run.atlas.reference)
            )
        lengths = {name: length_of(row_of(rows, name)) for name in (*MOTIONS, STEP)}
        groups = {name: groups_of(model, row_of(rows, name)) for name in (*MOTIONS, STEP)}
        losses = [loss_of(one, batch) for one in (model, gone.model)]
        told = Strode(
            origin=origin,  # type: ignore[arg-type]
            sequences=len(batch[0]),
            earlier=len(before),
            rate=hyper.rate,
            beta1=hyper.beta1,
            beta2=hyper.beta2,
            decay=hyper.decay,
            motion=question.motion,
            factor=question.factor,
            lengths=lengths,
            groups=groups,
            before=losses[0],
            after=losses[1],
        )
        return told, tensors

    def _motions(
        self, step: int, model: GPT, hyper: Hyper, before: list[Batch], batch: Batch
    ) -> NDArray[Any]:
        """Every motion as one row of all weights, [motion, p]; computed once."""
        batches = digest_of([*before, batch])
        made_from = {
            "what": "motions",
            "checkpoint": self.run.run.origin(step),
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

        return self.run.cache.get(made_from, compute)

    def _moves(self, question: Stride, before: Floats, after: Floats) -> dict[str, Floats]:
        """Where raw states [site, token, d] come to lie, how far that is, and what part of it the
        picture keeps.
        """
        start, end, view = (
            self._places(question, before),
            self._places(question, after),
            self.run.atlas.view,
        )
        true = lengths_of(viewed(after, view) - viewed(before, view)) * self._slope(question)
        trust = np.divide(lengths_of(end - start), true, out=np.ones_like(true), where=true > 0)
        return {
            "positions": end,
            "norm": lengths_of(after),
            "length": lengths_of(after - before),
            "trust": trust,
        }

    def _slope(self, question: Stride) -> Floats:
        """What is typical at each site [site, 1]: shown over true length of the move that leads on,
        at the last site of the one there.
        """
        picture = self.run.picture(question.projection)
        slope = (
            picture.slope(question.step)
            if isinstance(picture, LinearProjection)
            else self.run.space(question.step).slope
        )
        return slope[np.minimum(np.arange(len(self.run.sites)), len(slope) - 1)][:, None]

    def _places(self, question: Stride, raw: Floats) -> Floats:
        """Where raw states [site, token, d] lie in the step's own clouds: [site, token, 3]."""
        states, picture = viewed(raw, self.run.atlas.view), self.run.picture(question.projection)
        if isinstance(picture, LinearProjection):
            return picture.place(states, question.step)
        return self.run.space(question.step).placer.place(states).positions

    # ---- the way

    def survey(
        self, question: Survey, cancelled: Cancelled = never
    ) -> Iterator[tuple[Surveyed, Tensors]]:
        """The way of the weights with the loss under it: how far it is, now and then, and at last
        all of it. Raises as ``stride``.
        """
        steps = self.run.run.steps
        model_at = self._model_at(steps[-1])
        _, batch, origin = batches_of(self.run.run, steps[-1], self.run.atlas.reference)
        loss = partial(loss_of, batch=batch)

        path = landscape.path_of(model_at, steps)
        weights = len(path.origin)

        def told(share: float) -> Surveyed:
            return Surveyed(
                share=share,
                steps=list(steps),
                weights=weights,
                origin=origin,
                sequences=len(batch[0]),
            )  # type: ignore[arg-type]

        a, b = landscape.crossings(path, question.size)
        made_from = {
            "what": "survey",
            "checkpoints": [self.run.run.origin(step) for step in steps],
            "batch": digest_of([batch]),
        }
        like, rows = model_at(steps[-1]), []
        for n, height in enumerate(b.tolist()):
            stop_if(cancelled)
            yield told(n / (question.size + 1)), {}
            row = partial(landscape.row_of, path, like, loss, a, height)
            rows.append(self.run.cache.get({**made_from, "size": question.size, "row": n}, row))
        own = self.run.cache.get(
            made_from, lambda: np.array([loss(model_at(step)) for step in steps], dtype=np.float32)
        )
        tensors = {
            "places": path.places,
            "off": path.off,
            "shares": path.shares,
            "a": a,
            "b": b,
            "loss": np.stack(rows),
            "own": own,
        }
        yield told(1.0), tensors

    def line(self, question: Line, cancelled: Cancelled = never) -> tuple[Lined, Tensors]:
        """The loss on the straight line between two checkpoints; raises as ``stride``."""
        steps = self.run.run.steps
        for step in (question.start, question.end):
            if step not in steps:
                raise StepNotFound(
                    f"There is no checkpoint at step {step}. There are at:"
                    f" {', '.join(map(str, steps))}."
                )
        model_at = self._model_at(steps[-1])
        _, batch, _ = batches_of(self.run.run, steps[-1], self.run.atlas.reference)
        stop_if(cancelled)
        found = landscape.line_between(
            model_at(question.start), model_at(question.end), partial(loss_of, batch=batch)
        )
        return Lined(barrier=found.barrier), {"share": found.share, "losses": found.losses}

    def _model_at(self, step: int) -> Callable[[int], GPT]:
        """Opens a checkpoint; raises InputError where the run has none of ours, or they are too
        large to hold side by side.
        """
        model = network_of(self.run.run.adapter(step))
        weights = sum(weight.numel() for weight in model.parameters()) * len(self.run.run.steps)
        if weights > MOST_WEIGHTS:
            raise InputError(
                f"The checkpoints hold {weights:,} weights in all; at most {MOST_WEIGHTS:,} are"
                " laid side by side here."
            )
        return lambda at: network_of(self.run.run.adapter(at))


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


def lengths_of(vectors: Floats) -> Floats:
    """The Euclidean lengths along the last axis."""
    return np.asarray(np.linalg.norm(vectors, axis=-1), dtype=np.float32)


def length_of(row: Floats) -> float:
    """The Euclidean length of a row."""
    return float(np.linalg.norm(row.astype(np.float64)))


def digest_of(batches: Sequence[Batch]) -> str:
    """One hash of batches."""
    return hashlib.sha256(
        b"".join(part.numpy().tobytes() for one in batches for part in one)
    ).hexdigest()
