"""What turns gradients into steps: Muon for the matrices inside the layers, AdamW for all else; or
one of torch's own alone.
"""

from __future__ import annotations

from math import cos, pi
from typing import Any

import torch
from torch import Tensor

from layerfold.model.gpt import GPT
from layerfold.training.recipe import Recipe


class Optimizer:
    """One step for every weight of a model, at a rate given each time.

    Muon (Jordan et al. 2024) steps by the orthogonalised momentum, scaled to AdamW's usual length
    (Liu et al. 2025); AdamW is Loshchilov & Hutter 2019, Adam adds the decay to the gradient
    (Kingma & Ba 2015), momentum keeps ``beta1`` of the step before, and sgd nothing. Matrices
    inside layers decay, embeddings, biases and norms do not, unless the recipe says otherwise.
    """

    def __init__(self, model: GPT, recipe: Recipe) -> None:
        named = dict(model.named_parameters())
        inner = {
            name: w for name, w in named.items() if w.dim() == 2 and name.startswith("blocks.")
        }
        outer = [w for name, w in named.items() if name not in inner]
        # dimensions from which on a weight decays
        least = {"layers": 3, "matrices": 2, "everything": 0}[recipe.decayed]
        groups = [
            {
                "params": [w for w in outer if (w.dim() >= least) == decays],
                "weight_decay": recipe.weight_decay * decays,
            }
            for decays in (False, True)
        ]
        self._names: dict[Tensor, str] = {weight: name for name, weight in named.items()}
        self._parts: list[torch.optim.Optimizer] = []
        if recipe.optimizer == "muon":
            scaled = "match_rms_adamw"
            self._parts.append(
                torch.optim.Muon(
                    inner.values(),
                    weight_decay=recipe.weight_decay,
                    momentum=0.95,
                    adjust_lr_fn=scaled,
                )
            )
        else:
            groups.append({"params": list(inner.values()), "weight_decay": recipe.weight_decay})
        self._remembers = recipe.optimizer != "sgd"
        self._parts.append(_plain(groups, recipe))

    def step(self, rate: float) -> None:
        """Every weight is moved, its gradient gone."""
        for part in self._parts:
            for group in part.param_groups:
                group["lr"] = rate
            part.step()
            part.zero_grad(set_to_none=True)

    def state(self) -> dict[str, Tensor]:
        """All that the next step depends on, by ``moment:weight``."""
        return {
            f"{moment}:{self._names[weight]}": value
            for part in self._parts
            for weight, moments in part.state.items()
            for moment, value in moments.items()
            if value is not None
        }

    def restore(self, state: dict[str, Tensor]) -> None:
        """The state that was given before, put back; KeyError where a weight has none."""
        for part in self._parts:
            for group in part.param_groups:
                for weight in group["params"]:
                    ending = ":" + self._names[weight]
                    moments = {
                        key.removesuffix(ending): value
                        for key, value in state.items()
                        if key.endswith(ending)
                    }
                    if not moments and self._remembers:
                        raise KeyError(self._names[weight])
                    part.state[weight] = moments


def _plain(groups: list[dict[str, Any]], recipe: Recipe) -> torch.optim.Optimizer:
    """The optimiser of torch that the recipe names, for these groups; beside Muon it is AdamW."""
    betas = (recipe.beta1, recipe.beta2)
    if recipe.optimizer in ("sgd", "momentum"):
        return torch.optim.SGD(
            groups,
            lr=recipe.learning_rate,
            momentum=recipe.beta1 if recipe.optimizer == "momentum" else 0.0,
        )
    if recipe.optimizer == "adam":
        return torch.optim.Adam(groups, betas=betas, fused=True)
    return torch.optim.AdamW(groups, betas=betas, fused=True)


def rate_at(step: int, recipe: Recipe) -> float:
    """The learning rate of a step: a straight rise over the warm-up, then half a cosine down to
    ``least_rate`` of the peak, or the peak.
    """
    if step < recipe.warmup:
        return recipe.learning_rate * (step + 1) / recipe.warmup
    if recipe.schedule == "constant":
        return recipe.learning_rate
    share = (step - recipe.warmup) / max(1, recipe.steps - recipe.warmup)
    return recipe.learning_rate * (
        recipe.least_rate + (1 - recipe.least_rate) * (1 + cos(pi * share)) / 2
    )
