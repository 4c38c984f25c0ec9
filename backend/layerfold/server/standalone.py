"""A run's page as one file: the page itself, Plotly's 3-D part, the clouds in whole numbers, and
sentences placed when it was written. It opens from a disk, without a server or a network.

The page finds in it what the server would have answered (``frontend/src/effects/tape.ts`` reads
it).
"""

from __future__ import annotations

import base64
import gzip
import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path
from typing import Any, Final
from urllib.parse import quote

import numpy as np
from numpy.typing import NDArray
from safetensors.numpy import save

from layerfold.claims.claim import read_claims
from layerfold.claims.seed.files import read_seed
from layerfold.errors import DamagedRun, InputError
from layerfold.interp.session import Session
from layerfold.records import Floats, PlacedSlice, Sentence
from layerfold.server.protocol.clouds import planes
from layerfold.server.protocol.http import ClaimsTable, Limits, RunEntry, RunList, SeedTable
from layerfold.server.protocol.messages import TokenText
from layerfold.server.protocol.tables import measures_table, reference_table
from layerfold.server.routes import card

LARGEST: Final = 6_000_000  # bytes: the clouds are as fine as fits
FINENESS: Final = (10, 9, 8)  # bits a coordinate
NEAR: Final = 5  # neighbours of each token that are written down
TRUSTED: Final = 15  # steps between a trust of 0.5 and of 1
POLICY: Final = (
    "default-src 'none'; script-src 'unsafe-inline'; style-src 'unsafe-inline';"
    " img-src data: blob:; media-src blob:"
)
# What a browser does first: unpack, then run Plotly and the page.
LOADER: Final = """
(async () => {
  const packed = (id) => Uint8Array.from(atob(document.getElementById(id).textContent),
    (one) => one.charCodeAt(0));
  const bytes = (id) => new Response(new Blob([packed(id)]).stream()
    .pipeThrough(new DecompressionStream("gzip"))).arrayBuffer();
  const words = async (id) => new TextDecoder().decode(await bytes(id));
  window.layerfoldTape = { said: JSON.parse(await words("tape-said")),
    clouds: await bytes("tape-clouds"), sentences: await bytes("tape-sentences") };
  for (const [id, type] of [["tape-plotly", ""], ["tape-page", "module"]]) {
    const script = document.createElement("script");
    script.type = type;
    script.textContent = await words(id);
    document.head.append(script);
  }
})();
"""

Arrays = dict[str, NDArray[Any]]
Progress = Callable[[str, float], None]


@dataclass(frozen=True)
class Wish:
    """What shall be written: the texts, the link that says how they are shown, the projection."""

    texts: tuple[str, ...]
    fragment: str = ""
    projection: str = "umap"


def write_page(
    opened: Session,
    name: str,
    wish: Wish,
    page: Path,
    limits: Limits,
    progress: Progress = lambda stage, share: None,
) -> bytes:
    """The page of a run as HTML.

    ``page`` is the folder of the built page. Raises InputError for too many or unreadable texts,
    ProjectionNotFound, DamagedRun.
    """
    if not wish.texts or len(wish.texts) > limits.sentences:
        raise InputError(
            f"{len(wish.texts)} sentences cannot be written: give 1 to {limits.sentences}"
        )
    parts = _parts(page)
    read = [opened.tokenize(text, limits.tokens) for text in wish.texts]
    said = _said(opened, name, wish, limits, read)
    sentences = save(_placed(opened, read, wish.projection, progress))
    for bits in FINENESS:
        clouds, grid = _clouds(opened, wish.projection, bits)
        whole = _joined(parts, {**said, "clouds": grid}, save(clouds), sentences)
        if len(whole) <= LARGEST:
            break
    return whole


def _parts(page: Path) -> dict[str, str]:
    """The files of the built page, and Plotly's 3-D part, which is built beside it."""
    names = ("index.html", "main.js", "style.css", "icon.svg", "plotly-gl3d.min.js")
    missing = [name for name in names if not (page / name).is_file()]
    if missing:
        raise DamagedRun(f"The page is not built (there is no {page / missing[0]}): run make page.")
    return {name: (page / name).read_text("utf-8") for name in names}


def _said(
    opened: Session, name: str, wish: Wish, limits: Limits, read: Sequence[Sentence]
) -> dict[str, Any]:
    """All that is words: what the server would answer as JSON, and the tokens."""
    path = f"api/runs/{quote(name, safe='')}"
    title = str(opened.card.get("title", name))
    entry = RunEntry(name=name, title=title, description="", default=True)
    shown = card(opened, name, limits).model_dump(mode="json")
    shown["projections"] = [one for one in shown["projections"] if one["name"] == wish.projection]
    shown |= {"live": False, "building": None}
    answers = {
        "api/runs": RunList(runs=[entry]).model_dump(mode="json"),
        path: shown,
        f"{path}/reference": reference_table(opened).model_dump(mode="json"),
        f"{path}/measures": measures_table(opened).model_dump(mode="json"),
        f"{path}/claims": ClaimsTable(claims=read_claims(opened.run)).model_dump(mode="json"),
        f"{path}/seed": SeedTable(cards=read_seed(opened.run)).model_dump(mode="json"),
    }
    texts = [_tokens(*pair) for pair in zip(wish.texts, read, strict=True)]
    return {
        "version": version("layerfold"),
        "limits": limits.model_dump(mode="json"),
        "fragment": wish.fragment or _fragment(name, wish),
        "answers": answers,
        "sentences": texts,
    }


