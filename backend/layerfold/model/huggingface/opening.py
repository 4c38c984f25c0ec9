"""A checkpoint opened: its weights in a network, its states caught, and both checked against
transformers' own pass.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any, Final

from layerfold.errors import ModelRefused
from layerfold.model.huggingface.adapter import HuggingFaceAdapter
from layerfold.model.huggingface.check import CLOSE, ahead, check_adapter
from layerfold.model.huggingface.files import ADAPTED, ADAPTER, base_of, gguf_of, read_json, settled
from layerfold.model.huggingface.gguf_file import rounding_of, splitting_of
from layerfold.model.huggingface.outline import Outline
from layerfold.model.huggingface.peft_adapter import merged
from layerfold.model.huggingface.place import Where
from layerfold.model.huggingface.quiet import reason
from layerfold.model.huggingface.rotary import guard_rotary, stretched
from layerfold.model.huggingface.shape import HuggingFaceShape, outline_of, read_shape
from layerfold.model.huggingface.stored import BESIDE, SHARDS
from layerfold.model.huggingface.structure import Structure, structure_of
from layerfold.model.huggingface.weight_files import listed, weight_files
from layerfold.model.huggingface.weights import load_network

NOTES: Final = "layerfold.json"  # beside a model: {"notes": [what is to be known of it, …]}
MOST, NOTE = 8, 500  # notes, characters of one


def load_adapter(
    where: Where,
    shape: HuggingFaceShape,
    *,
    dtype: str = "float32",
    device: str = "cpu",
    pickle: bool = False,
    known: bool = False,
) -> HuggingFaceAdapter:
    """The model at a checkpoint, in evaluation mode, its weights in memory once.

    ``dtype`` is float32, bfloat16 or float16, ``device`` cpu, cuda, cuda:N or mps; ``pickle``
    allows PyTorch's own files where there are no safetensors; of one that is ``known``, since these
    very files were opened before, states are not compared again. Raises ModelRefused (also for a
    checkpoint of another shape, a device this machine lacks, weights that are no plain numbers,
    states that differ from transformers' own), DamagedRun, and as ``read_shape``.
    """
    adapter = open_network(where, shape, dtype, device, pickle).adapter
    if not known:
        check_adapter(adapter, str(where))
    return adapter


def confirmed_shape(
    where: Where,
    shape: HuggingFaceShape,
    *,
    dtype: str = "float32",
    device: str = "cpu",
    pickle: bool = False,
) -> tuple[HuggingFaceShape, list[str]]:
    """The shape of a model as it shows itself when it is opened, and what a person is to know of
    how; raises as ``load_adapter``.
    """
    opened = open_network(where, shape, dtype, device, pickle)
    adapter = opened.adapter
    adapter.causal = shown_causal(adapter)
    check_adapter(adapter, str(where))
    aside = (
        [f"Weights of its files that no part of it takes are left aside: {listed(opened.left)}."]
        if opened.left
        else []
    )
    return replace(shape, causal=adapter.causal), [*notes_of(where), *aside, *opened.notes]


def notes_of(where: Where) -> list[str]:
    """What was done to a model that is not as its files have it, a sentence each."""
    said = read_json(where, ADAPTER)
    found = (
        [f"The adapter beside it ({str(said.get('peft_type'))[:40]}) is merged into it."]
        if said
        else []
    )
    if (whole := gguf_of(where)) is not None:
        found += [note for note in (rounding_of(whole), splitting_of(whole)) if note]
    if apart := _adapters_below(where):
        found.append(f"Adapters lie below it ({apart}) and are not on it: open their folder.")
    if others := _others_beside(where):
        found.append(
            f"Further weights lie beside it ({listed(others)}) and are not read: for a model of"
            " them, put each into a folder of its own as model.safetensors, with its config.json."
        )
    written = read_json(where, NOTES) if where.folder is not None else None
    notes = (written or {}).get("notes")
    return found + ([str(note)[:NOTE] for note in notes[:MOST]] if isinstance(notes, list) else [])


def _adapters_below(where: Where) -> str:
    """The names of folders in a model's folder that hold an adapter."""
    folder = where.folder
    inside = sorted(folder.iterdir()) if folder is not None and folder.is_dir() else []
    return ", ".join(path.name for path in inside if (path / ADAPTER).is_file())


def _others_beside(where: Where) -> list[str]:
    """The names of files of weights in a model's folder that no part of it is read from, of the
    kind that it is read from, such as the second model that accelerate saves; a training's own
    state, and copies in shards, are none.
    """
    folder = where.folder
    if folder is None or not folder.is_dir() or gguf_of(where) is not None:
        return []
    files = weight_files(where, pickle=True)
    read = {ADAPTED, *(path.name for path in files)}
    return [
        path.name
        for path in sorted(folder.glob(f"*{files[0].suffix}"))
        if path.name not in read and not (BESIDE.match(path.name) or path.match(SHARDS))
    ]


def shown_causal(adapter: HuggingFaceAdapter) -> bool:
    """Whether a token's states stay as they are when one after it is another."""
    return adapter.structure.stream == "" and ahead(adapter) <= CLOSE[adapter.network.dtype]


@dataclass(frozen=True)
class Opened:
    """A model behind the protocol, not checked yet, what of its files no part of it took, and what
    is to be known of how they were read.
    """

    adapter: HuggingFaceAdapter
    left: tuple[str, ...]
    notes: tuple[str, ...]


def open_network(
    where: Where, shape: HuggingFaceShape, dtype: str, device: str, pickle: bool
) -> Opened:
    """The model at a checkpoint, its states not yet compared with any; raises as
    ``load_adapter``.
    """
    where = settled(where)
    outline, own = outline_of(where), read_shape(where)
    chosen: dict[str, Any] = {
        "title": shape.title,
        "unembedding": shape.unembedding,
        "causal": shape.causal,
    }
    if own.block_size < shape.block_size:  # a card of before may say more than is read now
        shape = replace(shape, block_size=own.block_size)
    if replace(own, sites=shape.sites, **chosen) != shape or not set(shape.sites) <= set(own.sites):
        raise ModelRefused(f"{where} is a model of another shape than the run's: open it by itself")
    loaded = load_network(base_of(where), outline, dtype, device, pickle)
    network = merged(loaded.network, where)
    structure = _structure(outline, network, str(where))
    guard_rotary(network)
    note = stretched(outline.config.get_text_config(), shape.block_size)
    return Opened(
        HuggingFaceAdapter(
            network, structure, replace(shape, unembedding=shape.unembedding and outline.head)
        ),
        loaded.left,
        (*loaded.notes, *outline.told, *([note] if note else [])),
    )


def _structure(outline: Outline, network: Any, name: str) -> Structure:
    """The network's structure: the outline's, or where that could not be seen without numbers, that
    of a pass with them.
    """
    if outline.structure is not None:
        return outline.structure.bound(outline.network, network)
    try:
        return structure_of(network, outline.stream)
    except Exception as error:  # whatever a network does that nobody has opened before
        raise ModelRefused(
            f"{name} cannot be opened: its pass cannot be followed ({reason(error)})"
        ) from error
