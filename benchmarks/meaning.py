"""What measuring meaning costs: senses and axes at a step, a slice's regions, a table of probes;
whether what is measured again is the same bytes, comes from the cache, and can be stopped. Where
the offered language model is here (`layerfold get smollm2`), what each of the eight questions costs
of it.
"""

from __future__ import annotations

import os
import tempfile
import time
from collections.abc import Callable, Mapping
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
from benchmarks.serving import run_folder

import layerfold
from layerfold.api.opened_run import OpenedRun
from layerfold.data.offered_models import SMOLLM2
from layerfold.errors import Cancelled
from layerfold.interp import axes, probes, regions, senses
from layerfold.interp.labels import Labelled, labelled, tagged_words
from layerfold.interp.session import Session, open_session
from layerfold.interp.stepwise import NOBODY, Watch
from layerfold.interp.word_sets import (
    PairList,
    SenseSet,
    bundled_pairs,
    bundled_senses,
    named_sets,
    sense_set,
)
from layerfold.runs.hub_card import HOME, open_hub
from layerfold.settings import cache_folder

WORD, LIST, FRAME = "bank", "gender", ""
PROBED: int | None = None  # steps of the table of probes; all
LEAST = 10
TAGGED = ""  # words with their tags, where the texts of a reference are one
OFFERED = True  # the language model, where it is here
SENTENCE = "The bank of the river was steep"
SMOKE = {
    "WORD": "",
    "LIST": "",
    "FRAME": "a {}",
    "PROBED": 1,
    "LEAST": 4,
    "OFFERED": False,
    "TAGGED": "".join(f"# {n}\nthe\tart\nbank\tnoun\nthe\tart\nriver\tnoun\n\n" for n in range(8)),
}
# Of one letter each, for a model that reads letters.
LETTERS = PairList("letters", "en", (("r", "s"), ("e", "o"), ("t", "n"), ("h", "k"), ("m", "l")))
BARS = {"senses": 2.0, "axes": 2.0, "regions": 5.0, "probes": 90.0}
Measure = Callable[[Session, Watch], Any]


def run() -> dict[str, Any]:
    """Seconds of the wall and of the CPU of each, with nothing in the cache but the states of the
    step, as long as anybody waits for them anyway.
    """
    with tempfile.TemporaryDirectory() as one, tempfile.TemporaryDirectory() as other:
        opened, again = (open_session(run_folder(), Path(folder)) for folder in (one, other))
        found = {name: told(measure, opened, again) for name, measure in MEASURES.items()}
        grid = {
            "sites": len(opened.sites),
            "steps": len(opened.steps[:PROBED]),
            "tokens": len(opened.atlas.reference),
        }
    found = {"grid": grid, "bars": BARS, "measured": found}
    return {**found, "language_model": of_language_model() if OFFERED else None}


def of_language_model() -> dict[str, Any] | None:
    """What reading its reference and each question of it cost, once, as they are asked from Python
    by whoever says no more than he must; None where it is not here.
    """
    home = cache_folder(os.environ)
    if not SMOLLM2.here(home):
        return None
    folder = open_hub(str(SMOLLM2.folder(home)), home / HOME)
    with tempfile.TemporaryDirectory() as cache:
        opened = layerfold.open(folder, Path(cache))
        session = opened.session
        acts = {"reading": lambda: session.space(session.steps[-1])}
        acts |= {name: partial(question, opened) for name, question in QUESTIONS.items()}
        found = {}
        for name, act in acts.items():
            cpu, wall, _ = timed(act)
            found[name] = {"cpu_s": cpu, "wall_s": wall}
        grid = {"sites": len(opened.sites), "tokens": len(session.atlas.reference)}
        return {"model": opened.name, **grid, "measured": found}


def told(measure: Measure, opened: Session, again: Session) -> dict[str, Any]:
    """What a measurement costs, once and out of the cache; whether it says the same in another
    session, and stops at once where nobody waits.
    """
    stopped = is_stopped(measure, opened)
    for session in (opened, again):
        session.space(session.steps[-1])
    cpu, wall, first = timed(lambda: measure(opened, NOBODY))
    _, kept, second = timed(lambda: measure(opened, NOBODY))
    third = measure(again, NOBODY)
    return {
        "cpu_s": cpu,
        "wall_s": wall,
        "kept_s": kept,
        "same_bytes": same(first, second) and same(first, third),
        "stops": stopped,
    }


