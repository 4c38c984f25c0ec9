"""Whether a tokenizer that is read here gives the ids and texts of the one it was made from."""

from __future__ import annotations

from typing import Any, Final

from layerfold.errors import ModelRefused
from layerfold.model.tokenizers.byte_level import Tokenizer

PROBED: Final = "The doctor's 2 cats watched naïve birds, (春天)."


def check_reader(reader: Tokenizer, made: Any, name: str) -> None:
    """Raises ModelRefused where the ids of a probe are not those of the tokenizer itself."""
    right = list(made(PROBED)["input_ids"])
    found = reader.framed(reader.ids([PROBED])[0])
    if found != right:
        raise ModelRefused(
            f"{name} cannot be opened: {type(made).__name__} reads {PROBED!r} as {right}, its"
            f" vocabulary alone as {found}: save its tokenizer anew with save_pretrained"
        )
    sentence = reader.encode(PROBED, len(right) + 1)
    wrong = [
        token.text
        for token in sentence.tokens
        if token.text not in (PROBED[token.start : token.end], reader.text_of(token.id))
    ]
    if wrong or [token.id for token in sentence.tokens] != right:
        raise ModelRefused(
            f"{name} cannot be opened: the text of its tokens {wrong[:3]} is not what was typed:"
            " save its tokenizer anew"
        )
