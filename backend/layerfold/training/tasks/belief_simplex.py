"""The Mess3 process: letters said by a machine of three hidden states; the model is to say the next
letter.

To say it well is to know what can be known of the hidden state: a point in a triangle. Shai et al.
(2024, arXiv 2405.15943).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from math import log

import numpy as np
import torch
from torch.nn import functional as F

from layerfold.model.gpt import GPT
from layerfold.records import Floats, Label, Reference
from layerfold.training.tasks.hidden import Doubles, beliefs, mess3, next_symbol, sample
from layerfold.training.tasks.task import Basis, Ids, Reads, Setting

LETTERS = ("A", "B", "C")
HELD_OUT = 512
"""Sequences that a checkpoint is tested on."""
CORNERS = np.array([(0.0, 1.0), (-(0.75**0.5), -0.5), (0.75**0.5, -0.5)])
"""Where certainty of each state lies in the plane [state, 2]: an equilateral triangle about the
origin.
"""
DEPTH = 0.25
AXES_EN = (
    "belief: C against B",
    "belief: A against B and C",
    "what is left of the main directions",
)
AXES_ZH = ("信念：C 对 B", "信念：A 对 B 与 C", "主方向中余下的部分")


def make(setting: Setting, x: float = 0.05, alpha: float = 0.85) -> BeliefSimplex:
    """Mess3 with these parameters; ValueError where they are no probabilities."""
    return BeliefSimplex(x, alpha, setting, mess3(x, alpha))


@dataclass(frozen=True)
class BeliefSimplex:
    """Sequences of Mess3 as long as the model reads; a step's, the tests' and the reference's never
    share a random stream.
    """

    x: float
    alpha: float
    setting: Setting
    transitions: Doubles

    @property
    def vocabulary(self) -> tuple[str, ...]:
        """Three letters, one for each hidden state."""
        return LETTERS

    @property
    def reads(self) -> Reads:
        """A string of letters."""
        most, example = self.setting.block_size, "AABACCCCBCCC"[: self.setting.block_size]
        en = f"a string of up to {most} letters A, B and C: {example}"
        return Reads(en, f"由 A、B、C 组成的字符串，最多 {most} 个：{example}", example)

    @property
    def length(self) -> int:
        """All tokens of a batch."""
        return self.setting.batch_size * self.setting.block_size

    def at(self, step: int) -> tuple[Ids, Ids]:
        """Fresh sequences at every step."""
        said = self.drawn(self.setting.batch_size, "step", step, self.setting.block_size + 1)
        return said[:, :-1], said[:, 1:]

    def drawn(self, count: int, use: str, number: int = 0, length: int | None = None) -> Ids:
        """``count`` sequences for one use: learning, tests, a reference or a claim."""
        rng = np.random.default_rng((self.setting.seed, number, *use.encode()))
        return sample(self.transitions, count, length or self.setting.block_size, rng)

    @cached_property
    def held_out(self) -> Ids:
        """The sequences of the tests, one letter longer than the model reads."""
        return self.drawn(HELD_OUT, "tests", 0, self.setting.block_size + 1)

    @torch.inference_mode()
    def tests(self, model: GPT) -> dict[str, float]:
        """Nats a letter on held-out sequences, and how many of them the exact observer would have
        saved.
        """
        ids = torch.from_numpy(self.held_out)
        logits = model(ids[:, :-1])
        loss = F.cross_entropy(logits.flatten(0, 1).double(), ids[:, 1:].flatten()).item()
        return {"val_loss": loss, "excess_loss": loss - self.baselines()["bayes_loss"]}

    def baselines(self) -> dict[str, float]:
        """Nats a letter on the same sequences: of an observer who knows the process, and of one who
        guesses.
        """
        shares = next_symbol(self.transitions, beliefs(self.transitions, self.held_out[:, :-1]))
        said = np.take_along_axis(shares, self.held_out[:, 1:, None], axis=2)
        return {"bayes_loss": float(-np.log(said).mean()), "chance_loss": log(len(LETTERS))}

    def reference(self, count: int, seed: int) -> Reference:
        """Letters in contexts that all differ, as evenly over the places as there are contexts,
        from sequences never learned from.
        """
        windows = self.drawn(count, "reference", seed)
        window, position = contexts(windows, count)
        used, window = np.unique(window, return_inverse=True)
        windows = windows[used]
        ids = windows[window, position]
        text = tuple(LETTERS[n] for n in ids)
        frequency = np.full(len(ids), 1e6 / len(LETTERS), dtype=np.float32)  # by symmetry
        labels = self.labels(windows, window, position)
        at = (windows.astype(np.int32), window.astype(np.int32), position.astype(np.int32))
        return Reference(*at, frequency, text, ("Mess3",) * len(windows), labels)

    def labels(self, windows: Ids, window: Ids, position: Ids) -> tuple[Label, ...]:
        """What the exact observer believes after each letter of the reference, the letter and its
        place.
        """
        belief = beliefs(self.transitions, windows)[window, position].astype(np.float32)
        last = windows[window, position][:, None].astype(np.float32)
        place = position[:, None].astype(np.float32)
        names = tuple(f"state {letter}" for letter in LETTERS)
        return (
            Label(
                "belief",
                "mixture",
                "belief about the hidden state",
                "对隐藏状态的信念",
                belief,
                names=names,
            ),
            Label("last", "category", "the letter just read", "刚读到的字母", last, names=LETTERS),
            Label("place", "magnitude", "place in the string", "在字符串中的位置", place),
        )

    def bases(self, states: Floats, reference: Reference) -> Sequence[Basis]:
        """The plane of beliefs as the last checkpoint carries it, site by site: the reference is
        fitted, the claims test on others.
        """
        belief = beliefs(self.transitions, reference.windows.astype(np.int64))[
            reference.window, reference.position
        ]
        found = [belief_axes(site, belief @ CORNERS) for site in states]
        matrix, offset = (
            np.stack([axes for axes, _ in found]),
            np.stack([place for _, place in found]),
        )
        source = (
            "linear map of the last checkpoint's states to beliefs; Shai et al. 2024, arXiv"
            " 2405.15943"
        )
        return (
            Basis(
                "belief", matrix, offset, "belief simplex", "信念单纯形", AXES_EN, AXES_ZH, source
            ),
        )


def contexts(windows: Ids, count: int) -> tuple[Ids, Ids]:
    """Window and position of up to ``count`` tokens whose contexts all differ, places filled as
    evenly as their contexts allow.
    """
    firsts = [
        np.unique(windows[:, : place + 1], axis=0, return_index=True)[1]
        for place in range(windows.shape[1])
    ]
    left, chosen = count, []
    for rank, place in enumerate(sorted(range(len(firsts)), key=lambda place: len(firsts[place]))):
        share = min(len(firsts[place]), left // (len(firsts) - rank))
        chosen += [(window, place) for window in np.sort(firsts[place])[:share].tolist()]
        left -= share
    found = np.array(sorted(chosen), dtype=np.int64)
    return found[:, 0], found[:, 1]


def belief_axes(states: Floats, plane: Doubles) -> tuple[Floats, Floats]:
    """Axes [3, d] and offset [3] within the three main directions of states [n, d]: two that say
    the plane [n, 2] best, and what is left.

    Directions in which these states hardly vary are left out: they would say a little more here,
    and throw those of other steps far off. The third axis varies a quarter as much as the first two
    do on average, so that the triangle is seen from most sides.
    """
    center = states.mean(axis=0, dtype=np.float64)
    moved = states - center
    leading = np.linalg.svd(moved, full_matrices=False)[2][:3]  # [3, d]
    seen = moved @ leading.T
    fitted = np.linalg.lstsq(seen, plane - plane.mean(axis=0), rcond=1e-6)[0]  # [3, 2]
    # the direction among the three that says nothing of the plane
    rest = np.linalg.svd(fitted.T)[2][-1]
    spread = (seen @ rest).std()
    rest = rest * (DEPTH * (seen @ fitted).std() / spread if spread > 1e-9 else 0.0)
    matrix = np.vstack((fitted.T, rest)) @ leading
    offset = np.append(plane.mean(axis=0), 0.0) - matrix @ center
    return matrix.astype(np.float32), offset.astype(np.float32)
