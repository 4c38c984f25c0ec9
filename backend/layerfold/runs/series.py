"""Which checkpoints a person means by ``hf:…`` or a folder, each with its training step, and which
of them cannot be used.

hf:PATH            a folder with config.json: one checkpoint
hf:PATH            a Trainer's output folder: its checkpoint-500/, checkpoint-1000/ … and the final
                   model in the folder itself
hf:PATTERN         a glob of folders, in quotes: a checkpoint each
…#decoder          of a model with an encoder and a decoder, the states of the decoder (the
                   encoder's without it)
hf:ORG/MODEL       one checkpoint of a hub; @REVISION, @step0,step512,… or @pythia (its 154 steps)
                   say which
"""

from __future__ import annotations

import hashlib
import os
import re
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Final

from layerfold.errors import InputError, ModelNotFound
from layerfold.model.huggingface.files import GGUF
from layerfold.runs.checkpoint_files import (
    CONFIG,
    elsewhere,
    holds_model,
    leftover_of,
    trainer_state,
    weights_of,
)
from layerfold.runs.run import CARD
from layerfold.runs.trainer_folder import (
    GATHERING,
    Own,
    children,
    config_above,
    counts_epochs,
    numbered,
    own_model,
)

PREFIX: Final = "hf:"
STREAMS: Final = ("encoder", "decoder")
PYTHIA: Final = (0, *(2**n for n in range(10)), *range(1000, 143_001, 1000))
LAST_NUMBER: Final = re.compile(r"(?:^|[-_.=])(\d+)$")
REPOSITORY: Final = re.compile(r"(?:[\w-][\w.-]*/)?[\w-][\w.-]*")
LAST_STEP: Final = 2**53 - 1  # that a page counts exactly
PATTERN_SIGNS: Final = "*?["


@dataclass(frozen=True)
class Checkpoint:
    """One checkpoint: in a folder, or at a revision of a repository on a hub, then with its commit
    once that is known.

    ``above`` is the folder that holds its config and tokenizer, where they do not lie with its
    weights; ``stream`` says whose states are meant of an encoder with a decoder.
    """

    step: int
    name: str
    folder: Path | None = None
    repo: str = ""
    revision: str = ""
    commit: str = ""
    above: Path | None = None
    stream: str = ""

    def entry(self) -> dict[str, str]:
        """What a run's card says of where it lies."""
        said = {"stream": self.stream} if self.stream else {}
        if self.folder is not None:
            return {"name": self.name, "folder": str(self.folder), **said}
        return {
            "name": self.name,
            "repo": self.repo,
            "revision": self.revision,
            "commit": self.commit,
            **said,
        }

    @classmethod
    def of_entry(cls, step: int, entry: dict[str, str]) -> Checkpoint:
        """The checkpoint that a card tells of; raises KeyError."""
        folder = Path(entry["folder"]) if "folder" in entry else None
        repo, revision, commit, stream = (
            entry.get(name, "") for name in ("repo", "revision", "commit", "stream")
        )
        return cls(step, entry["name"], folder, repo, revision, commit, stream=stream)


@dataclass(frozen=True)
class Skipped:
    """A checkpoint that is left out, and why."""

    name: str
    why: str


@dataclass(frozen=True)
class Series:
    """The checkpoints of one model, a step each, in order; ``place`` says what was meant, the same
    from every working directory.

    ``unit`` is what their steps count; ``own`` is the step whose weights the model at the top of
    ``folder`` has.
    """

    name: str
    source: str
    place: str
    checkpoints: tuple[Checkpoint, ...]
    skipped: tuple[Skipped, ...] = ()
    folder: Path | None = None
    unit: str = "step"
    own: int | None = None

    @property
    def home(self) -> str:
        """The name of the folder that keeps what is made of this series."""
        return f"{self.name}-{hashlib.sha256(self.place.encode()).hexdigest()[:8]}"


def is_model(words: str) -> bool:
    """Whether words mean a model from elsewhere: they begin with ``hf:``, or are a folder of one
    and not of a run.
    """
    if words.startswith(PREFIX):
        return True
    folder = Path(words)
    if not os.path.isdir(folder):  # noqa: PTH112  (a whole sentence is no error to it)
        return is_gguf(words)
    return not (folder / CARD).is_file() and (
        holds_model(folder) or bool(children(folder)) or _is_step(folder)
    )


def is_gguf(words: str) -> bool:
    """Whether words are the path of a GGUF file; a sentence is none."""
    return words.endswith(GGUF) and os.path.isfile(words)  # noqa: PTH113


def _is_step(folder: Path) -> bool:
    """Whether a folder is one checkpoint of a training whose config lies above it."""
    return numbered(folder.name) is not None and config_above(folder) is not None


