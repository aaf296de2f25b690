"""Draws time against size from result files: one line per engine, both axes from 0.

    python -m bench.picture bench/results/*.json [--pipeline wlz] --to docs/performance.svg

Points are medians, the thin line through a point goes from the quickest run to the slowest. Where files have the same
size, the one made last counts; measurements of the start and of other pipelines are left out.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Iterable, Sequence
from itertools import pairwise
from math import ceil, log10
from pathlib import Path
from typing import Any
from xml.sax.saxutils import escape

NAMES = {"spark": "Spark", "sail": "Sail", "duckdb": "DuckDB"}
TITLES = {"behandelindex": "Behandelindex", "wlz": "Wlz statement"}
WIDTH, HEIGHT = 760, 440
LEFT, RIGHT, TOP, BOTTOM = 64, 630, 92, 380  # of the plot; labels stand to the right of it
LINE_HEIGHT = 18
STYLE = """
  text { font: 13px system-ui, -apple-system, "Segoe UI", "Helvetica Neue", Arial, sans-serif; fill: #57606a }
  .paper { fill: #ffffff }
  .title { font-size: 17px; font-weight: 600; fill: #1f2328 }
  .grid { stroke: #d8dee4 }
  .axis { stroke: #8c959f }
  .line { fill: none; stroke: currentColor; stroke-width: 2.5; stroke-linejoin: round }
  .spread { stroke: currentColor; stroke-width: 1.5 }
  .point { fill: currentColor }
  .name { fill: currentColor; font-weight: 600 }
  .spark { color: #d1570b } .sail { color: #0969da } .duckdb { color: #6e7781 }
  @media (prefers-color-scheme: dark) {
    text { fill: #9198a1 }
    .paper { fill: #0d1117 }
    .title { fill: #f0f6fc }
    .grid { stroke: #262c36 }
    .axis { stroke: #6e7681 }
    .spark { color: #f0883e } .sail { color: #58a6ff } .duckdb { color: #b1bac4 }
  }
"""


def draw(results: Iterable[dict[str, Any]], pipeline: str = "behandelindex") -> str:
    """The picture as SVG."""
    by_size = {
        result["claims"]: result
        for result in sorted(results, key=lambda result: str(result["made"]))
        if Path(result["settings"]).parent.name == pipeline and not result["is_start"]
    }
    if not by_size:
        raise ValueError("no file with the times of a size")
    sizes: list[int] = sorted(by_size)
    engines = [name for name in NAMES if any(name in result["engines"] for result in by_size.values())]
    slowest = float(max(figures["wall_max"] for result in by_size.values() for figures in result["engines"].values()))
    step = _step(slowest)
    top = step * ceil(slowest / step)

    def x(claims: float) -> float:
        return round(LEFT + (RIGHT - LEFT) * claims / sizes[-1], 1)

    def y(seconds: float) -> float:
        return round(BOTTOM - (BOTTOM - TOP) * seconds / top, 1)

    parts = _frame(TITLES[pipeline], by_size[sizes[-1]])
    for tick in range(round(top / step) + 1):
        height = y(tick * step)
        parts.append(
            f'<line class="{"grid" if tick else "axis"}" x1="{LEFT}" x2="{RIGHT}" y1="{height}" y2="{height}"/>'
        )
        parts.append(_text(LEFT - 10, height + 4, f"{tick * step:g}", anchor="end"))
    for size in (0, *sizes):
        parts.append(f'<line class="axis" x1="{x(size)}" x2="{x(size)}" y1="{BOTTOM}" y2="{BOTTOM + 5}"/>')
        parts.append(_text(x(size), BOTTOM + 21, f"{size / 1e6:g}", anchor="middle"))
    labels = []
    for engine in engines:
        points = [(x(size), by_size[size]["engines"][engine]) for size in sizes if engine in by_size[size]["engines"]]
        path = " ".join(f"{place},{y(figures['wall_seconds'])}" for place, figures in points)
        parts.append(f'<polyline class="line {engine}" points="{path}"/>')
        for place, figures in points:
            slow, quick = y(figures["wall_max"]), y(figures["wall_min"])
            parts.append(f'<line class="spread {engine}" x1="{place}" x2="{place}" y1="{slow}" y2="{quick}"/>')
            parts.append(f'<circle class="point {engine}" cx="{place}" cy="{y(figures["wall_seconds"])}" r="4"/>')
        place, figures = points[-1]
        labels.append((y(figures["wall_seconds"]), place + 12, engine, f"{figures['wall_seconds']:.3g} s"))
    for height, (_, place, engine, seconds) in zip(_apart([label[0] for label in labels]), labels, strict=True):
        parts.append(
            f'<text x="{place}" y="{height + 4:.1f}"><tspan class="name {engine}">{NAMES[engine]}</tspan>'
            f'<tspan dx="6">{seconds}</tspan></text>'
        )
    return "\n".join([*parts, "</svg>", ""])


def _frame(name: str, largest: dict[str, Any]) -> list[str]:
    machine, title = largest["machine"], f"{name}: from the command to published figures"
    below = f"seconds; {machine['cores']} cores, {machine['cpu']}, {machine['memory_mb'] / 1e3:.0f} GB of memory"
    return [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {HEIGHT}" role="img" aria-labelledby="title">',
        f'<title id="title">{title}, by number of claims</title>',
        f"<style>{STYLE}</style>",
        f'<rect class="paper" width="{WIDTH}" height="{HEIGHT}" rx="6"/>',
        _text(24, 36, title, kind="title"),
        _text(24, 58, below),
        _text((LEFT + RIGHT) / 2, BOTTOM + 43, "million claims", anchor="middle"),
    ]


def _text(x: float, y: float, words: str, kind: str = "", anchor: str = "start") -> str:
    named = f' class="{kind}"' if kind else ""
    return f'<text{named} x="{x:g}" y="{y:g}" text-anchor="{anchor}">{escape(words)}</text>'


def _step(highest: float) -> float:
    """Between two lines of the grid: 1, 2 or 5 times a power of ten, at most six lines."""
    power: float = 10 ** (ceil(log10(highest / 6)) - 1)
    return next(factor * power for factor in (1, 2, 5, 10) if factor * power * 6 >= highest)


def _apart(heights: Sequence[float]) -> list[float]:
    """The same heights, moved so that no two lines of text touch; the lowest label stays where it is."""
    placed = list(heights)
    lowest_first = sorted(range(len(heights)), key=lambda place: -heights[place])
    for below, above in pairwise(lowest_first):
        placed[above] = min(placed[above], placed[below] - LINE_HEIGHT)
    return placed


def main() -> int:
    parser = argparse.ArgumentParser(description="Draw time against size.")
    parser.add_argument("results", type=Path, nargs="+", metavar="RESULTS.json")
    parser.add_argument("--pipeline", choices=TITLES, default="behandelindex", help="behandelindex")
    parser.add_argument("--to", type=Path, required=True, metavar="FILE.svg")
    asked = parser.parse_args()
    results = [json.loads(path.read_text(encoding="utf-8")) for path in asked.results]
    asked.to.write_text(draw(results, asked.pipeline), encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
