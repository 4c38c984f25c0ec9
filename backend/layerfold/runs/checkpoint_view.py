"""A checkpoint without a config as a folder of its own: links to its weights, and to what lies
in the folder above."""

from __future__ import annotations

import os
from dataclasses import replace
from pathlib import Path
from typing import Final

from layerfold.errors import DamagedRun
from layerfold.runs.checkpoint_files import STATE, weights_of
from layerfold.runs.series import Checkpoint

VIEWS: Final = "views"  # a folder in the run
SUFFIXES: Final = (".json", ".txt", ".model", ".jinja")  # of configs and tokenizers


def with_config(one: Checkpoint, home: Path) -> Checkpoint:
    """The checkpoint where a model is read: in its folder, or, where its config lies above it, in a
    view of both under ``home``.

    Raises DamagedRun where no link can be made.
    """
    if one.folder is None or one.above is None:
        return one
    wanted = _wanted(one.folder, one.above)
    view = home / VIEWS / one.folder.name
    try:
        view.mkdir(parents=True, exist_ok=True)
        for path in view.iterdir():
            if (
                path.name not in wanted
                or not path.is_symlink()
                or path.readlink() != wanted[path.name]
            ):
                path.unlink()
        for name, target in wanted.items():
            if not (view / name).is_symlink():
                _link(target, view / name)
    except OSError as error:
        raise DamagedRun(
            f"{one.folder} has its config in {one.above}, and no view of both can be made in "
            f"{home} ({error.strerror})"
        ) from error
    return replace(one, folder=view, above=None)


def _wanted(folder: Path, above: Path) -> dict[str, Path]:
    """The files of a view by name, those of the checkpoint itself first."""
    below = {path.name: path for path in weights_of(folder)}
    own = {
        path.name: path for path in folder.iterdir() if path.suffix in SUFFIXES and path.is_file()
    }
    lent = {path.name: path for path in above.iterdir() if _is_lent(path)}
    return {**lent, **own, **below}


def _is_lent(path: Path) -> bool:
    """Whether a file of the folder above is of every checkpoint: of a config or a tokenizer, not
    of the model there."""
    return (
        path.suffix in SUFFIXES
        and path.name != STATE
        and not path.name.endswith(".index.json")
        and path.is_file()
    )


def _link(target: Path, link: Path) -> None:
    """A link under a name that another process may be making too."""
    part = link.with_name(f".{link.name}.{os.getpid()}")
    part.unlink(missing_ok=True)
    part.symlink_to(target)
    part.replace(link)
