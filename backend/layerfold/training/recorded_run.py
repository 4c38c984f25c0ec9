"""A run that was recorded while it trained: the states of its reference at each step, with or without the weights."""

from __future__ import annotations

from layerfold.training.run import Run


class RecordedRun(Run):
    """States on disk; a sentence can be typed only where the weights were kept."""
