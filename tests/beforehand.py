"""What several tests would each make at the same time, made once before them: machine code of the
layout and of placing, and the bundled run's reference at every step in the person's own cache.

`python -m tests.beforehand` runs while packages still come; nothing depends on it.
"""

from __future__ import annotations

import os
import tempfile
from pathlib import Path

from layerfold.atlas.build import StateGrid, build_atlas
from layerfold.atlas.parameters import Recipe
from layerfold.interp.session import open_session
from layerfold.settings import cache_folder
from layerfold.space import machine_code
from tests.space.states import SITES, STEPS, reference, states_of

BUNDLED = Path(__file__).parents[1] / "models" / "storyteller"


def compile_loops() -> None:
    """The loops of the layout and of placing are on disk as machine code."""
    machine_code.prepare()
    with tempfile.TemporaryDirectory() as folder:
        build_atlas(StateGrid(states_of, STEPS, SITES, reference()), Path(folder), Recipe(k=10))


def read_references() -> None:
    """What places sentences of the bundled run lies in the cache, for every step."""
    opened = open_session(BUNDLED, cache_folder(os.environ))
    for step in opened.steps:
        opened.space(step)


if __name__ == "__main__":
    compile_loops()
    read_references()
