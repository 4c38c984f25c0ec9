"""Names of the tensors of a forward pass, and what a pass hands them to.

``embed``            the stream that the first layer reads (b, t, d), with added positions
``L3.attn.q .k .v``  queries, keys, values (b, h, t, k); there may be fewer keys than queries
``L3.attn.pattern``  how each token (the first t) shares its attention (b, h, t, t)
``L3.attn.z``        what each head gathers, before W_O (b, h, t, k)
``L3.attn.out``      what attention adds to the stream (b, t, d)
``L3.skip``          the stream that goes past attention (b, t, d)
``L3.mid``           the stream after attention (b, t, d)
``L3.mlp.act``       what W_out reads (b, t, m)
``L3.mlp.out``       what the MLP adds to the stream (b, t, d)
``L3.post``          the stream after the layer (b, t, d)
``final``            what the unembedding reads (b, t, d)
``logits``           (b, t, v)
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from fnmatch import fnmatchcase
from functools import lru_cache
from typing import Final, Protocol

from torch import Tensor

from layerfold.errors import InputError


class Hook(Protocol):
    """What a pass shows each tensor to, by name, and goes on with."""

    def __call__(self, name: str, x: Tensor) -> Tensor:
        """The tensor to go on with: ``x`` itself where nothing is changed."""
        ...

    def wants(self, name: str) -> bool:
        """Whether a tensor is asked for, so that one which is not needed otherwise has to be
        made."""
        ...


@dataclass(frozen=True)
class Within:
    """A hook for a part of a network, whose names go on from a ``place``."""

    hook: Hook
    place: str

    def __call__(self, name: str, x: Tensor) -> Tensor:
        """As the hook itself, the name in full."""
        return self.hook(f"{self.place}.{name}", x)

    def wants(self, name: str) -> bool:
        """As the hook itself, the name in full."""
        return self.hook.wants(f"{self.place}.{name}")


ATTENTION: Final = ("attn.q", "attn.k", "attn.v", "attn.pattern", "attn.z", "attn.out")
IN_LAYER: Final = (*ATTENTION, "skip", "mid", "mlp.act", "mlp.out", "post")
BY_HEAD: Final = ("q", "k", "v", "pattern", "z")  # last words of the names of (b, h, t, …)

# Names of TransformerLens (Nanda & Bloom 2022): what stands in a layer, and what stands outside.
# Shapes are those above.
LENS_IN_LAYER: Final = {
    "hook_resid_mid": "mid",
    "hook_resid_post": "post",
    "hook_attn_out": "attn.out",
    "hook_mlp_out": "mlp.out",
    "attn.hook_q": "attn.q",
    "attn.hook_k": "attn.k",
    "attn.hook_v": "attn.v",
    "attn.hook_pattern": "attn.pattern",
    "attn.hook_z": "attn.z",
    "mlp.hook_post": "mlp.act",
}
LENS_OUTSIDE: Final = {
    "hook_embed": "embed",
    "ln_final.hook_normalized": "final",
    "unembed.hook_out": "logits",
}
_LENS: Final = re.compile(r"blocks\.(\d+)\.(.+)")


def names_of(n_layer: int, parts: Iterable[str] = IN_LAYER) -> tuple[str, ...]:
    """Every name of a model of so many layers whose layers have those parts, in the order of the
    pass."""
    inside = [f"L{n}.{part}" for n in range(n_layer) for part in parts]
    return ("embed", *inside, "final", "logits")


def own_name(name: str) -> str:
    """The name here of what TransformerLens calls so; any other name as it is."""
    if found := _LENS.fullmatch(name):
        layer, part = int(found[1]), found[2]
        if part == "hook_resid_pre":
            return f"L{layer - 1}.post" if layer else "embed"
        return f"L{layer}.{LENS_IN_LAYER[part]}" if part in LENS_IN_LAYER else name
    return LENS_OUTSIDE.get(name, name)


@lru_cache(maxsize=64)
def resolved(asked: tuple[str, ...], known: tuple[str, ...]) -> tuple[str, ...]:
    """The known names that are asked for, in their order; ``*`` stands for anything (``L*.mid``).
    Raises InputError."""
    found: set[str] = set()
    for name in map(own_name, asked):
        fitting = (
            {one for one in known if fnmatchcase(one, name)} if "*" in name else {name} & set(known)
        )
        if not fitting:
            raise InputError(
                f"There is no tap {name!r} in this model: choose among {', '.join(_told(known))}."
            )
        found |= fitting
    return tuple(one for one in known if one in found)


def _told(known: Iterable[str]) -> list[str]:
    """The names with the layers' numbers left open, each once."""
    return list(dict.fromkeys(re.sub(r"^L\d+", "L0", one) for one in known))