def timed(work: Callable[[], Any]) -> tuple[float, float, Any]:
    """Seconds of the CPU, seconds of the wall, and what came of it."""
    cpu, wall = time.process_time(), time.perf_counter()
    found = work()
    return time.process_time() - cpu, time.perf_counter() - wall, found


def is_stopped(measure: Measure, opened: Session) -> bool:
    """Whether it ends unmeasured where it is not wanted any more."""
    try:
        measure(opened, Watch(cancelled=lambda: True))
    except Cancelled:
        return True
    return False


def same(one: Any, other: Any) -> bool:
    """Whether two measurements hold the same rows, bit for bit."""
    return all(
        left.keys() == right.keys()
        and all(
            np.array_equal(left[key], right[key], equal_nan=isinstance(left[key], float))
            for key in left
        )
        for left, right in zip(one.rows(), other.rows(), strict=True)
    )


def word(opened: Session, watch: Watch) -> Any:
    """A word's senses at all sites of the last step."""
    sets = named_sets(bundled_senses(), [WORD], "word") if WORD else [of_letters()]
    return senses.measure(opened, sets, opened.steps[-1:], senses.Options(draws=300), watch)


def of_letters() -> SenseSet:
    """A word of one letter in two kinds of sentences."""
    kinds: Mapping[str, list[str]] = {
        kind: [f"{n} {cue} of the {{}}" for n in "abcdef"]
        for kind, cue in (("one", "loan"), ("other", "mud"))
    }
    return sense_set("bank", kinds, "man")


def pairs(opened: Session, watch: Watch) -> Any:
    """An axis at all sites of the last step."""
    one = named_sets(bundled_pairs(), [LIST], "name")[0] if LIST else LETTERS
    return axes.measure(opened, one, opened.steps[-1:], axes.Options(FRAME), watch)


def parts(opened: Session, watch: Watch) -> Any:
    """The regions of the last site at the last step."""
    return regions.measure(opened, None, opened.steps[-1:], regions.Options(least=LEAST), watch)


def table_of_probes(opened: Session, watch: Watch) -> Any:
    """What probes read at all sites of the steps."""
    return probes.measure(opened, known(opened), opened.steps[:PROBED], probes.Options(), watch)


def known(opened: Session) -> Labelled:
    """The text that each token comes from, or the tags of words."""
    return tagged_words(opened, "tagged", TAGGED) if TAGGED else labelled(opened)


MEASURES: dict[str, Measure] = {
    "senses": word,
    "axes": pairs,
    "regions": parts,
    "probes": table_of_probes,
}


QUESTIONS: dict[str, Callable[[OpenedRun], Any]] = {
    "senses": lambda run: run.senses("bank"),
    "axes": lambda run: run.axes("gender"),
    "path": lambda run: run.path("cat", "dog"),
    "probe": lambda run: run.probe(),
    "regions": lambda run: run.regions(),
    "ood": lambda run: run.ood(),
    "attack": lambda run: run.attack(SENTENCE),
    "compress": lambda run: run.compress("bits=3"),
}


def table(found: dict[str, Any]) -> str:
    """Each beside its bar."""
    grid = found["grid"]
    head = f"{grid['sites']} sites, {grid['tokens']} tokens; probes at {grid['steps']} steps"
    lines = [
        f"{name}: {one['wall_s']:.2f} s, {one['cpu_s']:.2f} s of the CPU (bar"
        f" {found['bars'][name]:g});"
        f" again {one['kept_s']:.3f} s, {'the same' if one['same_bytes'] else 'OTHER'} bytes,"
        f" {'stops' if one['stops'] else 'DOES NOT STOP'}"
        for name, one in found["measured"].items()
    ]
    return "\n".join([head, *lines, *lines_of(found["language_model"])])


def lines_of(found: dict[str, Any] | None) -> list[str]:
    """The language model's, or that it is not here."""
    if found is None:
        return ["no language model here: layerfold get smollm2 --no-serve fetches one"]
    lines = [
        f"{name}: {one['wall_s']:.1f} s, {one['cpu_s']:.1f} s of the CPU"
        for name, one in found["measured"].items()
    ]
    return [f"{found['model']}: {found['sites']} sites, {found['tokens']} tokens", *lines]
