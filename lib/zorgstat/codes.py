"""Code lists: dated CSV files in `reference/`, each with a `.toml` beside it that tells source, version and reader.

They are small and known before Spark starts, so a rule gets their values, not a frame. The list that holds on a day is
the rows with valid_from <= day <= valid_to; a new year is a new row and the old year still computes.
"""

from __future__ import annotations

import csv
from datetime import date
from importlib import resources
from typing import TypeAlias

from pyspark.sql import Column
from pyspark.sql import functions as F

Row: TypeAlias = dict[str, str]


def rows(name: str, on: date | None = None) -> list[Row]:
    """The rows of `reference/<name>.csv`, those that hold on a day if one is given, in the order of the file."""
    text = resources.files("zorgstat").joinpath(f"reference/{name}.csv").read_text(encoding="utf-8")
    listed = list(csv.DictReader(text.splitlines()))
    return listed if on is None else [row for row in listed if holds(row, on)]


def holds(row: Row, on: date) -> bool:
    start, end = row["valid_from"], row["valid_to"]
    return date.fromisoformat(start) <= on and (not end or on <= date.fromisoformat(end))


def ranges(name: str, class_name: str, on: date) -> dict[int, int]:
    """Number -> class, from a list with the columns first, last (both included) and the class."""
    return {
        number: int(row[class_name])
        for row in rows(name, on)
        for number in range(int(row["first"]), int(row["last"]) + 1)
    }


def look_up(number: Column, classes: dict[int, int]) -> Column:
    """The class of a whole number; null for null and for a number that is not listed.

    One comparison for each run of numbers of one class, or of none, from below.
    """
    chain = F.when(number < min(classes), None)
    for place in range(min(classes), max(classes) + 1):
        if classes.get(place) != classes.get(place + 1):
            chain = chain.when(number <= place, classes.get(place))
    return chain