def read_series(words: str) -> Series:
    """What a person means, by names and folders alone, nothing being fetched.

    Raises InputError for words that mean nothing, ModelNotFound for a folder that is not there or
    holds no checkpoint.
    """
    meant = words.removeprefix(PREFIX).strip()
    stream = next((stream for stream in STREAMS if meant.endswith(f"#{stream}")), "")
    meant = meant.removesuffix(f"#{stream}") if stream else meant
    if not meant:
        raise InputError(
            "hf: names no model: put a folder or a name like EleutherAI/pythia-14m@step0,step512"
            " after it"
        )
    path = Path(meant).expanduser()
    if path.is_dir() or is_gguf(str(path)):
        found = _of_folder(path.resolve())
    elif any(sign in meant for sign in PATTERN_SIGNS):
        found = _of_pattern(str(path))
    else:
        _stop_at_a_lost_path(words, meant)
        found = _of_repository(meant)
    if not found.checkpoints:
        raise ModelNotFound(
            f"{meant} holds no checkpoint that can be used: {told(found.skipped) or 'it is empty'}"
        )
    if stream:
        checkpoints = tuple(replace(one, stream=stream) for one in found.checkpoints)
        found = replace(
            found,
            place=f"{found.place}#{stream}",
            checkpoints=checkpoints,
            name=f"{found.name}-{stream}",
        )
    return replace(found, source=words)


def told(skipped: tuple[Skipped, ...], most: int = 3) -> str:
    """The first few of what is left out, in one line."""
    rest = f"; and {len(skipped) - most} more" if len(skipped) > most else ""
    return "; ".join(f"{one.name} {one.why}" for one in skipped[:most]) + rest


def _of_folder(folder: Path) -> Series:
    place = f"{PREFIX}{folder.as_posix()}"
    inside = children(folder) or next(
        (found for name in GATHERING if (found := children(folder / name))), []
    )
    if not inside:
        return _alone(folder, place)
    named = [(_step_inside(path), _in_folder(path)) for path in inside]
    taken, skipped, unit = _counted(named)
    own = (
        own_model(folder, {one.step: one.folder for one in taken if one.folder})
        if taken and _has_weights(folder)
        else Own()
    )
    if own.step is not None and own.same is None:
        taken = (*taken, Checkpoint(own.step, folder.name, folder))
    if own.why:
        skipped = (*skipped, Skipped(folder.name, own.why))
    return Series(
        _plain(folder.name),
        "",
        place,
        tuple(sorted(taken, key=lambda one: one.step)),
        skipped,
        folder,
        unit,
        own.same,
    )


def _alone(folder: Path, place: str) -> Series:
    """One checkpoint, whose config lies with it or above it."""
    said = trainer_state(folder).get("global_step")
    step = said if isinstance(said, int) else numbered(folder.name) or 0
    if holds_model(folder) or _is_step(folder):
        unit = "epoch" if counts_epochs(folder.name) and not isinstance(said, int) else "step"
        return Series(
            _plain(folder.name),
            "",
            place,
            (replace(_in_folder(folder), step=step),),
            (),
            folder,
            unit,
        )
    why = leftover_of(folder) or _unnamed(folder)
    return Series(_plain(folder.name), "", place, (), (Skipped(folder.name, why),), folder)


def _unnamed(folder: Path) -> str:
    """Why a folder is no series, though folders of models may lie in it."""
    held = elsewhere(folder)
    why = f"has neither {CONFIG} nor folders like checkpoint-500" + (
        f", and {held}" if held else ""
    )
    models = [path.name for path in sorted(folder.iterdir()) if path.is_dir() and holds_model(path)]
    if not models:
        return why
    named = ", ".join(models[:3])
    return f"{why}: of those in it ({named}) open one, or all as a series, 'hf:{folder}/*'"


def _in_folder(folder: Path) -> Checkpoint:
    return Checkpoint(0, folder.name, folder, above=config_above(folder))


def _step_inside(folder: Path) -> int | None:
    """The step of a checkpoint: what its name says, but of one that counts epochs first what its
    Trainer says.
    """
    said = trainer_state(folder).get("global_step") if counts_epochs(folder.name) else None
    return said if isinstance(said, int) else numbered(folder.name)


def _counted(
    found: list[tuple[int | None, Checkpoint]],
) -> tuple[tuple[Checkpoint, ...], tuple[Skipped, ...], str]:
    """The checkpoints in order, those left out, and what their numbers count; epochs among steps
    have no place.
    """
    epochs = {
        one.name for step, one in found if step == numbered(one.name) and counts_epochs(one.name)
    }
    if not epochs or len(epochs) == len(found):
        return *_stepped(found), "epoch" if epochs else "step"
    taken, skipped = _stepped([(step, one) for step, one in found if one.name not in epochs])
    why = (
        f"counts epochs, and {taken[0].name} counts steps: open the one kind by itself, as in"
        " 'hf:…/epoch*'"
        if taken
        else ""
    )
    return taken, (*skipped, *(Skipped(name, why) for name in sorted(epochs))), "step"


