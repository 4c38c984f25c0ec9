"""A small saved model, and a copy of one's own to spoil."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from tests.model.hub_models import KINDS, backend_of, keep_tokenizer, network_of


@pytest.fixture(scope="session")
def saved(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("plain") / "gpt2"
    network_of(KINDS["gpt2"]).save_pretrained(folder)
    return keep_tokenizer(backend_of("bytes"), folder)


@pytest.fixture
def folder(saved: Path, tmp_path: Path) -> Path:
    return shutil.copytree(saved, tmp_path / "model")
