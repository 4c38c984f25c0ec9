"""A run whose checkpoints are a Hugging Face model's, in folders or on a hub: the card says which, the weights stay where they are."""

from __future__ import annotations

from layerfold.training.run import Run


class HubRun(Run):
    """A series of checkpoints of one Hugging Face model."""
