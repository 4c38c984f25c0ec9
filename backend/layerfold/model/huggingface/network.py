"""A transformers' network behind the face of every model that is looked into; what it does not
have, it names."""

from __future__ import annotations

import threading
from collections.abc import Mapping, Sequence
from copy import deepcopy
from functools import cached_property
from inspect import signature
from typing import TYPE_CHECKING, Any

import torch
from torch import Tensor, nn

from layerfold.errors import NotSupported
from layerfold.model.edits import TapHook
from layerfold.model.huggingface.attention import Passing
from layerfold.model.huggingface.groups import grouped, joint_rows
from layerfold.model.huggingface.hooks import hang
from layerfold.model.huggingface.library import library
from layerfold.model.huggingface.proof import Proof, near, proof_of
from layerfold.model.huggingface.structure import Block, inputs_of, probe_ids
from layerfold.model.network import Grouped, Readout, Writer
from layerfold.model.taps import IN_LAYER, Hook

if TYPE_CHECKING:
    from layerfold.model.huggingface.adapter import HuggingFaceAdapter


class HuggingFaceNetwork:
    """The pass of a network of transformers, its hooks hung once; several threads may run it, each
    with a hook of its own."""

    def __init__(self, adapter: HuggingFaceAdapter) -> None:
        self.network, self.structure = adapter.network, adapter.structure
        self.blocks: tuple[Block, ...] = self.structure.blocks
        self.n_layer = len(self.blocks)
        self.n_head = max((block.n_heads for block in self.blocks), default=0)
        self.d_model, self.n_vocab, self.max_tokens = (
            adapter.d_model,
            adapter.n_vocab,
            adapter.max_tokens,
        )
        self.causal, self.unembeds = adapter.causal, adapter.unembeds
        self.sites = tuple(site.name for site in adapter.sites)
        self.kind = str(self.network.config.model_type)
        self.body = adapter.body
        self.passing, self._lock = Passing(), threading.Lock()
        self._factors: list[tuple[float, float]] = []
        self.read_only: list[
            int
        ] = []  # layers whose patterns the network tells and does not let change
        hang(self.structure, self.passing, self._factors)
        if self.head is not None:
            self.head.register_forward_pre_hook(_final(self.passing))

    @cached_property
    def head(self) -> nn.Module | None:
        """The matrix that makes logits."""
        found: nn.Module | None = self.network.get_output_embeddings() if self.unembeds else None
        return found

    @property
    def device(self) -> torch.device:
        """Where its weights lie."""
        found: torch.device = self.network.device
        return found

    # ---- what it gives

    @cached_property
    def proof(self) -> Proof:
        """What of its parts a short pass has shown to be true."""
        with self._lock, torch.inference_mode(False):
            if "proof" not in vars(self):
                found = proof_of(self)
                self._factors += found.factors
                vars(self)["proof"] = found
            return vars(self)["proof"]  # type: ignore[no-any-return]

    @cached_property
    def taps(self) -> tuple[str, ...]:
        """The names that it gives, in the order of the pass."""
        inside = [
            f"L{n}.{part}"
            for n in range(self.n_layer)
            for part in IN_LAYER
            if not self._lacks(n, part)
        ]
        return ("embed", *inside, *(("final", "logits") if self.head is not None else ()))

    def missing(self, name: str) -> str:
        """Why it does not give a tap, for ``L*`` why the first layer that does not; empty where it
        does, or the name is no tap's."""
        if name in ("final", "logits"):
            return (
                ""
                if self.head is not None
                else "This model has no unembedding: open one with a language-model head."
            )
        layer, _, part = name.partition(".")
        if part not in IN_LAYER or not (layer == "L*" or layer[1:].isdecimal()):
            return ""
        layers = range(self.n_layer) if layer == "L*" else [int(layer[1:])]
        return next((why for n in layers if n < self.n_layer and (why := self._lacks(n, part))), "")

    def _lacks(self, layer: int, part: str) -> str:
        """Why a block does not give a part; empty where it does."""
        if part == "mid" and f"L{layer}.mid" not in self.sites:
            why = "attention and MLP read the same state, so there is none between them"
        else:
            why = self.proof.wrong.get((layer, part), "")
        return why and f"L{layer}.{part} cannot be read of this {self.kind} model: {why}."

    # ---- the pass

    def __call__(
        self, ids: Tensor, hook: Hook | None = None, cache: Any = None, last: int | None = None
    ) -> Tensor | None:
        """Logits (b, t, v), of the ``last`` tokens only where that is given; None for 0, and
        without an unembedding."""
        if hook is not None:
            self.proof  # noqa: B018 (made before a hook of ours looks)
        return self.plain(ids, hook, cache, last)

    def plain(
        self, ids: Tensor, hook: Hook | None = None, cache: Any = None, last: int | None = None
    ) -> Tensor | None:
        """The pass itself, whether or not its parts are proved."""
        whole = self.body if last == 0 or self.head is None else self.network
        options = inputs_of(whole, ids)
        if cache is not None:
            options |= {"past_key_values": cache, "use_cache": True}
        if last and "logits_to_keep" in signature(whole.forward).parameters:
            options["logits_to_keep"] = last
        read_only = (
            [] if hook is None else [n for n in self.read_only if hook.wants(f"L{n}.attn.pattern")]
        )
        if read_only:
            options["output_attentions"] = True
        with self.passing.through(hook):
            found = whole(**options)
        for n in read_only:
            self._shown_only(f"L{n}.attn.pattern", found.attentions[n], hook)
        if whole is not self.network or self.head is None:
            return None
        logits: Tensor = found.logits if last is None else found.logits[:, -last:]
        return logits if hook is None else hook("logits", logits)

    def _shown_only(self, name: str, pattern: Tensor, hook: Hook | None) -> None:
        if hook is not None and hook(name, pattern) is not pattern:
            raise NotSupported(f"{name} of this {self.kind} model can be read and not changed.")

    def cache(self) -> Any:
        """A cache with nothing in it; raises NotSupported where a token's states depend on later
        ones, or more is kept than keys."""
        if not self.causal:
            raise NotSupported(
                f"This {self.kind} model reads a text from both sides and predicts no next "
                "token, so it does not go on."
            )
        if getattr(self.network, "_is_stateful", False):
            raise NotSupported(
                f"This {self.kind} model keeps more of a text than keys and values, so it cannot "
                "be gone on with here."
            )
        if not self._goes_on:
            raise NotSupported(
                f"This {self.kind} model gives other states from kept keys than from the whole "
                "text, so it does not go on."
            )
        return self._empty_cache()

    def _empty_cache(self) -> Any:
        return library("transformers").DynamicCache(config=self.network.config)

    @cached_property
    def _goes_on(self) -> bool:
        """Whether a text read in two parts has the states that it has as a whole."""
        ids = torch.tensor([probe_ids(self.network.config)], device=self.device)
        last, cache = self.sites[-1], self._empty_cache()
        hooks = [TapHook([last]) for _ in range(3)]
        with torch.no_grad():
            self.plain(ids, hooks[0], last=0)
            for part, hook in zip((ids[:, :-2], ids[:, -2:]), hooks[1:], strict=True):
                self.plain(part, hook, cache, last=0)
        parts = [hook.kept[last] for hook in hooks]
        return near(torch.cat(parts[1:], dim=1), parts[0])

    def copied(self, cache: Any, rows: int = 1) -> Any:
        """A cache of its own with the same in it, for each of ``rows``."""
        found = deepcopy(cache)
        if rows > 1:
            found.batch_repeat_interleave(rows)
        return found

    # ---- its weights

    def writers(self) -> Sequence[Writer]:
        """How attention of each layer writes; raises NotSupported."""
        return [self._writer(n, block) for n, block in enumerate(self.blocks)]

    def _writer(self, layer: int, block: Block) -> Writer:
        for part in ("attn.z", "attn.out", "mlp.out"):
            if why := self._lacks(layer, part):
                raise NotSupported(why)
        assert block.o_proj is not None
        rows = matrix_of(block.o_proj)
        after = block.norm_attention if block.residual != "normed sum" else None
        last = block.norm_attention if block.residual == "normed sum" else None
        bias = getattr(block.o_proj, "bias", None)
        return Writer(
            rows.reshape(block.n_heads, block.head_dim, -1),
            bias,
            after,
            last,
            self.proof.factors[layer][0],
        )

    def mlp_norm(self, layer: int) -> nn.Module | None:
        """The norm of the sum of the stream and what the MLP adds."""
        block = self.blocks[layer]
        return block.norm_mlp if block.residual == "normed sum" else None

    def readout(self) -> Readout:
        """How logits are read off the stream; raises NotSupported where that is no product with one
        matrix."""
        if self.proof.readout is None:
            raise NotSupported(
                self.missing("logits")
                or f"The head of this {self.kind} model is more than a norm and a matrix."
            )
        return self.proof.readout

    def weights(self) -> Mapping[str, Tensor]:
        """Every weight once, by name; from now on they take gradients where they are asked for."""
        found = {
            name: weight
            for name, weight in self.network.named_parameters()
            if weight.is_floating_point()
        }
        for weight in found.values():
            weight.requires_grad_(True)
        return found

    def grouped(self, values: Mapping[str, Tensor]) -> tuple[list[Grouped], Grouped]:
        """Tensors shaped as the weights, by group."""
        return grouped(self, values)

    @cached_property
    def joint(self) -> Mapping[str, Tensor]:
        """Where queries, keys and values stand in what a joint matrix gives."""
        with torch.inference_mode(False):
            return joint_rows(self)

    def precise(self) -> HuggingFaceNetwork:
        """The network itself: a copy in float64 might not fit."""
        return self


def _final(passing: Passing) -> Any:
    """A hook of the head, which shows what it reads."""

    def shown(module: nn.Module, args: tuple[Any, ...]) -> Any:
        hook = passing.hook
        return None if hook is None else (hook("final", args[0]), *args[1:])

    return shown


def matrix_of(module: nn.Module) -> Tensor:
    """The matrix of a linear module as it acts on a row [in, out]; raises NotSupported for another
    kind of module."""
    weight = getattr(module, "weight", None)
    if not isinstance(weight, Tensor) or weight.dim() != 2 or not weight.is_floating_point():
        raise NotSupported(
            f"{type(module).__name__} holds no plain matrix, so what it does to a part is not "
            "known."
        )
    return weight if type(module).__name__ == "Conv1D" else weight.T
