"""When to record: two steps an octave, for a small share of the training's time."""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass, field
from typing import Final

STEPS: Final = 2000  # that a training is taken to have at least, where nobody says
SECONDS: Final = 100.0  # that it is taken to last
KNOWN: Final = 32  # steps by which the pace is judged, the first two left out: they warm up


def mark(step: int) -> int:
    """The last of 0, 1, 2, 3, 4, 6, 8, 12, 16, 24 … that is not after ``step``."""
    if step < 1:
        return 0
    power = 1 << (step.bit_length() - 1)
    return power + power // 2 if power > 1 and step >= power + power // 2 else power


def kept_row(step: int) -> bool:
    """Whether a step's numbers are kept: all below 8,192, then about 4,096 an octave."""
    return step % (1 << max(0, step.bit_length() - 13)) == 0


@dataclass
class Cadence:
    """Decides and keeps count; times are in seconds since the first call.

    With ``every``, each step that passes a multiple of it. Else at the marks, while recording takes
    no more than ``share`` of what the ``total`` steps are expected to take; where nobody says how
    many there are, of the time since the first call, or of what 2,000 steps take, or of 100
    seconds.
    """

    every: int | None
    share: float
    total: int | None = None
    last: int | None = None
    spent: float = 0.0
    longest: float = 0.0
    passed: int = 0
    paces: deque[float] = field(default_factory=lambda: deque(maxlen=KNOWN))
    before: tuple[int, float] | None = None
    calls: int = 0

    def due(self, step: int, elapsed: float) -> bool:
        """Whether to record now; to be asked at every call."""
        self._tick(step, elapsed - self.spent)
        if self.last is None:
            return True
        if self.every is not None:
            return step // self.every > self.last // self.every
        if mark(step) <= mark(self.last):
            return False
        if self.spent + self.longest <= self.share * self._expected(elapsed):
            return True
        self.passed += 1
        return False

    def _tick(self, step: int, trained: float) -> None:
        """What a step takes is known better."""
        if self.before is not None and step > self.before[0] and self.calls > 2:
            self.paces.append(max(0.0, trained - self.before[1]) / (step - self.before[0]))
        self.before = (step, trained)
        self.calls += 1

    def took(self, step: int, seconds: float) -> None:
        """A step has been recorded, or tried."""
        self.last = step
        self.spent += seconds
        self.longest = max(seconds, self.longest / 2)  # the first one warms up

    def _expected(self, elapsed: float) -> float:
        """How long the training takes, or has taken if that is more; of a known number of steps
        nothing but the steps counts.
        """
        pace = sorted(self.paces)[len(self.paces) // 4] if self.paces else 0.0
        if self.total is not None:
            return self.total * pace
        return max(elapsed, STEPS * pace, SECONDS)