def _has_weights(folder: Path) -> bool:
    return (folder / CONFIG).is_file() and bool(weights_of(folder))


def _of_pattern(pattern: str) -> Series:
    whole = Path(pattern).absolute()
    first = next(
        at for at, part in enumerate(whole.parts) if any(sign in part for sign in PATTERN_SIGNS)
    )
    above = Path(*whole.parts[:first])
    folders = sorted(
        path.resolve() for path in above.glob("/".join(whole.parts[first:])) if path.is_dir()
    )
    if not folders:
        raise ModelNotFound(
            f"no folder fits {pattern}: see that it names folders, and put it in quotes"
        )
    taken, skipped, unit = _counted([(_step_of(folder), _in_folder(folder)) for folder in folders])
    return Series(_plain(above.name), "", f"{PREFIX}{whole.as_posix()}", taken, skipped, unit=unit)


def _step_of(folder: Path) -> int | None:
    """The step of one folder of a glob: what its name says, else its Trainer's state, else the
    number its name ends with.
    """
    found = _step_inside(folder)
    if found is None:
        said = trainer_state(folder).get("global_step")
        ending = LAST_NUMBER.search(folder.name)
        found = said if isinstance(said, int) else int(ending[1]) if ending else None
    return found


def _stop_at_a_lost_path(words: str, meant: str) -> None:
    """Raises ModelNotFound for words that can only mean a folder, or begin with one that is here: a
    typo is not asked of a hub.
    """
    first, _, rest = meant.partition("/")
    if (
        not words.startswith(PREFIX)
        or "\\" in meant
        or meant.startswith((".", "/", "~"))
        or meant.endswith("/")
    ):
        raise ModelNotFound(
            f"there is no folder {meant}: see how it is spelt, or write hf:ORG/MODEL for a model on"
            " a hub"
        )
    if rest and "@" not in meant and Path(first).is_dir():
        raise ModelNotFound(
            f"there is no folder {meant}, though {first} is one: see how it is spelt, or write"
            f" hf:{meant}@main for a hub's"
        )


def _of_repository(meant: str) -> Series:
    repo, _, chosen = meant.partition("@")
    revisions = [
        part for word in chosen.split(",") if word.strip() for part in _expanded(word.strip())
    ]
    if (
        not REPOSITORY.fullmatch(repo)
        or ".." in repo
        or any(not re.fullmatch(r"[\w][\w./+-]*", one) for one in revisions)
    ):
        raise InputError(
            f"{meant!r} is neither a folder that is here nor ORG/MODEL@REVISION: see how it is"
            " spelt"
        )
    if len(revisions) < 2:
        revision = "".join(revisions)
        one = Checkpoint(numbered(revision) or 0, revision or "main", None, repo, revision)
        return Series(_plain(repo.rsplit("/", 1)[-1]), "", f"{PREFIX}{meant}", (one,))
    ending = {one: LAST_NUMBER.search(one) for one in revisions}
    steps = {
        one: numbered(one) if numbered(one) is not None else int(end[1]) if end else None
        for one, end in ending.items()
    }
    taken, skipped = _stepped(
        [(steps[one], Checkpoint(0, one, None, repo, one)) for one in dict.fromkeys(revisions)]
    )
    return Series(_plain(repo.rsplit("/", 1)[-1]), "", f"{PREFIX}{meant}", taken, skipped)


def _expanded(word: str) -> list[str]:
    return [f"step{step}" for step in PYTHIA] if word == "pythia" else [word]


def _stepped(
    found: list[tuple[int | None, Checkpoint]],
) -> tuple[tuple[Checkpoint, ...], tuple[Skipped, ...]]:
    """The checkpoints in order of their steps, and those left out: one without a step, a second of
    the same step.
    """
    taken: dict[int, Checkpoint] = {}
    skipped: list[Skipped] = []
    for step, one in found:
        if step is None and len(found) > 1:
            why = "says no step: put its number at the end of its name, as in checkpoint-500"
            skipped.append(Skipped(one.name, why))
        elif (step or 0) > LAST_STEP:
            skipped.append(Skipped(one.name, f"is of a step beyond counting, {step:,}: rename it"))
        elif other := taken.get(step or 0):
            skipped.append(Skipped(one.name, f"is of step {step}, and so is {other.name}"))
        else:
            taken[step or 0] = replace(one, step=step or 0)
    return tuple(taken[step] for step in sorted(taken)), tuple(skipped)


def _plain(name: str) -> str:
    """A name for a folder and an address."""
    return re.sub(r"[^\w.-]+", "-", name, flags=re.ASCII).strip(".-") or "model"
