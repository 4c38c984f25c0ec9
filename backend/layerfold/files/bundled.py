"""What comes with Layerfold: the page, in its wheel; and runs, which are wheels of their own
(``layerfold-models``, ``layerfold-storyteller``) that install into the folder ``layerfold_models``.
"""

from __future__ import annotations

from importlib.util import find_spec
from pathlib import Path
from typing import Final

RUNS: Final = "layerfold_models"


def bundled() -> Path:
    """The folder that holds ``frontend/``: inside an installed wheel, else the checkout."""
    inside = Path(__file__).parents[1] / "_bundled"
    return inside if inside.is_dir() else Path(__file__).parents[3]


def bundled_models() -> tuple[Path, ...]:
    """The folders that hold the bundled runs: ``models/`` of the checkout, else what the wheels
    with runs have installed; none where there are none.
    """
    checkout = bundled() / "models"
    if checkout.is_dir():
        return (checkout,)
    spec = find_spec(RUNS)
    return tuple(map(Path, (spec and spec.submodule_search_locations) or ()))


def bundled_run(name: str) -> Path:
    """The folder of the bundled run of that name; where it would be in a checkout, if there is
    none.
    """
    folders = (models / name for models in bundled_models())
    return next(filter(Path.is_dir, folders), bundled() / "models" / name)
