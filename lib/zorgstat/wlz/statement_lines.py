"""Every part of a statement as lines: what is owed, whole euros, totals (handbook 3)."""

from __future__ import annotations

from pyspark.sql import Column, DataFrame
from pyspark.sql import functions as F

from zorgstat.wlz.calendar import PARTS, Part, Statement, parts_owed
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


def fill_in(owed: DataFrame, counts: DataFrame) -> DataFrame:
    """The statement: every line that is owed, 0 where there is nothing; a total is the sum of the lines as shown.

    In:  owed (from `lines_owed`), counts (from `reshape.counts_as_rows`; a cell may be there in several rows).
    Out: `tables.STATEMENT_LINES`. A cell that nobody owes is left out.
    """
    shown = F.broadcast(add_totals(counts))
    return owed.join(shown, ["organisation", "part", "line"], "left").select(
        "organisation", "part", "line", F.coalesce("value", F.lit(0).cast("bigint")).alias("value")
    )


def cells(part: Part, columns: dict[str, str]) -> dict[str, Column]:
    """Counts as cells of a part. In: columns (line -> column that counts)."""
    return {_cell(part, line): F.col(column) for line, column in columns.items()}


def cost_cells(part: Part) -> dict[str, Column]:
    """Administration costs in whole euros, each category rounded once, of the columns of `admin_costs.tally`."""
    return {_cell(part, line): euros(F.col(line)) for line in part.totals["total"]}


def add_totals(counts: DataFrame) -> DataFrame:
    """Each cell counts in its own line, and in every total that it is part of.

    In: counts (code, name, count; other names than those of cells are passed over).
    Out: organisation, part, line, value.
    """
    counts_in = [
        _texts(part.name, line, _cell(part, of))
        for part in PARTS
        for line in part.lines
        for of in part.totals.get(line, (line,))
    ]
    pairs = counts.select(
        F.col("code").alias("organisation"),
        "name",
        "count",
        F.inline(F.array(*counts_in)).alias("part", "line", "cell"),
    )
    of_cell = pairs.where(F.col("name") == F.col("cell"))
    return of_cell.groupBy("organisation", "part", "line").agg(F.sum("count").alias("value"))


def _cell(part: Part, line: str) -> str:
    """The name under which a line that is no total is counted."""
    return f"{part.name}.{line}"


def _texts(*texts: str) -> Column:
    return F.struct(*[F.lit(text) for text in texts])
