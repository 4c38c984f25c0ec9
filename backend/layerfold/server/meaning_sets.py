"""What there is to choose from when meaning is measured: bundled words and pairs, labels."""

from __future__ import annotations

from typing import Any

from layerfold.errors import InputError, NoWeights
from layerfold.interp.changes import heads_of, layers_of
from layerfold.interp.column_senses import names_of
from layerfold.interp.labels import SOURCE
from layerfold.interp.session import Session
from layerfold.interp.word_sets import SenseSet, bundled_pairs, bundled_senses

Answer = dict[str, Any]


def offered(session: Session) -> Answer:
    """What there is to choose from."""
    reference = session.atlas.reference
    known = [(SOURCE, len(set(reference.source)))]
    known += [(one.name, len(one.names)) for one in reference.labels if one.kind == "category"]
    labels = [
        {"name": name, "classes": count, "names": names_of(session, name)} for name, count in known
    ]
    languages = ("en", "zh")
    adapter = session.space(session.steps[-1]).adapter
    return {
        "senses": [_told(one, lang) for lang in languages for one in bundled_senses(lang)],
        "axes": [
            {"language": one.language, "name": one.name, "pairs": [list(p) for p in one.pairs]}
            for one in bundled_pairs()
        ],
        "labels": labels,
        "language": language_of("".join(reference.text)),
        "predicts": adapter.unembeds,
        **_shape(adapter),
    }


def language_of(text: str) -> str:
    """Which of the bundled languages a text is in: most of its letters are Chinese or Latin ones;
    "" for neither."""
    chinese = sum("\u4e00" <= one <= "\u9fff" for one in text)
    latin = sum(one.isascii() and one.isalpha() for one in text)
    if 2 * max(chinese, latin) <= sum(map(str.isalpha, text)):
        return ""
    return "zh" if chinese > latin else "en"


def _shape(adapter: Any) -> dict[str, int]:
    """How many layers and heads can be left out; 0 where that is not known."""
    try:
        layers = len(layers_of(adapter))
        return {"layers": layers, "heads": heads_of(adapter)}
    except (InputError, NoWeights):
        return {"layers": 0, "heads": 0}


def _told(one: SenseSet, language: str) -> Answer:
    kinds = [[slot for slot in one.slots if slot.sense == sense] for sense in (0, 1)]
    return {
        "language": language,
        "word": one.word,
        "control": one.control,
        "names": list(one.names),
        "counts": [len(kind) for kind in kinds],
        "examples": [kind[0].text(one.word) for kind in kinds],
    }
