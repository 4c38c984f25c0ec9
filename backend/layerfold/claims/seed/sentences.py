"""A finding in words: the sentences of a claim in English and Chinese, with the run's numbers."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Mapping
from functools import lru_cache
from math import isfinite
from pathlib import Path
from typing import Any, Final

from layerfold.claims.claim import rounded
from layerfold.claims.seed.finding import Finding, Line, number
from layerfold.claims.seed.pictures import picture_of
from layerfold.claims.seed.record import SeedCard, SeedPaper, SeedSeries
from layerfold.claims.seed.subject import Subject
from layerfold.claims.seed.thresholds import BARS

FOLDER: Final = Path(__file__).parent
LANGUAGES: Final = ("en", "zh")
LESS: Final = ("1.1a", "1.3b", "2.1b", "2.4a", "2.4c", "2.5b")  # claims of a small number
# A clause about the first checkpoint: it is said where there is a later one.
COMPARED: Final = re.compile(r"\[\[(.*?)\]\]")
FIRST: Final = "step0"  # the control that is the first checkpoint
Texts = Mapping[str, Mapping[str, str]]


@lru_cache(maxsize=2)
def texts(language: str) -> Texts:
    """The sentences of a language: of each claim, of controls, of reasons."""
    found: Texts = tomllib.loads((FOLDER / "locales" / f"{language}.toml").read_text("utf-8"))
    return found


@lru_cache(maxsize=1)
def papers() -> Mapping[str, list[list[str]]]:
    """What has been published on each claim: text and address."""
    return tomllib.loads((FOLDER / "papers.toml").read_text("utf-8"))


def card_of(claim: str, found: Finding, q: float, subject: Subject) -> SeedCard:
    """The card of a claim; ``q`` is its false discovery rate over the run's table."""
    words = {language: texts(language)[claim] for language in LANGUAGES}
    both: dict[str, str] = {}
    for name in ("title", "would", "method", "limits"):
        both |= {f"{name}_{language}": words[language][name] for language in LANGUAGES}
    for language in LANGUAGES:
        both[f"threshold_{language}"] = words[language]["threshold"].format(**BARS[claim])
        both[f"verdict_{language}"] = reason_of(claim, found, language, subject)
        both[f"quote_{language}"] = words[language]["quote"]
    here = here_of(found)
    return SeedCard(
        id=claim,
        section=claim[:-1],
        **both,
        verdict=found.verdict,
        here=here,
        here_zh=here,
        unit=words["en"]["unit"],
        unit_zh=words["zh"]["unit"],
        series=series_of(found.series, words["en"]["unit"], words["zh"]["unit"]),
        by_site=found.by_site,
        controls=[
            control_of(one) for one in found.controls if subject.several or one.name != FIRST
        ],
        p=None if found.p is None else rounded(found.p),
        q=rounded(q) if isfinite(q) else None,
        papers=[SeedPaper(text=text, url=url) for text, url in papers()[claim]],
        view=picture_of(claim, found, subject),
        at_step=found.at_step,
    )


def here_of(found: Finding) -> str:
    """The number with its interval, a dash where there is none."""
    value, low, high = found.value
    if value is None:
        return "–"
    bounds = "" if low is None or high is None else f" [{number(low)}, {number(high)}]"
    return number(value) + bounds


def reason_of(claim: str, found: Finding, language: str, subject: Subject) -> str:
    """One sentence: why a claim has its verdict, with the numbers."""
    words = texts(language)
    numbers: dict[str, Any] = {
        name: figure(one) if isinstance(one, float) else one for name, one in found.numbers.items()
    }
    if found.verdict == "untestable":
        return words["untestable"][found.why].format(**numbers)
    numbers |= {
        f"{name}_pct": f"{100 * one:.0f} %"
        for name, one in found.numbers.items()
        if isinstance(one, float) and isfinite(one)
    }
    if "which" in numbers:
        numbers["which_word"] = words["words"][str(numbers["which"])]
    reason = COMPARED.sub(r"\1" if subject.several else "", words[claim]["reason"])
    said = reason.format(here=here_of(found), step=f"{found.at_step:,}", **numbers)
    if found.why == "chance":
        said += words["verdict"]["chance"]
    if found.verdict == "weaker":
        said += words[claim]["weaker"].format(**numbers)
    first = untrained(claim, found)
    if subject.several and first is not None:
        said += words["verdict"]["untrained"].format(first0=number(first))
    if not subject.several and FIRST in {one.name for one in found.controls}:
        said += words["verdict"]["one_step"]
    return said


def untrained(claim: str, found: Finding) -> float | None:
    """The number at the first checkpoint where it shows what is claimed as much as the last does,
    within its interval; else None.
    """
    if found.verdict not in ("holds", "weak"):
        return None
    first = next((one.values[0] for one in found.controls if one.name == FIRST), None)
    value, low, high = found.value
    bound = high if claim in LESS else low
    bound = value if bound is None else bound
    if first is None or bound is None:
        return None
    return first if (first <= bound if claim in LESS else first >= bound) else None


def figure(value: float) -> str:
    """A number of a sentence: a whole one as such."""
    return f"{value:,.0f}" if isfinite(value) and value == int(value) else number(value)


def series_of(found: Line, name_en: str, name_zh: str) -> SeedSeries:
    """A line with its names."""
    plain = found.model_dump(exclude={"name"})
    return SeedSeries(name_en=name_en, name_zh=name_zh, **plain)


def control_of(found: Line) -> SeedSeries:
    """A control's line with its names."""
    return series_of(
        found, texts("en")["controls"][found.name], texts("zh")["controls"][found.name]
    )
