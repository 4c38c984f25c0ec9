"""A language model of GPT-2's shape (12 layers of 768, 50,257 tokens) at three checkpoints: from a
Trainer's kind of folder to its clouds, pictures and measures; then a typed sentence on a server.

Weights are random, each checkpoint a little further from the first: what is measured is what a
model of this size costs. Its tokenizer is a byte-level BPE of the bundled passages and of Python's
own help. Figures are of two threads for the atlas, and of one server with nobody else on it.
"""

from __future__ import annotations

import asyncio
import tempfile
import warnings
from pathlib import Path
from statistics import median
from typing import Any

import torch
from benchmarks.latency import one_round
from benchmarks.minilm import Stopwatch
from benchmarks.serving import Server, open_page, served, warm_up

from layerfold.build.left_states import leave_states
from layerfold.build.metrics import measure_run
from layerfold.build.projections import build_projections
from layerfold.build.run_atlas import AtlasOptions, build_run_atlas
from layerfold.data.passages import bundled_passages
from layerfold.data.read_once import ReadOnce
from layerfold.data.sources import python_help
from layerfold.interp.session import open_session
from layerfold.runs.hub_card import HOME, open_hub
from layerfold.settings import bundled

LAYERS, WIDTH, HEADS, VOCABULARY, LENGTH = 12, 768, 12, 50_257, 1024
STEPS = (100, 200, 300)
TOKENS, ROUNDS, SERVED = 2000, 9, True
FURTHER = 0.004  # how far a weight goes to the next checkpoint: a fifth of its first spread
SMOKE = {
    "LAYERS": 2,
    "WIDTH": 16,
    "HEADS": 2,
    "VOCABULARY": 320,
    "LENGTH": 64,
    "TOKENS": 100,
    "ROUNDS": 1,
    "SERVED": False,
}
BARS = {"first slice, ms": 250, "all steps, ms": 600, "server, MB": 2000, "atlas, s": 240}
SENTENCE = (
    "The old man walked along the bank of the river, and thought of the bank where he had kept his"
    " money for so many years."
)


def run() -> dict[str, Any]:
    """Seconds of the clock and of the processor for each part of the atlas; milliseconds of a
    sentence over the socket, and the server's memory.
    """
    with tempfile.TemporaryDirectory() as folder:
        home = Path(folder)
        series = checkpoints(home / "trained")
        atlas = of_the_atlas(series, home)
        run_folder = next((home / HOME).glob("*/run.json")).parent
        opened = open_session(run_folder, home)
        name = str(opened.card["name"])
        typed = of_a_server(run_folder, home, name) if SERVED else {}
        return {
            "layers": LAYERS,
            "width": WIDTH,
            "steps": len(opened.steps),
            "sites": len(opened.sites),
            "tokens": TOKENS,
            "atlas": atlas,
            "typed": typed,
            "bars": BARS,
        }


def checkpoints(folder: Path) -> Path:
    """The folder holds a checkpoint at each step, as a Trainer's does, and their tokenizer."""
    from transformers import GPT2Config, GPT2LMHeadModel

    torch.manual_seed(0)
    shape = GPT2Config(
        vocab_size=VOCABULARY,
        n_positions=LENGTH,
        n_embd=WIDTH,
        n_layer=LAYERS,
        n_head=HEADS,
        bos_token_id=0,
        eos_token_id=0,
    )
    model, words = GPT2LMHeadModel(shape), tokenizer()
    for step in STEPS:
        where = folder / f"checkpoint-{step}"
        model.save_pretrained(where)
        words.save_pretrained(where)
        with torch.no_grad():
            for weight in model.parameters():
                weight.add_(torch.randn_like(weight) * FURTHER)
    return folder


def tokenizer() -> Any:
    """A byte-level BPE with an end sign, as GPT-2's is."""
    from tokenizers import Tokenizer, decoders, models, pre_tokenizers, trainers
    from transformers import PreTrainedTokenizerFast

    backend = Tokenizer(models.BPE())
    backend.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    backend.decoder = decoders.ByteLevel()
    end = "<|endoftext|>"
    texts = [*bundled_passages(bundled() / "models").texts, *python_help()]
    trainer = trainers.BpeTrainer(
        vocab_size=VOCABULARY,
        special_tokens=[end],
        initial_alphabet=sorted(pre_tokenizers.ByteLevel.alphabet()),
        show_progress=False,
    )
    backend.train_from_iterator(texts, trainer)
    return PreTrainedTokenizerFast(tokenizer_object=backend, bos_token=end, eos_token=end)


def of_the_atlas(series: Path, home: Path) -> dict[str, float]:
    """Seconds of every part, from the folder of checkpoints to the last measure."""
    watch = Stopwatch()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        folder = open_hub(f"hf:{series}/checkpoint-*", home / HOME)
        watch.lap("card")
        read = ReadOnce(folder)
        build_run_atlas(folder, AtlasOptions(count=TOKENS), read=read)
        watch.lap("first picture")
        leave_states(folder, read)
        watch.lap("states left")
        build_projections(folder, read=read)
        watch.lap("projections")
        measure_run(folder, read=read)
        watch.lap("measures")
    return watch.found()


def of_a_server(folder: Path, home: Path, name: str) -> dict[str, float]:
    """A sentence's first slice and last, in milliseconds; the server's own and resident memory,
    and its processor's time for a sentence.
    """
    with served(home, run=folder) as server:
        warm_up(server.port, name)
        warm_up(server.port, name)
        before = cpu(server)
        rounds = asyncio.run(rounds_of(server, name))
        spent = (cpu(server) - before) / len(rounds)
        resident, own = server.megabytes()
    return {
        "first slice, ms": median(first for first, _ in rounds),
        "all steps, ms": median(last for _, last in rounds),
        "CPU of a sentence, ms": 1000 * spent,
        "resident, MB": resident,
        "own, MB": own,
    }


async def rounds_of(server: Server, name: str) -> list[tuple[float, float]]:
    """New texts one after another, each until its last slice has come."""
    page = await open_page(server.port, name)
    found = [await one_round(page, f"{n} {SENTENCE}") for n in range(ROUNDS)]
    await page.socket.close()
    return found


def cpu(server: Server) -> float:
    """Seconds of the processor that the server has had."""
    times = server.process.cpu_times()
    return times.user + times.system


def table(found: dict[str, Any]) -> str:
    """Each part beside its bar."""
    lines = [
        f"{found['layers']} layers of {found['width']}, {found['sites']} sites, {found['steps']}"
        f" steps, {found['tokens']:,} reference tokens"
    ]
    atlas, bars = found["atlas"], found["bars"]
    lines.append(f"{'':<36}{'wall s':>10}{'CPU s':>10}")
    parts = [name for name in atlas if f"{name}, CPU" in atlas]
    lines += [f"{name:<36}{atlas[name]:>10.1f}{atlas[name + ', CPU']:>10.1f}" for name in parts]
    whole = (sum(atlas[name] for name in parts), sum(atlas[f"{name}, CPU"] for name in parts))
    name, bar = "atlas with measures", bars["atlas, s"]
    lines.append(f"{name:<36}{whole[0]:>10.1f}{whole[1]:>10.1f}   at most {bar}")
    for name, value in found["typed"].items():
        bar = bars.get(name, bars["server, MB"] if name == "resident, MB" else None)
        lines.append(f"{name:<36}{value:>10.0f}" + (f"   at most {bar}" if bar else ""))
    return "\n".join(lines)
