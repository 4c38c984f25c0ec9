"""The building of a run's atlas: its reference, kept or chosen, its states at every step, and what
its training log says.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Final

import numpy as np

from layerfold.atlas.aligned_pca import write_basis
from layerfold.atlas.build import StateGrid, build_atlas
from layerfold.atlas.cost import ASKED_ABOVE, check_cost, cost_of
from layerfold.atlas.extras import Extras
from layerfold.atlas.files import Atlas, open_atlas
from layerfold.atlas.parameters import Recipe
from layerfold.data.brown import NAME as BROWN
from layerfold.data.brown import brown_reference
from layerfold.data.documents import read_documents
from layerfold.data.mixed_reference import mixed_reference
from layerfold.data.passages import RUN, bundled_passages
from layerfold.data.read_once import Reading
from layerfold.data.reference import choose_reference
from layerfold.data.reference_states import any_states_at, checked, states_at, viewed
from layerfold.data.sampling import sample_reference
from layerfold.data.sources import CORPORA, texts_at
from layerfold.data.verse import verse_reference
from layerfold.errors import CorpusError, DamagedRun, Diverged, LayerfoldError, ModelRefused
from layerfold.files.bundled import bundled_run
from layerfold.records import Floats, Reference, View
from layerfold.runs.opening import open_run
from layerfold.runs.run import Run
from layerfold.training.tasks import Basis, Naming, task_of_card
from layerfold.training.verse_bases import verse_bases

if TYPE_CHECKING:
    from layerfold.atlas.executor import Executor

COLLECTIONS: Final = ("storyteller", "pydoc")
VERSE: Final = "poet"
WITH_BROWN: Final = "storyteller-2"
OWN_TEXT: Final = "text"  # a folder in the run
# of these steps, in this view, with so many neighbours
Hire = Callable[[Run, Reference, Sequence[int], View, int], "Executor"]


@dataclass(frozen=True)
class CorpusOptions:
    """Where the text behind an atlas lies, and how it is read: a table's ``column`` of text, its
    ``labels`` columns, kept as colours, its cells cut at ``delimiter`` (found out where nobody
    says); ``corpora`` is where a named collection is gathered.
    """

    corpus: str | None = None
    column: str | None = None
    labels: tuple[str, ...] = ()
    delimiter: str | None = None
    corpora: Path | None = None


@dataclass(frozen=True)
class AtlasOptions:
    """How a run's atlas is built: of ``count`` tokens of the ``text``, in a ``view`` of the states,
    laid out by the ``recipe`` (whose seed chooses the tokens too), by so many ``threads`` (default:
    all cores).
    """

    count: int = 4000
    view: View = "normalised"
    recipe: Recipe = field(default_factory=Recipe)
    text: CorpusOptions = field(default_factory=CorpusOptions)
    threads: int | None = None


def build_run_atlas(
    folder: Path | str,
    options: AtlasOptions | None = None,
    *,
    steps: Sequence[int] | None = None,
    progress: Callable[[str, float], None] = lambda stage, share: None,
    problem: Callable[[str], None] = lambda words: None,
    hire: Hire | None = None,
    read: Reading = any_states_at,
) -> Atlas:
    """The run in ``folder`` has an atlas over its sites and ``steps`` (all by default); a broken
    build goes on where it stopped.

    Its reference is chosen from the corpus of ``options.text``. Without one, the reference that is
    there is kept where it has as many tokens as asked for, else chosen from what the run learned
    from. ``hire`` gives the crew that works graphs and scores out, elsewhere than in this process;
    ``read`` the states; ``progress(stage, share)``; ``problem(words)`` hears of each step that is
    left out because it diverged or cannot be opened. Raises RunNotFound, DamagedRun, CorpusError,
    RecipeError, InputError, MissingExtra, Unreachable.
    """
    options, run = options or AtlasOptions(), open_run(folder)
    view, recipe = options.view, options.recipe
    chosen = run.steps if steps is None else tuple(step for step in run.steps if step in steps)
    progress("choosing the reference", 0.0)
    reference = reference_for(run, options)
    sites = [site.name for site in run.sites]
    while True:
        try:
            build_atlas(
                StateGrid(
                    lambda step: checked(read(run, step, reference), step),
                    chosen,
                    sites,
                    reference,
                    view,
                ),
                run.folder,
                recipe,
                extras=told_of(run, chosen),
                threads=options.threads,
                progress=progress,
                crew=hire(run, reference, chosen, view, recipe.k) if hire else None,
            )
            break
        except (Diverged, DamagedRun, ModelRefused) as error:
            chosen = _without(chosen, error)
            why = "its states are not all finite" if isinstance(error, Diverged) else str(error)
            problem(f"step {error.step} is left out: {why}")
    carry_bases(run, reference, view)
    return open_atlas(run.folder)


def reference_for(run: Run, options: AtlasOptions) -> Reference:
    """The reference that the run has of its own; else the one of its atlas, unless a corpus or
    another number of tokens is asked for; else one chosen anew. Raises what choosing raises.
    """
    count = min(options.count, int(run.card.get("reference", options.count)))
    kept = run.reference() or (None if options.text.corpus else kept_reference(run, count))
    return kept or chosen_reference(run, count, options.recipe.seed, options.text)


def told_of(run: Run, steps: Sequence[int]) -> Extras[Floats]:
    """What the run's log and files tell of its steps."""
    return Extras(measures=losses(run, steps), origin=run.origins(steps))


