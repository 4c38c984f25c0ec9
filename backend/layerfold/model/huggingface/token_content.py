"""What makes two tokenizers the same: what they hold, not how their files are laid out."""

from __future__ import annotations

import json
from collections.abc import Mapping
from hashlib import sha256
from pathlib import Path
from typing import Any, Final

from layerfold.model.huggingface.files import base_of, gguf_of, kept_file
from layerfold.model.huggingface.place import Where
from layerfold.model.huggingface.tokenizer import LISTS, SMALL, WHOLE, HuggingFaceTokenizer

OF_A_CALL: Final = ("version", "truncation", "padding")  # of no token
SHOWN: Final = 40  # characters of a token, in words


def tokenizer_files(where: Where) -> list[Path]:
    """The files on this machine that a model's tokenizer is read from, or its base's for an
    adapter without one; none where there are none. Raises as ``base_of``.
    """
    if (whole := gguf_of(where)) is not None:
        return [whole]
    return _files_at(where) or _files_at(base_of(where))


def _files_at(where: Where) -> list[Path]:
    whole = kept_file(where, WHOLE)
    named = [whole] if whole else [found for name in LISTS if (found := kept_file(where, name))]
    return [*named, *filter(None, (kept_file(where, name) for name in SMALL))] if named else []


def content_of(reader: HuggingFaceTokenizer) -> dict[str, Any]:
    """All of a tokenizer that says how a text is cut and numbered: vocabulary, merges, added
    tokens, and what is done to a text before and after.
    """
    found: dict[str, Any] = json.loads(reader.written())
    return {part: held for part, held in found.items() if part not in OF_A_CALL}


def digest_of(content: Mapping[str, Any]) -> str:
    """One name for a tokenizer's content."""
    return sha256(json.dumps(content, sort_keys=True).encode()).hexdigest()


def difference(ours: Mapping[str, Any], theirs: Mapping[str, Any]) -> str:
    """Where the content of a tokenizer is not another's, in a few words; empty where it is."""
    mine, its = _names(ours), _names(theirs)
    for n in sorted(mine.keys() & its.keys()):
        if mine[n] != its[n]:
            return f"its token {n} is {mine[n][:SHOWN]!r} and not {its[n][:SHOWN]!r}"
    if mine.keys() != its.keys():
        return f"it has {len(mine)} tokens and not {len(its)}"
    for part in sorted(ours.keys() | theirs.keys()):
        if ours.get(part) != theirs.get(part):
            model = part == "model" and ours[part].get("merges") != theirs[part].get("merges")
            return f"its {'merges are' if model else f'{part} is'} another"
    return ""


def _names(content: Mapping[str, Any]) -> dict[int, str]:
    """The tokens of a tokenizer by id."""
    vocabulary = content["model"].get("vocab") or {}
    listed = (
        {name: n for n, (name, _) in enumerate(vocabulary)}
        if isinstance(vocabulary, list)
        else vocabulary
    )
    added = {int(one["id"]): str(one["content"]) for one in content.get("added_tokens", [])}
    return {int(n): str(name) for name, n in listed.items()} | added
