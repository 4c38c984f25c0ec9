"""A plot of one cost against one size, both on log scales, as SVG: a straight line of slope 1 is
linear cost.
"""

from __future__ import annotations

from collections.abc import Sequence
from math import ceil, floor, log10

WIDTH, HEIGHT, MARGIN = 560, 360, 56


def log_plot(points: Sequence[tuple[float, float]], x_title: str, y_title: str, note: str) -> str:
    """The points, and the line of slope 1 that fits them best, as an SVG document."""
    xs, ys = ([log10(point[axis]) for point in points] for axis in (0, 1))
    left, right, bottom, top = floor(min(xs)), ceil(max(xs)), floor(min(ys)), ceil(max(ys))
    offset = sum(y - x for x, y in zip(xs, ys, strict=True)) / len(points)

    def place(x: float, y: float) -> tuple[float, float]:
        across = MARGIN + (x - left) / (right - left) * (WIDTH - 2 * MARGIN)
        return round(across, 1), round(
            HEIGHT - MARGIN - (y - bottom) / (top - bottom) * (HEIGHT - 2 * MARGIN), 1
        )

    ends = [place(x, x + offset) for x in (min(xs), max(xs))]
    line = (
        f'<line x1="{ends[0][0]}" y1="{ends[0][1]}" x2="{ends[1][0]}" y2="{ends[1][1]}"'
        ' stroke="#8aa" stroke-dasharray="5 4"/>'
    )
    dots = [f'<circle cx="{x}" cy="{y}" r="4.5" fill="#0072b2"/>' for x, y in map(place, xs, ys)]
    return "\n".join(
        [
            (
                f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {HEIGHT}"'
                ' font-family="system-ui, sans-serif" font-size="12">'
            ),
            f'<rect width="{WIDTH}" height="{HEIGHT}" fill="#fff"/>',
            *[_tick(*place(n, bottom), 0, 18, f"10{_raised(n)}") for n in range(left, right + 1)],
            *[_tick(*place(left, n), -26, 4, f"10{_raised(n)}") for n in range(bottom, top + 1)],
            (
                f'<path d="M{MARGIN} {MARGIN}V{HEIGHT - MARGIN}H{WIDTH - MARGIN}" fill="none"'
                ' stroke="#555"/>'
            ),
            line,
            *dots,
            f'<text x="{WIDTH / 2}" y="{HEIGHT - 14}" text-anchor="middle">{x_title}</text>',
            f'<text x="{MARGIN}" y="{MARGIN - 28}">{y_title}</text>',
            f'<text x="{MARGIN}" y="{MARGIN - 12}" fill="#577">{note}</text>',
            "</svg>",
            "",
        ]
    )


def _tick(x: float, y: float, right: int, down: int, words: str) -> str:
    return f'<text x="{x + right}" y="{y + down}" text-anchor="middle" fill="#555">{words}</text>'


def _raised(number: int) -> str:
    return str(number).translate(str.maketrans("-0123456789", "⁻⁰¹²³⁴⁵⁶⁷⁸⁹"))
