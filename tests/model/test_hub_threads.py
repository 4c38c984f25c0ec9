"""Threads that read models of Hugging Face at once: one of them at a time is in transformers, which
shows its modules half made to a second that imports them meanwhile.
"""

from __future__ import annotations

import sys
from collections.abc import Callable
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest
import transformers

from layerfold.model.huggingface import Where, quiet, read_hub_tokenizer
from layerfold.model.huggingface.adapter import HuggingFaceAdapter
from layerfold.model.huggingface.config import read_config, transformers_config
from layerfold.model.huggingface.network import HuggingFaceNetwork
from layerfold.model.huggingface.opening import open_network
from layerfold.model.huggingface.shape import outline_of, read_shape
from tests.model.hub_models import saved

WAYS: dict[str, Callable[[Where], Any]] = {
    "config": lambda where: transformers_config(where, read_config(where)),
    "tokenizer": read_hub_tokenizer,
    "outline": lambda where: outline_of(where).network,
    "cache": lambda where: HuggingFaceNetwork(adapter(where)).cache(),
}


def adapter(where: Where) -> HuggingFaceAdapter:
    return open_network(where, read_shape(where), "float32", "cpu", False).adapter


class Watched(ModuleType):
    """transformers; what is asked of it by a thread that is not alone in it is written down."""

    def __init__(self) -> None:
        super().__init__("transformers")
        self.alone: list[str] = []
        self.beside: list[str] = []

    def __getattr__(self, name: str) -> Any:
        own = quiet._alone._is_owned()  # type: ignore[attr-defined]
        (self.alone if own else self.beside).append(name)
        return getattr(transformers, name)


@pytest.mark.parametrize("way", WAYS)
def test_one_thread_at_a_time_is_in_transformers(
    way: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    where = Where(folder=saved("gpt2", tmp_path / "model"))
    watched = Watched()
    monkeypatch.setitem(sys.modules, "transformers", watched)
    assert WAYS[way](where) is not None
    assert watched.alone
    assert watched.beside == []
