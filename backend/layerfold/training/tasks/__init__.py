"""Tasks: what a model can learn besides text, one file each; a recipe names one (``task = "…"``,
``[parameters]``).

A new task is a file here whose ``make`` gives a Task, and a line in TASKS. All else (trainer, card,
tokenizer, atlas) follows: ``Recipe.task`` and ``.parameters`` -> ``task_of`` -> the trainer calls
``at`` and ``tests``, the atlas ``reference`` and ``bases``.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from importlib import import_module
from typing import Any, Final

from layerfold.errors import RecipeError
from layerfold.training.tasks.task import Basis, Naming, Reads, Setting, Task

__all__ = ["TASKS", "Basis", "Naming", "Reads", "Setting", "Task", "task_of", "task_of_card"]

TASKS: Final = {
    "modular-addition": "layerfold.training.tasks.modular_addition",
    "belief-simplex": "layerfold.training.tasks.belief_simplex",
}


def task_of(name: str, parameters: Mapping[str, Any], setting: Setting) -> Task:
    """The task of that name; raises RecipeError where there is none or its parameters cannot be."""
    if name not in TASKS:
        raise RecipeError(f"there is no task {name!r}: name one of {', '.join(sorted(TASKS))}")
    make: Callable[..., Task] = import_module(TASKS[name]).make
    try:
        return make(setting, **parameters)
    except (TypeError, ValueError) as error:
        raise RecipeError(f"task {name} cannot be given {dict(parameters)}: {error}") from error


def task_of_card(card: Mapping[str, Any]) -> Task | None:
    """The task that a run learned, as its recipe made it; None for a run on text. Raises
    RecipeError.
    """
    if "task" not in card:
        return None
    batch = int(card.get("hyperparameters", {}).get("batch_size", 0))
    setting = Setting(int(card["seed"]), batch, int(card["architecture"]["block_size"]))
    return task_of(card["task"]["name"], card["task"]["parameters"], setting)
