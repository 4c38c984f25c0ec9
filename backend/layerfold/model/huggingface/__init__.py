"""Models of Hugging Face behind the adapter protocol: opened by transformers itself, and checked as
they are opened.

files · shape (from config.json alone) · weights · structure (block, trace) · adapter · check ·
tokenizer (pieces) · matrices · own_gpt. What protects a person stays outside transformers: no code
of the folder, no file outside of it, no network that was not asked for, nothing allocated before
sizes are known.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from layerfold.model.huggingface.files import fetched, settled
from layerfold.model.huggingface.place import Where
from layerfold.model.huggingface.shape import HuggingFaceShape, read_shape
from layerfold.model.huggingface.tokenizer import HuggingFaceTokenizer, read_hub_tokenizer
from layerfold.model.huggingface.weight_files import weight_files

if TYPE_CHECKING:
    from types import ModuleType

    from layerfold.model.huggingface.adapter import HuggingFaceAdapter

__all__ = [
    "HuggingFaceShape",
    "HuggingFaceTokenizer",
    "Where",
    "confirmed_shape",
    "fetched",
    "load_adapter",
    "read_hub_tokenizer",
    "read_shape",
    "settled",
    "weight_files",
]


def load_adapter(where: Where, shape: HuggingFaceShape, **options: Any) -> HuggingFaceAdapter:
    """The model at a checkpoint; see ``opening.load_adapter``."""
    opened: HuggingFaceAdapter = _opening().load_adapter(where, shape, **options)
    return opened


def confirmed_shape(
    where: Where, shape: HuggingFaceShape, **options: Any
) -> tuple[HuggingFaceShape, list[str]]:
    """The shape as the opened model shows it; see ``opening.confirmed_shape``."""
    found: tuple[HuggingFaceShape, list[str]] = _opening().confirmed_shape(where, shape, **options)
    return found


def _opening() -> ModuleType:
    from layerfold.model.huggingface import opening  # torch: a card is read without it

    return opening
