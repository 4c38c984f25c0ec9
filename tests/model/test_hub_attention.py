"""Configs that ask for a way to compute attention: any of transformers' own gives the states that
the model has, and one that would be fetched is refused.
"""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
import torch

from layerfold.errors import ModelRefused
from layerfold.model.huggingface import Where, load_adapter, read_shape
from layerfold.model.huggingface.adapter import HuggingFaceAdapter
from tests.hub import a_checkpoint, a_gpt2

IDS = [5, 9, 40, 200, 31]


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return a_checkpoint(tmp_path_factory.mktemp("model"), tokenizer=False)


def asking(folder: Path, key: str, kernel: object) -> HuggingFaceAdapter:
    """The model as it opens when its config asks for a kernel."""
    path = folder / "config.json"
    said = path.read_text("utf-8")
    try:
        path.write_text(json.dumps(json.loads(said) | {key: kernel}), "utf-8")
        return load_adapter(Where(folder), read_shape(Where(folder)))
    finally:
        path.write_text(said, "utf-8")


@pytest.mark.parametrize("key", ["_attn_implementation", "attn_implementation"])
@pytest.mark.parametrize(
    ("kernel", "taken"),
    [
        ("flash_attention_2", "eager"),
        ("flash_attention_4", "eager"),
        ("flex_attention", "eager"),
        ("paged|sdpa", "eager"),
        ({"": "flash_attention_3"}, "eager"),
        ("eager", "eager"),
        ("sdpa", "sdpa"),
    ],
)
def test_whichever_attention_a_config_names_the_states_are_its_own(
    folder: Path, key: str, kernel: object, taken: str
) -> None:
    adapter = asking(folder, key, kernel)
    right = a_gpt2().eval()
    with torch.no_grad():
        hidden = right(torch.tensor([IDS]), output_hidden_states=True).hidden_states
    found = {
        site.name: row for site, row in zip(adapter.sites, adapter.states(IDS).values, strict=True)
    }
    for site, state in zip(("embed", "L0.post"), hidden[:2], strict=True):
        off = np.abs(found[site] - state[0].numpy()).max() / np.abs(state[0].numpy()).max()
        assert off <= 1e-6, site
    assert adapter.network.config._attn_implementation == taken
    assert not any(adapter.inside.missing(f"L*.attn.{part}") for part in ("pattern", "z"))


@pytest.mark.parametrize("kernel", ["somebody/flash", "a_class_of_mine"])
def test_attention_that_would_be_fetched_is_refused(folder: Path, kernel: str) -> None:
    with pytest.raises(ModelRefused, match="asks for code of its own"):
        asking(folder, "attn_implementation", kernel)
