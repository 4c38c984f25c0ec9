"""A run without a model: random clouds, tokens are words, places are made of the text; with knobs
for what tests ask.
"""

from __future__ import annotations

import threading
import time
from dataclasses import dataclass, field, replace
from operator import methodcaller
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
from safetensors.numpy import save

from layerfold.errors import (
    Cancelled,
    DamagedRun,
    EmptyText,
    ProjectionNotFound,
    StepNotFound,
    TextTooLong,
    TokenNotFound,
)
from layerfold.interp.inspection import Inspection, LensAt
from layerfold.records import Placed, PlacedSlice, Sentence, Token, sites_of
from layerfold.server.protocol import tables
from layerfold.server.protocol.http import (
    AxisTable,
    Frame,
    MeasuresTable,
    MeasureTable,
    MetricsTable,
    ProjectionCard,
    ReferenceTable,
)


@dataclass
class FakeRun:
    """Looks like a Session; ``seconds`` a slice takes, one of a text in ``held`` until it is taken
    out (or nobody wants it), ``broken`` steps are damaged, ``computed`` lists slices made.
    """

    name: str = "fake"
    layers: int = 2
    reference: int = 40
    steps: tuple[int, ...] = (0, 1, 2, 4, 8, 16)
    seconds: float = 0.0
    held: set[str] = field(default_factory=set)
    broken: frozenset[int] = frozenset()
    computed: list[tuple[str, int]] = field(default_factory=list)
    scored: list[tuple[str, int, int]] = field(default_factory=list)
    max_tokens: int = 64

    kind = "gpt"
    live = False
    typed = True

    def __post_init__(self) -> None:
        self.sites = sites_of(self.layers)
        self.card: dict[str, Any] = {
            "format": 1,
            "name": self.name,
            "title": self.name.title(),
            "description": "Made up for tests.",
            "steps": list(self.steps),
            "examples": [
                {"text": "the bank of the river", "note_en": "one sense", "note_zh": "一种意思"}
            ],
        }
        self.run = SimpleNamespace(folder=Path(self.name))
        self._lock = threading.Lock()

    @property
    def atlas(self) -> Any:
        frame = {"center": [0.0, 0.0, 0.0], "radius": 6.0}
        known = {"card": {"files": {}}, "hash_of": str}
        return SimpleNamespace(
            parameters={"seed": 0},
            frame=frame,
            view="normalised",
            reference=range(self.reference),
            steps=self.steps,
            **known,
        )

    def cards(self) -> list[ProjectionCard]:
        frame = Frame(center=[0.0, 0.0, 0.0], radius=6.0)
        flat = frame.model_copy(update={"radius": 12.0})
        none, axes = ["", "", ""], ["one", "two", "three"]
        return [
            ProjectionCard(
                name="umap",
                kind="umap",
                title_en="Aligned UMAP",
                title_zh="对齐的 UMAP",
                axes_en=none,
                axes_zh=none,
                frame=frame,
            ),
            ProjectionCard(
                name="pca",
                kind="pca",
                title_en="Aligned PCA",
                title_zh="对齐的 PCA",
                axes_en=axes,
                axes_zh=axes,
                frame=flat,
            ),
        ]

    def problems(self) -> list[DamagedRun]:
        return [DamagedRun(f"step {step} is damaged") for step in sorted(self.broken)]

    def tokenize(self, text: str, max_tokens: int | None = None, special: bool = False) -> Sentence:
        if not text.strip():
            raise EmptyText("The sentence is empty. Type a word.")
        if len(text) > 20_000:
            raise TextTooLong(f"The sentence has {len(text)} characters; at most 20000 are read.")
        words = text.split()
        most = min(max_tokens or 64, self.max_tokens)
        tokens = tuple(Token(hash_of(word) % 500, word, 0, len(word)) for word in words[:most])
        return Sentence(text, tokens, max(0, len(words) - most))

    def slice(
        self,
        sentence: Sentence,
        step: int,
        cancelled: Any = lambda: False,
        projection: str = "umap",
    ) -> PlacedSlice:
        self._check(step)
        self.picture(projection)
        end = time.monotonic() + self.seconds
        while sentence.text in self.held or time.monotonic() < end:
            if cancelled():
                raise Cancelled("cancelled")
            time.sleep(0.001)
        with self._lock:
            self.computed.append((sentence.text, step))
        made = made_up(sentence, step, len(self.sites))
        positions = made.placed.positions * np.float32(1 if projection == "umap" else 2)
        return replace(made, placed=replace(made.placed, positions=positions))

    def slice_each(
        self, sentences: Any, step: int, cancelled: Any, projection: str = "umap"
    ) -> list[PlacedSlice | None]:
        return [
            self._slice_or_none(*each, step, projection)
            for each in zip(sentences, cancelled, strict=True)
        ]

    def _slice_or_none(
        self, sentence: Sentence, cancelled: Any, step: int, projection: str
    ) -> PlacedSlice | None:
        try:
            return self.slice(sentence, step, cancelled, projection)
        except Cancelled:
            return None

    def unscored(self, step: int, projection: str) -> list[int]:
        self.picture(projection)
        return [] if projection == "umap" else list(range(len(self.sites)))

    def score(self, step: int, site: int, projection: str) -> None:
        with self._lock:
            self.scored.append((projection, step, site))

    def picture(self, name: str) -> None:
        if name not in ("umap", "pca"):
            raise ProjectionNotFound(
                f"There is no projection {name[:100]!r} of this run. There are: umap, pca."
            )

    def _check(self, step: int) -> None:
        if step not in self.steps:
            raise StepNotFound(f"There are no clouds at step {step}.")
        if step in self.broken:
            raise DamagedRun(f"checkpoints/step-{step:08d}.safetensors is cut short: restore it.")

    def warm(self, step: int) -> None:
        self._check(step)

    def inspect(
        self, sentence: Sentence, token: int, step: int, site: int, k: int = 15, top: int = 5
    ) -> Inspection:
        if token >= len(sentence.tokens):
            raise TokenNotFound(f"There is no token {token}.")
        return self._inspection(sentence.tokens[token].text, step, outside=40.0)

    def inspect_reference(
        self, index: int, step: int, site: int, k: int = 15, top: int = 5, projection: str = "umap"
    ) -> Inspection:
        self.picture(projection)
        if index >= self.reference:
            raise TokenNotFound(f"There is no token {index}.")
        return self._inspection(f"word{index}", step, trust=0.9)

    def _inspection(
        self, text: str, step: int, outside: float | None = None, trust: float | None = None
    ) -> Inspection:
        self._check(step)
        lens = tuple(
            LensAt(s, 1.0 - s / (len(self.sites) - 1), 2.0, (("the", 0.5), (" a", 0.2)))
            for s in range(len(self.sites))
        )
        near = tuple((n, 1.0 + n / 10) for n in range(5))
        return Inspection(text, 3.5, outside, trust, trust, near, lens)

    def atlas_bytes(self, step: int, projection: str = "umap", trust: bool = False) -> bytes:
        self._check(step)
        self.picture(projection)
        sites, count = len(self.sites), self.reference
        seeds = np.random.default_rng(0).normal(size=(count, 3))
        turn = np.linspace(0.2, 1.0, sites)[:, None, None] * (
            0.2 + 0.8 * self.steps.index(step) / len(self.steps)
        )
        positions = (3 * (seeds + turn * np.sin(3 * seeds[:, [1, 2, 0]]))).astype(np.float16)
        if projection == "umap":
            return save(
                {
                    "positions": positions,
                    **dict.fromkeys(
                        ("trust", "continuity"), np.full((sites, count), 230, np.uint8)
                    ),
                }
            )
        shares = (
            dict.fromkeys(("trust", "continuity"), np.full((sites, count), 180, np.uint8))
            if trust
            else {}
        )
        return save({"positions": np.ascontiguousarray(2 * positions[..., ::-1]), **shares})

    def reference_table(self) -> ReferenceTable:
        windows = [
            [f" word{n}" for n in range(start, start + 8)] for start in range(0, self.reference, 8)
        ]
        n = range(self.reference)
        return ReferenceTable(
            windows=windows,
            window=[i // 8 for i in n],
            position=[i % 8 for i in n],
            frequency=[1e5 / (i + 1) for i in n],
            source=["a book"] * len(windows),
            text=[f" word{i}" for i in n],
            labels=[],
        )

    def metrics_table(self) -> MetricsTable:
        return MetricsTable(
            rows=[
                {"step": step, "loss": 8 / (n + 1), "val_loss": 8 / (n + 1)}
                for n, step in enumerate(self.steps)
            ]
        )

    def measures_table(self) -> MeasuresTable:
        names = [site.name for site in self.sites]
        values = [
            [0.8 + 0.01 * site + 0.01 * step for site in range(len(names))]
            for step in range(len(self.steps))
        ]
        axes: list[list[list[list[float | None]]]] = [
            [[[0.1, None], [0.2, 0.0], [0.95, 0.0]] for _ in names] for _ in self.steps
        ]
        measure = MeasureTable(
            name="trust",
            unit="0..1",
            group="fidelity",
            values=values,  # type: ignore[arg-type]
        )
        return MeasuresTable(
            steps=list(self.steps),
            sites=names,
            measures=[measure],
            axes=AxisTable(variables=["norm", "position"], values=axes),
            events=[],
        )


for table, made in (
    (tables.reference_table, "reference_table"),
    (tables.metrics_table, "metrics_table"),
    (tables.measures_table, "measures_table"),
    (tables.projection_cards, "cards"),
):
    table.register(FakeRun, methodcaller(made))


def hash_of(text: str) -> int:
    """A number that is the same for the same text in every process."""
    return int.from_bytes(text.encode()[:16].ljust(16, b"."), "big") % 1_000_003


def made_up(sentence: Sentence, step: int, sites: int) -> PlacedSlice:
    """Places that tell which text and step they belong to: ``outside`` is the step, x the hash of
    the text.
    """
    count = len(sentence.tokens)
    token, site = np.arange(count, dtype=np.float32), np.arange(sites, dtype=np.float32)[:, None]
    x = np.full((sites, count), hash_of(sentence.text) % 7 - 3, np.float32)
    positions = np.stack(
        [
            x + 0.2 * site,
            np.broadcast_to(token - count / 2, (sites, count)),
            site + step % 5 / 5 + 0 * token,
        ],
        axis=-1,
    )
    indices = np.zeros((sites, count, 3), np.int32)
    outside = np.full((sites, count), step, np.float32)
    placed = Placed(positions.astype(np.float32), indices, indices.astype(np.float32), outside)
    return PlacedSlice(
        step,
        sentence,
        placed,
        np.ones((sites - 1, count), np.float32),
        np.ones((sites, count), np.float32),
    )
