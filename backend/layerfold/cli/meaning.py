"""The commands that measure meaning: each number beside its control, for a person or a program."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from layerfold.cli.options import RUN, Device, Dtype, Json, Pickle, Threads
from layerfold.cli.resolve import Opening, chosen_steps, run_folder, use_threads
from layerfold.cli.terminal import asked_to_stop, say, shares

if TYPE_CHECKING:
    from layerfold.interp.notes import Note
    from layerfold.interp.session import Session
    from layerfold.interp.stepwise import Watch

Run = Annotated[str, typer.Argument(help=RUN)]
Steps = Annotated[str, typer.Option(help="all, last, or training steps separated by commas.")]
Csv = Annotated[Path | None, typer.Option(help="File to write the numbers to, a line each.")]
Language = Annotated[str, typer.Option(help="Of the bundled sets: en or zh.")]
View = Annotated[str, typer.Option(help="States to measure: normalised or raw.")]
Draws = Annotated[int, typer.Option(min=20, help="Bootstrap draws, and draws of each null.")]
Seed = Annotated[int, typer.Option(min=0, help="The same seed gives the same bytes.")]


@dataclass(frozen=True)
class Reading:
    """A run that is open, the steps that were asked for, and who waits."""

    opened: Session
    steps: tuple[int, ...]
    watch: Watch


@contextmanager
def session(
    run: str, steps: str, opening: Opening, threads: int | None, as_json: bool
) -> Iterator[Reading]:
    """Opens a run for a measurement that shows progress and stops when it is told to."""
    folder = run_folder(run, opening)
    from layerfold.interp.session import open_session
    from layerfold.interp.stepwise import Watch
    from layerfold.settings import cache_folder

    opened = open_session(folder, cache_folder(os.environ))
    use_threads(threads)
    with shares(as_json) as report, asked_to_stop() as stopped:
        watch = Watch(progress=report, cancelled=stopped)
        yield Reading(opened, chosen_steps(steps, opened.run.steps), watch)


@dataclass(frozen=True)
class Answer:
    """What was measured of a run: rows of numbers, which of their columns a person sees, and what
    has to be said beside them."""

    instrument: str
    rows: list[dict[str, Any]]
    columns: Sequence[str]
    notes: Sequence[Note] = ()

    def tell(self, opened: Session, csv: Path | None, as_json: bool) -> None:
        """The rows as JSON, in a CSV file, or as a table with the notes under it."""
        from layerfold.interp import rows

        if csv is not None:
            csv.write_text(rows.as_csv(self.rows), "utf-8")
        told = {
            "run": opened.run.name,
            "instrument": self.instrument,
            "rows": rows.as_json(self.rows),
        }
        told["notes"] = [note.as_json() for note in self.notes]
        words = (
            rows.as_text(self.rows, self.columns)
            if csv is None
            else f"{csv}: {len(self.rows)} rows"
        )
        say(as_json, told, "\n".join([words, *(f"note: {text}" for text in texts(self.notes))]))


def texts(notes: Iterable[Note]) -> list[str]:
    """The sentences of notes, each once."""
    return list(dict.fromkeys(note.text for note in notes))


def checked_view(view: str) -> Any:
    """A view by its name; raises BadParameter."""
    if view not in ("normalised", "raw"):
        raise typer.BadParameter(f"{view!r} is neither normalised nor raw", param_hint="--view")
    return view


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
    from layerfold.interp import senses as instrument
    from layerfold.interp.word_sets import bundled_senses, read_senses

    if sentences is None:
        sets = _named(bundled_senses(language), words, "word")
    else:
        sets = read_senses(sentences, words[0] if words and len(words) == 1 else None, control)
    options = instrument.Options(checked_view(view), draws, seed)
    opening = Opening(dtype, device, allow_pickle)
    with session(run, steps, opening, threads, as_json) as at:
        found = instrument.measure(at.opened, sets, at.steps, options, at.watch)
    columns = ("word", "step", "site", "ratio", "control", "quotient", "permuted", "p", "parts_at")
    Answer("senses", list(found.rows()), columns, found.notes).tell(at.opened, csv, as_json)


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
    from layerfold.interp import axes as instrument
    from layerfold.interp.word_sets import bundled_pairs, read_pairs

    known = bundled_pairs(language)
    chosen = _named(known, lists, "name") if pairs is None else read_pairs(pairs)
    options = instrument.Options(frame, checked_view(view), draws, seed)
    opening = Opening(dtype, device, allow_pickle)
    with session(run, steps, opening, threads, as_json) as at:
        if analogy is not None:
            terms = [term.strip() for term in analogy.split(",")]
            others = [word for one in chosen for pair in one.pairs for word in pair]
            seen = [
                instrument.analogy(at.opened, terms, step, others, options) for step in at.steps
            ]
            rows = [row for one in seen for row in one.rows()]
            answer = Answer(
                "analogy", rows, ("analogy", "step", "site", "nearest", "cosine", "rank")
            )
        else:
            found = [
                instrument.measure(at.opened, one, at.steps, options, at.watch) for one in chosen
            ]
            columns = (
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
            answer = Answer(
                "axes",
                [row for one in found for row in one.rows()],
                columns,
                [note for one in found for note in one.notes],
            )
    answer.tell(at.opened, csv, as_json)


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
    from layerfold.interp import probes as instrument
    from layerfold.interp.labels import SOURCE, labelled, tagged

    options = instrument.Options(checked_view(view), strength, draws=draws, seed=seed)
    opening = Opening(dtype, device, allow_pickle)
    with session(run, steps, opening, threads, as_json) as at:
        if words is not None:
            chosen = [tagged(at.opened, words, tokens)]
        else:
            chosen = [labelled(at.opened, name) for name in labels or [SOURCE]]
        found = [instrument.measure(at.opened, one, at.steps, options, at.watch) for one in chosen]
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


def ood(
    run: Run,
    text: Annotated[
        list[str] | None,
        typer.Option(help="Another text to tell apart, NAME=FILE; may be given again."),
    ] = None,
    texts: Annotated[int, typer.Option(min=5, help="Most windows of each kind of text.")] = 40,
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
    from layerfold.interp import edge as instrument
    from layerfold.interp.word_sets import read_words

    others = {}
    for words in text or ():
        name, sign, path = words.partition("=")
        if not sign or not name:
            raise typer.BadParameter(f"{words!r} is not NAME=FILE", param_hint="--text")
        others[name] = [read_words(Path(path))]
    options = instrument.Options(texts, neighbors, draws, seed)
    opening = Opening(dtype, device, allow_pickle)
    with session(run, steps, opening, threads, as_json) as at:
        found = instrument.measure(at.opened, others, at.steps, options, at.watch)
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


CHANGES = ("bits=8", "bits=4", "bits=3", "sparsity=0.5")


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
    from layerfold.interp import compression as instrument
    from layerfold.interp.changes import change_of
    from layerfold.interp.word_sets import read_words

    changes = [change_of(words) for words in change or CHANGES]
    texts = None if text is None else [read_words(text)]
    options = instrument.Options(draws=draws, seed=seed)
    opening = Opening(dtype, device, allow_pickle)
    with session(run, steps, opening, threads, as_json) as at:
        if sentence is not None:
            rows = []
            for step in at.steps:
                for one in changes:
                    whole, smaller = instrument.sentences(at.opened, one, sentence, step)
                    rows.append(
                        {"change": one.name, "step": step, "whole": whole, "smaller": smaller}
                    )
            answer = Answer("compress", rows, ("change", "step", "whole", "smaller"))
        else:
            found = instrument.measure(at.opened, changes, at.steps, texts, options, at.watch)
            columns = (
                "change",
                "step",
                "loss",
                "damage",
                "noise_damage",
                "divergence",
                "kept",
                "residual",
            )
            answer = Answer("compress", list(found.rows()), columns, found.notes)
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
    from layerfold.interp import paths as instrument

    options = instrument.Options(frame, points, neighbors, pairs, seed=seed)
    opening = Opening(dtype, device, allow_pickle)
    with session(run, steps, opening, threads, as_json) as at:
        ends = (start, end)
        found = instrument.measure(at.opened, ends, site, at.steps, options, at.watch)
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


def _named(sets: list[Any], names: Sequence[str] | None, field: str) -> list[Any]:
    """The sets of the names, all without one; raises InputError."""
    from layerfold.errors import InputError

    known = {getattr(one, field): one for one in sets}
    for name in names or ():
        if name not in known:
            raise InputError(f"There is no {name!r} in the set: choose of {', '.join(known)}.")
    return [known[name] for name in names] if names else sets
