"""The commands that measure the manifold: its edge, paths, regions, attacks, what may be cut."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Final

import typer

from layerfold.cli.answer import (
    Answer,
    Csv,
    Draws,
    Run,
    Seed,
    Steps,
    session,
)
from layerfold.cli.options import Device, Dtype, Json, Pickle, Threads
from layerfold.cli.resolve import Opening
from layerfold.interp import edge as edge_instrument
from layerfold.interp import paths as paths_instrument
from layerfold.interp import regions as regions_instrument
from layerfold.interp.word_sets import read_words

CHANGES: Final = ("bits=8", "bits=4", "bits=3", "sparsity=0.5")
LOST: Final = (
    "change",
    "step",
    "loss",
    "damage",
    "noise_damage",
    "divergence",
    "kept",
    "residual",
)


def ood(
    run: Run,
    text: Annotated[
        list[str] | None,
        typer.Option(help="Another text to tell apart, NAME=FILE; may be given again."),
    ] = None,
    texts: Annotated[
        int | None,
        typer.Option(
            min=5, help="Most windows of each kind of text; without it 40, fewer of a large model."
        ),
    ] = None,
    neighbors: Annotated[int, typer.Option(min=1, help="Distance to which nearest state.")] = 1,
    steps: Steps = "last",
    draws: Draws = 200,
    seed: Seed = 0,
    csv: Csv = None,
    threads: Threads = None,
    dtype: Dtype = None,
    device: Device = None,
    allow_pickle: Pickle = False,
    as_json: Json = False,
) -> None:
    """Tell how well distance, norm and loss part other text from natural text, at every site."""

    others = {}
    for words in text or ():
        name, sign, path = words.partition("=")
        if not sign or not name:
            raise typer.BadParameter(f"{words!r} is not NAME=FILE", param_hint="--text")
        others[name] = [read_words(Path(path))]
    options = edge_instrument.Options(texts, neighbors, draws, seed)
    opening = Opening(dtype, device, allow_pickle)
    with session(run, steps, opening, threads, as_json) as at:
        found = edge_instrument.measure(at.opened, others, at.steps, options, at.watch)
    columns = (
        "text",
        "step",
        "site",
        "level",
        "score",
        "auroc",
        "outside",
        "natural_outside",
        "alarm",
    )
    Answer("ood", list(found.rows()), columns, found.notes).tell(at.opened, csv, as_json)


def compress(
    run: Run,
    change: Annotated[
        list[str] | None,
        typer.Option(
            help=(
                "bits=3, rank=32, sparsity=0.5, layer=2, head=2.1 or directions=16; may be given"
                " again."
                " Without one: bits 8, 4, 3, half the weights."
            )
        ),
    ] = None,
    text: Annotated[
        Path | None, typer.Option(help="Held-out text; else sentences written for Layerfold.")
    ] = None,
    sentence: Annotated[
        str | None, typer.Option(help="Instead of numbers: how both models go on with a text.")
    ] = None,
    windows: Annotated[
        int | None,
        typer.Option(min=2, help="Most windows of text; without it 40, fewer of a large model."),
    ] = None,
    steps: Steps = "last",
    draws: Draws = 500,
    seed: Seed = 0,
    csv: Csv = None,
    threads: Threads = None,
    dtype: Dtype = None,
    device: Device = None,
    allow_pickle: Pickle = False,
    as_json: Json = False,
) -> None:
    """Tell what a model loses when it is rounded, thinned or cut, beside noise of the same size."""
    from layerfold.interp import compression as instrument  # torch: help comes at once

    changes = instrument.changes_named(change or CHANGES)
    texts = None if text is None else [read_words(text)]
    options = instrument.Options(windows, draws, seed)
    opening = Opening(dtype, device, allow_pickle)
    with session(run, steps, opening, threads, as_json) as at:
        if sentence is not None:
            rows = instrument.sentence_rows(at.opened, changes, sentence, at.steps, at.watch)
            answer = Answer("compress", rows, ("change", "step", "whole", "smaller"))
        else:
            found = instrument.measure(at.opened, changes, at.steps, texts, options, at.watch)
            answer = Answer("compress", list(found.rows()), LOST, found.notes)
    answer.tell(at.opened, csv, as_json)


def path(
    run: Run,
    start: Annotated[str, typer.Argument(help="Word that the way begins at.")],
    end: Annotated[str, typer.Argument(help="Word that it leads to.")],
    site: Annotated[
        str | None, typer.Option(help="Site, as L3.post; the middle layer's end without one.")
    ] = None,
    frame: Annotated[
        str,
        typer.Option(
            help="Sentence the words are read in, {} for the word; {} alone: whole texts."
        ),
    ] = "",
    points: Annotated[int, typer.Option(min=3, max=256, help="Points of a way.")] = 32,
    neighbors: Annotated[int, typer.Option(min=2, help="Neighbours of a state in the graph.")] = 15,
    pairs: Annotated[int, typer.Option(min=0, help="Pairs of random words as control.")] = 8,
    steps: Steps = "last",
    seed: Seed = 0,
    csv: Csv = None,
    threads: Threads = None,
    dtype: Dtype = None,
    device: Device = None,
    allow_pickle: Pickle = False,
    as_json: Json = False,
) -> None:
    """Go from one word's state to another's on four ways, every point decoded, beside random
    words.
    """

    options = paths_instrument.Options(frame, points, neighbors, pairs, seed=seed)
    opening = Opening(dtype, device, allow_pickle)
    with session(run, steps, opening, threads, as_json) as at:
        ends = (start, end)
        found = paths_instrument.measure(at.opened, ends, site, at.steps, options, at.watch)
    columns = (
        "step",
        "way",
        "point",
        "top",
        "hellinger",
        "beyond",
        "outside",
        "way_ratio",
        "random_ratio",
    )
    Answer("path", list(found.rows()), columns, found.notes).tell(at.opened, csv, as_json)


def regions(
    run: Run,
    site: Annotated[str | None, typer.Option(help="Site; the last without one.")] = None,
    least: Annotated[int, typer.Option(min=2, help="Tokens of the smallest region.")] = 10,
    steps: Steps = "last",
    draws: Draws = 500,
    seed: Seed = 0,
    csv: Csv = None,
    threads: Threads = None,
    dtype: Dtype = None,
    device: Device = None,
    allow_pickle: Pickle = False,
    as_json: Json = False,
) -> None:
    """Find the regions of a cloud, named by what is over-represented, beside random tokens."""

    options = regions_instrument.Options(least=least, draws=draws, seed=seed)
    opening = Opening(dtype, device, allow_pickle)
    with session(run, steps, opening, threads, as_json) as at:
        found = regions_instrument.measure(at.opened, site, at.steps, options, at.watch)
    columns = (
        "step",
        "region",
        "size",
        "tokens",
        "labels",
        "lens",
        "purity",
        "shuffled",
        "q",
        "fate",
        "reason",
    )
    Answer("regions", list(found.rows()), columns).tell(at.opened, csv, as_json)


def attack(
    run: Run,
    sentence: Annotated[str, typer.Argument(help="Text whose predicted next token is attacked.")],
    site: Annotated[
        str | None,
        typer.Option(help="Site that states are moved at; the middle layer's end without one."),
    ] = None,
    most: Annotated[
        float, typer.Option(help="Longest move, as a share of the state's length.")
    ] = 1.0,
    budget: Annotated[
        int | None,
        typer.Option(
            min=0,
            help="Tokens to read at most for trying all changes of a token; without it about a"
            " minute's reading, a million at most.",
        ),
    ] = None,
    steps: Steps = "last",
    seed: Seed = 0,
    csv: Csv = None,
    threads: Threads = None,
    dtype: Dtype = None,
    device: Device = None,
    allow_pickle: Pickle = False,
    as_json: Json = False,
) -> None:
    """Change one token, or move a state, until the prediction gives way, beside random changes."""
    from layerfold.interp import attacks as instrument  # torch: help comes at once

    options = instrument.Options(budget=budget, most=most, seed=seed)
    opening = Opening(dtype, device, allow_pickle)
    with session(run, steps, opening, threads, as_json) as at:
        found = instrument.measure(at.opened, sentence, site, at.steps, options, at.watch)
    columns = ("step", "predicted", "attack", "change", "effect", "flips", "outside", "random")
    Answer("attack", list(found.rows()), columns).tell(at.opened, csv, as_json)
