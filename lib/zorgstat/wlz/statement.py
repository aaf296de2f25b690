"""Every part of a statement as lines: what is owed, whole euros, totals (handbook 3)."""

from __future__ import annotations

from functools import reduce

from pyspark.sql import Column, DataFrame
from pyspark.sql import functions as F

from zorgstat.wlz.calendar import PARTS, Part, Statement, parts_owed
from zorgstat.wlz.reshape import as_rows
from zorgstat.wlz.rounding import euros


def lines_owed(organisations: DataFrame, statement: Statement) -> DataFrame:
    """Every line of every part that an organisation owes this quarter. Out: organisation, part, line."""
    owed = [
        _texts(kind, part.name, line)
        for part in parts_owed(statement.quarter)
        for kind in part.kinds
        for line in part.lines
    ]
    listed = organisations.select(
        F.col("code").alias("organisation"), "kind", F.inline(F.array(*owed)).alias("owed_by", "part", "line")
    )
    return listed.where(F.col("kind") == F.col("owed_by")).select("organisation", "part", "line")


def fill_in(owed: DataFrame, cells: list[DataFrame]) -> DataFrame:
    """The statement: every line that is owed, 0 where there is nothing; a total is the sum of the lines as shown.

    In:  owed (from `lines_owed`), cells (from `count_cells` and `cost_cells`).
    Out: `tables.STATEMENT_LINES`. A cell that nobody owes is left out.
    """
    shown = reduce(DataFrame.unionByName, cells).transform(add_totals)
    return owed.join(shown, ["organisation", "part", "line"], "left").select(
        "organisation", "part", "line", F.coalesce("value", F.lit(0).cast("bigint")).alias("value")
    )


def count_cells(counts: DataFrame, organisation: str, part: Part, columns: dict[str, str]) -> DataFrame:
    """Counts, a row per organisation, as cells of a part. In: columns (line -> column of `counts`)."""
    values = {line: F.col(column) for line, column in columns.items()}
    return _cells(counts, organisation, part, values)


def cost_cells(costs: DataFrame, part: Part) -> DataFrame:
    """Administration costs in whole euros, each category rounded once. In: costs (from `admin_costs.tally`)."""
    return _cells(costs, "organisation", part, {line: euros(F.col(line)) for line in part.totals["total"]})


def add_totals(cells: DataFrame) -> DataFrame:
    """Each cell counts in its own line, and in every total that it is part of.

    In, out: organisation, part, line, value.
    """
    counts_in = [
        _texts(part.name, cell, line)
        for part in PARTS
        for line in part.lines
        for cell in part.totals.get(line, (line,))
    ]
    pairs = cells.select(
        *("organisation", "value"),
        *[F.col(name).alias(f"{name}_of_cell") for name in ("part", "line")],
        F.inline(F.array(*counts_in)).alias("part", "cell", "line"),
    )
    same = (F.col("part_of_cell") == F.col("part")) & (F.col("line_of_cell") == F.col("cell"))
    return pairs.where(same).groupBy("organisation", "part", "line").agg(F.sum("value").alias("value"))


def _cells(rows: DataFrame, organisation: str, part: Part, values: dict[str, Column]) -> DataFrame:
    keep = [F.col(organisation).alias("organisation"), F.lit(part.name).alias("part")]
    return as_rows(rows, keep, "line", values, "value")


def _texts(*texts: str) -> Column:
    return F.struct(*[F.lit(text) for text in texts])
