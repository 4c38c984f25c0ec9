"""Measurements of meaning as the page asks for them: a step an answer, the words of notes left to
the page.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from typing import Any, Final

import numpy as np

from layerfold.errors import UnknownSymbol
from layerfold.interp import attacks, axes, edge, paths, probes, regions, senses
from layerfold.interp.axis_projection import AxesSession
from layerfold.interp.changes import change_of
from layerfold.interp.column_senses import senses_by_label
from layerfold.interp.compression import measure as compress
from layerfold.interp.compression import sentences
from layerfold.interp.interval import Interval
from layerfold.interp.labels import Labelled, labelled, tagged_words
from layerfold.interp.notes import Note
from layerfold.interp.path_cloud import SUMMARY
from layerfold.interp.session import Session
from layerfold.interp.shown import Shown
from layerfold.interp.stepwise import Watch
from layerfold.interp.word_sets import (
    PairList,
    SenseSet,
    bundled_pairs,
    bundled_senses,
    named_sets,
    sense_set,
)
from layerfold.locales.messages import render
from layerfold.records import Floats
from layerfold.server.protocol.meaning import (
    AttackQuestion,
    AxesQuestion,
    CompressQuestion,
    MeaningQuestion,
    OodQuestion,
    OwnSenses,
    PathQuestion,
    ProbeQuestion,
    RegionsQuestion,
    SensesQuestion,
)

Answer = dict[str, Any]
DRAWS: Final = 300  # of a bootstrap that is waited for


def _each(
    q: MeaningQuestion, watch: Watch, call: Callable[[int, Watch], Answer]
) -> Iterator[Answer]:
    """The answers of the steps in the order asked."""
    for done, step in enumerate(q.steps, 1):
        watch.stop()
        found = call(step, watch.part(done - 1, len(q.steps)))
        notes = [_remark(one) for one in found.pop("notes", ())]
        yield {"step": step, "done": done, "of": len(q.steps), "notes": notes, **found}


def packed(bounds: Interval) -> Floats:
    """Numbers with bounds as [..., 3]."""
    return np.stack([bounds.value, bounds.low, bounds.high], axis=-1)


def _remark(note: Note) -> Answer:
    """A note, its reason in the page's other language beside it."""
    values = dict(note.values)
    if "why" in values:
        values["why_zh"] = render(str(values["why"]), "zh")
    return {"key": note.key, "values": values}


# ---- words


def senses_at(session: Session, q: SensesQuestion, watch: Watch) -> Iterable[Answer]:
    """Ratios of words beside their controls, and where the sentences of one of them lie."""
    sets = named_sets(bundled_senses(), q.words, "word") if q.words else []
    if q.own is not None:
        sets = [*sets, _own_senses(session, q.own)]
    options = senses.Options(q.view, DRAWS)

    def call(step: int, watch: Watch) -> Answer:
        found = senses.measure(session, sets, [step], options, watch.part(0, 2))
        words = [
            {
                "word": one.word,
                "control": one.control,
                "names": list(one.names),
                "parts_at": found.sites[at].name if at >= 0 else "",
            }
            for one, at in zip(found.sets, found.parts_at[:, 0].tolist(), strict=True)
        ]
        shown = next((one for one in found.sets if one.word == q.shown), found.sets[0])
        return {
            "words": words,
            "notes": found.notes,
            **{
                name: packed(getattr(found, name))[:, 0]
                for name in ("ratio", "control", "quotient")
            },
            "permuted": found.permuted[:, 0],
            "p": found.p[:, 0],
            **_occurrences(session, q, step, shown, watch.part(1, 2)),
        }

    return _each(q, watch, call)


def _own_senses(session: Session, own: OwnSenses) -> SenseSet:
    """The typed sentences, or those that a column parts."""
    if own.column:
        return senses_by_label(session, own.word, own.column, own.between, own.control)
    return sense_set(own.word, own.senses, own.control)


def _occurrences(
    session: Session, q: SensesQuestion, step: int, shown: SenseSet, watch: Watch
) -> Answer:
    """Where a word and its control lie in each sentence."""
    words = senses.occurrences_of(session, shown)
    places = Shown(session, step, q.projection).places_of(words, watch)
    count = len(shown.slots)
    return {
        "shown": shown.word,
        "senses": [slot.sense for slot in shown.slots],
        "positions": places[:, :count],
        "control_positions": places[:, count:],
    }


def _at_site(session: Session, q: MeaningQuestion, step: int, site: int, raw: Floats) -> Floats:
    """Where raw states [..., d] at one site lie [..., 3]; NaN where there is none."""
    flat = raw.reshape(-1, raw.shape[-1])
    known = np.isfinite(flat).all(axis=1)
    found = np.full((len(flat), 3), np.nan, dtype=np.float32)
    found[known] = Shown(session, step, q.projection).places_at(site, flat[known])
    return found.reshape(*raw.shape[:-1], 3)


