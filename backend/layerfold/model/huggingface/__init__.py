"""Models of Hugging Face behind the adapter protocol: opened by transformers itself, and checked as
they are opened.

files · shape (from config.json alone) · weights · structure (block, trace) · adapter · check ·
tokenizer (pieces) · matrices · own_gpt. What protects a person stays outside transformers: no code
of the folder, no file outside of it, no network that was not asked for, nothing allocated before
sizes are known.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from layerfold.model.huggingface.files import Where, fetched, settled, weight_files
from layerfold.model.huggingface.shape import HuggingFaceShape, read_shape
from layerfold.model.huggingface.tokenizer import HuggingFaceTokenizer, read_hub_tokenizer

if TYPE_CHECKING:
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
    """The model at a checkpoint; see ``opening.load_adapter``, which imports torch."""
    # torch: a card is read without it
    from layerfold.model.huggingface.opening import load_adapter as load

    return load(where, shape, **options)


def confirmed_shape(
    where: Where, shape: HuggingFaceShape, **options: Any
) -> tuple[HuggingFaceShape, list[str]]:
    """The shape as the opened model shows it; see ``opening.confirmed_shape``, which imports
    torch.
    """
    # torch: a card is read without it
    from layerfold.model.huggingface.opening import confirmed_shape as confirm

    return confirm(where, shape, **options)