def cost_of_run(folder: Path | str, count: int) -> str | None:
    """In words, what a run's atlas of ``count`` tokens takes; None where it is not worth a word.
    Raises TooLarge where this machine has not as much, however few they are, RunNotFound,
    DamagedRun.
    """
    run = open_run(folder)
    cost = cost_of(count, len(run.sites), len(run.steps), run.d_model)
    check_cost(cost, run.folder)
    return None if count <= ASKED_ABOVE else f"An atlas of {count:,} tokens takes {cost.words}."


def _without(steps: Sequence[int], error: LayerfoldError) -> tuple[int, ...]:
    """The steps but the one that an error is of; raises the error where none would be left, or it
    is of none of them.
    """
    rest = tuple(step for step in steps if step != error.step)
    if not rest or len(rest) == len(steps):
        raise error
    return rest


def carry_bases(run: Run, reference: Reference, view: View) -> None:
    """A run that learned a task, or verse, has named axes of what it learned among its
    projections.
    """
    for basis in named_bases(run, reference, view):
        titles, axes = (basis.title_en, basis.title_zh), (basis.axes_en, basis.axes_zh)
        write_basis(
            run.folder,
            basis.name,
            basis.matrix,
            basis.offset,
            titles=titles,
            axes=axes,
            source=basis.source,
        )


def named_bases(run: Run, reference: Reference, view: View) -> Sequence[Basis]:
    """The axes that a run's task names, or those of the places in a line of verse; none for other
    runs.
    """
    task = task_of_card(run.card)
    find = (
        task.bases
        if task is not None
        else verse_bases
        if run.card.get("collection") == VERSE
        else None
    )
    return (
        ()
        if find is None
        else find(viewed(states_at(run, run.steps[-1], reference), view), reference)
    )


def kept_reference(run: Run, count: int) -> Reference | None:
    """The reference of the atlas that is there, if it is whole, has ``count`` tokens, and they are
    of the tokenizer that the run has now.
    """
    try:
        atlas = open_atlas(run.folder)
        reference = atlas.reference
    except DamagedRun:
        return None
    known = atlas.card.get("origin", {})
    alike = all(known.get(name, now) == now for name, now in run.origins([]).items())
    return reference if alike and len(reference) == count else None


def chosen_reference(
    run: Run,
    count: int,
    seed: int,
    options: CorpusOptions,
) -> Reference:
    """``count`` tokens of the corpus, else of the run's task, its own text, its collection, or the
    passages that come with Layerfold.

    Raises CorpusError, RecipeError, MissingExtra, Unreachable.
    """
    task = task_of_card(run.card)
    if task is not None:
        reference = task.reference(count, seed)
        return (
            task.named(reference, run.adapter(run.steps[-1]))
            if isinstance(task, Naming)
            else reference
        )
    collection = options.corpus or run.card.get("collection")
    if collection == BROWN:
        corpora = options.corpora or CORPORA
        return brown_reference(run.tokenizer(), run.max_tokens, corpora, count, seed)
    if collection == VERSE:
        return verse_reference(run, texts_at(collection, options.corpora), count, seed)
    if collection == WITH_BROWN:
        corpora = options.corpora or CORPORA
        return mixed_reference(run, texts_at(collection, corpora), corpora, count, seed)
    if collection in COLLECTIONS:
        return choose_reference(run, texts_at(collection, options.corpora), count, seed)
    if options.corpus or (run.folder / OWN_TEXT).is_dir():
        where = options.corpus or str(run.folder / OWN_TEXT)
        documents = read_documents(where, options.column, options.labels, options.delimiter)
    elif run.kind == "gpt":
        raise CorpusError(
            f"run {run.name} learned from a text that it does not carry: say with --corpus where"
            " it is"
        )
    else:
        documents = bundled_passages(bundled_run(RUN).parent)
    return sample_reference(documents, run.tokenizer(), run.max_tokens, count, seed)


def losses(run: Run, steps: Sequence[int]) -> dict[str, tuple[str, Floats]]:
    """The training log's tests at each step [step, site], the same at every site; NaN where a step
    was not tested.
    """
    rows = {row["step"]: row for row in run.metrics()}
    units = {
        "val_loss": "nats a token on held-out text",
        "bits_per_byte": "bits a byte on held-out text",
    }
    found: dict[str, tuple[str, Floats]] = {}
    for name, unit in units.items():
        values = np.array(
            [rows.get(step, {}).get(name, np.nan) for step in steps], dtype=np.float32
        )
        if np.isnan(values).all():
            continue  # a run on symbols has other tests
        found[name] = (unit, np.repeat(values[:, None], len(run.sites), axis=1))
    return found
