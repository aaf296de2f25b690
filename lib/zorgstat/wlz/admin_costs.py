"""Administration costs of one quarter (handbook 3.2)."""

from __future__ import annotations

from pyspark.sql import DataFrame
from pyspark.sql import functions as F

from zorgstat.wlz.calendar import CATEGORIES, Statement


def tally(admin_costs: DataFrame, statement: Statement) -> DataFrame:
    """The costs of that quarter alone, in cents: several rows of a category add up, corrections included.

    Out: organisation, internal_staff, external_staff, other (euro cents, 0 where there is nothing), rows, of which
         rows_known and rows_unknown (of a category that is none of these: in no sum).
    Source: handbook 3.2.
    """
    of_quarter = (F.col("year") == statement.year) & (F.col("quarter") == statement.quarter)
    amounts = {category: F.when(F.col("category") == category, F.col("amount_cents")) for category in CATEGORIES}
    return (
        admin_costs.where(of_quarter)
        .groupBy("organisation")
        .agg(
            *[F.coalesce(F.sum(amount), F.lit(0)).alias(category) for category, amount in amounts.items()],
            F.count(F.lit(1)).alias("rows"),
            F.count_if(F.col("category").isin(list(CATEGORIES))).alias("rows_known"),
            F.count_if(~F.col("category").isin(list(CATEGORIES))).alias("rows_unknown"),
        )
    )
