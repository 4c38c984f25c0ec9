"""The picture that shows a claim: fields of the link beside those that its numbers choose."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

import numpy as np

from layerfold.claims.seed.finding import Finding
from layerfold.claims.seed.subject import Subject

FIRST, MIDDLE, LATE, LAST = "first", "middle", "late", "last"  # sites of any model
LOSSES: Final = ("val_loss", "test_loss", "loss")

PICTURES: Final[Mapping[str, Mapping[str, str]]] = {
    "1.1a": {"measure": "twonn", "colour": "source"},
    "1.1b": {"projection": "pca", "colour": "source"},
    "1.1c": {"meaning": "path"},
    "1.2a": {"inside": "landscape", "site": LAST},
    "1.2c": {"meaning": "axes", "projection": "pca"},
    "1.2d": {"curves": "1", "measure": "twonn", "second": "loss", "site": LAST},
    "1.3a": {"meaning": "senses", "colour": "sentence"},
    "1.3b": {"measure": "participation_ratio", "colour": "source"},
    "1.3c": {"inside": "generation"},
    "1.4a": {"meaning": "probe"},
    "1.4b": {"inside": "optimizer-step", "site": LAST},
    "1.5a": {"colour": "trust", "s": "shuffled"},
    "1.5b": {"meaning": "attack", "inside": ""},
    "1.5c": {"meaning": "compress", "curves": "", "site": LAST},
    "2.1a": {"inside": "attention"},
    "2.1b": {"inside": "attention", "site": FIRST},
    "2.1c": {"inside": "decomposition", "site": LATE},
    "2.1d": {"inside": "decomposition", "site": LATE},
    "2.1e": {"trails": "whole", "measure": "overlap_site"},
    "2.1f": {"measure": "norm"},
    "2.2a": {"inside": "attention", "site": MIDDLE},
    "2.2b": {"inside": "gradients", "site": LAST},
    "2.2c": {"inside": "gradients"},
    "2.2d": {"inside": "attention", "site": LATE},
    "2.3a": {"inside": "optimizer-step", "site": LAST},
    "2.3b": {"inside": "optimizer-step", "site": "embed"},
    "2.3c": {"curves": "1", "measure": "test_loss", "second": "train_loss"},
    "2.4a": {"inside": "attention"},
    "2.4c": {"measure": "cka_site"},
    "2.5a": {"inside": "decomposition", "trails": "whole"},
    "2.5b": {"curves": "1", "measure": "rank_q", "site": FIRST},
    "2.5c": {"inside": "landscape", "site": LAST},
}


def picture_of(claim: str, found: Finding, subject: Subject) -> dict[str, str]:
    """Step, site, sentences, colours and what lies over them, as the page's link has them."""
    chosen = dict(PICTURES.get(claim, {}))
    if "site" in chosen:
        chosen["site"] = site_of(chosen["site"], subject)
    if chosen.get("s") == "shuffled":
        chosen["s"] = beside_shuffled(example_of(subject).get("s", ""))
    if chosen.get("second") == "loss":
        chosen["second"] = loss_of(subject)
    whole = {"step": str(found.at_step), **example_of(subject), **found.view, **chosen}
    return {name: value for name, value in whole.items() if value}


def site_of(name: str, subject: Subject) -> str:
    """The site that a name of any model stands for."""
    sites = subject.sites
    places = {
        FIRST: 1,
        MIDDLE: subject.middle,
        LATE: subject.late,
        LAST: len(sites) - 1,
        "embed": 0,
    }
    return sites[places[name]]


def example_of(subject: Subject) -> dict[str, str]:
    """A sentence to look at where a claim names none: the run's own first example."""
    examples = subject.run.card.get("examples", [])
    return {"s": f"0v{examples[0]['text']}"} if examples else {}


def beside_shuffled(line: str) -> str:
    """A sentence in one hue, and its words (its signs where there are no spaces) shuffled in
    another.
    """
    text = line[2:]
    parts = text.split(" ") if " " in text else list(text)
    mixed = [parts[n] for n in np.random.default_rng(0).permutation(len(parts))]
    shuffled = (" " if " " in text else "").join(mixed)
    return f"{line}\n3v{shuffled}" if shuffled and shuffled != text else line


def loss_of(subject: Subject) -> str:
    """The loss that the run's curves have, of unseen text first; none where it kept none."""
    kept = subject.run.folder / "metrics.jsonl"
    first = kept.read_text("utf-8").split("\n", 1)[0] if kept.is_file() else ""
    return next((name for name in LOSSES if f'"{name}"' in first), "")
