"""Lines of text for a person: names to the left, figures under each other; what somebody typed, on one line."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

WIDTH = 26
LONGEST = 100  # of a key or a value in a message


def heading(name: str, *columns: str, width: int = WIDTH) -> str:
    """What the figures below it are; every further column of them is as wide as the first."""
    return f"{name:<{width + 2}} " + "".join(f"{column:>14}" for column in columns)


def figure(name: str, value: str, share: str = "", width: int = WIDTH) -> str:
    """A name and a figure, set to the right; what stands behind it follows. A long name takes room of the figure."""
    room = 14 - max(0, len(name) - width)
    return f"  {name:<{width}} {value:>{max(room, 0)}}{share}".rstrip()


def side_by_side(name: str, before: float | None, after: float | None, width: int = WIDTH) -> str:
    """A figure before and after, the change, and its share; whole numbers as such, - for what is not there."""
    decimals = 2 if isinstance(before, float) or isinstance(after, float) else 0
    shown = ["-" if value is None else _rounded(value, decimals) for value in (before, after)]
    if before is None or after is None:
        return figure(name, shown[0], f" {shown[1]:>13}", width)
    share = f" {signed(100 * (after - before) / abs(before), 1):>8}%" if before else ""
    return figure(name, shown[0], f" {shown[1]:>13} {signed(after - before, decimals):>13}{share}", width)


def signed(value: float, decimals: int = 0) -> str:
    rounded = round(value, decimals)
    return f"{'+' if rounded > 0 else ''}{_rounded(rounded or 0, decimals)}"


def _rounded(value: float, decimals: int) -> str:
    return f"{value:,}" if isinstance(value, int) and not decimals else f"{value:,.{decimals}f}"


def line(name: str, value: str) -> str:
    """A name and what is said of it."""
    return f"  {name:<{WIDTH}} {value}"


def day(day: object) -> str:
    return f"{day:%-d %B %Y}"


def on_one_line(text: str) -> str:
    """A key as it can be shown: what a screen would take for an order is spelt out, and what is endless is cut."""
    shown = "".join(letter if letter.isprintable() else ascii(letter)[1:-1] for letter in text)
    return shown if len(shown) <= LONGEST else f"{shown[:LONGEST]}..."


def as_value(value: Any) -> str:
    """What stands in a settings file, on one line of a screen."""
    if value is None:
        return "missing"
    try:
        return on_one_line(json.dumps(value, ensure_ascii=False, default=str))
    except (ValueError, RecursionError):  # thousands of digits or of brackets
        return "too long"


def align(rows: Sequence[Sequence[str]]) -> list[str]:
    """A line for each row, with its cells below each other."""
    widths = [max(len(row[place]) for row in rows) for place in range(len(rows[0]))]
    return ["  ".join(map(str.ljust, row, widths)).rstrip() for row in rows]
