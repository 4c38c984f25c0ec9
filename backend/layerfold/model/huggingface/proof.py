"""A short pass that shows whether a network's parts are what they are taken for: that they sum to
the stream, and the heads to patterns."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import torch
from torch import Tensor, nn

from layerfold.errors import NotSupported
from layerfold.model.edits import TapHook
from layerfold.model.huggingface.attention import close_attention, open_attention, widened
from layerfold.model.huggingface.structure import inputs_of, probe_ids
from layerfold.model.network import Readout
from layerfold.model.norms import held
from layerfold.model.taps import names_of

if TYPE_CHECKING:
    from layerfold.model.huggingface.network import HuggingFaceNetwork

CLOSE: Final = {
    torch.float32: 2e-3,
    torch.float64: 1e-6,
}  # of the largest number; half precision is rounded more
CLOSE_HALF: Final = 6e-2


Wrong = dict[tuple[int, str], str]
QKV: Final = ("attn.q", "attn.k", "attn.v", "attn.pattern")
NOT_IN_STREAM: Final = "what it adds is not found in the stream"


@dataclass(frozen=True)
class Proof:
    """``factors``: by what each layer multiplies what attention and the MLP give before it adds
    them (Granite; else 1 and 1); ``wrong``: the parts of layers that are not there, or not what
    they seemed, and why; ``readout``: how logits are read, None where no matrix reads them."""

    factors: tuple[tuple[float, float], ...]
    wrong: Wrong
    readout: Readout | None


def proof_of(network: HuggingFaceNetwork) -> Proof:
    """What passes over a few tokens show; attention is opened where it stays the same by it."""
    names, wrong = names_of(network.n_layer), Wrong()
    ids = torch.tensor([probe_ids(network.network.config)], device=network.device)
    with torch.no_grad():
        closed = TapHook(network.sites)
        network.plain(ids, closed, last=0)
        modules = _opened(network)
        kept, logits = _pass(network, ids, names)
        if any(not torch.equal(kept[site], closed.kept[site]) for site in network.sites):
            for module in modules:
                close_attention(module)
            kept, logits = _pass(network, ids, names)
        _told_patterns(network, ids, kept)
        for n in range(network.n_layer):
            wrong |= {(n, part): why for part, why in _absent(network, n, kept).items()}
        factors = tuple(_factors(network, kept, n, wrong) for n in range(network.n_layer))
        _heads(network, kept, wrong)
        return Proof(factors, wrong, _readout(network, kept, logits))


def _pass(
    network: HuggingFaceNetwork, ids: Tensor, names: tuple[str, ...]
) -> tuple[dict[str, Tensor], Tensor | None]:
    hook = TapHook(names)
    logits = network.plain(ids, hook)
    return hook.kept, logits


def _opened(network: HuggingFaceNetwork) -> list[nn.Module]:
    """The attention modules, each once, that show what passes in them."""
    modules = {
        id(block.attention): block.attention
        for block in network.blocks
        if block.attention is not None
    }
    return [module for module in modules.values() if open_attention(module, network.passing)]


def _told_patterns(network: HuggingFaceNetwork, ids: Tensor, kept: dict[str, Tensor]) -> None:
    """Where attention could not be opened, the patterns that the network itself tells, if it tells
    any."""
    without = [
        n
        for n, block in enumerate(network.blocks)
        if block.attention is not None and f"L{n}.attn.pattern" not in kept
    ]
    if not without:
        return
    hook = TapHook(network.sites)
    try:
        with network.passing.through(hook):
            told = network.body(**inputs_of(network.body, ids), output_attentions=True).attentions
    except Exception:  # each network refuses in its own way
        return
    if not near(hook.kept[network.sites[-1]], kept[network.sites[-1]]):
        return  # asked for patterns it computes something else
    for n in without if told is not None and len(told) == network.n_layer else []:
        rows = told[n].sum(dim=-1) if told[n] is not None and told[n].dim() == 4 else torch.zeros(1)
        if near(rows, torch.ones_like(rows)) and told[n].shape[1] == network.blocks[n].n_heads:
            network.read_only.append(n)
            kept[f"L{n}.attn.pattern"] = told[n]


def _absent(network: HuggingFaceNetwork, layer: int, kept: dict[str, Tensor]) -> dict[str, str]:
    """The parts that a layer's pass did not show, or shows for what they are not."""
    block, name = network.blocks[layer], f"L{layer}"
    found = {
        part: "its attention does not compute where transformers lets it be read"
        for part in QKV
        if f"{name}.{part}" not in kept
    }
    if block.attention is None:
        found = dict.fromkeys((*QKV, "attn.z", "attn.out"), "no attention was found in this block")
    elif f"{name}.attn.z" not in kept or block.n_heads == 0:
        found["attn.z"] = "what its heads give could not be found"
    for part in ("attn.out", "mlp.out"):
        if f"{name}.{part}" not in kept or block.residual is None:
            found.setdefault(part, NOT_IN_STREAM)
    act, out = kept.get(f"{name}.mlp.act"), kept.get(f"{name}.mlp.out")
    alone = block.mlp is not None and block.norm_mlp is None
    if (
        block.down_proj is None
        or act is None
        or out is None
        or (alone and not near(block.down_proj(act), out))
    ):
        found["mlp.act"] = "its MLP is a mixture of experts, or was not found"
    return found


