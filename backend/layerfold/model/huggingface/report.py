"""What is found of a model when it is opened, as a table: what was compared and by how much it
differs, what of its files was used.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any

from layerfold.errors import LayerfoldError
from layerfold.model.huggingface.check import Line, compared, order
from layerfold.model.huggingface.library import library
from layerfold.model.huggingface.opening import notes_of, open_network, shown_causal
from layerfold.model.huggingface.place import Where
from layerfold.model.huggingface.shape import read_shape
from layerfold.model.huggingface.tokenizer import read_hub_tokenizer


@dataclass(frozen=True)
class ModelReport:
    """A model as it was opened. ``lines`` are what was compared; ``left`` the weights that no part
    took, ``idle`` parts without use.
    """

    name: str
    made: str
    transformers: str
    layers: int
    width: int
    weights: int
    sites: tuple[str, ...]
    causal: bool
    unembedding: bool
    attention: str
    feed_forward: str
    lines: tuple[Line, ...]
    left: tuple[str, ...]
    idle: tuple[str, ...]
    notes: tuple[str, ...]

    @property
    def right(self) -> bool:
        """Whether all that was compared agrees."""
        return all(line.right for line in self.lines)

    def as_json(self) -> dict[str, Any]:
        """The report for a program."""
        lines = [{**asdict(line), "right": line.right} for line in self.lines]
        return {**asdict(self), "lines": lines, "right": self.right}

    def as_text(self) -> str:
        """The report for a person."""
        size = f"{self.layers} blocks × {self.width}, {self.weights:,} weights"
        head = f"{self.name}: {self.made} of transformers {self.transformers}, {size}"
        kind = "a token sees those before it" if self.causal else "a token sees those after it too"
        parts = f"attention: {self.attention}; feed-forward: {self.feed_forward}; {kind}"
        wide = max(len(line.what) for line in self.lines)
        rows = [
            f"  {line.what:<{wide}}  {line.difference:8.1e} "
            f" {'agrees' if line.right else 'DIFFERS'}"
            for line in self.lines
        ]
        left = (
            f"weights that no part took: {', '.join(self.left)}"
            if self.left
            else "every weight was taken"
        )
        idle = (
            f"parts that states and logits are not made of: {', '.join(self.idle)}"
            if self.idle
            else "every part is in use"
        )
        title = (
            "compared with transformers' own pass, the largest difference over the largest number:"
        )
        return "\n".join([head, parts, "", title, *rows, "", left, idle, *self.notes])


def report_of(
    where: Where, *, dtype: str = "float32", device: str = "cpu", pickle: bool = False
) -> ModelReport:
    """The report of the model at a place; raises what opening it raises, but for what differs,
    which the report says.
    """
    transformers = library("transformers")

    opened = open_network(where, read_shape(where), dtype, device, pickle)
    adapter = opened.adapter
    adapter.causal = shown_causal(adapter)
    block, wrong = adapter.structure.blocks[-1], _wrong_tokens(where)
    heads = (
        f"{block.n_heads} heads × {block.head_dim}"
        if block.o_proj is not None
        else "not told apart"
    )
    mixed = block.mlp is not None and any(
        weight.dim() == 3 and min(weight.shape) > 1 for weight in block.mlp.parameters()
    )
    fed = "experts" if mixed else "an MLP" if block.down_proj is not None else "not told apart"
    return ModelReport(
        name=str(where),
        made=type(adapter.network).__name__,
        transformers=str(transformers.__version__),
        layers=len(adapter.structure.blocks),
        width=adapter.d_model,
        weights=sum(weight.numel() for weight in adapter.network.parameters()),
        sites=tuple(site.name for site in adapter.sites),
        causal=adapter.causal,
        unembedding=adapter.unembeds,
        attention=heads,
        feed_forward=fed,
        lines=(
            *compared(adapter),
            *order(adapter),
            Line("token ids and texts", float(bool(wrong)), 0.0),
        ),
        left=opened.left,
        idle=tuple(sorted({name.rpartition(".")[0] for name in adapter.structure.idle})),
        notes=(*notes_of(where), *opened.notes, *([wrong] if wrong else [])),
    )


def _wrong_tokens(where: Where) -> str:
    """What is wrong with the tokenizer; nothing where its ids and texts are right."""
    try:
        read_hub_tokenizer(where)
    except LayerfoldError as error:
        return str(error)
    return ""