def axes_at(session: Session, q: AxesQuestion, watch: Watch) -> Iterable[Answer]:
    """Directions of lists beside both nulls, where an analogy lands, and the cloud along the
    first.
    """
    lists = named_sets(bundled_pairs(), q.lists, "name") if q.lists else []
    if q.pairs:
        pairs = tuple((one[0].strip(), one[1].strip()) for one in q.pairs)
        language = "en" if all(word.isascii() for pair in pairs for word in pair) else "zh"
        lists = [*lists, PairList("own", language, pairs)]
    options = axes.Options(q.frame, q.view)
    others = [word for one in lists for pair in one.pairs for word in pair]
    keep = session.keep_pairs if isinstance(session, AxesSession) else lambda _: ""
    keys = [keep(one) for one in lists]

    def call(step: int, watch: Watch) -> Answer:
        parts = [watch.part(n, len(lists) + 1) for n in range(len(lists) + 1)]
        found = [
            axes.measure(session, one, [step], options, part)
            for one, part in zip(lists, parts, strict=False)
        ]
        analogy, unread = _analogy(session, q, step, others, options)
        told: Answer = {
            "axes": [
                {"name": one.name, "key": key, "pairs": [list(p) for p in one.pairs]}
                for one, key in zip(found, keys, strict=True)
            ],
            "places": list(found[0].places if found else analogy.places if analogy else ()),
            "products": list(axes.PRODUCTS),
            "analogy": [] if analogy is None else _landings(analogy),
            "notes": [*unread, *(note for one in found for note in one.notes)],
        }
        if found:
            for name in axes.BOUNDED:
                told[name] = np.stack([packed(getattr(one, name))[0] for one in found])
            for name in ("p_repaired", "p_random"):
                told[name] = np.stack([getattr(one, name)[0] for one in found])
            told["projected"] = _projected(session, step, found[0].direction[0])
            words, _ = axes.words_of(session, lists[0], options)
            told["positions"] = Shown(session, step, q.projection).places_of(words.read, parts[-1])
        return told

    return _each(q, watch, call)


def _analogy(
    session: Session, q: AxesQuestion, step: int, others: list[str], options: axes.Options
) -> tuple[axes.Analogy | None, list[Note]]:
    """Where an analogy lands; a note instead where pairs are asked for and its words alone cannot
    be read."""
    if not q.analogy:
        return None, []
    try:
        return axes.analogy(session, q.analogy, step, others, options), []
    except UnknownSymbol as error:
        if not others:
            raise
        return None, [Note("not_read", {"name": " ".join(q.analogy), "why": str(error)})]


def _landings(found: axes.Analogy) -> list[Answer]:
    return [
        {
            "site": site,
            "nearest": list(found.nearest[at]),
            "cosine": float(found.cosines[at, 0]),
            "rank": int(found.rank[at]),
        }
        for at, site in enumerate(found.places)
    ]


def _projected(session: Session, step: int, direction: Floats) -> Floats:
    """The cosine [site, ref] of each reference state, less their mean, with an axis."""
    states = np.asarray(session.space(step).states, dtype=np.float32)
    states = states - states.mean(axis=1, keepdims=True)
    along = direction[: len(states), :, None]
    lengths = np.linalg.norm(states, axis=-1) * np.linalg.norm(along, axis=1)
    inner: Floats = (states @ along)[..., 0]
    return np.asarray(np.divide(inner, lengths, out=np.zeros_like(inner), where=lengths > 0))


# ---- the manifold


def path_at(session: Session, q: PathQuestion, watch: Watch) -> Iterable[Answer]:
    """The four ways between two words, decoded, and where their points lie."""
    options = paths.Options(q.frame, q.points)
    site = paths.site_index(session, q.site)

    def call(step: int, watch: Watch) -> Answer:
        found = paths.measure(session, (q.start, q.end), q.site, [step], options, watch)
        numbers = found.summary
        summary = [numbers.value[0], found.control[0], numbers.low[0], numbers.high[0]]
        places = _at_site(session, q, step, site, found.points[0])
        shown = Shown(session, step, q.projection)
        return {
            "start": found.start,
            "end": found.end,
            "site": found.site,
            "ways": list(paths.WAYS),
            "numbers": list(SUMMARY),
            "tops": [
                [[found.names.get(int(id), "") for id in point] for point in way]
                for way in found.top[0]
            ],
            "notes": found.notes,
            "hellinger": found.hellinger[0],
            "beyond": found.beyond[0],
            "outside": found.outside[0],
            "summary": np.stack(summary, axis=-1),
            "robust": found.robust[0],
            "positions": places,
            "trust": shown.pieces(site, found.points[0], places),
        }

    return _each(q, watch, call)


