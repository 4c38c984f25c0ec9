"""Two of the seed's numbers derived again with torch and numpy alone: nothing of Layerfold."""

from __future__ import annotations

import json
import struct
from pathlib import Path

import numpy as np
import torch
from torch.nn import functional as F

DTYPES = {"F32": np.float32, "F16": np.float16}


def weights_in(path: Path) -> dict[str, torch.Tensor]:
    """The tensors of a safetensors file: a header in JSON, then the numbers."""
    data = path.read_bytes()
    (size,) = struct.unpack("<Q", data[:8])
    header, body = json.loads(data[8 : 8 + size]), data[8 + size :]
    found = {}
    for name, entry in header.items():
        if name != "__metadata__":
            start, end = entry["data_offsets"]
            flat = np.frombuffer(body[start:end], dtype=DTYPES[entry["dtype"]])
            found[name] = torch.from_numpy(flat.copy()).reshape(entry["shape"]).double()
    return found


def rank_share(weights: dict[str, torch.Tensor], heads: int, draws: int = 40) -> float:
    """The mean effective rank of the heads' W_Q over that of Gaussian matrices of the shape."""
    ranks = []
    for name, weight in weights.items():
        if name.endswith("attention.qkv.weight"):
            d = weight.shape[1]
            queries = weight[:d].numpy()  # rows are outputs, head after head
            for part in np.split(queries, heads, axis=0):
                sizes = np.linalg.svd(part, compute_uv=False)
                shares = sizes / sizes.sum()
                ranks.append(float(np.exp(-(shares * np.log(shares)).sum())))
    rng = np.random.default_rng(0)
    chance = []
    for _ in range(draws):
        sizes = np.linalg.svd(rng.normal(size=(d, d // heads)), compute_uv=False)
        shares = sizes / sizes.sum()
        chance.append(float(np.exp(-(shares * np.log(shares)).sum())))
    return float(np.mean(ranks) / np.mean(chance))


def lens_share(
    weights: dict[str, torch.Tensor], windows: np.ndarray, picked: np.ndarray, heads: int, site: int
) -> float:
    """The mean KL of what a site would say to the final answer over that of the embedding;
    ``picked`` [n, 2] are windows and places of the tokens.
    """
    stream = states_at(weights, torch.from_numpy(windows.astype(np.int64)), heads)
    rows = torch.from_numpy(picked.astype(np.int64))
    logs = []
    for state in (stream[0], stream[site], stream[-1]):
        here = state[rows[:, 0], rows[:, 1]]
        normed = F.layer_norm(here, here.shape[-1:], weights["norm.weight"], weights["norm.bias"])
        logs.append((normed @ weights["tokens.weight"].T).log_softmax(dim=-1))
    kls = [(one.exp() * (one - logs[2])).sum(dim=-1).mean() for one in logs[:2]]
    return float(kls[1] / kls[0])


def states_at(
    weights: dict[str, torch.Tensor], ids: torch.Tensor, heads: int
) -> list[torch.Tensor]:
    """The residual stream of a GPT with LayerNorm before each half: the embedding, then after
    attention and after the MLP of each layer.
    """
    x = weights["tokens.weight"][ids] + weights["positions.weight"][: ids.shape[1]]
    stream, layer = [x], 0
    while f"blocks.{layer}.attention.qkv.weight" in weights:

        def part(name: str, layer: int = layer) -> torch.Tensor:
            return weights[f"blocks.{layer}.{name}"]

        def normed(y: torch.Tensor, name: str) -> torch.Tensor:
            return F.layer_norm(y, y.shape[-1:], part(f"{name}.weight"), part(f"{name}.bias"))

        read = normed(x, "norm_mid")
        q, k, v = (read @ part("attention.qkv.weight").T + part("attention.qkv.bias")).chunk(3, -1)
        b, t, d = x.shape
        q, k, v = (one.view(b, t, heads, d // heads).transpose(1, 2) for one in (q, k, v))
        scores = q @ k.transpose(-1, -2) / (d // heads) ** 0.5
        ahead = torch.ones(t, t, dtype=torch.bool).triu(1)
        gathered = scores.masked_fill(ahead, float("-inf")).softmax(-1) @ v
        flat = gathered.transpose(1, 2).reshape(b, t, d)
        x = x + flat @ part("attention.out.weight").T + part("attention.out.bias")
        stream.append(x)
        inside = normed(x, "norm_post") @ part("mlp.up.weight").T + part("mlp.up.bias")
        inside = F.gelu(inside, approximate="tanh")
        x = x + inside @ part("mlp.out.weight").T + part("mlp.out.bias")
        stream.append(x)
        layer += 1
    return stream
