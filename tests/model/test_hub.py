"""Models of Hugging Face behind the adapter protocol: their states are those that transformers itself gives."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch

from layerfold.model.hub import Where, load_adapter, read_hub_tokenizer, read_shape
from tests.model.hub_models import KINDS, make, minilm


@pytest.fixture(scope="session", params=KINDS)
def family(request, tmp_path_factory) -> Path:
    """A saved model of each family."""
    return make(KINDS[request.param], tmp_path_factory.mktemp("hub") / request.param)


def relative(found, expected) -> float:
    """The largest difference over the largest number."""
    expected = expected.detach().to(torch.float32).numpy()
    return float(np.abs(found - expected).max() / np.abs(expected).max())


def check(folder: Path) -> None:
    where = Where(folder)
    shape = read_shape(where)
    adapter = load_adapter(where, shape)
    ids = read_hub_tokenizer(where).encode("The doctor watched the river bank in the spring.", shape.block_size).ids
    states = {site.name: values for site, values in zip(adapter.sites, adapter.states(ids).values, strict=True)}
    with torch.inference_mode():
        told = adapter.network(input_ids=torch.tensor([ids]), output_hidden_states=True)
    for n, expected in enumerate(told.hidden_states):
        name = f"L{n - 1}.post" if n else "embed"
        found = states[name]
        if n == shape.n_layer and adapter._norm is not None:
            with torch.inference_mode():
                found = adapter._norm(torch.from_numpy(found)).numpy()
        assert relative(found, expected[0]) <= 1e-5, name
    if shape.unembedding:
        assert relative(adapter.unembed(states[f"L{shape.n_layer - 1}.post"]), told.logits[0]) <= 1e-5


def test_states_are_the_hidden_states_of_transformers(family: Path) -> None:
    check(family)


def test_states_of_a_real_minilm() -> None:
    check(minilm())
    assert not read_shape(Where(minilm())).unembedding
