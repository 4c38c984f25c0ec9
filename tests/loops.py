"""Small models in training loops of their own, as a person would write them, to be recorded."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from layerfold.model.gpt import GPT
from layerfold.model.shape import GPTConfig
from layerfold.recording.recorder import Recorder
from layerfold.records import Floats
from layerfold.runs.run import Run

WORDS = 60
SITES = {
    "embed": "input:blocks.0",
    "L0.mid": "input:blocks.0.ln2",
    "L0.post": "blocks.0",
    "L1.post": "blocks.1",
}


class Block(nn.Module):
    """A half-layer and another, with dropout; the output is a tuple, as some have it."""

    def __init__(self, d: int) -> None:
        super().__init__()
        self.ln1, self.ln2 = nn.LayerNorm(d), nn.LayerNorm(d)
        self.mix, self.mlp, self.drop = nn.Linear(d, d), nn.Linear(d, d), nn.Dropout(0.1)

    def forward(self, x: Tensor) -> tuple[Tensor, None]:
        x = x + self.drop(self.mix(self.ln1(x).cumsum(1)))
        return x + self.drop(F.gelu(self.mlp(self.ln2(x)))), None


class Plain(nn.Module):
    """Two blocks; a counter in a buffer that every pass moves, and a cache made when it is first
    needed.
    """

    def __init__(self, d: int = 16) -> None:
        super().__init__()
        self.tok_emb, self.head = nn.Embedding(WORDS, d), nn.Linear(d, WORDS)
        self.blocks = nn.ModuleList(Block(d) for _ in range(2))
        self.register_buffer("passes", torch.zeros(()))
        self.cache: Tensor | None = None

    def forward(self, ids: Tensor) -> Tensor:
        self.passes.add_(1)
        if self.cache is None:
            self.cache = torch.ones(self.tok_emb.weight.shape[1])
        x = self.tok_emb(ids) * self.cache + torch.randn(()) * 0
        for block in self.blocks:
            x = block(x)[0]
        return self.head(x)


def plain(seed: int = 0) -> Plain:
    torch.manual_seed(seed)
    return Plain()


def small_gpt(vocabulary: int = WORDS) -> GPT:
    return GPT(GPTConfig(vocab_size=vocabulary, n_layer=1, n_head=2, d_model=16, block_size=24))


def windows(count: int = 8, length: int = 12) -> Tensor:
    return torch.randint(0, WORDS, (count, length), generator=torch.Generator().manual_seed(1))


def train(
    model: Any,
    steps: int,
    each: Callable[[int, Tensor], None] = lambda step, loss: None,
    first: int = 0,
) -> None:
    """Steps on made-up ids, ``each(step, loss)`` after every one."""
    optimizer = torch.optim.AdamW(model.parameters(), lr=1e-2)
    for step in range(first, first + steps):
        ids = torch.randint(0, WORDS, (4, 13))
        loss = F.cross_entropy(model(ids[:, :-1]).flatten(0, 1), ids[:, 1:].flatten())
        each(step, loss)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()


def recorder(folder: Path, **options: Any) -> Recorder:
    """A Recorder of the plain model, every five steps."""
    return Recorder(folder, windows(), **{"sites": SITES, "every": 5, **options})


def log(one: Recorder, model: nn.Module, step: int, loss: torch.Tensor) -> None:
    """One step is logged."""
    one.log(model, step, loss=loss)


def nothing(step: int, loss: torch.Tensor) -> None:
    """Nobody records."""


def states_of(run: Run, step: int) -> Floats:
    """What a run holds of its own reference."""
    reference = run.reference()
    assert reference is not None
    found = run.stored_states(step, reference)
    assert found is not None
    return found
