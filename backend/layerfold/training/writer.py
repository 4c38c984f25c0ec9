"""A run's files as training makes them; the card always names exactly what is there."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

from layerfold.cards.digest import signed
from layerfold.data.corpus import Text
from layerfold.errors import CorpusError, RecipeError
from layerfold.files.atomic import sha256, write_atomically
from layerfold.model.shape import GPTConfig
from layerfold.model.tokenizers.byte_level import Tokenizer
from layerfold.model.tokenizers.characters import CharacterTokenizer
from layerfold.model.tokenizers.symbols import SymbolTokenizer, read_tokenizer
from layerfold.records import sites_of
from layerfold.runs.opening import open_run
from layerfold.runs.run import CARD, METRICS, TOKENIZER, Run, checkpoint_name, read_rows
from layerfold.training.recipe import Recipe
from layerfold.training.tasks import Task


class RunWriter:
    """Writes one run under ``folder``; RecipeError where another run is there."""

    def __init__(self, folder: Path, recipe: Recipe) -> None:
        self.folder, self.recipe = folder, recipe
        self.card: dict[str, Any] = (
            open_run(folder).card if (folder / CARD).exists() else self._new_card()
        )
        fresh = self._new_card()
        for field in ("architecture", "seed", "task", "hyperparameters"):
            stored = (
                {"mlp": GPTConfig.mlp, **self.card[field]}
                if field == "architecture"
                else self.card.get(field)
            )
            if stored != json.loads(json.dumps(fresh.get(field))):
                raise RecipeError(
                    f"{folder} holds a run of another recipe ({field} differs): give another folder"
                )

    @property
    def resume(self) -> Path:
        """The file from which a broken training is taken up; it never ships."""
        return self.folder / "resume.safetensors"

    @property
    def finished(self) -> bool:
        """Whether all steps are done."""
        return bool(self.card["finished"])

    def symbols(self, task: Task) -> SymbolTokenizer:
        """The vocabulary of a task, stored."""
        tokenizer = SymbolTokenizer.of(task.vocabulary)
        tokenizer.save(self.folder / TOKENIZER)
        return tokenizer

    def tokenizer(self, texts: Sequence[Text]) -> Tokenizer:
        """The run's vocabulary: as stored, else learned from the texts and stored."""
        path = self.folder / TOKENIZER
        if not path.exists():
            tokenizer = Tokenizer.train(
                (one for text in texts for _ in range(text.weight) for one in text.documents),
                self.recipe.vocab_size,
            )
            if len(tokenizer) < self.recipe.vocab_size:
                wanted = self.recipe.vocab_size
                raise CorpusError(
                    f"the corpus yields {len(tokenizer)} tokens, the recipe wants {wanted}: add"
                    " text or ask for fewer"
                )
            tokenizer.save(path)
        return Tokenizer.load(path)

    def characters(
        self, counts: Counter[str], forms: Callable[[Collection[str]], Mapping[str, str]]
    ) -> CharacterTokenizer:
        """The run's vocabulary of characters: as stored, else the most frequent ones, stored with
        what may be typed for them.
        """
        path = self.folder / TOKENIZER
        if not path.exists():
            CharacterTokenizer.learned(counts, self.recipe.vocab_size, forms).save(path)
        tokenizer = read_tokenizer(path)
        if not isinstance(tokenizer, CharacterTokenizer):
            raise RecipeError(f"{path} is no vocabulary of characters: give another folder")
        return tokenizer

    def add_file(self, name: str, data: bytes) -> None:
        """A file beside the card, named by it with its hash."""
        write_atomically(self.folder / name, data)
        self.card["files"][name] = sha256(self.folder / name)

    def begin(self, texts: Sequence[Text], baselines: Callable[[], dict[str, float]]) -> None:
        """The card names the texts (none for a task) and the baselines; RecipeError where the text
        is not what a broken training had.
        """
        corpus = [text.card() for text in texts]
        begun = TOKENIZER in self.card["files"]
        if begun and self.card["corpus"] != corpus:
            raise RecipeError(
                f"the text is not the one that the run in {self.folder} began with: give another"
                " folder"
            )
        if not begun:
            self.card["corpus"] = corpus
            self.card["tests"] |= baselines()
            self.card["files"][TOKENIZER] = sha256(self.folder / TOKENIZER)
            self._write()

    def rewind(self, step: int) -> None:
        """Nothing is there of the steps from ``step`` on, which will be done again; checkpoints
        stay until they are replaced.
        """
        rows = [row for row in read_rows(self.folder / METRICS) if row["step"] < step]
        write_atomically(
            self.folder / METRICS, "".join(json.dumps(row) + "\n" for row in rows).encode()
        )

    def add_row(self, row: dict[str, Any]) -> None:
        """One more line of metrics."""
        with (self.folder / METRICS).open("a", encoding="utf-8") as file:
            file.write(json.dumps(row) + "\n")

    def add_checkpoint(self, step: int, tests: dict[str, float]) -> None:
        """The card names a checkpoint that has been written, its hash and its tests."""
        self.card["steps"] = sorted({*self.card["steps"], step})
        self.card["files"][checkpoint_name(step)] = sha256(self.folder / checkpoint_name(step))
        for name, value in tests.items():
            self.card["tests"].setdefault(name, {})[str(step)] = round(value, 5)
        self._write()

    def finish(self) -> Run:
        """The run is whole: every file hashed, nothing left that does not ship."""
        self.card["files"][METRICS] = sha256(self.folder / METRICS)
        self.card["finished"] = True
        self._write()
        self.resume.unlink(missing_ok=True)
        return open_run(self.folder)

    def _write(self) -> None:
        write_atomically(self.folder / CARD, signed(self.card))

    def _new_card(self) -> dict[str, Any]:
        recipe = self.recipe
        return (
            {
                "format": 1,
                "name": recipe.name,
                "title": recipe.title or recipe.name,
                "description": recipe.description,
                "architecture": {"kind": "gpt", **recipe.config.card()},
                "tokenizer": TOKENIZER,
                "corpus": [],
                "steps": [],
                "last_step": recipe.steps,
                "finished": False,
                "sites": [site.name for site in sites_of(recipe.n_layer)],
                "seed": recipe.seed,
                "hyperparameters": recipe.hyperparameters,
                "examples": [asdict(example) for example in recipe.examples],
                "tests": {},
                "files": {},
            }
            | (self._task_card() if recipe.task else self._text_card())
            | self._reference()
            | self._words()
        )

    def _words(self) -> dict[str, Any]:
        """What else a recipe says of itself: words in Chinese, what a person types, the claims it
        makes.
        """
        recipe = self.recipe
        said = {
            "title_zh": recipe.title_zh,
            "description_zh": recipe.description_zh,
            "reads": recipe.reads,
        }
        return {
            name: value for name, value in {**said, "claims": list(recipe.claims)}.items() if value
        }

    def _reference(self) -> dict[str, int]:
        """How many tokens its atlas is to have at most, where it is not the usual number."""
        return (
            {"reference": self.recipe.reference}
            if self.recipe.reference != Recipe.reference
            else {}
        )

    def _text_card(self) -> dict[str, Any]:
        """The collection's name, from which an atlas takes its reference; a person's own folder is
        not named.
        """
        return {"collection": self.recipe.corpus} if "/" not in self.recipe.corpus else {}

    def _task_card(self) -> dict[str, Any]:
        task = self.recipe.made_task()
        assert task is not None
        return {
            "task": {"name": self.recipe.task, "parameters": self.recipe.parameters},
            "reads": asdict(task.reads),
        }
