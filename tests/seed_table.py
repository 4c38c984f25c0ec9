"""The seed's verdicts as documents tell them: by run, by claim, and how each is computed."""

from __future__ import annotations

from pathlib import Path

from layerfold.claims.seed.files import SEED, read_seed_file
from layerfold.claims.seed.record import SeedCard
from layerfold.claims.seed.registry import CLAIMS
from layerfold.claims.seed.sentences import papers, texts
from layerfold.claims.seed.thresholds import BARS

ROOT = Path(__file__).parents[1]
FIRST = ("storyteller", "poet", "smollm2")
VERDICTS = {
    "en": {
        "holds": "holds",
        "weak": "holds weakly",
        "weaker": "weaker claim true",
        "fails": "does not hold",
        "untestable": "cannot be tested",
    },
    "zh": {
        "holds": "成立",
        "weak": "弱成立",
        "weaker": "较弱的论断成立",
        "fails": "不成立",
        "untestable": "无法检验",
    },
}


def bundled() -> dict[str, list[SeedCard]]:
    """The cards of every run that comes along, and of a model whose atlas does; language models
    first.
    """
    kept = sorted(path for room in ("models", "atlases") for path in ROOT.glob(f"{room}/*/{SEED}"))
    found = {path.parent.name: read_seed_file(path) for path in kept}
    order = [name for name in FIRST if name in found]
    order += [name for name in found if name not in order]
    return {name: one.cards for name in order if (one := found[name]) is not None}


def seed_block(language: str = "en") -> str:
    """A row a run: which claims have which verdict."""
    words = VERDICTS[language]
    head = {"en": "run", "zh": "运行"}[language]
    lines = [f"| {head} | {' | '.join(words.values())} |", "| --- " * (1 + len(words)) + "|"]
    for run, cards in bundled().items():
        cells = [
            " ".join(card.id for card in cards if card.verdict == verdict) or "–"
            for verdict in words
        ]
        lines.append(f"| {run} | {' | '.join(cells)} |")
    return "\n".join(lines) + "\n"


def numbers_block() -> str:
    """A row a claim: what became of it in each run, with the number and its interval."""
    runs = bundled()
    lines = [
        f"| claim | of the seed | {' | '.join(runs)} |",
        "| --- " * (2 + len(runs)) + "|",
    ]
    for claim in sorted(CLAIMS):
        cells = [cell(cards, claim) for cards in runs.values()]
        lines.append(f"| {claim} | {texts('en')[claim]['title']} | {' | '.join(cells)} |")
    return "\n".join(lines) + "\n"


def cell(cards: list[SeedCard], claim: str) -> str:
    """Verdict and number of a claim in a run."""
    card = next((one for one in cards if one.id == claim), None)
    if card is None:
        return "–"
    said = VERDICTS["en"][card.verdict]
    return said if card.verdict == "untestable" else f"{said}: {card.here}"


def methods_block() -> str:
    """Of each claim what would have to be true, how it is computed, its threshold and limits."""
    parts = []
    for claim in sorted(CLAIMS):
        words = texts("en")[claim]
        cited = "; ".join(f"[{text}]({url})" for text, url in papers()[claim])
        parts.append(
            f"### {claim} {words['title']}\n\n"
            f"> {texts('zh')[claim]['quote']}\n\n"
            f"*Would have to be true:* {words['would']}\n\n"
            f"*Computed:* {words['method']} The number is in: {words['unit']}.\n\n"
            f"*Threshold:* {words['threshold'].format(**BARS[claim])}\n\n"
            f"*Limits:* {words['limits']}\n\n"
            f"*Papers:* {cited}.\n"
        )
    return "\n".join(parts)
