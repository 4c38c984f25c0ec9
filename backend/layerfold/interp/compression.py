"""What a model loses when it is made smaller, beside noise of the same size, at every step.

Extra loss in nats and KL(whole ‖ smaller) a token on held-out text, with bounds over windows;
the share of each token's 15 nearest states that stay, and the Procrustes residual of the last
site's states. The noise is normal, as large as the change of each matrix, three times over: damage
beyond it is of the change's direction.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any, Final

import numpy as np
from numpy.typing import NDArray

from layerfold.errors import InputError, UnknownSymbol
from layerfold.geometry.comparison import neighbor_overlap, procrustes
from layerfold.interp.changes import Change, Sizes, applied, change_of, cuts_of
from layerfold.interp.edge import AT_ONCE, last_states, states_of
from layerfold.interp.interval import Doubles, Interval, mean_interval, resamples
from layerfold.interp.notes import Note
from layerfold.interp.rows import Tabled
from layerfold.interp.session import Session
from layerfold.interp.stepwise import NOBODY, Recipe, Watch, chosen_steps, over_steps
from layerfold.interp.text_kinds import windows_of
from layerfold.interp.word_sets import bundled_senses, fingerprint
from layerfold.records import Floats, Ints
from layerfold.space.neighbors import nearest_self

if TYPE_CHECKING:
    from layerfold.model.adapter import Adapter

NEIGHBORS: Final = 15
NOISES: Final = 3
WINDOW: Final = 64
BOUNDED: Final = ("damage", "divergence", "noise_damage", "noise_divergence")
NAMES: Final = ("loss", *BOUNDED, "kept", "noise_kept", "residual", "noise_residual")


@dataclass(frozen=True)
class Options:
    """At most so many ``windows`` of text; bootstrap ``draws`` over them; ``seed`` of noise."""

    windows: int = 40
    draws: int = 500
    seed: int = 0


@dataclass(frozen=True)
class Compression(Tabled):
    """Of each step and change [step, change]: ``damage`` extra nats a token and ``divergence``, KL,
    beside the same of noise; the shares of neighbors ``kept`` and the Procrustes ``residual``
    beside those of noise; ``loss`` [step] of the whole model with bounds.
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
                yield row


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
        notes=notes,
    )


def held_out(
    opened: Session, texts: Sequence[str] | None, options: Options
) -> tuple[Ints, tuple[Note, ...]]:
    """Windows of the text, [window, token]; of the reference where the model reads no English."""
    size = min(WINDOW, opened.max_tokens)
    if texts is not None:
        return windows_of(opened, "own text", texts, size)[: options.windows], ()
    try:
        written = [slot.text(one.word) for one in bundled_senses("en") for slot in one.slots]
        return windows_of(opened, "sentences", written, size)[: options.windows], ()
    except UnknownSymbol:
        rows = opened.atlas.reference.windows
        size = int((rows >= 0).sum(axis=1).min())
        return rows[: options.windows, :size], (Note("reference_text", {}),)


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
    measured = Whole.of(adapter, windows, last_states(adapter, windows), options)
    plain: Floats | None = None
    found: dict[str, list[Any]] = {name: [] for name in NAMES[1:]}
    for n, change in enumerate(changes):
        cut: Sequence[Any] = ()
        if change.kind == "directions":
            plain = states_of(adapter, windows) if plain is None else plain
            cut = cuts_of(adapter, plain, int(change.amount))
        seen, sizes = [], Sizes()
        for part, noise in enumerate((None, *range(options.seed, options.seed + NOISES))):
            watch.stop()
            watch.progress(change.name, (n + part / (1 + NOISES)) / len(changes))
            with applied(adapter, change, cut, noise, sizes):
                seen.append(measured.beside(adapter, last_states(adapter, windows)))
        for name in ("damage", "divergence", "kept", "residual"):
            found[name].append(seen[0][name])
            found[f"noise_{name}"].append(np.mean([one[name] for one in seen[1:]], axis=0))
    return {
        "loss": measured.mean(measured.losses),
        **{name: np.stack(rows) for name, rows in found.items()},
    }


@dataclass(frozen=True)
class Whole:
    """The whole model's ``losses`` [window, token] on ``windows``, and its last ``states`` with
    each one's nearest ``neighbors``; ``counts`` of the bootstrap over windows.
    """

    windows: Ints
    states: Floats
    losses: Doubles
    neighbors: Ints
    counts: NDArray[np.int64]

    @staticmethod
    def of(adapter: Adapter, windows: Ints, states: Floats, options: Options) -> Whole:
        """What others are compared with."""
        losses, _ = losses_of(adapter, windows, states, states)
        flat = states.reshape(-1, states.shape[-1])
        near = nearest_self(flat, min(NEIGHBORS, len(flat) - 1))[0]
        rng = np.random.default_rng((options.seed, 4))
        return Whole(windows, states, losses, near, resamples(len(windows), options.draws, rng))

    def mean(self, values: Doubles) -> Doubles:
        """The mean a token with bounds over windows [3]."""
        return mean_interval(values.mean(axis=1), self.counts)

    def beside(self, adapter: Adapter, states: Floats) -> dict[str, Any]:
        """A smaller model's numbers, from its last states [window, token, d]."""
        losses, divergence = losses_of(adapter, self.windows, states, self.states)
        flat = states.reshape(-1, states.shape[-1])
        near = nearest_self(flat, self.neighbors.shape[1])[0]
        return {
            "damage": self.mean(losses - self.losses),
            "divergence": self.mean(divergence),
            "kept": neighbor_overlap(self.neighbors, near).value,
            "residual": procrustes(self.states.reshape(flat.shape), flat).value,
        }


def losses_of(
    adapter: Adapter, windows: Ints, states: Floats, whole: Floats
) -> tuple[Doubles, Doubles]:
    """The loss of each next token and KL(whole ‖ this), [window, token - 1], from last states."""
    from torch import from_numpy, no_grad  # late: takes seconds

    losses, divergences = [], []
    for n in range(0, len(windows), AT_ONCE):
        part = slice(n, n + AT_ONCE)
        with no_grad():
            logs, other = (
                from_numpy(adapter.unembed(one[part, :-1])).log_softmax(dim=-1)
                for one in (states, whole)
            )
            picked = from_numpy(windows[part, 1:, None].astype(np.int64))
            losses.append(-logs.gather(-1, picked)[..., 0].double().numpy())
            divergences.append((other.exp() * (other - logs)).sum(dim=-1).double().numpy())
    return np.concatenate(losses), np.concatenate(divergences)


def sentences(
    opened: Session, change: Change, text: str, step: int, count: int = 20
) -> tuple[str, str]:
    """How the whole and the smaller model go on with a text, token by likeliest token."""
    adapter = opened.run.adapter(chosen_steps(opened, [step])[0])
    ids = opened.tokenize(text).ids
    cut: Sequence[Any] = ()
    if change.kind == "directions":
        windows, _ = held_out(opened, None, Options())
        cut = cuts_of(adapter, states_of(adapter, windows), int(change.amount))
    whole = continued(adapter, ids, count)
    with applied(adapter, change, cut):
        smaller = continued(adapter, ids, count)
    return opened.tokenizer.decode(whole), opened.tokenizer.decode(smaller)


def continued(adapter: Adapter, ids: Sequence[int], count: int) -> list[int]:
    """The ids with at most ``count`` more, the likeliest each time, as far as the model reads."""
    found = list(ids)
    while len(found) < min(len(ids) + count, adapter.max_tokens):
        last = adapter.states(found).values[-1, -1:]
        found.append(int(adapter.unembed(last)[0].argmax()))
    return found
