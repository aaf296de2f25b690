"""Code lists: dated CSV files in `reference/`, each with a `.toml` beside it that tells source, version and reader.

They are small and known before Spark starts, so a rule gets their values, not a frame. The list that holds on a day is
the rows with valid_from <= day <= valid_to; a new year is a new row and the old year still computes.
"""

from __future__ import annotations

import csv
from datetime import date
from importlib import resources
from typing import TypeAlias

Row: TypeAlias = dict[str, str]


def rows(name: str, on: date | None = None) -> list[Row]:
    """The rows of `reference/<name>.csv`, those that hold on a day if one is given, in the order of the file."""
    text = resources.files("zorgstat").joinpath("reference", f"{name}.csv").read_text(encoding="utf-8")
    listed = list(csv.DictReader(text.splitlines()))
    return listed if on is None else [row for row in listed if holds(row, on)]


def holds(row: Row, on: date) -> bool:
    start, end = row["valid_from"], row["valid_to"]
    return date.fromisoformat(start) <= on and (not end or on <= date.fromisoformat(end))
