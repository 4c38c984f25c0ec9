"""A decoder-only transformer in one file: pre-LayerNorm, GELU MLP, learned positions, tied
embedding (Radford et al. 2019).

Each of these can be left out or replaced by the shape, down to the bare one of Nanda et al.
(2301.05217).

The pass shows every tensor on its way to a hook (taps.py). ``sites`` returns the residual stream
after the embedding and after each half of each layer. Tensors at line ends: b batch, t token, d
d_model, h head, k d_model / n_head, v vocabulary.
"""

from __future__ import annotations

from collections.abc import Iterator
from math import sqrt

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from layerfold.model.kernels import settle_kernels
from layerfold.model.shape import GPTConfig
from layerfold.model.taps import Hook, Within

Cache = list[tuple[Tensor, Tensor]]


class Attention(nn.Module):
    """Causal self-attention over all heads at once."""

    def __init__(self, config: GPTConfig) -> None:
        super().__init__()
        self.n_head = config.n_head
        self.qkv = nn.Linear(config.d_model, 3 * config.d_model, bias=config.bias)
        self.out = nn.Linear(config.d_model, config.d_model, bias=config.bias)

    def last(self, table: Tensor, which: Tensor) -> Tensor:
        """What the last token of each row gathers (b, d), where token n of row i stands in the
        normed stream as ``table[which[i, n]]``.

        Keys, values and scores are made once for each row of the table (u, d), however many tokens
        there are.
        """
        (u, d), (b, t), h = table.shape, which.shape, self.n_head
        q, k, v = (
            part.view(u, h, d // h).transpose(0, 1) for part in self.qkv(table).split(d, dim=1)
        )  # (h, u, k)
        scores = q @ k.transpose(1, 2) / sqrt(d // h)
        shares = scores[:, which[:, -1:], which].softmax(dim=-1).view(h * b, t)
        rows = (which + u * torch.arange(h, device=which.device)[:, None, None]).view(h * b, t)
        y = F.embedding_bag(rows, v.reshape(h * u, d // h), mode="sum", per_sample_weights=shares)
        gathered: Tensor = self.out(y.view(h, b, d // h).transpose(0, 1).reshape(b, d))
        return gathered

    def heads(self, x: Tensor, places: Tensor | None = None) -> tuple[Tensor, Tensor, Tensor]:
        """Queries, keys and values (b, h, t, k) of the normed stream; queries and keys read
        ``places`` (t, d) beside it, if given."""
        b, t, d = x.shape
        q, k, v = self.qkv(x).split(d, dim=2)
        if places is not None:
            there = F.linear(places, self.qkv.weight[: 2 * d])
            q, k = q + there[:, :d], k + there[:, d:]
        q, k, v = (
            part.view(b, t, self.n_head, d // self.n_head).transpose(1, 2) for part in (q, k, v)
        )
        return q, k, v

    def forward(
        self,
        x: Tensor,
        past: tuple[Tensor, Tensor] | None = None,
        places: Tensor | None = None,
        hook: Hook | None = None,
    ) -> tuple[Tensor, tuple[Tensor, Tensor]]:
        """What each token gathers from those before it (b, t, d), and the keys and values so far
        (b, h, t, k)."""
        q, k, v = self.heads(x, places)
        if hook is not None:
            q, k, v = hook("attn.q", q), hook("attn.k", k), hook("attn.v", v)
        if past is not None:
            k, v = torch.cat((past[0], k), dim=2), torch.cat((past[1], v), dim=2)
        z = attend(q, k, v, hook)
        gathered: Tensor = self.out(z.transpose(1, 2).reshape(x.shape))
        return gathered if hook is None else hook("attn.out", gathered), (k, v)


def attend(q: Tensor, k: Tensor, v: Tensor, hook: Hook | None = None) -> Tensor:
    """What each of the last tokens gathers (b, h, t, k) from itself and those before it.

    The pattern is made only where it is asked for, and what is gathered comes of it only where the
    hook gives back another.
    """
    t, n = q.shape[2], k.shape[2]
    if hook is not None and hook.wants("attn.pattern"):
        pattern = pattern_of(q, k)
        given = hook("attn.pattern", pattern)
        if given is not pattern:
            return hook("attn.z", given @ v)
    seen = (
        None if t == n else torch.ones(t, n, dtype=torch.bool, device=q.device).tril(n - t)
    )  # (t, past + t)
    z = F.scaled_dot_product_attention(q, k, v, attn_mask=seen, is_causal=seen is None)
    return z if hook is None else hook("attn.z", z)


def pattern_of(q: Tensor, k: Tensor) -> Tensor:
    """How each of the last tokens (t) shares its attention among itself and those before it (b, h,
    t, past + t)."""
    t, n = q.shape[-2], k.shape[-2]
    ahead = torch.ones(t, n, dtype=torch.bool, device=q.device).triu(n - t + 1)
    return (
        (q @ k.transpose(-1, -2) / sqrt(q.shape[-1]))
        .masked_fill(ahead, float("-inf"))
        .softmax(dim=-1)
    )


class MLP(nn.Module):
    """``config.mlp`` times wider inside, with the tanh form of GELU, or ReLU."""

    def __init__(self, config: GPTConfig) -> None:
        super().__init__()
        self.up = nn.Linear(config.d_model, config.mlp * config.d_model, bias=config.bias)
        self.out = nn.Linear(config.mlp * config.d_model, config.d_model, bias=config.bias)
        self.relu = config.activation == "relu"

    def activate(self, x: Tensor) -> Tensor:
        """The activation alone, on what ``up`` gives."""
        return F.relu(x) if self.relu else F.gelu(x, approximate="tanh")

    def forward(self, x: Tensor, hook: Hook | None = None) -> Tensor:
        """(b, t, d) to (b, t, d)."""
        x = self.activate(self.up(x))
        y: Tensor = self.out(x if hook is None else hook("mlp.act", x))
        return y if hook is None else hook("mlp.out", y)


class Block(nn.Module):
    """One layer: attention, then the MLP, each added to the stream it reads through a LayerNorm (or
    as it is)."""

    def __init__(self, config: GPTConfig) -> None:
        super().__init__()
        self.norm_mid = norm_of(config)
        self.attention = Attention(config)
        self.norm_post = norm_of(config)
        self.mlp = MLP(config)

    def forward(
        self,
        x: Tensor,
        past: tuple[Tensor, Tensor] | None = None,
        places: Tensor | None = None,
        hook: Hook | None = None,
    ) -> tuple[Tensor, Tensor, tuple[Tensor, Tensor]]:
        """The stream after attention and after the MLP (b, t, d each), and the layer's keys and
        values."""
        gathered, present = self.attention(self.norm_mid(x), past, places, hook)
        mid = x + gathered if hook is None else hook("mid", hook("skip", x) + gathered)
        post = mid + self.mlp(self.norm_post(mid), hook)
        return mid, post if hook is None else hook("post", post), present


class GPT(nn.Module):
    """Token ids in, logits out; weights start as in GPT-2: normal(0, 0.02), residual outputs
    divided by sqrt(2 n_layer).

    Without norms nothing would rescale the stream: then all start as normal(0, 1 / sqrt(d_model)).
    Where positions are read in attention alone, matrices inside layers start three times as large:
    else heads take very long to part.
    """

    def __init__(self, config: GPTConfig, seed: int = 0) -> None:
        super().__init__()
        settle_kernels()
        self.config = config
        self.tokens = nn.Embedding(config.vocab_size, config.d_model)
        self.positions = nn.Embedding(config.block_size, config.d_model)
        self.blocks = nn.ModuleList(Block(config) for _ in range(config.n_layer))
        self.norm = norm_of(config)
        self.head = (
            None if config.tied else nn.Linear(config.d_model, config.vocab_size, bias=False)
        )
        if not self.tokens.weight.is_meta:  # else weights that were kept take their places
            self._start(torch.Generator().manual_seed(seed))

    @torch.no_grad()
    def _start(self, generator: torch.Generator) -> None:
        for name, weight in self.named_parameters():
            if weight.dim() == 2:
                scale = (
                    0.02 / sqrt(2 * self.config.n_layer) if name.endswith("out.weight") else 0.02
                )
                scale = scale if self.config.norm else 1 / sqrt(self.config.d_model)
                scale *= (
                    3 if self.config.positions == "attention" and name.startswith("blocks.") else 1
                )
                weight.normal_(0.0, scale, generator=generator)
            elif name.endswith("bias"):
                weight.zero_()
            else:
                weight.fill_(1.0)
        if self.config.positions == "attention":
            self.positions.weight.copy_(sinusoids(self.config.block_size, self.config.d_model))

    def places(self, start: int, end: int) -> Tensor | None:
        """What attention reads beside the stream of the tokens from ``start`` to ``end`` (t, d);
        None where positions are in the stream."""
        return self.positions.weight[start:end] if self.config.positions == "attention" else None

    @property
    def unembedding(self) -> Tensor:
        """What turns final states into logits (v, d): the embedding where they are tied."""
        return self.tokens.weight if self.head is None else self.head.weight

    def stream(
        self,
        ids: Tensor,
        cache: Cache | None = None,
        keep: Cache | None = None,
        hook: Hook | None = None,
    ) -> Iterator[Tensor]:
        """The residual stream (b, t, d) at each site in turn; ``cache`` holds what came before,
        ``keep`` takes what now is."""
        start = cache[0][0].shape[2] if cache else 0
        end = start + ids.shape[1]
        if end > self.config.block_size:
            raise ValueError(
                f"{end} tokens are more than the {self.config.block_size} the model reads: shorten"
                " the text"
            )
        places, x = self.places(start, end), self.tokens(ids)
        if places is None:
            x = x + self.positions.weight[start:end]
        if hook is not None:
            x = hook("embed", x)
        yield x
        for n, block in enumerate(self.blocks):
            mid, x, present = block(
                x, cache[n] if cache else None, places, hook and Within(hook, f"L{n}")
            )
            if keep is not None:
                keep.append(present)
            yield mid
            yield x

    def forward(
        self, ids: Tensor, targets: Tensor | None = None, hook: Hook | None = None
    ) -> Tensor:
        """Logits (b, t, v); or, given the next tokens ``targets`` (b, t), the mean cross-entropy in
        nats (a scalar)."""
        for state in self.stream(ids, hook=hook):
            x = state
        logits = self.read_out(x, hook)
        if targets is None:
            return logits
        return F.cross_entropy(logits.view(-1, logits.shape[-1]).float(), targets.reshape(-1))

    def read_out(self, x: Tensor, hook: Hook | None = None) -> Tensor:
        """Logits (b, t, v) of the stream after the last layer."""
        x = self.norm(x)
        logits = F.linear(x if hook is None else hook("final", x), self.unembedding)
        return logits if hook is None else hook("logits", logits)

    def final(self, ids: Tensor, last: int | None = None) -> Tensor:
        """The stream after the last layer and the final norm (b, t, d), or of the ``last`` tokens
        only: what the unembedding reads."""
        if last == 1 and self.config.n_layer == 1 and self.config.positions == "stream":
            return self._answer(ids)
        for state in self.stream(ids):
            x = state
        normed: Tensor = self.norm(x if last is None else x[:, x.shape[1] - last :])
        return normed

    def _answer(self, ids: Tensor) -> Tensor:
        """``final`` of the last token (b, 1, d) with one layer: what it gathers from depends on
        token and place alone, and repeats."""
        places = torch.arange(ids.shape[1], device=ids.device) * self.config.vocab_size
        kinds, which = torch.unique(ids + places, return_inverse=True)
        table = self.tokens(kinds % self.config.vocab_size) + self.positions(
            kinds // self.config.vocab_size
        )
        block = self.blocks[0]
        assert isinstance(block, Block)
        mid = table[which[:, -1]] + block.attention.last(block.norm_mid(table), which)
        normed: Tensor = self.norm(mid + block.mlp(block.norm_post(mid)))
        return normed[:, None]

    def sites(self, ids: Tensor) -> Tensor:
        """The residual stream at every site: ``embed``, then ``mid`` and ``post`` of each layer (2
        n_layer + 1, b, t, d)."""
        return torch.stack(list(self.stream(ids)))

    def unembed(self, states: Tensor) -> Tensor:
        """The final norm and the unembedding on states of any site: logits (..., v)."""
        return F.linear(self.norm(states), self.unembedding)


def norm_of(config: GPTConfig) -> nn.Module:
    """A LayerNorm, or nothing."""
    return nn.LayerNorm(config.d_model, bias=config.bias) if config.norm else nn.Identity()


def sinusoids(count: int, d: int) -> Tensor:
    """Places as sines and cosines of wavelengths from about 4 tokens to about 4 ``count`` (count,
    d), after Vaswani et al. (2017)."""
    turn = torch.arange(count)[:, None] * 1.5 * count ** (-2 * torch.arange((d + 1) // 2) / d)
    return torch.cat((turn.sin(), turn.cos()), dim=1)[:, :d]
