"""Mixtures of experts with one that every token goes through: what it adds is in the part of the
MLP, and the parts sum to the stream; where they would not, the part is refused by name.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any, Final

import numpy as np
import pytest
import torch

from layerfold.errors import NotSupported
from layerfold.interp.decomposition import decompose
from layerfold.model.huggingface import Where, load_adapter, read_shape
from layerfold.model.huggingface.adapter import HuggingFaceAdapter
from tests.model import architectures

IDS: Final = [5, 9, 40, 200, 31, 77, 8, 12]
DEEPSEEK: Final = {
    "n_routed_experts": 4,
    "n_shared_experts": 1,
    "first_k_dense_replace": 1,
    "n_group": 1,
    "topk_group": 1,
    "kv_lora_rank": 16,
    "q_lora_rank": 16,
    "qk_rope_head_dim": 8,
    "qk_nope_head_dim": 8,
    "v_head_dim": 8,
    "num_key_value_heads": 4,
}
KINDS: Final[dict[str, dict[str, Any]]] = {
    "qwen2_moe": {},
    "deepseek_v2": DEEPSEEK | {"topk_method": "greedy"},
    "deepseek_v3": DEEPSEEK,
    "granitemoeshared": {"shared_intermediate_size": 32},
}


def opened(kind: str, folder: Path, monkeypatch: pytest.MonkeyPatch) -> HuggingFaceAdapter:
    monkeypatch.setitem(architectures.MORE, kind, KINDS[kind])
    where = Where(architectures.written(kind, folder / kind))
    return load_adapter(where, read_shape(where))


@pytest.mark.parametrize(
    ("kind", "shared"),
    [
        ("qwen2_moe", "shared_expert"),
        ("deepseek_v2", "shared_experts"),
        ("deepseek_v3", "shared_experts"),
    ],
)
def test_parts_sum_to_the_stream_with_a_shared_expert_in_them(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, kind: str, shared: str
) -> None:
    adapter = opened(kind, tmp_path, monkeypatch)
    last = adapter.structure.blocks[-1].mlp
    assert last is not None
    parts = decompose(adapter, IDS)
    states = dict(zip((site.name for site in adapter.sites), parts.states, strict=True))
    before = states["embed"]
    for n, (attention, mlp) in enumerate(zip(parts.attention, parts.mlps, strict=True)):
        mid, post = states[f"L{n}.mid"], states[f"L{n}.post"]
        assert off(before + attention, mid) <= 1e-4
        assert off(mid + mlp, post) <= 1e-4
        before = post
    given: list[torch.Tensor] = []
    hook = getattr(last, shared).register_forward_hook(lambda *told: given.append(told[2]))
    adapter.states(IDS)
    hook.remove()
    assert given[0].abs().max() > 1e-3  # it adds something
    with torch.no_grad():
        for weight in getattr(last, shared).parameters():
            weight.zero_()
    without = decompose(adapter, IDS)
    assert np.abs(without.mlp[-1] - parts.mlp[-1]).max() > 1e-3
    assert np.array_equal(without.mlp[0], parts.mlp[0])


def test_two_feed_forward_parts_beside_each_other_are_refused_by_name(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    adapter = opened("granitemoeshared", tmp_path, monkeypatch)
    with pytest.raises(NotSupported, match=r"L0\.mlp\.out cannot be read of this granitemoeshared"):
        decompose(adapter, IDS)


def off(found: np.ndarray, right: np.ndarray) -> float:
    return float(np.abs(found - right).max() / np.abs(right).max())
