"""What has to be said beside a number: a key with its values, and its English sentence."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

SENTENCES: Final[Mapping[str, str]] = {
    "last_piece": "{word!r} is {pieces} tokens here: the state of its last one is taken.",
    "cue_after": (
        "{count} of {of} sentences for {word!r} have their cue after it: "
        "a causal model has not read it yet, so it cannot matter."
    ),
    "unknown_symbols": (
        "{count} of {of} sentences for {word!r} hold a symbol that the model does not know, and"
        " are left out."
    ),
    "unknown_pairs": (
        "{count} of {of} pairs hold a symbol that the model does not know, and are left out."
    ),
    "same_token": "{count} of {of} pairs end in the same token here and are left out.",
    "split_left_out": "{count} pairs with a word of several tokens are left out; {used} are used.",
    "split_used": "{count} of {of} pairs have a word of several tokens: its last one is taken.",
    "gaps": "{count:,} of {of:,} tokens have no {name!r} and are left out.",
    "rare_classes": "{count} classes of {name!r} with fewer than {least} tokens are left out.",
    "not_read": "The text {name!r} cannot be read by this model: {why}",
    "not_used": "The list {name!r} cannot be used here: {why}",
    "reference_text": "The model reads no English: loss is of the run's own reference.",
    "fewer_windows": (
        "The model is large: {count} windows of each text are read, where a small model's answer"
        " is made of {most}, so the intervals are wider."
    ),
    "no_control": "No random words can stand where {start!r} and {end!r} stand: no control.",
    "no_cue": "{count} of {of} sentences for {word!r} do not mark a cue, so it is not checked.",
}


@dataclass(frozen=True)
class Note:
    """A remark by its ``key``, with the ``values`` of its sentence."""

    key: str
    values: Mapping[str, Any]

    @property
    def text(self) -> str:
        """The remark in English."""
        return SENTENCES[self.key].format(**self.values)

    def as_json(self) -> dict[str, Any]:
        """Key, values and English sentence."""
        return {"key": self.key, "values": dict(self.values), "text": self.text}
