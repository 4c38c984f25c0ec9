"""The bundled runs as wheels of their own, since an index takes no file of 100 MB: each run of
models/ is in one of them, and all of them install into one folder, ``layerfold_models``.

A wheel names its runs with ``runs``; the one with ``all-but`` takes all others.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

from hatchling.builders.hooks.plugin.interface import BuildHookInterface

MODELS = Path(__file__).resolve().parents[1] / "models"
FOLDER = "layerfold_models"


class RunsHook(BuildHookInterface[Any]):
    """Puts the wheel's runs into it."""

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:
        for run in runs_of(self.config):
            build_data["force_include"][str(run)] = f"{FOLDER}/{run.name}"


def runs_of(config: dict[str, Any]) -> list[Path]:
    """The folders of a wheel's runs; raises FileNotFoundError where one that it names is not."""
    there = {card.parent.name: card.parent for card in sorted(MODELS.glob("*/run.json"))}
    wanted = config.get("runs", [name for name in there if name not in config.get("all-but", ())])
    if absent := [name for name in wanted if name not in there]:
        raise FileNotFoundError(f"{MODELS} holds no run {absent[0]}: build from a whole checkout")
    return [there[name] for name in wanted]
