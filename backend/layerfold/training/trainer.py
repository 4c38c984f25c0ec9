"""Training as a generator of steps: the same recipe and text give the same run, also through a kill
and a resume.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial
from math import inf, sqrt
from pathlib import Path
from time import perf_counter
from typing import Any, Protocol

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from layerfold.data.batches import Batches, Data, prepare
from layerfold.data.corpus import Text
from layerfold.data.poems import counted, known, typed_forms
from layerfold.data.sounds import FILE as SOUNDS
from layerfold.data.sounds import gathered
from layerfold.data.sources import CORPORA, texts_at
from layerfold.model.checkpoint import read_checkpoint, save_checkpoint
from layerfold.model.gpt import GPT
from layerfold.model.tokenizers.byte_level import Tokenizer
from layerfold.runs.opening import open_run
from layerfold.runs.run import Run, checkpoint_name
from layerfold.training.baselines import baselines, bits_per_byte
from layerfold.training.loss import UnembeddedLoss
from layerfold.training.optimizer import Optimizer, rate_at
from layerfold.training.recipe import Recipe
from layerfold.training.repeats import (
    held_windows,
    in_context,
    losses,
    mixed,
    prefix_matching,
    regained,
)
from layerfold.training.resume import load_resume, save_resume
from layerfold.training.writer import RunWriter

Row = dict[str, Any]
Ids = NDArray[np.int64]


@dataclass(frozen=True)
class Progress:
    """How far a training is: ``loss`` in nats a token, ``bits_per_byte`` where this step was a
    checkpoint, ``left`` seconds.

    ``test_accuracy`` 0..1 is the last that was found, ``seconds`` those of training so far, earlier
    calls among them.
    """

    stage: str
    step: int = 0
    steps: int = 0
    loss: float = float("nan")
    bits_per_byte: float | None = None
    tokens_per_second: float = 0.0
    left: float = float("inf")
    test_accuracy: float | None = None
    seconds: float = 0.0


Report = Callable[[Progress], None]


def train(
    recipe: Recipe,
    out: Path,
    *,
    progress: Report = lambda _: None,
    cache: Path | None = None,
    stopped: Callable[[], bool] = lambda: False,
) -> Run:
    """``out`` holds the finished run; what an earlier, broken call left there is taken up.

    Once ``stopped``, the step at hand is ended, all that the next one needs is stored, and the run
    stays unfinished. Raises RecipeError (``out`` holds another run), CorpusError.
    """
    writer = RunWriter(out, recipe)
    if writer.finished:
        return open_run(out)
    trainer = Trainer(recipe, made_lesson(recipe, writer, progress, cache), writer)
    for now in trainer.steps():
        progress(now)
        if stopped() and now.step < recipe.steps:
            trainer.save(now.step + 1)
            return open_run(out)
    return writer.finish()


class Lesson(Protocol):
    """What a model learns from and is tested on: a task, or text."""

    @property
    def length(self) -> int:
        """Tokens that a step learns from."""
        ...

    def at(self, step: int) -> tuple[Ids, Ids]:
        """The ids of a step [sequence, token], and what follows the last tokens of each [sequence,
        t].
        """
        ...

    def tests(self, model: GPT) -> dict[str, float]:
        """What a checkpoint can do, by name."""
        ...


def made_lesson(recipe: Recipe, writer: RunWriter, progress: Report, cache: Path | None) -> Lesson:
    """What the recipe's model learns, its vocabulary and baselines stored; raises RecipeError,
    CorpusError.
    """
    task = recipe.made_task()
    if task is not None:
        writer.symbols(task)
        writer.begin((), task.baselines)
        return task
    progress(Progress("gathering text"))
    texts = texts_of(recipe, cache)
    progress(Progress("reading text"))
    texts, tokenizer = read_texts(recipe, writer, texts, cache or CORPORA)
    data = prepare(
        texts, tokenizer, held_out=recipe.held_out, seed=recipe.split, block=recipe.block_size
    )
    orders = (3, 5) if recipe.tokens == "characters" else (3,)
    writer.begin(texts, lambda: baselines(data, recipe.block_size, orders))
    return Reading(recipe, data, tokenizer.end)


def read_texts(
    recipe: Recipe, writer: RunWriter, texts: tuple[Text, ...], cache: Path
) -> tuple[tuple[Text, ...], Tokenizer]:
    """The texts that the model can read, and its vocabulary, which is stored; with sounds, where
    the text is verse.
    """
    if recipe.tokens != "characters":
        return texts, writer.tokenizer(texts)
    verse = recipe.corpus == "poet"
    tokenizer = writer.characters(
        counted(texts), partial(typed_forms, cache) if verse else lambda kept: {}
    )
    if verse and not (writer.folder / SOUNDS).exists():
        writer.add_file(SOUNDS, gathered(cache, set(tokenizer.characters)).stored())
    return known(texts, tokenizer), tokenizer


class Reading:
    """Text to learn from, and text held out to test on."""

    def __init__(self, recipe: Recipe, data: Data, end: int) -> None:
        self.data = data
        self.recipe = recipe
        self.length = recipe.batch_size * recipe.block_size
        self.batches = Batches(
            data, recipe.seed, recipe.batch_size, recipe.block_size, aligned=recipe.aligned, end=end
        )

    def at(self, step: int) -> tuple[Ids, Ids]:
        """The windows of a step, a share of them repeated random tokens where the recipe says
        so.
        """
        inputs, targets = self.batches.at(step)
        if not self.recipe.repeats:
            return inputs, targets
        rng = np.random.default_rng((self.recipe.seed, step, 1))
        return mixed(inputs, targets, rng, self.recipe.repeats, self.recipe.vocab_size)

    def tests(self, model: GPT) -> dict[str, float]:
        """``val_loss`` in nats a token and ``bits_per_byte`` on the held-out text; what repetition
        brings where it is learned from.
        """
        loss, bits = held_out_loss(model, self.data)
        found = {"val_loss": loss, "bits_per_byte": bits}
        if self.recipe.repeats:
            windows, periods = held_windows(self.recipe.block_size, self.recipe.vocab_size)
            found["prefix_matching"] = float(prefix_matching(model, windows, periods).max())
            found["repeat_score"] = regained(losses(model, windows), periods)
            found["in_context_score"] = in_context(
                losses(model, *self.data.windows(self.recipe.block_size))
            )
        return found


def texts_of(recipe: Recipe, cache: Path | None = None) -> tuple[Text, ...]:
    """The texts a recipe names; raises CorpusError."""
    return texts_at(recipe.corpus, cache)


class Trainer:
    """One model learning one lesson; ``steps`` does the work."""

    def __init__(self, recipe: Recipe, lesson: Lesson, writer: RunWriter) -> None:
        self.recipe, self.lesson, self.writer = recipe, lesson, writer
        self.model = GPT(recipe.config, seed=recipe.seed)
        self.optimizer = Optimizer(self.model, recipe)
        self.start, self.seconds = load_resume(writer.resume, self.model, self.optimizer)
        self.accuracy: float | None = None
        self._began = perf_counter() - self.seconds
        writer.rewind(self.start)

    def save(self, step: int) -> None:
        """All that ``step`` and those after it depend on is on disk."""
        save_resume(
            self.writer.resume, self.model, self.optimizer, step, perf_counter() - self._began
        )

    def steps(self) -> Iterator[Progress]:
        """Does one step for each item taken, checkpoints and metrics written on the way; begins
        where the last save was.
        """
        self._began = began = perf_counter() - self.seconds
        for step in range(self.start, self.recipe.steps + 1):
            if step > self.start and step % self.recipe.resume_every == 0:
                self.save(step)
            row: Row = {"step": step, "tokens": step * self.lesson.length}
            if step in self.recipe.checkpoints:
                row |= self._checkpoint(step)
            elif self.recipe.test_every and step % self.recipe.test_every == 0:
                row |= self.lesson.tests(self.model)
            self.accuracy = row.get("test_accuracy", self.accuracy)
            row |= self._step(step)
            row["seconds"] = round(perf_counter() - began, 3)
            self._log(row)
            yield self._progress(row, began)

    def _step(self, step: int) -> Row:
        """The loss before the update, and the update (none at the last step)."""
        inputs, targets = (torch.from_numpy(ids) for ids in self.lesson.at(step))
        if step == self.recipe.steps:
            with torch.no_grad():
                return {"loss": self._loss(inputs, targets).item()}
        rate = rate_at(step, self.recipe)
        loss = self._loss(inputs, targets)
        loss.backward()  # type: ignore[no-untyped-call]
        norms = gradient_norms(self.model) if self._logged(step) else {}
        total = torch.nn.utils.clip_grad_norm_(
            self.model.parameters(), self.recipe.clip or inf
        ).item()
        self.optimizer.step(rate)
        return {"loss": loss.item(), "lr": rate, "grad_norm": total, "grad_norms": norms}

    def _loss(self, inputs: Tensor, targets: Tensor) -> Tensor:
        with torch.autocast(
            "cpu", dtype=torch.bfloat16, enabled=self.recipe.precision == "bfloat16"
        ):
            states = self.model.final(inputs, last=targets.shape[1]).flatten(0, 1)
        dtype = torch.bfloat16 if self.recipe.precision == "bfloat16" else torch.float32
        loss: Tensor = UnembeddedLoss.apply(
            states, self.model.unembedding, targets.flatten(), dtype
        )  # type: ignore[no-untyped-call]
        return loss

    def _checkpoint(self, step: int) -> Row:
        """The weights stored, and what the stored weights can do."""
        path = self.writer.folder / checkpoint_name(step)
        save_checkpoint(path, self.model, self.recipe.stored)
        tests = self.lesson.tests(read_checkpoint(path, self.recipe.config))
        self.writer.add_checkpoint(step, tests)
        return dict(tests)

    def _logged(self, step: int) -> bool:
        often = (
            step <= self.recipe.log_all
            or step % self.recipe.log_every == 0
            or step in self.recipe.checkpoints
        )
        return often or bool(self.recipe.test_every and step % self.recipe.test_every == 0)

    def _log(self, row: Row) -> None:
        if self._logged(row["step"]):
            self.writer.add_row(row)

    def _progress(self, row: Row, began: float) -> Progress:
        step, total = row["step"], self.recipe.steps
        seconds = max(perf_counter() - began, 1e-9)
        pace = (step + 1) / seconds
        tokens = pace * self.lesson.length
        left = (total - step) / pace
        return Progress(
            "training",
            step,
            total,
            row["loss"],
            row.get("bits_per_byte"),
            tokens,
            left,
            self.accuracy,
            round(seconds, 3),
        )


@torch.inference_mode()
def held_out_loss(model: GPT, data: Data, batch: int = 32) -> tuple[float, float]:
    """Nats a token and bits a byte on the held-out text, in float32."""
    inputs, targets = data.windows(model.config.block_size)
    nats = 0.0
    for start in range(0, len(inputs), batch):
        part = (
            torch.from_numpy(inputs[start : start + batch]),
            torch.from_numpy(targets[start : start + batch]),
        )
        nats += model(*part).item() * part[1].numel()
    return nats / targets.size, bits_per_byte(nats, targets, data)


def gradient_norms(model: GPT) -> dict[str, float]:
    """The gradient's length in the embeddings, in each layer's attention and MLP, and in the final
    norm.
    """
    squares: dict[str, float] = {}
    for name, weight in model.named_parameters():
        if weight.grad is not None:
            group = group_of(name)
            squares[group] = squares.get(group, 0.0) + float(weight.grad.square().sum())
    return {group: sqrt(square) for group, square in squares.items()}


def group_of(name: str) -> str:
    """The part of the model a weight belongs to: ``embed``, ``L0.mid``, ``L0.post``, …,
    ``norm``.
    """
    parts = name.split(".")
    if parts[0] != "blocks":
        return "norm" if parts[0] == "norm" else "embed"
    return f"L{parts[1]}.{'mid' if parts[2] in ('attention', 'norm_mid') else 'post'}"
