"""What others than the practice itself may see: small numbers of people are hidden, and what would give them away.

A table is a grid: cells in rows and columns, with the totals of both. What a reader can subtract is one line of it: the
total of a row or a column, less the cells that are shown. docs/disclosure.md says what this protects against, and what
it does not.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from functools import reduce
from typing import Any

from pyspark.sql import DataFrame, Window
from pyspark.sql import functions as F

from zorgstat.errors import CheckError, SettingsError
from zorgstat.partitions import Keep
from zorgstat.tables import Column, Table
from zorgstat.text import as_value, on_one_line

SMALL, DIFFERENCE, COMPLEMENT = "small", "difference", "complement"
CELL = ("grid", "row", "column")
FEWEST, MOST = 2, 1000  # a threshold of 1 would hide nothing
MAX_PASSES = 100  # a national year needs fewer than ten

IS_SUPPRESSED = Column(
    "is_suppressed",
    "boolean",
    "the figures of this row are hidden: they are about few people, or would give others away",
)


@dataclass(frozen=True)
class Rules:
    """What an export hides; what is not given has the value shown."""

    threshold: int = 10  # fewer people than this are not shown
    between_versions: bool = True  # nor what the difference with an earlier publication of the year would tell

    def as_json(self) -> dict[str, Any]:
        return asdict(self)


def resolve(raw: Mapping[str, Any]) -> Rules:
    """Rules from the parsed file. Raises SettingsError with one line for every unknown key and every bad value."""
    faults = []
    for key, value in raw.items():
        if key == "threshold":
            if not (type(value) is int and FEWEST <= value <= MOST):
                faults.append(f"threshold is {as_value(value)}; use a whole number of people from {FEWEST} to {MOST}.")
        elif key == "between_versions":
            if not isinstance(value, bool):
                faults.append(f"between_versions is {as_value(value)}; use true or false.")
        else:
            faults.append(f"{on_one_line(key)} is not a setting; use {', '.join(Rules().as_json())}.")
    if faults:
        raise SettingsError("\n".join(faults))
    return Rules(**raw)


def hide(cells: DataFrame, earlier: Sequence[DataFrame], rules: Rules, keep: Keep) -> DataFrame:
    """Says of every cell whether it is hidden, and why.

    One cell more is hidden in every line that gives a hidden cell away, first along the rows, then along the columns,
    until no line does. Raises CheckError when there is no end to it.
    In:  cells: grid (one name per table of rows and columns), row (null: the total of a column), column (null: the
         total of a row), people (bigint), at_least (bigint, people that a reader knows of, though the cell is hidden:
         1 where its row stays visible, 0 where it cannot be told from an empty cell); one row per cell.
         earlier: what this function gave for earlier publications of the same tables.
    Out: + is_known (an earlier publication shows the same number), hidden (small, difference, complement; null: shown).
    """
    marked = keep(mark(cells, earlier, rules))
    before, now = -1, _count_hidden(marked)
    for _ in range(MAX_PASSES):
        if now == before:
            return marked
        marked = keep(cover(cover(marked, "row", "column", rules), "column", "row", rules))
        before, now = now, _count_hidden(marked)
    raise CheckError(
        f"disclosure: after {MAX_PASSES} passes there are still cells that give others away. "
        "Nothing was exported; a higher threshold or a coarser table may help."
    )


def mark(cells: DataFrame, earlier: Sequence[DataFrame], rules: Rules) -> DataFrame:
    """What a cell gives away by itself: few people, or few more or fewer than a reader has seen before.

    A cell of at least `threshold` people, then and now, hides when its people differ by less: by 1 or more, since the
    difference is about those few; by 0 if it was hidden then, since its number now gives away what it covered then.
    In, out: as `hide`.
    """
    nothing = F.lit(None).cast("bigint")
    now = cells.select(*CELL, "people", "at_least", nothing.alias("then"), F.lit(False).alias("was_hidden"))
    seen = [
        frame.select(
            *CELL,
            nothing.alias("people"),
            nothing.alias("at_least"),
            F.col("people").alias("then"),
            F.col("hidden").isNotNull().alias("was_hidden"),
        )
        for frame in earlier
    ]
    # A window instead of a join: null is a value of row and column here.
    people_now = F.max("people").over(Window.partitionBy(*CELL))
    both = reduce(DataFrame.unionByName, [now, *seen]).select("*", people_now.alias("now"))
    change = F.abs(F.col("now") - F.col("then"))
    is_close = (F.col("then") >= rules.threshold) & (F.col("now") >= rules.threshold) & (change < rules.threshold)
    compared = both.groupBy(*CELL).agg(
        F.max("people").alias("people"),
        F.max("at_least").alias("at_least"),
        F.coalesce(F.bool_or(is_close & ((change > 0) | F.col("was_hidden"))), F.lit(False)).alias("is_close"),
        F.coalesce(F.bool_or((change == 0) & ~F.col("was_hidden")), F.lit(False)).alias("is_known"),
    )
    return compared.where(F.col("people").isNotNull()).select(
        *(*CELL, "people", "at_least", "is_known"),
        F.when(F.col("people").between(1, rules.threshold - 1), SMALL)
        .when(F.col("is_close"), DIFFERENCE)
        .alias("hidden"),
    )


def cover(marked: DataFrame, line: str, across: str, rules: Rules) -> DataFrame:
    """Hides one more cell in every line that gives a hidden one away, and all cells of a line whose total is hidden.

    A line gives away when its total is shown and one cell is hidden, or when the hidden ones together leave no room:
    each of them must be able, for all that a reader knows, to hold at least `threshold` people. Next to go is the
    smallest cell that is shown, one that no earlier publication shows with the same number if there is one; after the
    last of them, the total.
    In, out: as `hide`; line, across: row and column, or column and row.
    """
    is_part, is_hidden = F.col(across).isNotNull(), F.col("hidden").isNotNull()
    is_hidden_part = is_part & is_hidden
    turn = F.when(is_hidden | (F.col("people") == 0), 2).when(is_part, 0).otherwise(1)
    of_line = Window.partitionBy("grid", line)
    in_turn = of_line.orderBy(turn, "is_known", "people", across)
    counted = marked.select(
        "*",
        turn.alias("turn"),
        F.row_number().over(in_turn).alias("place"),
        F.sum(F.when(is_hidden_part, 1).otherwise(0)).over(of_line).alias("parts"),
        F.sum(F.when(is_hidden_part, F.col("people"))).over(of_line).alias("together"),
        F.sum(F.when(is_hidden_part, F.col("at_least"))).over(of_line).alias("certain"),
        F.max(F.when(is_hidden_part, F.col("at_least"))).over(of_line).alias("own"),
        F.max(F.when(~is_part & is_hidden, True).otherwise(False)).over(of_line).alias("is_total_hidden"),
    )
    room = F.col("together") - F.col("certain") + F.col("own")
    gives_away = ~F.col("is_total_hidden") & (F.col("parts") > 0) & ((F.col("parts") < 2) | (room < rules.threshold))
    is_next = gives_away & (F.col("place") == 1) & (F.col("turn") < 2)
    covers = is_next | (F.col("is_total_hidden") & is_part)
    hidden = F.coalesce(F.col("hidden"), F.when(covers, COMPLEMENT))
    return counted.select(*[name for name in marked.columns if name != "hidden"], hidden.alias("hidden"))


def _count_hidden(marked: DataFrame) -> int:
    return marked.where(F.col("hidden").isNotNull()).count()


def declare(table: Table, kept: Sequence[str], left_out: Sequence[str] = ()) -> Table:
    """A table as it is exported: figures may be null, and is_suppressed says where.

    `kept` are the columns that say what a row is about and which run it is of: they are never hidden.
    """
    columns = [
        column if column.name in kept else replace(column, nullable=True)
        for column in table.columns
        if column.name not in left_out
    ]
    first_figure = next(place for place, column in enumerate(columns) if column.name not in kept)
    return replace(table, columns=(*columns[:first_figure], IS_SUPPRESSED, *columns[first_figure:]))


def blank(frame: DataFrame, exported: Table, kept: Sequence[str]) -> DataFrame:
    """The columns of an export (from `declare`), without the figures of the rows that are suppressed."""
    shown = ~F.col("is_suppressed")
    return frame.select(
        *[
            F.col(name) if name in (*kept, "is_suppressed") else F.when(shown, F.col(name)).alias(name)
            for name in exported.names
        ]
    )
