"""Lines of text for a person: names to the left, figures under each other."""

from __future__ import annotations

WIDTH = 26


def heading(name: str, *columns: str) -> str:
    """What the figures below it are; every further column of them is as wide as the first."""
    return f"{name:<{WIDTH + 2}} " + "".join(f"{column:>14}" for column in columns)


def figure(name: str, value: str, share: str = "") -> str:
    """A name and a figure, set to the right; what stands behind it follows. A long name takes room of the figure."""
    room = 14 - max(0, len(name) - WIDTH)
    return f"  {name:<{WIDTH}} {value:>{max(room, 0)}}{share}".rstrip()


def words(name: str, value: str) -> str:
    """A name and what is said of it."""
    return f"  {name:<{WIDTH}} {value}"


def day(day: object) -> str:
    return f"{day:%-d %B %Y}"
