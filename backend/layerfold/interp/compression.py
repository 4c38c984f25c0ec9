"""What a model loses when it is made smaller, beside noise of the same size, at every step.

Extra loss in nats and KL(whole ‖ smaller) a token on held-out text, with bounds over windows;
the share of each token's 15 nearest states that stay, and the Procrustes residual of the last
site's states. The noise is normal, as large as the change of each matrix, three times over: damage
beyond it is of the change's direction.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass, replace
from typing import TYPE_CHECKING, Any, Final

import numpy as np
from numpy.typing import NDArray

from layerfold.errors import InputError, UnknownSymbol
from layerfold.interp.changes import Change, Sizes, applied, change_of, cuts_of
from layerfold.interp.edge import states_of
from layerfold.interp.interval import Interval, resamples
from layerfold.interp.notes import Note
from layerfold.interp.rows import Tabled
from layerfold.interp.sample_size import MOST, fewer, windows_read
from layerfold.interp.session import Session
from layerfold.interp.stepwise import NOBODY, Recipe, Watch, chosen_steps, over_steps
from layerfold.interp.text_kinds import windows_of
from layerfold.interp.whole_model import Whole
from layerfold.interp.word_sets import bundled_senses, fingerprint
from layerfold.records import Floats, Ints

if TYPE_CHECKING:
    from layerfold.model.adapter import Adapter

NOISES: Final = 3
WINDOW: Final = 64
BOUNDED: Final = ("damage", "divergence", "noise_damage", "noise_divergence")
NAMES: Final = ("loss", *BOUNDED, "kept", "noise_kept", "residual", "noise_residual")


@dataclass(frozen=True)
class Options:
    """At most so many ``windows`` of text, without a number as many as suit the size of the model;
    bootstrap ``draws`` over them; ``seed`` of noise."""

    windows: int | None = None
    draws: int = 500
    seed: int = 0


@dataclass(frozen=True)
class Compression(Tabled):
    """Of each step and change [step, change]: ``damage`` extra nats a token and ``divergence``, KL,
    beside the same of noise; the shares of neighbors ``kept`` and the Procrustes ``residual``
    beside those of noise; ``loss`` [step] of the whole model with bounds; of so many ``tokens``.
    """

    changes: tuple[str, ...]
    steps: tuple[int, ...]
    loss: Interval
    damage: Interval
    divergence: Interval
    noise_damage: Interval
    noise_divergence: Interval
    kept: Floats
    noise_kept: Floats
    residual: Floats
    noise_residual: Floats
    tokens: int
    notes: tuple[Note, ...]

    def rows(self) -> Iterator[dict[str, Any]]:
        """A row for each step and change."""
        for t, step in enumerate(self.steps):
            for c, change in enumerate(self.changes):
                row: dict[str, Any] = {
                    "change": change,
                    "step": step,
                    "loss": float(self.loss.value[t]),
                }
                for name in BOUNDED:
                    keys = (name, f"{name}_low", f"{name}_high")
                    row |= dict(zip(keys, getattr(self, name).at(t, c), strict=True))
                for name in NAMES[-4:]:
                    row[name] = float(getattr(self, name)[t, c])
                yield row | {"tokens": self.tokens}


def changes_named(words: Sequence[str]) -> list[Change]:
    """The changes by what a person writes, ``bits=3``; raises InputError."""
    return [change_of(each) for each in words]


def measure(
    opened: Session,
    changes: Sequence[Change],
    steps: Sequence[int] | None = None,
    texts: Sequence[str] | None = None,
    options: Options | None = None,
    watch: Watch = NOBODY,
) -> Compression:
    """What each change costs at the steps (all by default), on ``texts`` or, without them, on
    sentences written for Layerfold, which no model has seen.

    Raises InputError, StepNotFound, NoWeights, Cancelled.
    """
    if not changes:
        raise InputError("No change is named: write bits=3, rank=32, sparsity=0.5, layer=2 …")
    options = options or Options()
    chosen = chosen_steps(opened, steps)
    windows, notes = held_out(opened, texts, options)
    options = replace(options, windows=options.windows or MOST)
    made_from = {"what": "compression", "options": asdict(options)}
    made_from["text"] = fingerprint(windows.tolist(), tuple(change.name for change in changes))

    def compute(step: int, at_work: Watch) -> dict[str, NDArray[Any]]:
        return at_step(opened.run.adapter(step), changes, windows, options, at_work)

    found = over_steps(opened, chosen, Recipe(made_from, NAMES, compute), watch)
    return Compression(
        tuple(change.name for change in changes),
        chosen,
        **{name: Interval.of(found[name]) for name in ("loss", *BOUNDED)},
        kept=found["kept"],
        noise_kept=found["noise_kept"],
        residual=found["residual"],
        noise_residual=found["noise_residual"],
        tokens=windows.size,
        notes=notes,
    )


def held_out(
    opened: Session, texts: Sequence[str] | None, options: Options
) -> tuple[Ints, tuple[Note, ...]]:
    """Windows of the text, [window, token]; of the reference where the model reads no English."""
    there, notes = _text(opened, texts, min(WINDOW, opened.max_tokens))
    if options.windows is not None:
        return there[: options.windows], notes
    most = windows_read(opened, there.shape[1])
    return there[:most], notes + (fewer(most) if len(there) > most else ())


def _text(opened: Session, texts: Sequence[str] | None, size: int) -> tuple[Ints, tuple[Note, ...]]:
    if texts is not None:
        return windows_of(opened, "own text", texts, size), ()
    try:
        written = [slot.text(one.word) for one in bundled_senses("en") for slot in one.slots]
        return windows_of(opened, "sentences", written, size), ()
    except UnknownSymbol:
        rows = opened.atlas.reference.windows
        return rows[:, : int((rows >= 0).sum(axis=1).min())], (Note("reference_text", {}),)


def at_step(
    adapter: Adapter,
    changes: Sequence[Change],
    windows: Ints,
    options: Options,
    watch: Watch = NOBODY,
) -> dict[str, NDArray[Any]]:
    """The arrays of one step. The adapter's model is changed meanwhile, and left as it was."""
    if not (adapter.causal and adapter.unembeds):
        raise InputError("This model predicts no next token, so it has no loss to lose.")
    rng = np.random.default_rng((options.seed, 4))
    passes = 1 + len(changes) * (1 + NOISES)
    counts = resamples(len(windows), options.draws, rng)
    measured = Whole.of(adapter, windows, counts, watch.part(0, passes))
    plain: Floats | None = None
    found: dict[str, list[Any]] = {name: [] for name in NAMES[1:]}
    for n, change in enumerate(changes):
        cut: Sequence[Any] = ()
        if change.kind == "directions":
            plain = states_of(adapter, windows) if plain is None else plain
            cut = cuts_of(adapter, plain, int(change.amount))
        seen, sizes = [], Sizes()
        for part, noise in enumerate((None, *range(options.seed, options.seed + NOISES))):
            at_work = watch.part(1 + n * (1 + NOISES) + part, passes)
            at_work.progress(change.name, 0.0)
            with applied(adapter, change, cut, noise, sizes):
                seen.append(measured.beside(adapter, at_work))
        for name in ("damage", "divergence", "kept", "residual"):
            found[name].append(seen[0][name])
            found[f"noise_{name}"].append(np.mean([one[name] for one in seen[1:]], axis=0))
    return {
        "loss": measured.mean(measured.losses),
        **{name: np.stack(rows) for name, rows in found.items()},
    }