def _tokens(text: str, sentence: Sentence) -> dict[str, Any]:
    tokens = [
        TokenText(id=one.id, text=one.text, piece=one.piece, pieces=one.pieces).model_dump()
        for one in sentence.tokens
    ]
    return {"text": text, "cut": sentence.cut, "tokens": tokens}


def _fragment(name: str, wish: Wish) -> str:
    """The link of a picture that nobody has arranged."""
    fields = ["v=1", f"run={quote(name, safe='')}", f"projection={wish.projection}"]
    hues = enumerate(wish.texts)
    fields += [f"s={n % 8}v{quote(text, safe='').replace('%20', '+')}" for n, text in hues]
    return "#" + "&".join([*fields, "active=0"])


def _placed(
    opened: Session, read: Sequence[Sentence], projection: str, progress: Progress
) -> Arrays:
    """Each sentence at every step: ``N.positions`` [step, site, token, 3] and the other arrays of a
    slice, in half numbers.
    """
    rows: list[list[PlacedSlice]] = [[] for _ in read]
    for at, step in enumerate(opened.steps):
        progress("placing", at / len(opened.steps))
        found = opened.slice_each(read, step, [lambda: False] * len(read), projection)
        for row, one in zip(rows, found, strict=True):
            if one is not None:
                row.append(one)
    progress("placing", 1.0)
    out: Arrays = {}
    for n, row in enumerate(rows):
        k = min(NEAR, row[0].placed.neighbors.shape[-1])
        halves = {
            "positions": [one.placed.positions for one in row],
            "outside": [one.placed.outside for one in row],
            "trust": [one.segment_trust for one in row],
            "norm": [one.norm for one in row],
            "distances": [one.placed.distances[..., :k] for one in row],
        }
        out |= {f"{n}.{name}": _half(np.stack(values)) for name, values in halves.items()}
        near = np.stack([one.placed.neighbors[..., :k] for one in row])
        out[f"{n}.near"] = np.ascontiguousarray(near, dtype=np.int32)
    return out


def _half(values: Floats) -> NDArray[np.float16]:
    most = float(np.finfo(np.float16).max)
    return np.clip(values, -most, most).astype(np.float16)


def _clouds(opened: Session, projection: str, bits: int) -> tuple[Arrays, dict[str, Any]]:
    """The clouds of all steps as whole numbers of ``bits`` bits, each as its difference from what
    the step and the site before foretell; and the grid they lie on.
    """
    picture = opened.picture(projection)
    places = np.stack([picture.cloud(step) for step in opened.steps])
    low, high = places.min(axis=(0, 1, 2)), places.max(axis=(0, 1, 2))
    span = np.maximum(high - low, 1e-6)
    whole = np.rint((places - low) / span * (2**bits - 1)).astype(np.int32)
    arrays = planes(whole)
    if projection == "umap":
        trust = np.stack([opened.atlas.slice(step).trust for step in opened.steps])
        arrays["trust"] = np.rint(TRUSTED * (2 * trust.clip(0.5, 1) - 1)).astype(np.uint8)
    grid = {"bits": bits, "low": low.tolist(), "span": span.tolist()}
    return arrays, grid


def _joined(parts: dict[str, str], said: dict[str, Any], clouds: bytes, sentences: bytes) -> bytes:
    """The one file."""
    words = json.dumps(said, ensure_ascii=False, separators=(",", ":")).encode("utf-8", "replace")
    packed = {
        "said": words,
        "clouds": clouds,
        "sentences": sentences,
        "plotly": parts["plotly-gl3d.min.js"].encode(),
        "page": parts["main.js"].encode(),
    }
    scripts = "".join(
        f'<script type="text/plain" id="tape-{name}">{_text(data)}</script>\n'
        for name, data in packed.items()
    )
    icon = base64.b64encode(parts["icon.svg"].encode()).decode()
    page = parts["index.html"]
    for old, new in (
        (
            '<link rel="preload" as="script" href="static/plotly-gl3d.min.js" id="plotly">\n',
            "",
        ),
        ('<script type="module" src="static/main.js"></script>\n', ""),
        (
            '<link rel="stylesheet" href="static/style.css">',
            f"<style>{parts['style.css']}</style>",
        ),
        ('href="static/icon.svg"', f'href="data:image/svg+xml;base64,{icon}"'),
        (
            '<meta charset="utf-8">',
            f'<meta charset="utf-8">\n<meta http-equiv="Content-Security-Policy"'
            f' content="{POLICY}">',
        ),
        ("</body>", f"{scripts}<script>{LOADER}</script>\n</body>"),
    ):
        if old not in page:
            raise DamagedRun(f"The built page lacks {old.strip()!r}: run make page.")
        page = page.replace(old, new, 1)
    return page.encode()


def _text(data: bytes) -> str:
    return base64.b64encode(gzip.compress(data, 9, mtime=0)).decode()
