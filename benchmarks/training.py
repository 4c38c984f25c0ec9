"""Training throughput of our GPT beside the same shape in nanoGPT's manner: same machine, batch,
optimiser and precision.

nanoGPT (Karpathy 2022) is what a person would start from. Its manner, written anew here: optional
biases, dropout layers that do nothing at 0, GELU by erf, targets flattened into the loss, logits of
the last token only where there are none. The two take turns, so that both meet the same machine;
the median of each is compared.
"""

from __future__ import annotations

import time
from functools import partial
from statistics import median
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from layerfold.model.gpt import GPT
from layerfold.model.shape import GPTConfig
from layerfold.training.loss import UnembeddedLoss

SHAPE = GPTConfig(vocab_size=8192, n_layer=6, n_head=4, d_model=160, block_size=256)
BATCH, STEPS, ROUNDS = 16, 3, 5
SMOKE = {"SHAPE": GPTConfig(64, 1, 2, 8, 16), "BATCH": 2, "STEPS": 1, "ROUNDS": 1}


class Heads(nn.Module):
    """Causal attention with one product for queries, keys and values, and a dropout after the
    projection.
    """

    def __init__(self, shape: GPTConfig) -> None:
        super().__init__()
        self.n_head = shape.n_head
        self.joint = nn.Linear(shape.d_model, 3 * shape.d_model)
        self.project = nn.Linear(shape.d_model, shape.d_model)
        self.drop = nn.Dropout(0.0)

    def forward(self, x: Tensor) -> Tensor:
        """(batch, token, width) to the same."""
        batch, tokens, width = x.shape
        parts = self.joint(x).split(width, dim=2)
        query, key, value = (
            part.view(batch, tokens, self.n_head, -1).transpose(1, 2) for part in parts
        )
        mixed = F.scaled_dot_product_attention(query, key, value, dropout_p=0.0, is_causal=True)
        out: Tensor = self.drop(
            self.project(mixed.transpose(1, 2).contiguous().view(batch, tokens, width))
        )
        return out


class Layer(nn.Module):
    """Attention and MLP, each added to what it read."""

    def __init__(self, shape: GPTConfig) -> None:
        super().__init__()
        width = shape.d_model
        self.before_heads, self.heads = nn.LayerNorm(width), Heads(shape)
        self.before_mlp = nn.LayerNorm(width)
        self.mlp = nn.Sequential(
            nn.Linear(width, 4 * width), nn.GELU(), nn.Linear(4 * width, width), nn.Dropout(0.0)
        )

    def forward(self, x: Tensor) -> Tensor:
        """(batch, token, width) to the same."""
        x = x + self.heads(self.before_heads(x))
        out: Tensor = x + self.mlp(self.before_mlp(x))
        return out


class Plain(nn.Module):
    """The whole model, returning logits and loss; embedding and output share their weights."""

    def __init__(self, shape: GPTConfig) -> None:
        super().__init__()
        self.tokens = nn.Embedding(shape.vocab_size, shape.d_model)
        self.places = nn.Embedding(shape.block_size, shape.d_model)
        self.drop = nn.Dropout(0.0)
        self.layers = nn.ModuleList(Layer(shape) for _ in range(shape.n_layer))
        self.last = nn.LayerNorm(shape.d_model)
        self.head = nn.Linear(shape.d_model, shape.vocab_size, bias=False)
        self.head.weight = self.tokens.weight

    def forward(self, ids: Tensor, targets: Tensor) -> tuple[Tensor, Tensor]:
        """Logits (batch, token, word) and the mean loss."""
        x = self.drop(self.tokens(ids) + self.places(torch.arange(ids.shape[1])))
        for layer in self.layers:
            x = layer(x)
        logits = self.head(self.last(x))
        return logits, F.cross_entropy(
            logits.view(-1, logits.size(-1)), targets.view(-1), ignore_index=-1
        )


def run() -> dict[str, Any]:
    """Tokens a second of both, in each precision: medians of ROUNDS turns of STEPS steps."""
    found: dict[str, Any] = {
        "shape": vars(SHAPE),
        "batch": BATCH,
        "threads": torch.get_num_threads(),
    }
    for precision in ("float32", "bfloat16"):
        torch.manual_seed(0)
        ours, plain = GPT(SHAPE), Plain(SHAPE)
        learners = {
            "layerfold": (ours, partial(loss_of_ours, ours, precision)),
            "nanoGPT's manner": (plain, lambda ids, targets, model=plain: model(ids, targets)[1]),
        }
        found[precision] = {
            name: round(value) for name, value in race(learners, precision == "bfloat16").items()
        }
        found[precision]["ratio"] = round(
            found[precision]["layerfold"] / found[precision]["nanoGPT's manner"], 3
        )
    return found


def loss_of_ours(model: GPT, precision: str, ids: Tensor, targets: Tensor) -> Tensor:
    """The loss as `layerfold train` takes it: the unembedding a few rows at a time."""
    states = model.final(ids).flatten(0, 1)
    loss: Tensor = UnembeddedLoss.apply(
        states, model.tokens.weight, targets.flatten(), getattr(torch, precision)
    )  # type: ignore[no-untyped-call]
    return loss


def race(learners: dict[str, Any], half: bool) -> dict[str, float]:
    """Median tokens a second of each learner, taking turns; the first turn of each is a warm-up."""
    ids = torch.randint(0, SHAPE.vocab_size, (BATCH, SHAPE.block_size + 1))
    optimizers = {
        name: torch.optim.AdamW(model.parameters(), lr=1e-3, fused=True)
        for name, (model, _) in learners.items()
    }
    pace: dict[str, list[float]] = {name: [] for name in learners}
    for _ in range(ROUNDS + 1):
        for name, (model, loss_of) in learners.items():
            begin = time.perf_counter()
            for _ in range(STEPS):
                with torch.autocast("cpu", dtype=torch.bfloat16, enabled=half):
                    loss = loss_of(ids[:, :-1], ids[:, 1:].contiguous())
                loss.backward()
                torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0)
                optimizers[name].step()
                optimizers[name].zero_grad(set_to_none=True)
            pace[name].append(STEPS * BATCH * SHAPE.block_size / (time.perf_counter() - begin))
    return {name: median(values[1:]) for name, values in pace.items()}


def table(found: dict[str, Any]) -> str:
    """The result for a person."""
    names = ("layerfold", "nanoGPT's manner")
    lines = [
        f"| precision | {' | '.join(f'{name}, tokens/s' for name in names)} | ratio |",
        "| --- | ---: | ---: | ---: |",
    ]
    for precision in ("float32", "bfloat16"):
        row = found[precision]
        lines.append(
            f"| {precision} | {' | '.join(f'{row[name]:,}' for name in names)} |"
            f" {row['ratio']:.2f} |"
        )
    return "\n".join(lines)
