"""Models of Hugging Face behind the adapter protocol: their shape from config.json alone, their
weights, their tokenizer.

Only architectures that transformers itself brings are opened (hub_families.py), only safetensors
are read unless pickles are allowed, and transformers is given a cleaned config and the weights,
never the folder: there is nothing foreign for it to run.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from layerfold.errors import ModelRefused
from layerfold.model.huggingface.families import family_of
from layerfold.model.huggingface.files import Where, fetched, settled, weight_files
from layerfold.model.huggingface.shape import (
    HuggingFaceShape,
    has_mid,
    read_config,
    read_shape,
    transformers_config,
)
from layerfold.model.huggingface.tokenizer import HuggingFaceTokenizer, read_hub_tokenizer

if TYPE_CHECKING:
    from layerfold.model.huggingface.adapter import HuggingFaceAdapter

__all__ = [
    "HuggingFaceShape",
    "HuggingFaceTokenizer",
    "Where",
    "fetched",
    "load_adapter",
    "read_hub_tokenizer",
    "read_shape",
    "settled",
    "weight_files",
]


def load_adapter(
    where: Where,
    shape: HuggingFaceShape,
    *,
    dtype: str = "float32",
    device: str = "cpu",
    pickle: bool = False,
) -> HuggingFaceAdapter:
    """The model at a checkpoint, in evaluation mode, its weights in memory once.

    ``dtype`` is float32, bfloat16 or float16, ``device`` cpu, cuda, cuda:N or mps; ``pickle``
    allows PyTorch's own files where there are no safetensors. Raises ModelRefused (also for a
    checkpoint of another shape, or a device this machine lacks), and as ``read_shape``.
    """
    from layerfold.model.huggingface.adapter import HuggingFaceAdapter
    from layerfold.model.huggingface.weights import load_network

    where = settled(where)
    if replace(read_shape(where), title=shape.title, unembedding=shape.unembedding) != shape:
        raise ModelRefused(f"{where} is a model of another shape than the run's: open it by itself")
    found = read_config(where)
    family = family_of(found, str(where))
    config = transformers_config(found, str(where))
    network = load_network(where, config, family, shape.unembedding, dtype, device, pickle)
    return HuggingFaceAdapter(
        network, family if has_mid(family, config) else family.without_mid(), shape
    )
