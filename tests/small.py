"""A small run on disk with random weights at three steps and a flat atlas: made in a second, whole
in every part.
"""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import torch

from layerfold.atlas.files import write_card, write_measures, write_reference, write_slice
from layerfold.cards.digest import signed
from layerfold.data.reference_states import reference_states, viewed
from layerfold.files.atomic import sha256
from layerfold.model.checkpoint import save_checkpoint
from layerfold.model.gpt import GPT
from layerfold.model.shape import GPTConfig
from layerfold.model.tokenizers.byte_level import Tokenizer
from layerfold.records import Reference, sites_of
from layerfold.runs.opening import open_run
from layerfold.runs.run import checkpoint_name
from layerfold.space.neighbors import Index
from layerfold.space.outside import own_distances

STEPS = (0, 8, 64)
TEXTS = (
    (
        "The bank of the river was steep. The bank lent money to the mill. A man sat by the water"
        " and read a book about war."
    ),
    (
        "“Café” and naïve words hold letters of two bytes; 你好 holds characters of three, and 😀"
        " one of four."
    ),
)
CONFIG = GPTConfig(vocab_size=300, n_layer=2, n_head=2, d_model=16, block_size=48)
WINDOWS, LENGTH, PICKED = 12, 24, 8


def make_run(folder: Path, *, atlas: bool = True) -> Path:
    """The folder holds a run, with an atlas unless told otherwise."""
    folder.mkdir(parents=True, exist_ok=True)
    tokenizer = Tokenizer.train(TEXTS, CONFIG.vocab_size)
    tokenizer.save(folder / "tokenizer.json")
    for step in STEPS:
        save_checkpoint(folder / checkpoint_name(step), a_model(step))
    rows = [
        {"step": step, "loss": 6.0 - n, "val_loss": 6.0 - n, "bits_per_byte": 4.0 - n}
        for n, step in enumerate(STEPS)
    ]
    (folder / "metrics.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))
    write_run_card(folder)
    if atlas:
        write_atlas(folder, tokenizer)
    return folder


def a_model(step: int) -> GPT:
    """Random weights, wider at later steps."""
    torch.manual_seed(step)
    model = GPT(CONFIG)
    with torch.no_grad():
        for weight in model.parameters():
            weight.add_(torch.randn_like(weight) * 0.05)
    return model


def write_run_card(folder: Path) -> None:
    """The card, with the hash of each file."""
    names = ["tokenizer.json", *(checkpoint_name(step) for step in STEPS)]
    card = {
        "format": 1,
        "name": folder.name,
        "title": "Small",
        "description": "Random weights.",
        "architecture": {"kind": "gpt", **vars(CONFIG)},
        "tokenizer": "tokenizer.json",
        "corpus": [],
        "steps": list(STEPS),
        "sites": [site.name for site in sites_of(CONFIG.n_layer)],
        "seed": 0,
        "hyperparameters": {},
        "examples": [{"text": "the bank", "note_en": "two senses", "note_zh": "两种意思"}],
        "tests": {},
        "files": {name: sha256(folder / name) for name in names},
    }
    (folder / "run.json").write_text(json.dumps(card))


def edit_card(path: Path, **fields: object) -> None:
    """The card says otherwise, as if it had been written so."""
    path.write_bytes(signed({**json.loads(path.read_text("utf-8")), **fields}))


def add_file(folder: Path, name: str) -> None:
    """The card of a run carries the digest of what a file holds now."""
    files = json.loads((folder / "run.json").read_text("utf-8")).get("files", {})
    edit_card(folder / "run.json", files=files | {name: sha256(folder / name)})


def sign_again(path: Path) -> None:
    """The card carries the digest of what it holds now."""
    edit_card(path)


def a_reference(tokenizer: Tokenizer) -> Reference:
    """Twelve windows of the texts, eight tokens picked in each."""
    ids = np.array([id for row in tokenizer.ids(TEXTS * 8) for id in row], dtype=np.int32)
    starts = np.arange(WINDOWS) * 7
    windows = np.stack([ids[start : start + LENGTH] for start in starts])
    window = np.repeat(np.arange(WINDOWS, dtype=np.int32), PICKED)
    position = np.tile(np.arange(0, LENGTH, LENGTH // PICKED, dtype=np.int32), WINDOWS)
    text = tuple(
        tokenizer.text_of(int(windows[w, p])) for w, p in zip(window, position, strict=True)
    )
    frequency = np.linspace(10, 1000, len(window), dtype=np.float32)
    return Reference(windows, window, position, frequency, text, ("texts",) * WINDOWS)


def write_atlas(folder: Path, tokenizer: Tokenizer) -> None:
    """Clouds that are three principal directions of the states, in no way laid out."""
    run, reference = open_run(folder), a_reference(tokenizer)
    sites = [site.name for site in run.sites]
    shape = (len(STEPS), len(sites))
    own = []
    for step in STEPS:
        states = viewed(reference_states(run.adapter(step), reference), "normalised")
        centered = states - states.mean(axis=1, keepdims=True)
        positions = np.einsum(
            "snd,skd->snk", centered, np.linalg.svd(centered, full_matrices=False)[2][:, :3]
        )
        own.append(np.stack([own_distances(Index.of(site)) for site in states]))
        trust = np.full(states.shape[:2], 0.9)
        write_slice(folder / "atlas", step, positions.astype(np.float16), trust, trust)
    write_reference(folder / "atlas", reference)
    axes = np.full((*shape, 3, 2), np.nan, dtype=np.float32)
    write_measures(
        folder / "atlas", {"trust": np.full(shape, 0.9, np.float32)}, axes, np.stack(own)
    )
    card = {
        "steps": STEPS,
        "sites": sites,
        "view": "normalised",
        "parameters": {"k": 15, "min_dist": 0.1, "spread": 1.0, "a": 1.577, "b": 0.895, "seed": 0},
        "frame": {"center": [0.0, 0.0, 0.0], "radius": 5.0},
        "measures": [{"name": "trust", "unit": "mean"}],
        "axis_variables": ["norm", "position"],
    }
    write_card(folder / "atlas", card)
