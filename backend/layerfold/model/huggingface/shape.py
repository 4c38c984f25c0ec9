"""The shape of a Hugging Face model, from its config.json alone."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from layerfold.errors import DamagedRun, MissingExtra, ModelNotFound
from layerfold.model.huggingface.families import HEADS, Family, cleaned, family_of
from layerfold.model.huggingface.files import COMMIT, CONFIG, NUMBERED, Where, read_json
from layerfold.records import sites_of

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

    Raises ModelRefused for an architecture that is not known or asks for foreign code;
    ModelNotFound, Unreachable, MissingExtra, DamagedRun.
    """
    found = read_config(where)
    family = family_of(found, str(where))
    config = transformers_config(found, str(where))
    positions = _positions(config, str(found["model_type"]))
    if positions < 1:
        raise DamagedRun(
            f"config.json of {where} leaves the model {positions} positions to read at: fetch the"
            " model again"
        )
    architectures = found.get("architectures")
    named = str(architectures[0]) if isinstance(architectures, list) and architectures else ""
    return HuggingFaceShape(
        family=str(found["model_type"]),
        n_layer=int(config.num_hidden_layers),
        d_model=int(config.hidden_size),
        vocab_size=int(config.vocab_size),
        block_size=min(LONGEST, positions),
        causal=family.causal,
        unembedding=named.endswith(HEADS),
        sites=tuple(
            site.name
            for site in sites_of(int(config.num_hidden_layers))
            if site.part != "mid" or has_mid(family, config)
        ),
        title=_title(where),
    )


def has_mid(family: Family, config: Any) -> bool:
    """Whether a state after attention and before the MLP exists: not where the two stand side by
    side (GPT-NeoX's parallel residual).
    """
    return family.mid is not None and not getattr(config, "use_parallel_residual", False)


def transformers_config(found: Mapping[str, Any], name: str) -> Any:
    """The cleaned config as transformers' own object; raises DamagedRun, MissingExtra."""
    kept = cleaned(found, name)
    try:
        from transformers import CONFIG_MAPPING
    except ImportError as error:
        raise MissingExtra(
            "models of Hugging Face need more packages: pip install layerfold[hf]"
        ) from error
    try:
        return CONFIG_MAPPING[found["model_type"]].from_dict(kept)
    except Exception as error:  # each config checks its own values, in its own way
        raise DamagedRun(
            f"config.json of {name} cannot be used ({str(error).strip()[:200]}): fetch the model"
            " again"
        ) from error


def read_config(where: Where) -> dict[str, Any]:
    found = read_json(where, CONFIG)
    if found is None:
        raise ModelNotFound(
            f"{where} holds no config.json, so it is no model of Hugging Face: check its name"
        )
    return found


def _positions(config: Any, family: str) -> int:
    """The most tokens a model has positions for; RoBERTa's begin after the id of its padding
    sign.
    """
    limit = int(config.max_position_embeddings)
    return (
        limit - int(config.pad_token_id or 0) - 1 if family in ("roberta", "xlm-roberta") else limit
    )


def _title(where: Where) -> str:
    """What a person would call it: the repository's name, the folder's, or that of a folder above
    where this one says nothing.
    """
    if where.folder is None:
        return where.repo.rpartition("/")[2]
    path = where.folder.resolve()
    named = next(
        (folder.name for folder in (path, *path.parents) if not _says_nothing(folder.name)),
        path.name,
    )
    return named.rpartition("--")[2] or named


def _says_nothing(name: str) -> bool:
    return bool(NUMBERED.fullmatch(name) or COMMIT.fullmatch(name) or name.lower() in ANYTHING)
