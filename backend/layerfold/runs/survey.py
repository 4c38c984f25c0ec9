"""Which checkpoints of a series can be used: each is whole, its config can be read, and all are of
one architecture.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, Final

from layerfold.errors import LayerfoldError, ModelNotFound, Unreachable
from layerfold.files.atomic import sha256
from layerfold.model.huggingface import HuggingFaceShape, Where, fetched, read_shape, settled
from layerfold.model.huggingface.files import base_of, gguf_of
from layerfold.model.huggingface.token_content import tokenizer_files
from layerfold.model.huggingface.tokenizer import files_there
from layerfold.runs.checkpoint_files import CONFIG, trouble_of, weights_of
from layerfold.runs.fingerprints import fingerprint
from layerfold.runs.series import Checkpoint, Series, Skipped, told
from layerfold.runs.shared_tokenizer import shared_tokenizer

DIVERGED: Final = "has diverged"
ASKED_AT_ONCE: Final = 8  # configs of a hub
SHAPE: Final = ("family", "n_layer", "d_model", "vocab_size", "block_size", "causal", "unembedding")


@dataclass(frozen=True)
class Known:
    """What was found at the time before: commits of a hub by step, and shapes by the sha256 of
    their config.json.
    """

    commits: Mapping[int, Checkpoint] = field(default_factory=dict)
    shapes: dict[str, HuggingFaceShape] = field(default_factory=dict)


@dataclass(frozen=True)
class Survey:
    """What can be used of a series: its checkpoints in order, their shape, where its tokenizer
    lies and what it holds, as a hash; and what is left out.
    """

    checkpoints: tuple[Checkpoint, ...]
    shape: HuggingFaceShape
    configs: tuple[str, ...]
    words: Checkpoint
    skipped: tuple[Skipped, ...]
    content: str = ""


@dataclass(frozen=True)
class Looked:
    """A checkpoint as it was found: its shape, or why it has none."""

    one: Checkpoint
    shape: HuggingFaceShape | None
    why: str = ""
    config: str = ""
    error: LayerfoldError | None = None


def survey(
    series: Series,
    known: Known,
    kept: Path,
    *,
    pickle: bool = False,
    progress: Callable[[str, float], None] = lambda stage, share: None,
) -> Survey:
    """What can be used of a series; a config that is known is not read again, nor a commit asked
    for. ``kept`` remembers what was compared.

    Raises ModelNotFound, ModelRefused, Unreachable, MissingExtra, DamagedRun where nothing can be
    used.
    """
    looked = _look_at_all(
        [_pinned(one, known.commits.get(one.step)) for one in series.checkpoints],
        known,
        pickle,
        progress,
    )
    first = next((each for each in looked if each.shape is not None), None)
    if first is None or first.shape is None:
        raise _nothing(series, looked)
    why = {
        each.one.step: each.why or _difference(each.shape, first.shape, first.one.name)
        for each in looked
    }
    alike = [each.one for each in looked if not why[each.one.step]]
    shared = shared_tokenizer([(one.step, one.name, where_of(one)) for one in alike], kept)
    why |= shared.apart
    named = [one for one in alike if not why[one.step]]
    left = [Skipped(each.one.name, said) for each in looked if (said := why[each.one.step])]
    configs = tuple(sorted({each.config for each in looked if not why[each.one.step]}))
    words = _words(named, series.folder)
    skipped = (*series.skipped, *left)
    return Survey(tuple(named), first.shape, configs, words, skipped, shared.digest)


def architecture_of(shape: HuggingFaceShape) -> dict[str, Any]:
    """What a card says of a model's shape."""
    return {"kind": "hf", **{name: getattr(shape, name) for name in SHAPE}}


def where_of(one: Checkpoint) -> Where:
    """Where the model of a checkpoint is read, pinned to its commit where that is known."""
    if one.folder is not None:
        return Where(folder=one.folder, stream=one.stream)
    return Where(repo=one.repo, revision=one.commit or one.revision, stream=one.stream)


def _pinned(one: Checkpoint, known: Checkpoint | None) -> Checkpoint:
    same = known is not None and (known.repo, known.revision) == (one.repo, one.revision)
    return replace(one, commit=known.commit) if same and known is not None else one


