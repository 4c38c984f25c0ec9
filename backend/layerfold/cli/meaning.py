"""The commands that measure meaning: senses, axes, probes; each number beside its control."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Final

import typer

from layerfold.cli.answer import (
    Answer,
    Csv,
    Draws,
    Language,
    Reading,
    Run,
    Seed,
    Steps,
    View,
    checked_view,
    session,
)
from layerfold.cli.options import Device, Dtype, Json, Pickle, Threads
from layerfold.cli.resolve import Opening
from layerfold.interp import axes as axes_instrument
from layerfold.interp import probes as probes_instrument
from layerfold.interp import senses as senses_instrument
from layerfold.interp.column_senses import senses_by_column, senses_by_label
from layerfold.interp.labels import SOURCE, labelled, tagged
from layerfold.interp.word_sets import (
    PairList,
    SenseSet,
    bundled_pairs,
    bundled_senses,
    named_sets,
    read_pairs,
    read_senses,
)

if TYPE_CHECKING:
    from layerfold.interp.session import Session


AXES: Final = (
    "axis",
    "step",
    "site",
    "product",
    "loo",
    "repaired",
    "random",
    "auroc",
    "hit",
    "query",
)
ANALOGY: Final = ("analogy", "step", "site", "nearest", "cosine", "rank")


def senses(
    run: Run,
    words: Annotated[
        list[str] | None, typer.Argument(help="Words of the set; all of them without one.")
    ] = None,
    sentences: Annotated[
        Path | None,
        typer.Option(
            help="Own sentences: TOML as the bundled sets, or a table with sense, sentence."
        ),
    ] = None,
    control: Annotated[
        str | None, typer.Option(help="Neutral word for a table that names none.")
    ] = None,
    column: Annotated[
        str | None,
        typer.Option(
            help="Column whose classes are the senses: of --sentences, or of the run's reference."
        ),
    ] = None,
    between: Annotated[
        list[str] | None, typer.Option(help="Two classes of --column; else the most frequent.")
    ] = None,
    language: Language = "en",
    steps: Steps = "last",
    view: View = "normalised",
    draws: Draws = 1000,
    seed: Seed = 0,
    csv: Csv = None,
    threads: Threads = None,
    dtype: Dtype = None,
    device: Device = None,
    allow_pickle: Pickle = False,
    as_json: Json = False,
) -> None:
    """Tell whether context parts two senses of a word, beside a neutral word in the same places."""

    if column is not None:
        sets = []
    elif sentences is None:
        sets = named_sets(bundled_senses(language), words, "word")
    else:
        sets = read_senses(sentences, words[0] if words and len(words) == 1 else None, control)
    options = senses_instrument.Options(checked_view(view), draws, seed)
    opening = Opening(dtype, device, allow_pickle)
    with session(run, steps, opening, threads, as_json) as at:
        for word in words or [""] if column is not None else ():
            sets.append(
                by_column(at.opened, word, column or "", between or [], (sentences, control))
            )
        found = senses_instrument.measure(at.opened, sets, at.steps, options, at.watch)
    columns = ("word", "step", "site", "ratio", "control", "quotient", "permuted", "p", "parts_at")
    Answer("senses", list(found.rows()), columns, found.notes).tell(at.opened, csv, as_json)


def by_column(
    opened: Session,
    word: str,
    column: str,
    between: Sequence[str],
    source: tuple[Path | None, str | None],
) -> SenseSet:
    """The senses of a word by a column of a table (with its control), or of the reference."""
    table, control = source
    if table is None:
        return senses_by_label(opened, word, column, between, control)
    return senses_by_column(table, word, column, between, control)


def axes(
    run: Run,
    lists: Annotated[
        list[str] | None, typer.Argument(help="Lists of the set by name; all of them without one.")
    ] = None,
    pairs: Annotated[
        Path | None, typer.Option(help="Own pairs: TOML as the bundled set, or lines of two words.")
    ] = None,
    analogy: Annotated[
        str | None,
        typer.Option(
            help="man,king,woman or man,king,woman,queen: where king - man + woman lands."
        ),
    ] = None,
    frame: Annotated[
        str, typer.Option(help="Sentence the words are read in, {} for the word.")
    ] = "",
    language: Language = "en",
    steps: Steps = "last",
    view: View = "normalised",
    draws: Draws = 200,
    seed: Seed = 0,
    csv: Csv = None,
    threads: Threads = None,
    dtype: Dtype = None,
    device: Device = None,
    allow_pickle: Pickle = False,
    as_json: Json = False,
) -> None:
    """Tell whether word pairs share a direction, beside random pairs and the same words
    re-paired.
    """

    known = bundled_pairs(language)
    chosen = named_sets(known, lists, "name") if pairs is None else read_pairs(pairs)
    options = axes_instrument.Options(frame, checked_view(view), draws, seed)
    opening = Opening(dtype, device, allow_pickle)
    with session(run, steps, opening, threads, as_json) as at:
        told = _axes if analogy is None else partial(_analogy, analogy)
        answer = told(at, chosen, options)
    answer.tell(at.opened, csv, as_json)


def _axes(at: Reading, chosen: Sequence[PairList], options: axes_instrument.Options) -> Answer:
    """Whether each list shares a direction."""
    found, notes = axes_instrument.measure_lists(at.opened, chosen, at.steps, options, at.watch)
    rows = [row for one in found for row in one.rows()]
    return Answer("axes", rows, AXES, notes)


def _analogy(
    words: str, at: Reading, chosen: Sequence[PairList], options: axes_instrument.Options
) -> Answer:
    """Where b - a + c lands among the words of the lists, nobody left out."""
    terms = [term.strip() for term in words.split(",")]
    others = [word for one in chosen for pair in one.pairs for word in pair]
    rows = [
        row
        for step in at.steps
        for row in axes_instrument.analogy(at.opened, terms, step, others, options).rows()
    ]
    return Answer("analogy", rows, ANALOGY)


def probe(
    run: Run,
    labels: Annotated[
        list[str] | None,
        typer.Option("--label", help="Label of the reference; without one, source."),
    ] = None,
    words: Annotated[
        Path | None, typer.Option("--tagged", help="Instead: a text of lines WORD, tab, TAG.")
    ] = None,
    tokens: Annotated[int, typer.Option(min=100, help="Most words of a tagged text.")] = 4000,
    strength: Annotated[float, typer.Option(help="Inverse strength of the penalty (C).")] = 1.0,
    steps: Steps = "last",
    view: View = "normalised",
    draws: Draws = 500,
    seed: Seed = 0,
    csv: Csv = None,
    threads: Threads = None,
    dtype: Dtype = None,
    device: Device = None,
    allow_pickle: Pickle = False,
    as_json: Json = False,
) -> None:
    """Tell what a linear probe reads of a label, beside labels drawn for each token type."""

    options = probes_instrument.Options(checked_view(view), strength, draws=draws, seed=seed)
    opening = Opening(dtype, device, allow_pickle)
    with session(run, steps, opening, threads, as_json) as at:
        if words is not None:
            chosen = [tagged(at.opened, words, tokens)]
        else:
            chosen = [labelled(at.opened, name) for name in labels or [SOURCE]]
        found = [
            probes_instrument.measure(at.opened, one, at.steps, options, at.watch) for one in chosen
        ]
    columns = (
        "label",
        "step",
        "site",
        "accuracy",
        "control",
        "selectivity",
        "baseline",
        "first_step",
        "compression",
    )
    rows = [row for one in found for row in one.rows()]
    notes = [note for one in found for note in one.notes]
    Answer("probe", rows, columns, notes).tell(at.opened, csv, as_json)
