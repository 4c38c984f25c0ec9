"""Runs whose shape is known, made up for tests: residues that close into a circle at a marked step,
beliefs that fill a triangle.
"""

from __future__ import annotations

import json
import math
import tempfile
from dataclasses import replace
from itertools import product
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
from numpy.typing import NDArray
from safetensors.numpy import save

from layerfold.errors import UnknownSymbol
from layerfold.records import PlacedSlice, Sentence, Token
from layerfold.server.protocol.http import (
    EventTable,
    Frame,
    LabelTable,
    MeasuresTable,
    MeasureTable,
    ProjectionCard,
    ReferenceTable,
)
from tests.server.fakes import FakeRun

P = 31
STEPS = (
    0,
    1,
    2,
    4,
    8,
    16,
    32,
    64,
    128,
    256,
    512,
    768,
    1024,
    1280,
    1536,
    1792,
    2048,
    2560,
    3072,
    4096,
)
JUMP = 1536

Places = NDArray[np.float32]


def grown(step: int) -> float:
    """How far the shape has formed, 0..1: nothing for long, then suddenly."""
    return 1 / (1 + math.exp(-(step - JUMP) / 180))


class CircleRun(FakeRun):
    """Sums modulo 31: tokens in no order that become a circle in the first two axes around step
    1,536.
    """

    def __init__(self) -> None:
        super().__init__("modular-addition", layers=1, reference=4 * P, steps=STEPS)
        self.card |= {
            "title": "Modular addition",
            "task": {"name": "modular-addition", "parameters": {"p": P}},
            "reads": {
                "en": f"two numbers from 0 to {P - 1}: 17 + 3 =",
                "zh": f"0 到 {P - 1} 的两个数：17 + 3 =",
                "example": "17 + 3 =",
            },
            "examples": [
                {"text": "17 + 3 =", "note_en": "a sum", "note_zh": "一个和"},
                {"text": "5 + 30 =", "note_en": "round the circle", "note_zh": "绕过一圈"},
                {"text": "0 + 0 =", "note_en": "nothing", "note_zh": "零"},
            ],
        }
        self.folder = Path(tempfile.mkdtemp())
        self.run = SimpleNamespace(folder=self.folder)
        (self.folder / "claims.json").write_text(
            json.dumps({"format": 1, "checkpoints": "", "claims": claims()})
        )

    def cards(self) -> list[ProjectionCard]:
        frame = Frame(center=[0.0, 0.0, 0.0], radius=4.0)
        plane = ProjectionCard(
            name="fourier",
            kind="basis",
            title_en="Fourier plane",
            title_zh="傅里叶平面",
            axes_en=["cos 2π·6n/31", "sin 2π·6n/31", "cos 2π·11n/31"],
            axes_zh=["cos 2π·6n/31", "sin 2π·6n/31", "cos 2π·11n/31"],
            frame=frame,
        )
        return [*super().cards(), plane]

    def picture(self, name: str = "umap") -> None:
        if name != "fourier":
            super().picture(name)

    def tokenize(self, text: str, max_tokens: int | None = None, special: bool = False) -> Sentence:
        sentence = super().tokenize(text, max_tokens, special)
        for token in sentence.tokens:
            if token.text not in {"+", "=", *map(str, range(P))}:
                raise UnknownSymbol(
                    f"this model does not know “{token.text}”: it reads 0 to {P - 1}, + and ="
                )
        ids = {"+": P, "=": P + 1}
        return replace(
            sentence,
            tokens=tuple(
                Token(ids.get(t.text, t.id), t.text, t.start, t.end) for t in sentence.tokens
            ),
        )

    def slice(
        self,
        sentence: Sentence,
        step: int,
        cancelled: Any = lambda: False,
        projection: str = "umap",
    ) -> PlacedSlice:
        made = super().slice(
            sentence, step, cancelled, "pca" if projection == "fourier" else projection
        )
        numbers = np.array([int(t.text) if t.text.isdigit() else 0 for t in sentence.tokens])
        positions = stretch(projection) * np.stack(
            [circle(numbers, step, site) for site in range(len(self.sites))]
        )
        return replace(made, placed=replace(made.placed, positions=positions.astype(np.float32)))

    def atlas_bytes(self, step: int, projection: str = "umap", trust: bool = False) -> bytes:
        self._check(step)
        self.picture(projection)
        numbers = np.arange(self.reference) % P
        positions = stretch(projection) * np.stack(
            [circle(numbers, step, site) for site in range(len(self.sites))]
        )
        shares = np.full(positions.shape[:2], 230, np.uint8)
        wanted = {"trust": shares, "continuity": shares} if trust or projection == "umap" else {}
        return save({"positions": np.ascontiguousarray(positions.astype(np.float16)), **wanted})

    def reference_table(self) -> ReferenceTable:
        n = range(self.reference)
        windows = [[str(i % P), " +", f" {(i * 7) % P}", " ="] for i in n]
        number = LabelTable(
            name="number",
            kind="cyclic",
            title_en="the number read",
            title_zh="读到的数",
            period=P,
            names=[],
            values=[[float(i % P)] for i in n],
        )
        return ReferenceTable(
            windows=windows,
            window=list(n),
            position=[0] * self.reference,
            frequency=[1e6 / P] * self.reference,
            source=["learned"] * self.reference,
            text=[str(i % P) for i in n],
            labels=[number],
        )

    def measures_table(self) -> MeasuresTable:
        table = super().measures_table()
        accuracy = [[0.02 + 0.98 * grown(step)] * len(self.sites) for step in self.steps]
        own = table.measures[0].values
        trusts = [
            MeasureTable(name=f"trust@{name}", unit="0..1", group="fidelity", values=own)
            for name in ("pca", "fourier")
        ]
        test = MeasureTable(
            name="test_accuracy",
            unit="0..1",
            group="training",
            values=accuracy,  # type: ignore[arg-type]
        )
        event = EventTable(
            step=JUMP, measure="test_accuracy", site=0, before=0.2, after=0.51, score=9.0
        )
        return table.model_copy(
            update={"measures": [*table.measures, *trusts, test], "events": [event]}
        )


