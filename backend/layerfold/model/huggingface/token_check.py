"""Whether a tokenizer that is read here gives the ids and texts of the one it was made from."""

from __future__ import annotations

from typing import Any, Final

from layerfold.errors import ModelRefused
from layerfold.model.tokenizers.byte_level import Tokenizer

PROBED: Final = "The doctor's 2 cats watched naïve birds, (春天)."
# what rules of splitting and rewriting differ in, and characters that few vocabularies have
SPACE: Final = "▁"
RARE: Final = "  IT'LL cost\r\n\t$1,984.50 e\u0301 ﬁ ꙮ\u200b🜁"


def check_filled(made: Any, name: str) -> None:
    """Raises ModelRefused for a vocabulary of signs alone: a class of transformers that finds no
    file of its own makes one, without a word.
    """
    added = getattr(made, "added_tokens_decoder", {})
    signs = {str(token) for token in added.values()} | {SPACE}
    if made.get_vocab().keys() <= signs:
        raise ModelRefused(
            f"{name} cannot be opened: {type(made).__name__} finds no vocabulary in the files"
            " beside it, so every token would be unknown: put the files of its tokenizer there, or"
            " name their tokenizer_class in tokenizer_config.json"
        )


def check_reader(reader: Tokenizer, made: Any, name: str) -> None:
    """Raises ModelRefused where the ids of a probe are not those of the tokenizer itself."""
    for text in (RARE, PROBED):
        right = list(made(text)["input_ids"])
        found = reader.framed(reader.ids([text])[0])
        if found != right:
            raise ModelRefused(
                f"{name} cannot be opened: {type(made).__name__} reads {text!r} as {right}, its"
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
