"""The matrices of other models' layers."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch

from layerfold.interp.jacobian import singular_values, weights_of
from layerfold.model.huggingface import Where, load_adapter, read_shape
from tests.model.hub_models import KINDS, saved


@pytest.mark.parametrize("kind", KINDS)
def test_every_matrix_is_found_and_acts_on_a_row(kind: str, tmp_path: Path) -> None:
    folder = saved(kind, tmp_path / kind)
    adapter = load_adapter(Where(folder), read_shape(Where(folder)))
    matrices = weights_of(adapter)
    assert list(matrices) == ["L0", "L1", "L2"]
    for layer in matrices.values():
        inside = layer["in"].shape[1]
        width = layer["q"].shape[1]
        assert inside in (96, 192)
        shapes = {name: matrix.shape for name, matrix in layer.items()}
        few = layer["k"].shape[1]
        assert few in (24, 48)
        assert shapes == {
            "q": (48, width),
            "k": (48, few),
            "v": (48, few),
            "o": (width, 48),
            "in": (48, inside),
            "out": (inside, 48),
        }
    if kind == "gpt2":  # which is read as one of ours
        assert singular_values(adapter, [1, 2, 3], 1, 0).shape == (48,)
        return
    with pytest.raises(TypeError, match="comes from elsewhere"):
        singular_values(adapter, [1, 2, 3], 1, 0)


def test_joint_matrices_are_parted_as_the_model_parts_them(tmp_path: Path) -> None:
    """GPT-2's stand in a row, GPT-NeoX's head by head."""
    for kind, path in (
        ("gpt2", "h.1.attn.c_attn"),
        ("pythia", "layers.1.attention.query_key_value"),
    ):
        folder = saved(kind, tmp_path / kind)
        adapter = load_adapter(Where(folder), read_shape(Where(folder)))
        found = weights_of(adapter)["L1"]
        x = torch.randn(5, 48)
        joint = adapter.body.get_submodule(path)
        with torch.inference_mode():
            out = joint(x) - joint.bias
        q = out[:, :48] if kind == "gpt2" else out.view(5, 4, 3, 12)[:, :, 0].reshape(5, 48)
        assert np.allclose(x.numpy() @ found["q"], q.numpy(), atol=1e-5)