def probe_at(session: Session, q: ProbeQuestion, watch: Watch) -> Iterable[Answer]:
    """What a linear probe reads, with what it says of each token."""
    own = q.tagged is not None
    labels = tagged_words(session, "tagged", q.tagged or "") if own else labelled(session, q.label)
    options = probes.Options(draws=DRAWS)

    def call(step: int, watch: Watch) -> Answer:
        found = probes.measure(session, labels, [step], options, watch)
        told = {name: packed(getattr(found, name))[-1] for name in probes.BOUNDED}
        return told | {
            "label": labels.name,
            "classes": list(labels.classes),
            "tokens": len(labels.values),
            "levels": list(probes.NOISE),
            "notes": found.notes,
            "first": packed(found.accuracy)[0],
            "baseline": found.baseline,
            "majority": found.majority,
            "predicted": found.predicted[-1],
            **_tokens_of(labels, own, found.held_out),
        }

    return _each(q, watch, call)


def _tokens_of(labels: Labelled, own: bool, held_out: Any) -> Answer:
    index = np.zeros(0) if own else labels.tokens
    return {"truth": labels.values, "index": index, "held_out": held_out}


def regions_at(session: Session, q: RegionsQuestion, watch: Watch) -> Iterable[Answer]:
    """The regions at each step, and how they came out of those of the checkpoint before."""
    options = regions.Options(least=q.least)
    steps = session.run.steps

    def call(step: int, watch: Watch) -> Answer:
        at = steps.index(step) if step in steps else 0
        pair = [steps[at - 1], step] if at else [step]
        found = regions.measure(session, q.site, pair, options, watch)
        told = [_region(one, found.fate(step, one.index)) for one in found.regions[-1]]
        links = [
            {"before": one.before, "after": one.after, "overlap": one.overlap}
            for one in found.links
        ]
        return {
            "site": found.site,
            "regions": told,
            "links": links,
            "before": pair[0] if at else -1,
            "members": found.members[-1],
            "purity": packed(found.purity)[-1],
            "shuffled": found.shuffled[-1:],
            "chance": found.chance_overlap,
        }

    return _each(q, watch, call)


def _region(one: regions.Region, fate: str) -> Answer:
    named = {
        name: [{"text": text, "value": float(value)} for text, value in getattr(one, name)]
        for name in ("tokens", "labels", "lens")
    }
    plain = {name: getattr(one, name) for name in ("index", "size", "purity", "shuffled", "q")}
    return {**named, **plain, "fate": fate}


def ood_at(session: Session, q: OodQuestion, watch: Watch) -> Iterable[Answer]:
    """How well each score tells other text from natural text, at each site."""
    others = {name: [text] for name, text in q.texts.items()}

    def call(step: int, watch: Watch) -> Answer:
        found = edge.measure(session, others, [step], None, watch)
        sites = range(len(session.sites))
        return {
            "kinds": list(found.kinds),
            "levels": list(edge.LEVELS),
            "scores": list(edge.SCORES),
            "alarms": [[found.standing(kind, step, s) for s in sites] for kind in found.kinds],
            "notes": found.notes,
            "auroc": packed(found.auroc)[0],
            "outside": packed(found.outside)[0],
        }

    return _each(q, watch, call)


def attack_at(session: Session, q: AttackQuestion, watch: Watch) -> Iterable[Answer]:
    """Changes of a token and of a state that turn a prediction, beside random ones."""
    options = attacks.Options(most=q.most)
    site = paths.site_index(session, q.site)

    def call(step: int, watch: Watch) -> Answer:
        found = attacks.measure(session, q.text, q.site, [step], options, watch)
        places = _at_site(session, q, step, site, found.points[0])
        names = ("predicted", "exact", "plain", "random_swaps", "loss", "outside", "flips")
        return {
            **{name: getattr(found, name)[0] for name in names},
            "site": found.site,
            "tried": int(found.tried[0]),
            "drawn": int(found.drawn[0]),
            "swaps": [vars(one) for one in found.swaps[0]],
            "directions": list(attacks.DIRECTIONS),
            "sizes": list(found.sizes),
            "positions": places,
            "trust": Shown(session, step, q.projection).pieces(site, found.points[0], places),
        }

    return _each(q, watch, call)


def compress_at(session: Session, q: CompressQuestion, watch: Watch) -> Iterable[Answer]:
    """What changes cost beside noise as large, and how the changed models go on."""
    changes = [change_of(words) for words in q.changes]
    texts = [q.text] if q.text else None

    def call(step: int, watch: Watch) -> Answer:
        found = compress(session, changes, [step], texts, None, watch)
        whole: str = ""
        smaller: tuple[str, ...] = ()
        if q.sentence.strip():
            whole, smaller = sentences(session, changes, q.sentence, step, watch=watch)
        told: Answer = {"changes": list(found.changes), "whole": whole, "smaller": list(smaller)}
        for name in ("damage", "divergence", "noise_damage", "noise_divergence", "loss"):
            told[name] = packed(getattr(found, name))[0]
        for name in ("kept", "noise_kept", "residual", "noise_residual"):
            told[name] = getattr(found, name)[0]
        return told | {"notes": found.notes}

    return _each(q, watch, call)
