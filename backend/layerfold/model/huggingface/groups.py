"""The weights of a transformers' network by what they do: W_Q, W_K, W_V, W_O, W_in, W_out and norms
of each layer, and those outside."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any

import torch
from torch import Tensor, nn

from layerfold.model.edits import TapHook
from layerfold.model.huggingface.structure import Block, probe_ids
from layerfold.model.network import Grouped

if TYPE_CHECKING:
    from layerfold.model.huggingface.network import HuggingFaceNetwork


def grouped(
    network: HuggingFaceNetwork, values: Mapping[str, Tensor]
) -> tuple[list[Grouped], Grouped]:
    """Tensors shaped as the weights, by group: of each layer, and outside (embedding, positions,
    norm, unembedding).

    The weights of a block that stands several times (ALBERT) count at its first place.
    """
    names = {id(weight): name for name, weight in network.network.named_parameters()}
    left = dict(values)
    layers: list[Grouped] = []
    for block in network.blocks:
        found: dict[str, list[Tensor]] = {}
        for owner in block.module.modules():
            for weight in owner.parameters(recurse=False):
                value = left.pop(names[id(weight)], None)
                for group, part in _parts(network, block, owner, weight, value):
                    found.setdefault(group, []).append(part)
        layers.append(found)
    return layers, _outside(network, left)


def _parts(
    network: HuggingFaceNetwork,
    block: Block,
    owner: nn.Module,
    weight: Tensor,
    value: Tensor | None,
) -> Iterator[tuple[str, Tensor]]:
    """The groups that a weight of a block belongs to, with the part of ``value`` that does."""
    if value is None:
        return
    reads = {"W_Q": block.q_proj, "W_K": block.k_proj, "W_V": block.v_proj}
    groups = [group for group, module in reads.items() if module is owner]
    if len(groups) == 1:
        yield groups[0], value
    elif groups and not network.joint:
        yield "W_QKV", value
    elif groups:
        axis = 0 if weight.dim() == 1 or type(owner).__name__ != "Conv1D" else 1
        for group in groups:
            yield group, value.index_select(axis, network.joint[group])
    elif owner is block.o_proj:
        yield "W_O", value
    elif owner is block.down_proj:
        yield "W_out", value
    elif weight.dim() == 1 and not hasattr(owner, "in_features"):
        yield "norms", value
    else:
        yield ("W_out" if value.dim() > 2 and _is_down(owner, weight) else "W_in"), value


def _is_down(owner: nn.Module, weight: Tensor) -> bool:
    """Whether it is the stack of the last matrices of experts."""
    return any(
        one is weight and "down" in name for name, one in owner.named_parameters(recurse=False)
    )


def _outside(network: HuggingFaceNetwork, left: Mapping[str, Tensor]) -> Grouped:
    """What is in no block: of the final norm, the head, positions, and the embedding with all else
    that comes before."""
    modules = {"norm": network.structure.final_norm, "unembedding": network.head}
    owned = {
        id(weight): group
        for group, module in modules.items()
        if module is not None
        for weight in module.parameters()
    }
    embedding = network.network.get_input_embeddings()
    owned |= {id(weight): "embedding" for weight in embedding.parameters()}
    body = {id(weight) for weight in network.body.parameters()}
    found: dict[str, list[Tensor]] = {}
    for name, weight in network.network.named_parameters():
        if name in left:
            guess = (
                "unembedding"
                if id(weight) not in body
                else "positions"
                if _of_positions(name)
                else "embedding"
            )
            found.setdefault(owned.get(id(weight), guess), []).append(left[name])
    return found


def _of_positions(name: str) -> bool:
    return "position" in name or "wpe" in name


def joint_rows(network: HuggingFaceNetwork) -> dict[str, Tensor]:
    """Which numbers that the joint matrix of attention gives are queries, keys and values: those
    that these change with.

    All layers of a network are laid out alike; empty where no one matrix makes all three.
    """
    n = next(
        (
            n
            for n, block in enumerate(network.blocks)
            if block.q_proj is not None and block.q_proj is block.k_proj
        ),
        None,
    )
    module = None if n is None else network.blocks[n].q_proj
    if module is None or network.missing(f"L{n}.attn.q"):
        return {}
    given: list[Tensor] = []

    def leaf(module: nn.Module, args: Any, output: Tensor) -> Tensor | None:
        if network.passing.hook is not hook:
            return None
        given.append(output.detach().requires_grad_())
        return given[-1]

    names = {f"W_{part}": f"L{n}.attn.{part.lower()}" for part in "QKV"}
    hook = TapHook(names.values())
    handle = module.register_forward_hook(leaf)
    try:
        with torch.enable_grad():
            network.plain(
                torch.tensor([probe_ids(network.network.config)], device=network.device),
                hook,
                last=0,
            )
            noise = torch.Generator().manual_seed(0)
            grads = {}
            for group, name in names.items():
                read = hook.kept[name]
                weighed = (read * torch.randn(read.shape, generator=noise).to(read)).sum()
                (grads[group],) = torch.autograd.grad(weighed, given[0], retain_graph=True)
    finally:
        handle.remove()
    return {
        group: grad.flatten(0, -2).abs().sum(dim=0).nonzero()[:, 0] for group, grad in grads.items()
    }