def stretch(projection: str) -> Places:
    """What each axis of a projection is multiplied by."""
    return np.asarray({"pca": (3.0, 3.0, 6.0)}.get(projection, (1.0, 1.0, 1.0)), np.float32)


def circle(numbers: NDArray[np.intp], step: int, site: int) -> Places:
    """Where tokens of these numbers lie [token, 3]: shaken places at first, a circle in the first
    two axes at last.
    """
    seeds = np.random.default_rng(1).normal(size=(P, 3))[numbers] * 1.3
    angle = 2 * np.pi * 6 * numbers / P
    order = np.stack([np.cos(angle), np.sin(angle), 0.12 * np.cos(11 * angle)], axis=-1) * 2.6
    shake = np.random.default_rng(2).normal(size=(len(numbers), 3)) * 0.09
    part = grown(step)
    return np.asarray((1 - part) * seeds + part * order + shake + [0, 0, 0.1 * site], np.float32)


def claims() -> list[dict[str, Any]]:
    """A Fourier share that rises with the circle, beside two others."""
    share = {step: 0.16 + 0.8 * grown(step) for step in STEPS}
    first = claim(
        "sparse",
        "Four frequencies hold the embedding",
        "四个频率撑起嵌入",
        "share of squared norm, 0..1",
        share,
        0.8,
    )
    second = claim(
        "test-accuracy",
        "Understanding comes late",
        "很晚才领悟",
        "test accuracy, 0..1",
        {s: 0.03 + 0.97 * grown(s) for s in STEPS},
        0.9,
    )
    third = claim(
        "circular-order",
        "Residues stand in order on the circle",
        "剩余类按序排列",
        "wrong places",
        {s: 24.0 * (1 - grown(s)) for s in STEPS},
        1.0,
    )
    return [second, first, third]


