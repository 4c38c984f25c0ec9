"""Everything that decides an atlas's bytes besides the states, and what of it is admitted."""

from __future__ import annotations

from dataclasses import dataclass

from layerfold.errors import InputError
from layerfold.space.layout import Descent


@dataclass(frozen=True)
class Recipe:
    """Everything that decides an atlas's bytes besides the states: ``k`` neighbours of a point in
    the graph; UMAP's curve (``min_dist``, ``spread`` in units of the picture); the springs' ``tie``
    (how firmly they hold) and ``glide`` (how far a typical move is drawn); ``gather`` to the middle
    and ``repulsion``; ``epochs`` of the descent; ``seed``; whether places are as crowded as states
    are (``density``).
    """

    k: int = 15
    min_dist: float = 0.1
    spread: float = 1.0
    tie: float = 0.7
    glide: float = 1.4
    gather: float = 0.02
    repulsion: float = 20.0
    epochs: int = 250
    seed: int = 0
    density: bool = False

    def descent(self, a: float, b: float) -> Descent:
        """The descent on the curve ``a``, ``b`` that this recipe asks for."""
        return Descent(a, b, self.tie, self.gather, self.epochs, self.repulsion, seed=self.seed)


def check(recipe: Recipe, count: int) -> None:
    """Raises InputError for a recipe outside what the layout admits."""
    bounds: dict[str, tuple[float, float]] = {
        "k": (2, 200),
        "spread": (0.1, 10.0),
        "min_dist": (0.0, recipe.spread),
        "tie": (0.0, 1000.0),
        "glide": (0.0, 100.0),
        "gather": (0.0, 1.0),
        "repulsion": (0.0, 1000.0),
        "epochs": (1, 10_000),
        "seed": (0, 2**31 - 1),
    }
    for name, (low, high) in bounds.items():
        value = getattr(recipe, name)
        if not low <= value <= high:
            raise InputError(f"{name} is {value}: choose from {low:g} to {high:g}")
    if count < max(recipe.k, 32):
        raise InputError(
            f"The reference holds {count} tokens: an atlas at k = {recipe.k} needs"
            f" {max(recipe.k, 32)} or more"
        )
