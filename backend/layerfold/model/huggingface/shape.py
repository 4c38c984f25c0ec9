"""The shape of a Hugging Face model, from its config.json alone: its network is made on the meta
device, and one pass of it traced.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from layerfold.errors import DamagedRun
from layerfold.model.huggingface.config import read_config, transformers_config
from layerfold.model.huggingface.files import GGUF, NUMBERED, base_of, gguf_of, settled
from layerfold.model.huggingface.gguf_file import gguf_config
from layerfold.model.huggingface.library import library
from layerfold.model.huggingface.place import COMMIT, Where
from layerfold.model.huggingface.stored import stored_names
from layerfold.records import sites_of

if TYPE_CHECKING:
    from layerfold.model.huggingface.outline import Outline

ANYTHING: Final = (
    "",
    "model",
    "models",
    "final",
    "best",
    "last",
    "latest",
    "output",
    "outputs",
    "checkpoints",
    "snapshots",
)
LONGEST: Final = 4096  # tokens read at once, however many more a model could


@dataclass(frozen=True)
class HuggingFaceShape:
    """What config.json says: ``block_size`` is the most tokens read at once, ``unembedding``
    whether there are logits.
    """

    family: str
    n_layer: int
    d_model: int
    vocab_size: int
    block_size: int
    causal: bool
    unembedding: bool
    sites: tuple[str, ...]
    title: str


def read_shape(where: Where) -> HuggingFaceShape:
    """The shape of a checkpoint, from its config.json alone.

    Raises ModelRefused for an architecture that is not known, asks for foreign code or gives no
    states; ModelNotFound, Unreachable, MissingExtra, DamagedRun.
    """
    outline = outline_of(settled(where))
    if outline.positions < 1:
        raise DamagedRun(
            f"config.json of {where} leaves the model {outline.positions} positions to read at:"
            " fetch the model again"
        )
    mid = outline.structure is not None and outline.structure.has_mid
    return HuggingFaceShape(
        family=outline.family,
        n_layer=outline.n_layer,
        d_model=outline.d_model,
        vocab_size=outline.vocab_size,
        block_size=min(LONGEST, outline.positions),
        causal=outline.causal,
        unembedding=outline.head,
        sites=tuple(site.name for site in sites_of(outline.n_layer) if site.part != "mid" or mid),
        title=_title(where) + (f" ({where.stream})" if where.stream else ""),
    )


def outline_of(where: Where) -> Outline:
    """The network of a config on the meta device; raises as ``read_shape``."""
    # torch: a card is read without it
    from layerfold.model.huggingface.outline import outline_of_config

    if (whole := gguf_of(where)) is not None:
        config = gguf_config(whole)
        return outline_of_config(config, {"gguf": whole.name, **config.to_dict()}, str(where))
    base = base_of(where)
    found = read_config(base)
    config = transformers_config(base, found)
    stored = frozenset[str]() if is_named(found) else stored_names(base)
    return outline_of_config(config, found, str(where), where.stream, stored)


def is_named(found: Mapping[str, Any]) -> bool:
    """Whether a config says of which class of transformers its model is."""
    named = found.get("architectures")
    return isinstance(named, list) and any(
        hasattr(library("transformers"), str(one)) for one in named
    )


def _title(where: Where) -> str:
    """What a person would call it: the repository's name, the folder's, or that of a folder above
    where this one says nothing.
    """
    if where.folder is None:
        return where.repo.rpartition("/")[2]
    path = (
        where.folder.resolve().with_suffix("")
        if where.folder.suffix == GGUF
        else where.folder.resolve()
    )
    named = next(
        (folder.name for folder in (path, *path.parents) if not _says_nothing(folder.name)),
        path.name,
    )
    return named.rpartition("--")[2] or named


def _says_nothing(name: str) -> bool:
    return bool(NUMBERED.fullmatch(name) or COMMIT.fullmatch(name) or name.lower() in ANYTHING)