def _look_at_all(
    named: list[Checkpoint], known: Known, pickle: bool, progress: Callable[[str, float], None]
) -> list[Looked]:
    """Each as it was found; once one cannot be fetched, nothing more is asked of the hub, where
    each question may take seconds.
    """
    looked = [_look(named[0], known, pickle)]
    away = isinstance(looked[0].error, Unreachable)
    with ThreadPoolExecutor(ASKED_AT_ONCE if named[0].folder is None else 1) as asking:
        for each in asking.map(lambda one: _look(one, known, pickle, away), named[1:]):
            looked.append(each)
            progress(f"looking at {each.one.name}", len(looked) / len(named))
    return looked


def _look(one: Checkpoint, known: Known, pickle: bool, away: bool = False) -> Looked:
    why = (
        trouble_of(one.folder, pickle) or diverged(weights_of(one.folder))
        if one.folder is not None
        else ""
    )
    if away and not why and not _kept(one):
        why = "cannot be fetched now: connect to the network, and open the model again"
    if why:
        return Looked(one, None, why)
    try:
        new = one.folder is None and not _kept(one)
        where = settled(where_of(one))
        if new:  # so that it can be compared
            files_there(where)
        config = gguf_of(where) or fetched(base_of(where), CONFIG)
        digest = sha256(config) if config else ""
        if digest not in known.shapes:
            known.shapes[digest] = read_shape(where)
    except LayerfoldError as error:
        return Looked(one, None, f"cannot be used: {error}", error=error)
    except OSError as error:
        return Looked(one, None, f"cannot be read ({error.strerror})")
    return Looked(
        replace(one, commit=where.revision) if one.folder is None else one,
        known.shapes[digest],
        config=digest,
    )


def diverged(files: Sequence[Path]) -> str:
    """Whether a sample of the weights has numbers that are not finite, in words that name the
    first; nothing where it has none.
    """
    found = fingerprint(files)
    return (
        f"{DIVERGED}: {found.wrong} holds numbers that are not finite"
        if found and found.wrong
        else ""
    )


def _kept(one: Checkpoint) -> bool:
    """Whether the config of a hub's checkpoint has been fetched before."""
    from huggingface_hub import try_to_load_from_cache

    return isinstance(
        try_to_load_from_cache(one.repo, CONFIG, revision=one.commit or one.revision or None), str
    )


def _difference(shape: HuggingFaceShape | None, first: HuggingFaceShape, name: str) -> str:
    """Where a checkpoint's architecture is not the first one's, in words."""
    ours, theirs = {} if shape is None else architecture_of(shape), architecture_of(first)
    parts = [
        f"{field} {ours[field]} and not {theirs[field]}"
        for field in ours
        if ours[field] != theirs[field]
    ]
    return f"is of another architecture than {name}: {', '.join(parts)}" if parts else ""


def _nothing(series: Series, looked: list[Looked]) -> LayerfoldError:
    """Why nothing of a series can be used: the error itself where there is one checkpoint, else the
    reasons.
    """
    error = next((each.error for each in looked if each.error), None)
    if error is not None and len(looked) == 1:
        return error
    reasons = tuple(Skipped(each.one.name, each.why) for each in looked) + series.skipped
    kind = type(error) if error is not None else ModelNotFound
    return kind(f"no checkpoint of {series.source} can be used: {told(reasons)}")


def _words(taken: list[Checkpoint], folder: Path | None) -> Checkpoint:
    """Where the tokenizer lies: with the newest checkpoint that has one, or in the folder above;
    raises ModelNotFound.
    """
    above = [] if folder is None else [Checkpoint(0, folder.name, folder)]
    for one in [*reversed(taken), *above]:
        if (
            one.folder is None
            or not (one.folder / CONFIG).is_file()
            or tokenizer_files(where_of(one))
        ):
            return one
    lies = str(taken[-1].folder if folder is None else folder)
    raise ModelNotFound(
        f"there is no tokenizer in {lies} nor with its checkpoints: put it there with"
        f" tokenizer.save_pretrained({lies!r})"
    )