def claim(
    id: str, en: str, zh: str, unit: str, values: dict[int, float], bound: float
) -> dict[str, Any]:
    return {
        "id": id,
        "title_en": en,
        "title_zh": zh,
        "says_en": (
            "After training, four frequencies hold nearly all of the embedding’s power: the network"
            " adds on circles."
        ),
        "says_zh": "训练之后，四个频率几乎占有嵌入的全部能量：网络在圆上做加法。",
        "caveat_en": (
            "A share this high says which directions are used, not that the network computes with"
            " them."
        ),
        "caveat_zh": "如此高的份额只说明用到了哪些方向，不说明网络以此计算。",
        "source": "Nanda et al. 2023, arXiv 2301.05217",
        "published": "91.2 % (p = 113)",
        "published_zh": "",
        "unit": unit,
        "unit_zh": "",
        "threshold": f"at least {bound}",
        "threshold_zh": f"至少 {bound}",
        "bound": bound,
        "steps": list(values),
        "values": list(values.values()),
        "controls": [
            {
                "name_en": "random weights",
                "name_zh": "随机权重",
                "steps": list(values),
                "values": [0.17] * len(values),
            }
        ],
        "here": f"{list(values.values())[-1]:.3f}",
        "here_zh": "",
        "holds": True,
        "at_step": STEPS[-1],
    }


MIX = [[0.85 if a == b else 0.075 for b in "ABC"] for a in "ABC"]


class SimplexRun(FakeRun):
    """Beliefs over three hidden states, coloured by the belief."""

    def __init__(self) -> None:
        super().__init__("belief-simplex", layers=2, reference=363, steps=(0, 8, 64, 512, 2048))
        self.card |= {
            "task": {"name": "belief-simplex", "parameters": {}},
            "reads": {
                "en": "a string of A, B and C: ABCA",
                "zh": "由 A、B、C 组成的串：ABCA",
                "example": "ABCA",
            },
            "examples": [{"text": "A B C A"}, {"text": "C C C B"}],
        }
        self.beliefs = np.array(
            [belief(word) for depth in range(1, 6) for word in product(range(3), repeat=depth)],
            np.float32,
        )

    def atlas_bytes(self, step: int, projection: str = "umap", trust: bool = False) -> bytes:
        corners = np.array([[0, 1, 0], [-0.87, -0.5, 0], [0.87, -0.5, 0]]) * 4
        shape = self.beliefs @ corners
        loose = np.random.default_rng(1).normal(size=shape.shape) * 1.4
        part = self.steps.index(step) / (len(self.steps) - 1)
        positions = np.repeat((part * shape + (1 - part) * loose)[None], len(self.sites), 0).astype(
            np.float16
        )
        shares = np.full(positions.shape[:2], 230, np.uint8)
        return save({"positions": positions, "trust": shares, "continuity": shares})

    def reference_table(self) -> ReferenceTable:
        n = range(self.reference)
        values = [[float(x) for x in row] for row in self.beliefs]
        mixed = LabelTable(
            name="belief",
            kind="mixture",
            title_en="belief",
            title_zh="信念",
            names=["A", "B", "C"],
            values=values,
        )
        return ReferenceTable(
            windows=[["A", "B"]] * self.reference,
            window=list(n),
            position=[0] * self.reference,
            frequency=[1.0] * self.reference,
            source=["Mess3"] * self.reference,
            text=["A"] * self.reference,
            labels=[mixed],
        )


def belief(word: tuple[int, ...]) -> NDArray[np.float64]:
    """The belief of Mess3 (x = 0.05, alpha = 0.85) after a word."""
    now = np.full(3, 1 / 3)
    for symbol in word:
        now = (now @ (0.85 * np.eye(3) + 0.05)) * MIX[symbol]
        now = now / now.sum()
    return now
