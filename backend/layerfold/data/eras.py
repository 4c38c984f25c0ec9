"""When poets lived, from what a collection tells of them: years in figures, else names of
reigns.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from statistics import median
from typing import Final

from layerfold.data.simplified import Simplifier

DIGITS: Final = {**{sign: n for n, sign in enumerate("○一二三四五六七八九")}, "〇": 0, "零": 0}
YEAR: Final = re.compile("[" + "".join(DIGITS) + "]{3,4}")
LIFE: Final = re.compile(r"（([^（）]{0,6}[～~—－-][^（）]{0,6})）")
PRIME: Final = 35
"""Years from birth to the middle of a poet's work, where both ends of a life are not known."""
ENDS: Final = (
    (712, "初唐"), (765, "盛唐"), (835, "中唐"), (907, "晚唐"), (959, "五代"),
    (1126, "北宋"), (1279, "南宋"),
)  # fmt: skip
SPANS: Final = {"唐": (600, 960), "宋": (920, 1320)}
"""A year outside its dynasty's span was misread, and tells nothing."""
ERAS: Final = (*(name for _, name in ENDS), "元")
REIGNS: Final = {
    "武德": 618, "貞觀": 627, "永徽": 650, "顯慶": 656, "龍朔": 661, "麟德": 664, "乾封": 666,
    "總章": 668, "咸亨": 670, "儀鳳": 676, "調露": 679, "永隆": 680, "垂拱": 685, "天授": 690,
    "聖曆": 698, "久視": 700, "神龍": 705, "景龍": 707, "景雲": 710, "先天": 712, "開元": 713,
    "天寶": 742, "至德": 756, "乾元": 758, "寶應": 762, "廣德": 763, "大曆": 766, "大歷": 766,
    "建中": 780, "興元": 784, "貞元": 785, "永貞": 805, "元和": 806, "長慶": 821, "寶曆": 825,
    "大和": 827, "太和": 827, "開成": 836, "會昌": 841, "大中": 847, "咸通": 860, "乾符": 874,
    "廣明": 880, "中和": 881, "光啓": 885, "大順": 890, "景福": 892, "乾寧": 894, "光化": 898,
    "天復": 901, "天祐": 904,
}  # fmt: skip


@dataclass(frozen=True)
class Lives:
    """``told[dynasty][author]`` is what a collection says of an author, whose name is in simplified
    characters.
    """

    told: Mapping[str, Mapping[str, str]]
    simplifier: Simplifier

    @staticmethod
    def load(folder: Path, simplifier: Simplifier) -> Lives:
        """From the unpacked package; authors of whom nothing is told are left out."""
        files = {"唐": "authors.tang.json", "宋": "authors.song.json"}
        told = {
            dynasty: _told(folder / "dist/quantangshi" / name, simplifier)
            for dynasty, name in files.items()
        }
        return Lives(told, simplifier)

    def era(self, dynasty: str, author: str) -> str | None:
        """The era an author wrote in; None where nothing tells."""
        if dynasty in ("五代", "元"):
            return dynasty
        told = self.told.get(dynasty, {}).get(self.simplifier.simplified(author), "")
        year = year_of(dynasty, told)
        first, last = SPANS.get(dynasty, (0, 0))
        return (
            next((name for end, name in ENDS if year <= end), None)
            if year is not None and first <= year <= last
            else None
        )


def year_of(dynasty: str, told: str) -> int | None:
    """About the middle of a life: between both ends, else from the birth, else the first reign or
    the years named.
    """
    life = LIFE.search(told)
    ends = [_number(found) for found in YEAR.findall(life[1])] if life else []
    if len(ends) == 2 and 0 < ends[1] - ends[0] < 110:
        return (ends[0] + ends[1]) // 2
    if len(ends) == 1:
        assert life is not None
        return ends[0] + (-PRIME if life[1].startswith("？") else PRIME)
    if dynasty == "唐":
        reigns = [(told.index(name), year) for name, year in REIGNS.items() if name in told]
        return min(reigns)[1] if reigns else None
    years = [year for year in map(_number, YEAR.findall(told)) if 950 < year < 1300]
    return round(median(years)) if years else None


def _number(signs: str) -> int:
    return int("".join(str(DIGITS[sign]) for sign in signs))


def _told(path: Path, simplifier: Simplifier) -> dict[str, str]:
    if not path.is_file():
        return {}
    return {
        simplifier.simplified(row["name"]): row["desc"]
        for row in json.loads(path.read_text("utf-8"))
        if row.get("desc")
    }