def near(found: Tensor, true: Tensor) -> bool:
    """Whether two tensors are the same but for rounding."""
    reach = CLOSE.get(true.dtype, CLOSE_HALF) * true.abs().max().clamp_min(1e-30)
    return bool((found - true).abs().max() <= reach)


def _factors(
    network: HuggingFaceNetwork, kept: dict[str, Tensor], layer: int, wrong: Wrong
) -> tuple[float, float]:
    """The factors of a layer's attention and MLP; what does not sum to the stream is wrong."""
    block, name = network.blocks[layer], f"L{layer}"
    before = kept[f"L{layer - 1}.post" if layer else "embed"]
    after, mid = kept[f"{name}.post"], kept.get(f"{name}.mid")
    halves = [
        ("attn.out", before, after if mid is None else mid, block.norm_attention),
        ("mlp.out", mid, after, block.norm_mlp),
    ]
    given = {part: kept[f"{name}.{part}"] for part, *_ in halves if (layer, part) not in wrong}
    factors = {"attn.out": 1.0, "mlp.out": 1.0}
    if block.residual == "normed sum":
        for part, start, end, norm in halves:
            if part in given and (
                start is None or norm is None or not near(norm(start + given[part]), end)
            ):
                wrong[layer, part] = NOT_IN_STREAM
    elif mid is None:
        _sums(layer, given, after - before, len(given) == 2, factors, wrong)
    else:
        _sums(
            layer,
            {part: x for part, x in given.items() if part == "attn.out"},
            mid - before,
            True,
            factors,
            wrong,
        )
        _sums(
            layer,
            {part: x for part, x in given.items() if part == "mlp.out"},
            after - mid,
            True,
            factors,
            wrong,
        )
    return factors["attn.out"], factors["mlp.out"]


def _sums(
    layer: int,
    parts: dict[str, Tensor],
    move: Tensor,
    every: bool,
    factors: dict[str, float],
    wrong: Wrong,
) -> None:
    """The factors by which parts sum to a move of the stream; they are wrong where they do not, or
    not ``every`` one is there."""
    by, fits = _fit(list(parts.values()), move)
    for part, factor in zip(parts, by, strict=True):
        factors[part] = factor
        if not fits or not every:
            wrong[layer, part] = NOT_IN_STREAM


def _fit(parts: list[Tensor], move: Tensor) -> tuple[list[float], bool]:
    """The factors by which parts sum to a move, whole where they are whole to rounding, and whether
    they do."""
    if not parts:
        return [], False
    columns = torch.stack([part.double().flatten() for part in parts], dim=1)
    by = torch.linalg.lstsq(columns, move.double().flatten()[:, None]).solution[:, 0].tolist()
    by = [
        1.0 if abs(one - 1) < 1e-2 and near(sum_of(parts, [1.0] * len(parts)), move) else one
        for one in by
    ]
    return by, near(sum_of(parts, by), move)


def sum_of(parts: list[Tensor], by: list[float]) -> Tensor:
    """The parts, each times its factor, as one."""
    return torch.stack([part * factor for part, factor in zip(parts, by, strict=True)]).sum(dim=0)


def _heads(network: HuggingFaceNetwork, kept: dict[str, Tensor], wrong: Wrong) -> None:
    """Patterns gather what the heads gather, and W_O makes of that what attention adds, or they are
    wrong."""
    for n, block in enumerate(network.blocks):
        pattern, value, z = (kept.get(f"L{n}.attn.{part}") for part in ("pattern", "v", "z"))
        if z is None:
            continue
        alike = pattern is None or z.shape[:3] == pattern.shape[:3]
        if (
            pattern is not None
            and value is not None
            and not (alike and near(pattern @ widened(value, pattern), z))
        ):
            wrong.setdefault(
                (n, "attn.pattern"), "what its heads gather is more than a pattern of their values"
            )
        made = None if block.o_proj is None else block.o_proj(z.transpose(1, 2).flatten(2))
        if block.norm_attention is None and (
            made is None or not near(made, kept[f"L{n}.attn.out"])
        ):
            wrong.setdefault((n, "attn.z"), "what its heads give goes through more than one matrix")


def _readout(
    network: HuggingFaceNetwork, kept: dict[str, Tensor], logits: Tensor | None
) -> Readout | None:
    """The final norm and the matrix of the head, where they make the logits (before a cap on
    them)."""
    head, state = network.head, kept[f"L{network.n_layer - 1}.post"]
    weight = getattr(head, "weight", None)
    if (
        logits is None
        or not isinstance(weight, Tensor)
        or weight.dim() != 2
        or weight.shape[1] != state.shape[-1]
    ):
        return None
    norm, bias = network.structure.final_norm, getattr(head, "bias", None)
    try:
        parts = held(norm, state)
    except NotSupported:
        return None
    made = (parts(state) + parts.bias) @ weight.T + (0 if bias is None else bias)
    cap = getattr(network.network.config, "final_logit_softcapping", None)
    wanted = (
        torch.atanh((logits.double() / cap).clamp(-1 + 1e-12, 1 - 1e-12)).to(logits) * cap
        if cap
        else logits
    )
    (factor,), fits = _fit([made], wanted)
    return Readout(norm, weight, bias, factor) if fits else None
