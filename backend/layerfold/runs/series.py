"""Which checkpoints a person means by ``hf:…`` or a folder, each with its training step, and which
of them cannot be used.

hf:PATH            a folder with config.json: one checkpoint
hf:PATH            a Trainer's output folder: its checkpoint-500/, checkpoint-1000/ … and the final
                   model in the folder itself
hf:PATTERN         a glob of folders, in quotes: a checkpoint each
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
from layerfold.runs.checkpoint_files import CONFIG, trainer_state, weights_of
from layerfold.runs.run import CARD

PREFIX: Final = "hf:"
PYTHIA: Final = (0, *(2**n for n in range(10)), *range(1000, 143_001, 1000))
CHILD: Final = re.compile(r"(?:checkpoint|ckpt|global_step|step)[-_]?\d+")
NUMBERED: Final = re.compile(
    r"(?:^|[^a-z])(?:checkpoint|ckpt|global_step|step|iter)[-_]?(\d+)([km]?)(?![a-z\d])",
    re.IGNORECASE,
)
LAST_NUMBER: Final = re.compile(r"(?:^|[-_.])(\d+)$")
REPOSITORY: Final = re.compile(r"(?:[\w-][\w.-]*/)?[\w-][\w.-]*")
PATTERN_SIGNS: Final = "*?["


@dataclass(frozen=True)
class Checkpoint:
    """One checkpoint: in a folder, or at a revision of a repository on a hub, then with its commit
    once that is known.
    """

    step: int
    name: str
    folder: Path | None = None
    repo: str = ""
    revision: str = ""
    commit: str = ""

    def entry(self) -> dict[str, str]:
        """What a run's card says of where it lies."""
        if self.folder is not None:
            return {"name": self.name, "folder": str(self.folder)}
        return {
            "name": self.name,
            "repo": self.repo,
            "revision": self.revision,
            "commit": self.commit,
        }

    @classmethod
    def of_entry(cls, step: int, entry: dict[str, str]) -> Checkpoint:
        """The checkpoint that a card tells of; raises KeyError."""
        folder = Path(entry["folder"]) if "folder" in entry else None
        return cls(
            step,
            entry["name"],
            folder,
            entry.get("repo", ""),
            entry.get("revision", ""),
            entry.get("commit", ""),
        )


@dataclass(frozen=True)
class Skipped:
    """A checkpoint that is left out, and why."""

    name: str
    why: str


@dataclass(frozen=True)
class Series:
    """The checkpoints of one model, a step each, in order; ``place`` says what was meant, the same
    from every working directory.
    """

    name: str
    source: str
    place: str
    checkpoints: tuple[Checkpoint, ...]
    skipped: tuple[Skipped, ...] = ()
    folder: Path | None = None

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
        return False
    return not (folder / CARD).is_file() and ((folder / CONFIG).is_file() or bool(children(folder)))


def read_series(words: str) -> Series:
    """What a person means, by names and folders alone, nothing being fetched.

    Raises InputError for words that mean nothing, ModelNotFound for a folder that is not there or
    holds no checkpoint.
    """
    meant = words.removeprefix(PREFIX).strip()
    if not meant:
        raise InputError(
            "hf: names no model: put a folder or a name like EleutherAI/pythia-14m@step0,step512"
            " after it"
        )
    path = Path(meant).expanduser()
    if path.is_dir():
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
    return replace(found, source=words)


def told(skipped: tuple[Skipped, ...], most: int = 3) -> str:
    """The first few of what is left out, in one line."""
    rest = f"; and {len(skipped) - most} more" if len(skipped) > most else ""
    return "; ".join(f"{one.name} {one.why}" for one in skipped[:most]) + rest


def children(folder: Path) -> list[Path]:
    """The folders of checkpoints inside a folder that are named as a Trainer names them, by
    step.
    """
    try:
        inside = [path for path in folder.iterdir() if CHILD.fullmatch(path.name) and path.is_dir()]
    except OSError:
        return []
    return sorted(inside, key=lambda path: (numbered(path.name) or 0, path.name))


def numbered(name: str) -> int | None:
    """The step that a name says: checkpoint-500, step1000-tokens4B, step_20k."""
    found = NUMBERED.search(name)
    return int(found[1]) * {"": 1, "k": 1000, "m": 1_000_000}[found[2].lower()] if found else None


def _of_folder(folder: Path) -> Series:
    place = f"{PREFIX}{folder.as_posix()}"
    inside = children(folder)
    named = [(numbered(path.name), Checkpoint(0, path.name, path)) for path in inside]
    own = (
        []
        if inside and not _has_weights(folder)
        else [(_own_step(folder, inside), Checkpoint(0, folder.name, folder))]
    )
    taken, skipped = _stepped(
        [*named, *(pair for pair in own if pair[0] not in {step for step, _ in named})]
    )
    if not inside and not (folder / CONFIG).is_file():
        skipped = (Skipped(folder.name, f"has neither {CONFIG} nor folders like checkpoint-500"),)
        taken = ()
    return Series(_plain(folder.name), "", place, taken, skipped, folder)


def _has_weights(folder: Path) -> bool:
    return (folder / CONFIG).is_file() and bool(weights_of(folder))


def _own_step(folder: Path, inside: list[Path]) -> int:
    """The step of the model in a folder itself: what the Trainer says there, else the end that its
    checkpoints were on the way to.
    """
    said = trainer_state(folder).get("global_step")
    if inside and not isinstance(said, int):
        said = next(
            (
                end
                for path in reversed(inside)
                if isinstance(end := trainer_state(path).get("max_steps"), int)
            ),
            None,
        )
        return said if said is not None else (numbered(inside[-1].name) or 0) + 1
    return said if isinstance(said, int) else numbered(folder.name) or 0


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
    taken, skipped = _stepped(
        [(_step_of(folder), Checkpoint(0, folder.name, folder)) for folder in folders]
    )
    return Series(_plain(above.name), "", f"{PREFIX}{whole.as_posix()}", taken, skipped)


def _step_of(folder: Path) -> int | None:
    """The step of one folder of a glob: what its name says, else its Trainer's state, else the
    number its name ends with.
    """
    found = numbered(folder.name)
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
            skipped.append(
                Skipped(
                    one.name,
                    "says no step: put its number at the end of its name, as in checkpoint-500",
                )
            )
        elif (step or 0) in taken:
            skipped.append(
                Skipped(one.name, f"is of step {step}, and so is {taken[step or 0].name}")
            )
        else:
            taken[step or 0] = replace(one, step=step or 0)
    return tuple(taken[step] for step in sorted(taken)), tuple(skipped)


def _plain(name: str) -> str:
    """A name for a folder and an address."""
    return re.sub(r"[^\w.-]+", "-", name, flags=re.ASCII).strip(".-") or "model"
