"""The tokenizer that the checkpoints of a series share. A text is read once for all of them, so one
that reads texts otherwise would be shown tokens that it never had.

The tokenizer of most checkpoints is the series'; of as many, the newest one's. A leftover of
another training, or a last save with another vocabulary, so costs itself and not the rest.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from hashlib import sha256
from pathlib import Path
from typing import Any, Final

from layerfold.errors import LayerfoldError
from layerfold.model.huggingface import read_hub_tokenizer
from layerfold.model.huggingface.place import Where
from layerfold.model.huggingface.token_content import (
    content_of,
    difference,
    digest_of,
    tokenizer_files,
)
from layerfold.runs.checkpoint_files import hashes_of
from layerfold.runs.remembered import remembered

GONE: Final = "has a tokenizer that cannot be read now"


@dataclass(frozen=True)
class Own:
    """A checkpoint's own tokenizer: of which step and name, where it is read, the hash of its
    files' bytes.
    """

    step: int
    name: str
    where: Where
    digest: str


@dataclass
class Contents:
    """Tokenizers by what they hold, each made once; ``kept`` remembers them by the hash of their
    files.
    """

    kept: Path
    made: dict[str, Mapping[str, Any]] = field(default_factory=dict)

    def known(self, own: Own) -> dict[str, Any]:
        """The ``digest`` of a tokenizer's content; or ``why`` it cannot be read, which is asked
        anew each time.
        """
        try:
            return remembered(self.kept, f"tokenizer {own.digest}", partial(self._digest, own))
        except LayerfoldError as error:
            return {"why": str(error)}

    def words(self, ours: Own, theirs: Own) -> str:
        """Where a tokenizer is not another one."""
        name = f"tokenizer {ours.digest} and not {theirs.digest}"
        return str(remembered(self.kept, name, partial(self._words, ours, theirs))["words"])

    def _digest(self, own: Own) -> dict[str, Any]:
        return {"digest": digest_of(self._content(own))}

    def _words(self, ours: Own, theirs: Own) -> dict[str, Any]:
        return {"words": difference(self._content(ours), self._content(theirs))}

    def _content(self, own: Own) -> Mapping[str, Any]:
        if own.digest not in self.made:
            self.made[own.digest] = content_of(read_hub_tokenizer(own.where))
        return self.made[own.digest]


@dataclass(frozen=True)
class Shared:
    """The tokenizer that a series is read with, by the hash of its content (of a single one it is
    not worked out); which steps have another, and why they are left out.
    """

    digest: str = ""
    apart: Mapping[int, str] = field(default_factory=dict)


def shared_tokenizer(checkpoints: Sequence[tuple[int, str, Where]], kept: Path) -> Shared:
    """The tokenizer of a series; a checkpoint without one of its own is read with that of the
    others.

    ``kept`` remembers hashes by the stamps of files, and what was compared. Raises LayerfoldError
    of an adapter whose model is nowhere.
    """
    if len(checkpoints) < 2:
        return Shared()
    files = {step: tokenizer_files(where) for step, _, where in checkpoints}
    hashes, gone = _hashes(files, kept)
    if len(gone) == len(files):  # reading one says why
        return Shared()
    own = [
        Own(step, name, where, hashes[step]) for step, name, where in checkpoints if step in hashes
    ]
    return _compared(own, gone, Contents(kept)) if len(own) > 1 else Shared("", gone)


def _compared(own: Sequence[Own], gone: Mapping[int, str], contents: Contents) -> Shared:
    """The content that most have, and those of another; where none can be read, reading it says
    why.
    """
    known = {one.digest: contents.known(one) for one in own}
    read = [one for one in own if "digest" in known[one.digest]]
    if not read:
        return Shared("", gone)
    count = Counter(known[one.digest]["digest"] for one in read)
    like = max(read, key=lambda one: (count[known[one.digest]["digest"]], one.step))
    wanted = known[like.digest]
    why = {one.step: _why(one, like, known[one.digest], wanted, contents) for one in own}
    return Shared(wanted["digest"], {**gone, **{step: said for step, said in why.items() if said}})


def _why(
    one: Own, like: Own, known: Mapping[str, Any], wanted: Mapping[str, Any], contents: Contents
) -> str:
    if "why" in known:
        return f"has a tokenizer that is not known to be that of {like.name}: {known['why']}"
    if known["digest"] == wanted["digest"]:
        return ""
    words = contents.words(one, like)
    return f"has another tokenizer than {like.name} ({words}): open it by itself"


def _hashes(
    files: Mapping[int, Sequence[Path]], kept: Path
) -> tuple[dict[int, str], dict[int, str]]:
    """The hash of each step's files, their names with it, and those that went while they were
    looked at.
    """
    found: dict[int, str] = {}
    gone: dict[int, str] = {}
    try:  # all at once: what is remembered is read once
        every = [path for paths in files.values() for path in paths]
        known = dict(zip(every, hashes_of(every, kept), strict=True))
    except OSError:
        known = {}
    for step, paths in files.items():
        try:
            hashes = [known.get(path) or hashes_of([path], kept)[0] for path in paths]
        except OSError:
            gone[step] = GONE
            continue
        if paths:
            named = [f"{path.name} {hash}" for path, hash in zip(paths, hashes, strict=True)]
            found[step] = sha256("\n".join(named).encode()).hexdigest()
    return found, gone
