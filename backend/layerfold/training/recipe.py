"""A recipe: all that a run depends on, from a TOML file; the same recipe and text give the same
run.
"""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, fields
from importlib.resources import files
from pathlib import Path
from typing import Any

from layerfold.errors import RecipeError
from layerfold.model.shape import GPTConfig
from layerfold.training.tasks import Setting, Task, task_of

CHOICES = {
    "precision": ("bfloat16", "float32"),
    "optimizer": ("adamw", "muon", "adam", "momentum", "sgd"),
    "schedule": ("cosine", "constant"),
    "decayed": ("layers", "matrices", "everything"),
    "tokens": ("bytes", "characters"),
    "stored": ("float16", "int8"),
}


# not on a card where they are as usual
USUAL = (
    "schedule",
    "decayed",
    "repeats",
    "test_every",
    "tokens",
    "aligned",
    "split_seed",
    "stored",
)


@dataclass(frozen=True)
class Example:
    """A sentence worth showing, and what to see in it, in English and in simplified Chinese."""

    text: str
    note_en: str
    note_zh: str


@dataclass(frozen=True)
class Recipe:
    """What is learned, by what model, how long. ``corpus`` is a collection's name or a path; rates
    are per step.

    Instead of a corpus, ``task`` names one of ``training.tasks`` with its ``parameters``, which
    then decides the vocabulary. ``schedule`` is cosine or constant, ``decayed`` the weights that
    decay: layers (the matrices inside them), matrices (all) or everything; ``clip`` 0 clips no
    gradient; ``test_every`` 0 tests at checkpoints alone. ``tokens``: pieces of bytes, or single
    characters; ``aligned`` is the share of windows that begin where a document begins;
    ``stored`` says how checkpoints are (float16, or int8 by row, see ``model.int8_rows``);
    ``split_seed`` decides what is held out, where it is not ``seed``. ``reads`` says in words what
    a person types (en, zh, example). ``repeats`` is the share of windows that say random tokens
    again and again, not text; ``reference`` the most tokens of an atlas.
    """

    name: str
    corpus: str
    steps: int
    checkpoints: tuple[int, ...]
    task: str = ""
    parameters: dict[str, Any] = field(default_factory=dict)
    title: str = ""
    description: str = ""
    seed: int = 0
    vocab_size: int = 4096
    n_layer: int = 6
    n_head: int = 4
    d_model: int = 128
    block_size: int = 256
    mlp: int = 4
    norm: bool = True
    bias: bool = True
    tied: bool = True
    activation: str = "gelu"
    positions: str = "stream"
    batch_size: int = 16
    learning_rate: float = 1e-3
    least_rate: float = 0.05
    warmup: int = 100
    schedule: str = "cosine"
    weight_decay: float = 0.1
    decayed: str = "layers"
    beta1: float = 0.9
    beta2: float = 0.95
    clip: float = 1.0
    optimizer: str = "adamw"
    precision: str = "float32"
    held_out: float = 0.01
    repeats: float = 0.0
    log_all: int = 64
    log_every: int = 10
    test_every: int = 0
    resume_every: int = 128
    reference: int = 4000
    examples: tuple[Example, ...] = ()
    tokens: str = "bytes"
    aligned: float = 0.0
    split_seed: int | None = None
    title_zh: str = ""
    description_zh: str = ""
    claims: tuple[str, ...] = ()
    reads: dict[str, str] = field(default_factory=dict)
    stored: str = "float16"

    def __post_init__(self) -> None:
        for name, known in CHOICES.items():
            if getattr(self, name) not in known:
                raise RecipeError(
                    f"{name} {getattr(self, name)!r} is not one of {', '.join(known)}"
                )
        if self.steps < 1 or list(self.checkpoints) != sorted({*self.checkpoints, 0, self.steps}):
            raise RecipeError(
                f"checkpoints must rise from 0 to the last step {self.steps}, each once:"
                f" {list(self.checkpoints)}"
            )
        if bool(self.corpus) == bool(self.task):
            raise RecipeError("a recipe names a corpus or a task, and not both")
        if not self.task and self.tokens == "bytes" and self.vocab_size < 260:
            raise RecipeError(
                f"vocab_size {self.vocab_size} is too small: 256 bytes and the end sign need at"
                " least 260"
            )
        if not 0 <= self.repeats < 1 or (self.repeats and self.task):
            raise RecipeError(
                f"repeats {self.repeats} must be a share of text windows, from 0 to below 1"
            )
        if not 0 <= self.aligned <= 1 or (self.aligned and self.task):
            raise RecipeError(
                f"aligned {self.aligned} must be a share of text windows, from 0 to 1"
            )
        if self.reads and set(self.reads) != {"en", "zh", "example"}:
            raise RecipeError(f"reads says {', '.join(self.reads)}: it must say en, zh and example")
        if not 0 < self.held_out < 0.5:
            raise RecipeError(f"held_out {self.held_out} must be a share between 0 and 0.5")
        if (
            min(self.batch_size, self.log_every, self.resume_every) < 1
            or not self.learning_rate > 0
        ):
            raise RecipeError(
                "batch_size, log_every, resume_every and learning_rate must be above 0"
            )

    @property
    def config(self) -> GPTConfig:
        """The shape of the model; RecipeError where it cannot be built."""
        sizes = {name: getattr(self, name) for name in GPTConfig.__dataclass_fields__}
        task = self.made_task()
        try:
            return GPTConfig(**sizes | ({"vocab_size": len(task.vocabulary)} if task else {}))
        except ValueError as error:
            raise RecipeError(str(error)) from error

    @property
    def split(self) -> int:
        """The seed that decides what is held out."""
        return self.seed if self.split_seed is None else self.split_seed

    def made_task(self) -> Task | None:
        """What is learned, where it is no text; raises RecipeError."""
        setting = Setting(self.seed, self.batch_size, self.block_size)
        return task_of(self.task, self.parameters, setting) if self.task else None

    @property
    def hyperparameters(self) -> dict[str, Any]:
        """What a card says of the training: every field that changes the numbers, but for the shape
        and the task.

        Choices that are the usual ones are not named, as in cards from before there was a choice.
        """
        out = {
            "name",
            "title",
            "description",
            "title_zh",
            "description_zh",
            "claims",
            "reads",
            "corpus",
            "examples",
            "resume_every",
            "reference",
            *GPTConfig.__dataclass_fields__,
            "task",
            "parameters",
        }
        out |= {"held_out"} if self.task else set()
        out |= {name for name in USUAL if getattr(self, name) == getattr(Recipe, name)}
        return {
            name: list(value) if isinstance(value, tuple) else value
            for name, value in asdict(self).items()
            if name not in out
        }

    @staticmethod
    def load(name_or_path: str | Path) -> Recipe:
        """The shipped recipe of that name, or the TOML file at that path; raises RecipeError."""
        shipped = files("layerfold.training") / "recipes" / f"{name_or_path}.toml"
        path = Path(name_or_path)
        try:
            known = "/" not in str(name_or_path) and shipped.is_file()
            text = shipped.read_text("utf-8") if known else path.read_text("utf-8")
            return _recipe(tomllib.loads(text), Path() if known else path.parent)
        except OSError as error:
            raise RecipeError(
                f"there is no recipe {str(name_or_path)!r}: give {', '.join(shipped_recipes())} or"
                " a TOML file"
            ) from error
        except (tomllib.TOMLDecodeError, UnicodeDecodeError, TypeError, ValueError) as error:
            raise RecipeError(f"recipe {name_or_path} cannot be followed: {error}") from error


