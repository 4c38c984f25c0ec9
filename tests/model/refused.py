"""A model's folder spoilt, and opened all the same."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from safetensors.torch import load_file, save_file

from layerfold.model.huggingface import Where, load_adapter, read_hub_tokenizer, read_shape


def rewrite(folder: Path, **changes: Any) -> None:
    path = folder / "config.json"
    path.write_text(json.dumps(json.loads(path.read_text()) | changes))


def canary(folder: Path) -> str:
    """Code in the folder that leaves a mark where it is run."""
    (folder / "modeling_evil.py").write_text(
        f"open({str(folder / 'ran')!r}, 'w')\nclass Evil: pass\n"
    )
    return "modeling_evil.Evil"


def changed(folder: Path, change: Any) -> None:
    weights = load_file(folder / "model.safetensors")
    save_file(change(weights), folder / "model.safetensors", {"format": "pt"})


def opened(folder: Path, **options: Any) -> Any:
    return load_adapter(Where(folder), read_shape(Where(folder)), **options)


def read_both(folder: Path) -> None:
    opened(folder, pickle=True)
    read_hub_tokenizer(Where(folder))
