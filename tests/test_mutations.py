"""Whatever is changed in a run, whoever reads it gets an answer or an error of ours: never a
traceback.

The changes know the structure of what they change: a value of a card becomes another kind of value,
a header of arrays tells of other arrays; hashes and digests are made right again, so that what
reads the content has to stand it.
"""

from __future__ import annotations

import hashlib
import json
import os
import random
import resource
import shutil
import time
import traceback
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from layerfold.build.check import check_run
from layerfold.build.projections import build_projections
from layerfold.cards.digest import signed
from layerfold.claims.claim import Claim, read_claims, write_claims
from layerfold.errors import LayerfoldError
from layerfold.interp.session import open_session
from layerfold.metrics.files import Measured, atlas_hash, standing, write_measured
from layerfold.records import Measure
from layerfold.runs.manifest import MANIFEST, write_manifest
from layerfold.runs.opening import open_run
from layerfold.runs.run import checkpoint_name
from layerfold.server.protocol.tables import measures_table, reference_table
from tests.small import STEPS, make_run

CARDS = ("run.json", "atlas/atlas.json", "measures/measures.json", "claims.json", MANIFEST)
LINES = ("metrics.jsonl",)
PLAIN = ("tokenizer.json",)
ARRAYS = (
    "atlas/reference.safetensors",
    "atlas/step-00000008.safetensors",
    "atlas/measures.safetensors",
    "measures/measures.safetensors",
    "projections/pca.safetensors",
)
NAMES = (*CARDS, *LINES, *PLAIN, *ARRAYS, checkpoint_name(8))
ODD: tuple[Any, ...] = (
    *(None, True, -1, 0, 1, 3, 10**9, 2**63, 10**30, 0.5, 1e308, float("nan"), float("inf")),
    *("", "x", "../x", "/etc/passwd", "\x00", "\ud800", "9" * 300),
    *([], {}, [None], [[[[]]]], {"a": {"b": []}}, [1, "a"], ["embed"]),
)
SECONDS, MEMORY = 5.0, 200 << 20  # the most that reading one changed file may take
DTYPES = ("F16", "F32", "F64", "U8", "I32", "I64", "BOOL", "BF16", "X9", 3)


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A run with every kind of file."""
    folder = make_run(tmp_path_factory.mktemp("runs") / "small")
    run = open_run(folder)
    sites = tuple(site.name for site in run.sites)
    said = tuple(("",) * (len(sites) - 1) + ("there is no more",) for _ in STEPS)
    values = np.ones((len(STEPS), len(sites)), dtype=np.float32)
    values[:, -1] = np.nan
    measure = Measure("twonn", "directions", values, "dimension", reasons=said)
    write_measured(folder, Measured(atlas_hash(folder), STEPS, sites, {}, (measure,)))
    words = dict.fromkeys(
        (
            "id",
            "title_en",
            "title_zh",
            "says_en",
            "says_zh",
            "source",
            "published",
            "unit",
            "threshold",
            "here",
        ),
        "a",
    )
    write_claims(run, (Claim(**words, values={0: 1.0}, holds=True, at_step=0),))  # type: ignore[arg-type]
    build_projections(folder)
    write_manifest(folder)
    assert check_run(folder) == []
    return folder


def mutated(folder: Path, name: str, choose: random.Random) -> None:
    """One change of one file, with every hash and digest made right again."""
    path = folder / name
    data = path.read_bytes()
    if name in CARDS:
        path.write_bytes(spoiled_card(data, choose))
    elif name in LINES:
        path.write_bytes(spoiled_lines(data, choose))
    elif name in PLAIN:
        told = json.loads(data)
        spoil(told, choose)
        path.write_bytes(json.dumps(told).encode())
    else:
        path.write_bytes(spoiled_arrays(data, choose))
    for card, root in (
        ("run.json", folder),
        ("atlas/atlas.json", folder / "atlas"),
        ("measures/measures.json", folder / "measures"),
    ):
        hash_again(folder / card, root, path)


def hash_again(card: Path, root: Path, path: Path) -> None:
    try:
        told = json.loads(card.read_bytes())
        name = path.relative_to(root).as_posix()
        if name in told["files"]:
            told["files"][name] = hashlib.sha256(path.read_bytes()).hexdigest()
            card.write_bytes(signed(told))
    except (ValueError, KeyError, TypeError, RecursionError):
        return


def spoiled_card(data: bytes, choose: random.Random) -> bytes:
    told = json.loads(data)
    kind = choose.randrange(10)
    if kind == 0:
        return data[: choose.randrange(len(data))]
    if kind == 1:
        return data.replace(b"{", b"{\xff", 1)
    if kind == 2:
        return b'{"format": 1, ' + data.lstrip()[1:]
    if kind == 3:
        return b"[" * 5000 + b"]" * 5000
    spoil(told, choose)
    try:
        return signed(told)
    except UnicodeEncodeError:
        return signed(told, ascii=True)


def spoil(told: Any, choose: random.Random) -> None:
    """One value somewhere inside is another, or gone."""
    places = list(places_in(told))
    holder, key = choose.choice(places)
    if choose.random() < 0.2:
        del holder[key]
    elif choose.random() < 0.1 and isinstance(holder, list):
        holder.extend(holder * choose.choice((1, 20)))
    else:
        holder[key] = choose.choice(ODD)


def places_in(value: Any) -> Iterator[tuple[Any, Any]]:
    """Every place of a value, the shallow ones as often as the deep."""
    pairs = value.items() if isinstance(value, dict) else enumerate(value)
    for key, inner in list(pairs):
        yield value, key
        if isinstance(inner, dict | list):
            yield from list(places_in(inner))[:40]


def spoiled_lines(data: bytes, choose: random.Random) -> bytes:
    lines = data.splitlines(keepends=True)
    odd = [
        b"3\n",
        b"[]\n",
        b"\xff\n",
        b"{}\n",
        b'{"step": "a"}\n',
        b'{"step": 1, "loss": "x"}\n',
        b"[" * 5000 + b"\n",
        b'{"loss": NaN}\n',
    ]
    lines[choose.randrange(len(lines))] = choose.choice(odd)
    return b"".join(lines)


def spoiled_arrays(data: bytes, choose: random.Random) -> bytes:
    """The header of a safetensors file tells of something else, or what it tells of is something
    else.
    """
    size = int.from_bytes(data[:8], "little")
    header, body = json.loads(data[8 : 8 + size]), data[8 + size :]
    kind = choose.randrange(8)
    name = choose.choice([one for one in header if one != "__metadata__"])
    if kind == 0:
        return data[: choose.randrange(len(data))]
    if kind == 1:
        return choose.randrange(2**63).to_bytes(8, "little") + data[8:]
    if kind == 2:
        header[name]["dtype"] = choose.choice(DTYPES)
    elif kind == 3:
        header[name]["shape"] = choose.choice(
            [[], [0], [1], [2**40, 2**40], header[name]["shape"][::-1], [-1], "x"]
        )
    elif kind == 4:
        header["other"] = header.pop(name)
    elif kind == 5:
        header[name] = choose.choice(ODD)
    elif kind == 6:
        spoilt = bytearray(body)
        start = choose.randrange(max(1, len(body) - 64))
        spoilt[start : start + 64] = choose.choice((b"\xff", b"\x7f", b"\x00")) * min(
            64, len(body) - start
        )
        body = bytes(spoilt)
    else:
        text = json.dumps(header).encode()
        text = text[:-1] + b", " + text[1:]  # each key twice
        return len(text).to_bytes(8, "little") + text + body
    text = json.dumps(header).encode()
    return len(text).to_bytes(8, "little") + text + body


Read = Callable[[Path], object]
CHECKS: tuple[Read, ...] = (check_run,)
OF_CLAIMS: tuple[Read, ...] = (lambda folder: read_claims(open_run(folder)),)
OF_LINES: tuple[Read, ...] = (lambda folder: open_run(folder).metrics(),)
OF_MEASURES: tuple[Read, ...] = (
    standing,
    lambda folder: measures_table(open_session(folder, None)).model_dump_json(),
)
OF_TOKENIZER: tuple[Read, ...] = (
    lambda folder: open_run(folder).tokenizer(),
    lambda folder: open_session(folder, None).place("the bank", [8]),
)
OF_CLOUDS: tuple[Read, ...] = (
    lambda folder: reference_table(open_session(folder, None)).model_dump_json(),
    lambda folder: open_session(folder, None).atlas.slice(8),
    lambda folder: open_session(folder, None).problems(),
    lambda folder: open_session(folder, None).inspect_reference(3, 8, 1),
    lambda folder: open_session(folder, None).place("the bank", [8], "pca"),
)
ALL = (*OF_CLAIMS, *OF_LINES, *OF_MEASURES, *OF_TOKENIZER, *OF_CLOUDS)
READS: dict[str, tuple[Read, ...]] = {
    "claims.json": OF_CLAIMS,
    "metrics.jsonl": OF_LINES,
    "measures/measures.json": OF_MEASURES,
    "measures/measures.safetensors": OF_MEASURES,
    "tokenizer.json": OF_TOKENIZER,
    MANIFEST: (),
}


def broken(folder: Path, name: str) -> Iterator[str]:
    """What is raised that is no error of ours, and what takes long or much, of all that reads that
    file.
    """
    for number, read in enumerate((*CHECKS, *READS.get(name, ALL))):
        began = time.process_time()
        try:
            read(folder)
        except LayerfoldError as error:
            if not str(error).strip():
                yield f"{number}: {type(error).__name__} without a word"
        except Exception as error:
            yield f"{number}: {type(error).__name__}: {error}"[:200] + f" at {place_of(error)}"
        if (seconds := time.process_time() - began) > SECONDS:
            yield f"{number}: took {seconds:.1f} s of the processor"


def place_of(error: Exception) -> str:
    """The line of Layerfold that the error went through last, as file.py:12 function."""
    frames = traceback.extract_tb(error.__traceback__)
    own = [frame for frame in frames if "layerfold" in Path(frame.filename).parts]
    return f"{Path(own[-1].filename).name}:{own[-1].lineno} {own[-1].name}" if own else "nowhere"


def kinds_of(wrong: Iterable[str]) -> dict[str, str]:
    """What is wrong, one of each kind beside how often: a kind is a line of ours that let it
    through, or the words where there is none.
    """
    counts: Counter[str] = Counter()
    first: dict[str, str] = {}
    for one in wrong:
        kind = one.rpartition(" at ")[2] if " at " in one else one.partition(": ")[2]
        counts[kind] += 1
        first.setdefault(kind, one)
    return {kind: f"{count} times, first {first[kind]}" for kind, count in counts.most_common()}


def all_of(whole: Path, folder: Path, seeds: Iterable[int]) -> list[str]:
    """What is wrong after the changes of those seeds, one at a time."""
    wrong = [f"unchanged: {what}" for what in broken(whole, "run.json")]
    bar = peak() + MEMORY
    for seed in seeds:
        choose = random.Random(seed)
        name = NAMES[seed % len(NAMES)]
        shutil.rmtree(folder, ignore_errors=True)
        shutil.copytree(whole, folder)
        mutated(folder, name, choose)
        found = list(broken(folder, name))
        if peak() > bar:
            found.append(f"took {peak() - bar >> 20} MB more than {MEMORY >> 20}")
            bar = peak()
        wrong += [f"seed {seed}, {name}: {what}" for what in found]
    return wrong


def peak() -> int:
    """The most bytes that this process has held."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss << 10


@pytest.mark.filterwarnings("ignore")
def test_no_change_of_any_file_ends_in_a_traceback(whole: Path, tmp_path: Path) -> None:
    assert all_of(whole, tmp_path / "small", range(4 * len(NAMES))) == []


@pytest.mark.long
@pytest.mark.filterwarnings("ignore")
def test_a_hundred_thousand_changes_end_in_no_traceback(whole: Path, tmp_path: Path) -> None:
    """Two hours of one core; LAYERFOLD_MUTATIONS says how many others, and LAYERFOLD_MUTATIONS_FROM
    from which seed on.
    """
    count = int(os.environ.get("LAYERFOLD_MUTATIONS", "100000"))
    start = int(os.environ.get("LAYERFOLD_MUTATIONS_FROM", "1000"))
    assert kinds_of(all_of(whole, tmp_path / "small", range(start, start + count))) == {}