def shipped_recipes() -> tuple[str, ...]:
    """The names of the recipes that come with the package."""
    folder = files("layerfold.training") / "recipes"
    return tuple(
        sorted(
            entry.name.removesuffix(".toml")
            for entry in folder.iterdir()
            if entry.name.endswith(".toml")
        )
    )


def in_present_words(told: Mapping[str, Any]) -> dict[str, Any]:
    """A recipe, or a card's hyper-parameters, as they are named today: runs made before 0.2 say
    ``optimiser``.
    """
    return {"optimizer" if name == "optimiser" else name: value for name, value in told.items()}


def _recipe(table: dict[str, Any], folder: Path) -> Recipe:
    table = in_present_words(table)
    unknown = set(table) - {field.name for field in fields(Recipe)}
    if unknown:
        raise RecipeError(f"recipe fields that nothing knows: {', '.join(sorted(unknown))}")
    table = {"corpus": "", **table} if "task" in table else table
    missing = {"name", "corpus", "steps", "checkpoints"} - set(table)
    if missing:
        raise RecipeError(f"recipe fields that are missing: {', '.join(sorted(missing))}")
    examples = tuple(Example(**example) for example in table.get("examples", ()))
    beside = folder / str(table["corpus"])
    corpus = str(beside) if table["corpus"] and beside.exists() else str(table["corpus"])
    rows = {name: tuple(table.get(name, ())) for name in ("checkpoints", "claims")}
    return Recipe(**{**table, "corpus": corpus, **rows, "examples": examples})
