"""Addition modulo p: "17 + 38 =", the answer said at "=". Some of all p² pairs are learned, usually
all at once; the others are held out.

After Power et al. (2022) and Nanda et al. (2023, arXiv 2301.05217).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from math import log

import numpy as np
import torch
from numpy.typing import NDArray
from torch.nn import functional as F

from layerfold.geometry.fourier import key_frequencies, means_of, readers
from layerfold.model.adapter import Adapter
from layerfold.model.gpt import GPT
from layerfold.records import Floats, Label, Reference
from layerfold.training.tasks.task import Basis, Ids, Reads, Setting

A, PLUS, B, EQUALS = range(4)
PLACES = ("a", "+", "b", "=")
KEYS = 4  # frequencies told apart
TURN = "turn"
LOW = 0.25  # of the third axis, so that the circle reads as one from any side


def make(setting: Setting, p: int = 113, share: float = 0.3) -> ModularAddition:
    """Sums modulo ``p``, a ``share`` of the pairs learned; ValueError where that leaves nothing on
    either side.
    """
    if p < 2 or not 1 <= int(share * p * p) < p * p:
        raise ValueError(
            f"p = {p} and share = {share} leave nothing to learn or nothing to hold out"
        )
    if setting.block_size < len(PLACES):
        raise ValueError(
            f"block_size {setting.block_size} is less than the {len(PLACES)} tokens of a sum"
        )
    return ModularAddition(p, share, setting.seed, setting.batch_size)


@dataclass(frozen=True)
class ModularAddition:
    """Sums modulo ``p``; pair n is (n // p, n mod p). A step learns from ``batch`` pairs, or all
    that are learned.
    """

    p: int
    share: float
    seed: int
    batch: int = 0

    @property
    def vocabulary(self) -> tuple[str, ...]:
        """The numbers 0 to p - 1, then the two signs."""
        return (*map(str, range(self.p)), "+", "=")

    @property
    def reads(self) -> Reads:
        """Two numbers and two signs."""
        example = f"{17 % self.p} + {38 % self.p} ="
        en = f"two numbers from 0 to {self.p - 1} to be added modulo {self.p}: {example}"
        return Reads(en, f"两个 0 到 {self.p - 1} 的数，按模 {self.p} 相加：{example}", example)

    @cached_property
    def order(self) -> Ids:
        """All pairs, shuffled by the seed: the first ``learned`` are learned."""
        return np.random.default_rng(self.seed).permutation(self.p * self.p).astype(np.int64)

    @property
    def learned(self) -> int:
        """How many pairs are learned."""
        return int(self.share * self.p * self.p)

    @property
    def length(self) -> int:
        """Four tokens a pair."""
        return (self.batch if self._parted else self.learned) * len(PLACES)

    def at(self, step: int) -> tuple[Ids, Ids]:
        """The learned pairs of a step and their answers at "=": all of them, or the next of an
        order that is new at each pass.
        """
        if not self._parted:
            return self._learned
        turn, place = divmod(step, self.learned // self.batch)
        chosen = np.random.default_rng((self.seed, turn, 2)).permutation(self.learned)[
            place * self.batch : (place + 1) * self.batch
        ]
        pairs = self.order[chosen]
        return self.written(pairs), self.answers(pairs)[:, None]

    @property
    def _parted(self) -> bool:
        """Whether a step learns from some pairs only."""
        return 0 < self.batch < self.learned

    @cached_property
    def _learned(self) -> tuple[Ids, Ids]:
        return (
            self.written(self.order[: self.learned]),
            self.answers(self.order[: self.learned])[:, None],
        )

    def written(self, pairs: Ids) -> Ids:
        """Pairs as ids [pair, 4]."""
        sign = np.full_like(pairs, self.p)
        return np.stack((pairs // self.p, sign, pairs % self.p, sign + 1), axis=1)

    def answers(self, pairs: Ids) -> Ids:
        """The sums modulo p [pair]."""
        return (pairs // self.p + pairs % self.p) % self.p

    def tests(self, model: GPT) -> dict[str, float]:
        """Loss in nats and share of right answers, on the learned and on the held-out pairs."""
        found: dict[str, float] = {}
        for name, pairs in (
            ("train", self.order[: self.learned]),
            ("test", self.order[self.learned :]),
        ):
            loss, accuracy = self._test(model, pairs)
            found |= {f"{name}_loss": loss, f"{name}_accuracy": accuracy}
        return found

    @torch.inference_mode()
    def _test(self, model: GPT, pairs: Ids) -> tuple[float, float]:
        answers = torch.from_numpy(self.answers(pairs))
        states = model.final(torch.from_numpy(self.written(pairs)), last=1)[:, 0]
        logits = F.linear(states, model.unembedding).double()
        return (
            F.cross_entropy(logits, answers).item(),
            (logits.argmax(-1) == answers).double().mean().item(),
        )

    def baselines(self) -> dict[str, float]:
        """What guessing gives."""
        return {"chance_accuracy": 1 / self.p, "chance_loss": log(self.p)}

    def reference(self, count: int, seed: int) -> Reference:
        """Every number once at "a" and once before "+", each at "b" twice, and the rest at "=", all
        in pairs chosen at random.
        """
        pairs = np.random.default_rng((seed, self.seed)).permutation(self.p * self.p)
        first = _first_with(pairs // self.p, self.p)
        second = np.concatenate(
            (
                _first_with(pairs % self.p, self.p),
                _first_with((pairs % self.p)[::-1], self.p, len(pairs) - 1),
            )
        )
        ends = np.arange(max(1, min(len(pairs), count - 4 * self.p)))
        places = np.repeat((A, PLUS, B, EQUALS), (self.p, self.p, len(second), len(ends)))[:count]
        at = np.concatenate((first, first, second, ends))[:count]
        used, window = np.unique(at, return_inverse=True)
        windows = self.written(pairs[used]).astype(np.int32)
        symbols = self.vocabulary
        ids = windows[window, places]
        frequency = np.where(ids < self.p, 1e6 / (2 * self.p), 1e6 / 4).astype(np.float32)
        known = set(self.order[: self.learned].tolist())
        source = tuple("learned" if int(pair) in known else "held out" for pair in pairs[used])
        text = tuple(symbols[n] for n in ids)
        return Reference(
            windows,
            window.astype(np.int32),
            places.astype(np.int32),
            frequency,
            text,
            source,
            self.labels(pairs[at], places),
        )

    def labels(self, pairs: Ids, places: Ids) -> tuple[Label, ...]:
        """What is known of a token at place ``places`` [ref] of a sum: the answer from "b" on, the
        numbers once they are read.
        """
        a, b = pairs // self.p, pairs % self.p
        unread = np.where(places >= B, 0.0, np.nan)
        cyclic = (
            ("sum", f"a + b mod {self.p}", f"a + b（模 {self.p}）", (a + b) % self.p + unread),
            ("number", "the number read", "读到的数", np.where(places == B, b, a)),
            ("a", "the first number", "第一个数", a),
            ("b", "the second number", "第二个数", b + unread),
        )
        found = [
            Label(name, "cyclic", en, zh, values[:, None].astype(np.float32), float(self.p))
            for name, en, zh, values in cyclic
        ]
        place = places[:, None].astype(np.float32)
        return (
            *found,
            Label("place", "category", "place in the sum", "在算式中的位置", place, names=PLACES),
        )

    def named(self, reference: Reference, adapter: Adapter) -> Reference:
        """With the place on the circle of the strongest frequency, by which colours run round it:
        of the number read, of the sum at "=".
        """
        numbers = self.written(np.arange(self.p)).astype(np.int32)  # 0 + n
        key, *_ = key_frequencies(adapter.batch_states(numbers)[0, :, B], 1) or [1]
        known = {label.name: label.values for label in reference.labels}
        turn = (
            key
            * np.where(reference.position[:, None] == EQUALS, known["sum"], known["number"])
            % self.p
        )
        titles = (f"place on the circle of frequency {key}", f"频率 {key} 的圆上的位置")
        label = Label(TURN, "cyclic", *titles, turn.astype(np.float32), float(self.p))
        return replace(reference, labels=(label, *reference.labels))

    def bases(self, states: Floats, reference: Reference) -> Sequence[Basis]:
        """The strongest frequency's plane and the next one's cosine: of the numbers at the
        embedding, of what "=" holds after it.

        After attention "=" holds the sum of both numbers' circles, after the MLP the circle of
        their sum.
        """
        number, a, b = (
            {label.name: label.values[:, 0] for label in reference.labels}[name]
            for name in ("number", "a", "b")
        )
        at = reference.position
        read, told = (at == A) | (at == B), (at == EQUALS) & ~np.isnan(b)
        keys = key_frequencies(means_of(states[0][read], number[read].astype(int), self.p), KEYS)
        # the one that the colours follow comes first
        keys.sort(key=lambda k: k != _frequency_of(reference, number))
        if len(keys) < 2 or not told.any():
            return ()
        turn = 2 * np.pi * np.array(keys)[:, None] / self.p
        circles = (
            (read, np.exp(1j * turn * number[read])),
            (told, np.exp(1j * turn * a[told]) + np.exp(1j * turn * b[told])),
            *((told, np.exp(1j * turn * (a + b)[told])) for _ in states[2:]),
        )
        found = [
            _axes(site[held], circle) for site, (held, circle) in zip(states, circles, strict=True)
        ]
        matrix, offset = (np.stack(part).astype(np.float32) for part in zip(*found, strict=True))
        en = (
            f"cos(2π·{keys[0]}·n/{self.p})",
            f"sin(2π·{keys[0]}·n/{self.p})",
            f"¼ cos(2π·{keys[1]}·n/{self.p})",
        )
        source = (
            f"frequencies {keys[0]} and {keys[1]} of the last checkpoint (Nanda et al. 2023, arXiv"
            " 2301.05217)"
        )
        return (Basis("fourier", matrix, offset, "Fourier plane", "傅里叶平面", en, en, source),)


def _axes(
    states: Floats, circles: NDArray[np.complex128]
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """What reads cos and sin of the first and cos of the second of ``circles`` [key, n] off
    ``states`` [n, d]: matrix [3, d], offset [3].

    What the other circles add is taken out.
    """
    mean = states.mean(axis=0, dtype=np.float64)
    wanted = np.concatenate((circles.real, circles.imag))
    vectors = wanted @ (states - mean) / np.square(wanted).sum(axis=1, keepdims=True)
    matrix = readers(vectors)[[0, len(circles), 1]] * np.array([[1], [1], [LOW]])
    return matrix, -matrix @ mean


def _frequency_of(reference: Reference, number: Floats) -> int:
    """The frequency whose circle a reference is labelled by, 0 where it is not."""
    turns = [label.values[:, 0] for label in reference.labels if label.name == TURN]
    return int(turns[0][(number == 1) & (reference.position != EQUALS)][0]) if turns else 0


def _first_with(residues: Ids, p: int, end: int | None = None) -> Ids:
    """Where each residue 0 … p - 1 stands first [p]; counted backwards from ``end`` if given."""
    found = np.unique(residues, return_index=True)[1]
    return found if end is None else end - found
