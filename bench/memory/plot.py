"""A plot as a plain SVG: milliseconds over memories, both axes logarithmic."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from pathlib import Path

WIDTH, HEIGHT, LEFT, RIGHT, BOTTOM, TOP = 640, 400, 64, 48, 48, 36
COLOURS = ("#7c5cff", "#e0637c", "#2a9d8f")


def drawn(path: Path, title: str, lines: Mapping[str, Sequence[tuple[int, float]]]) -> None:
    """lines: (memories, ms) by name."""
    points = [point for line in lines.values() for point in line]
    x_low, x_high = (f(math.log10(p[0]) for p in points) for f in (min, max))
    y_low = math.floor(min(math.log10(p[1]) for p in points))
    y_high = math.ceil(max(math.log10(p[1]) for p in points))

    def x(memories: float) -> float:
        share = (math.log10(memories) - x_low) / (x_high - x_low or 1)
        return LEFT + share * (WIDTH - LEFT - RIGHT)

    def y(ms: float) -> float:
        share = (math.log10(ms) - y_low) / (y_high - y_low or 1)
        return HEIGHT - BOTTOM - share * (HEIGHT - BOTTOM - TOP)

    out = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {HEIGHT}"'
        ' font-family="sans-serif" font-size="12">',
        f'<rect width="{WIDTH}" height="{HEIGHT}" fill="#fff"/>',
        f'<text x="{LEFT}" y="20" font-size="14" fill="#222">{title}</text>',
    ]
    for power in range(y_low, y_high + 1):
        at = y(10**power)
        out.append(f'<path d="M{LEFT} {at:.1f}H{WIDTH - RIGHT}" stroke="#ddd"/>')
        out.append(
            f'<text x="{LEFT - 8}" y="{at + 4:.1f}" text-anchor="end" fill="#555">'
            f"{10**power:g} ms</text>"
        )
    for memories in sorted({p[0] for p in points}):
        at = x(memories)
        out.append(
            f'<text x="{at:.1f}" y="{HEIGHT - BOTTOM + 20}" text-anchor="middle" fill="#555">'
            f"{memories:,}</text>"
        )
    for number, (name, line) in enumerate(lines.items()):
        colour = COLOURS[number % len(COLOURS)]
        path_ = " ".join(f"{x(a):.1f},{y(b):.1f}" for a, b in line)
        out.append(f'<polyline points="{path_}" fill="none" stroke="{colour}" stroke-width="2"/>')
        out += [f'<circle cx="{x(a):.1f}" cy="{y(b):.1f}" r="3" fill="{colour}"/>' for a, b in line]
        out.append(
            f'<text x="{LEFT + 12}" y="{TOP + 14 + 16 * number}" fill="{colour}">{name}</text>'
        )
    path.write_text("\n".join([*out, "</svg>", ""]), "utf-8")
