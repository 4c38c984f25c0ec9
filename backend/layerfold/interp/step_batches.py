"""What one optimiser step of a run needs besides its checkpoint: its settings then, and batches to
take it on.
"""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any, Final

import numpy as np
import torch
from torch import Tensor

from layerfold.errors import InputError
from layerfold.interp.optimizer_step import Hyper
from layerfold.records import Reference
from layerfold.runs.run import Run
from layerfold.training.optimizer import rate_at
from layerfold.training.recipe import Recipe, in_present_words
from layerfold.training.tasks import task_of_card

Batch = tuple[Tensor, Tensor]
EARLIER: Final = 8  # batches that make the moments
SEQUENCES: Final = 16  # in a batch of text
OWN, STORED = "own", "stored"


def hyper_of(run: Run, step: int) -> Hyper:
    """What the run's optimiser was told at a step; raises InputError where it was not AdamW."""
    told: dict[str, Any] = {
        "steps": run.card["steps"][-1],
        **{name: getattr(Recipe, name) for name in TOLD},
    }
    if run.kind != "gpt":
        raise InputError(
            "This run does not say what its optimiser was told: only steps of models trained by"
            " Layerfold are taken apart."
        )
    told |= in_present_words(run.card.get("hyperparameters", {}))
    if told["optimizer"] != "adamw":
        raise InputError(
            f"The run learned by {told['optimizer']}: only steps of AdamW are taken apart."
        )
    rate = rate_at(min(step, max(0, told["steps"] - 1)), SimpleNamespace(**told))  # type: ignore[arg-type]
    return Hyper(
        rate,
        told["beta1"],
        told["beta2"],
        1e-8,
        told["weight_decay"],
        told["decayed"],
        told["clip"],
    )


TOLD: Final = (
    *("optimizer", "learning_rate", "least_rate", "warmup", "schedule"),
    *("weight_decay", "decayed", "beta1", "beta2", "clip"),
)


def batches_of(run: Run, step: int, reference: Reference) -> tuple[list[Batch], Batch, str]:
    """Batches for the moments, earliest first, the batch of the step, and where they are from.

    ``own``: a task makes every batch again, so these are the very ones of this step and those
    before it. ``stored``: the text that a run learned from does not come with it; windows of its
    reference stand for it. Raises InputError where there are too few.
    """
    task = task_of_card(run.card)
    if task is not None:
        made = [_tensors(*task.at(at)) for at in range(max(0, step - EARLIER), step + 1)]
        return made[:-1], made[-1], OWN
    whole = reference.windows[(reference.windows >= 0).all(axis=1)]
    if len(whole) < 2 or whole.shape[1] < 2:
        raise InputError("The reference has no two whole windows: a step needs a batch.")
    order = np.random.default_rng(0).permutation(len(whole))
    size = min(SEQUENCES, max(1, len(whole) // (EARLIER + 1)))
    parts = [
        whole[order[start : start + size]]
        for start in range(0, min(len(whole), (EARLIER + 1) * size), size)
    ]
    made = [_tensors(part[:, :-1], part[:, 1:]) for part in parts]
    return made[1:], made[0], STORED


def _tensors(ids: Any, targets: Any) -> Batch:
    return torch.from_numpy(np.array(ids, dtype=np.int64)), torch.from_numpy(
        np.array(targets, dtype=np.int64)
    )