def sentences(
    opened: Session,
    changes: Sequence[Change],
    text: str,
    step: int,
    count: int = 20,
    watch: Watch = NOBODY,
) -> tuple[str, tuple[str, ...]]:
    """How the whole model goes on with a text, token by likeliest token, and how each smaller
    one does. Raises as ``measure``."""
    adapter = opened.run.adapter(chosen_steps(opened, [step])[0])
    ids = opened.tokenize(text).ids
    plain: Floats | None = None
    said = [continued(adapter, ids, count, watch)]
    for change in changes:
        cut: Sequence[Any] = ()
        if change.kind == "directions":
            if plain is None:
                plain = states_of(adapter, held_out(opened, None, Options())[0], watch)
            cut = cuts_of(adapter, plain, int(change.amount))
        with applied(adapter, change, cut):
            said.append(continued(adapter, ids, count, watch))
    whole, *smaller = (opened.tokenizer.decode(one) for one in said)
    return whole, tuple(smaller)


def sentence_rows(
    opened: Session, changes: Sequence[Change], text: str, steps: Sequence[int], watch: Watch
) -> list[dict[str, Any]]:
    """A row for each step and change with how both models go on with a text."""
    rows = []
    for step in steps:
        whole, smaller = sentences(opened, changes, text, step, watch=watch)
        rows += [
            {"change": one.name, "step": step, "whole": whole, "smaller": other}
            for one, other in zip(changes, smaller, strict=True)
        ]
    return rows


def continued(adapter: Adapter, ids: Sequence[int], count: int, watch: Watch = NOBODY) -> list[int]:
    """The ids with at most ``count`` more, the likeliest each time, as far as the model reads."""
    found = list(ids)
    while len(found) < min(len(ids) + count, adapter.max_tokens):
        watch.stop()
        last = adapter.states(found).values[-1, -1:]
        found.append(int(adapter.unembed(last)[0].argmax()))
    return found
