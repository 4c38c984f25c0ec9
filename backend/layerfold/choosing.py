"""What a command's words mean: which run, which steps, how many threads."""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path

from layerfold.errors import InputError, RunNotFound


def run_folder(name: str) -> Path:
    """The folder of a run that is named by its path or, for those that are served without a path, by its name.

    Raises RunNotFound.
    """
    if (Path(name) / "run.json").is_file():
        return Path(name)
    found = served_runs()
    if name in found:
        return found[name]
    raise RunNotFound(f"there is no run {name!r}: give a folder that holds run.json, or one of {', '.join(found) or 'none'}")


def served_runs() -> dict[str, Path]:
    """The runs that `layerfold` alone serves, by name."""
    from layerfold.server.catalogue import find_runs
    from layerfold.settings import Settings

    return find_runs(Settings.read(os.environ).runs)


def run_and_sentences(words: Sequence[str]) -> tuple[Path, list[str]]:
    """The run that the first word names and the sentences after it; without such a word, the first run that is served."""
    served = served_runs()
    if len(words) > 1 and (words[0] in served or (Path(words[0]) / "run.json").is_file()):
        return run_folder(words[0]), list(words[1:])
    if not served:
        raise RunNotFound("no run comes with this copy of Layerfold: put the folder of one before the sentence")
    return next(iter(served.values())), list(words)


def chosen_steps(words: str, steps: Sequence[int]) -> tuple[int, ...]:
    """The steps meant by ``all``, ``last`` or a list of numbers; raises InputError."""
    if words in ("all", "last"):
        return tuple(steps if words == "all" else steps[-1:])
    try:
        return tuple(int(word) for word in words.split(","))
    except ValueError:
        raise InputError(f"--steps {words!r} is neither all, last nor numbers separated by commas") from None


def use_threads(count: int | None) -> None:
    """torch works on so many threads."""
    if count is not None:
        import torch

        torch.set_num_threads(count)
