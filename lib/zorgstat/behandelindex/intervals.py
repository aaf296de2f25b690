"""Spread, correction factor, lower and upper bound (method 1.5; docs/method.md, Interval)."""

from __future__ import annotations

from pyspark.sql import Column, DataFrame
from pyspark.sql import functions as F

from zorgstat import codes, exact
from zorgstat.behandelindex.settings import Settings

Z_ONE_SIDED_95 = 1.645
FEWEST = 10  # no factor and no interval at this many combinations or fewer


def spread(indices: DataFrame) -> DataFrame:
    """Sample standard deviation of the unrounded index over practices of more than 10 combinations; one row, sd."""
    return exact.sample_standard_deviation(indices.where(F.col("combinations") > FEWEST), "index")


def correction_factors(spread: DataFrame, settings: Settings) -> DataFrame:
    """The fewer combinations, the more room an index gets for chance.

    In:  spread (one row; sd: index points). The bands hold on the last day of the period (correction_bands.csv).
    Out: lower, upper (combinations), factor (index points, at least 1), sd; one row per band. The last band gets 1.
    Source: method 1.5, table 5; docs/method.md, Interval. With the method `table` the factors published for 2018 are
    used instead of computed ones; sd is that of the report all the same.
    """
    bands = [_band(row) for row in codes.rows("correction_bands", settings.report.period_end)]
    room = exact.ceiling(Z_ONE_SIDED_95 * F.col("sd") / F.sqrt("upper"))
    computed = F.greatest(F.coalesce(room, F.lit(1)), F.lit(1))
    factor = F.col("factor_2018") if settings.correction_method == "table" else computed
    return (
        spread.select("sd", F.explode(F.array(*bands)).alias("band"))
        .select("sd", *[F.col("band")[name].alias(name) for name in ("lower", "upper", "factor_2018")])
        .select("lower", "upper", factor.cast("int").alias("factor"), "sd")
    )


def add_intervals(indices: DataFrame, factors: DataFrame) -> DataFrame:
    """In: indices (combinations, index_rounded), factors (from `correction_factors`).

    Out: + correction_factor, ci_lower, ci_upper; null at 10 combinations or fewer.
    """
    in_band = (F.col("combinations") > F.col("lower")) & (
        F.col("upper").isNull() | (F.col("combinations") <= F.col("upper"))
    )
    bands = factors.select("lower", "upper", F.col("factor").alias("correction_factor"))
    return indices.join(F.broadcast(bands), in_band, "left").select(
        *indices.columns,
        "correction_factor",
        (F.col("index_rounded") - F.col("correction_factor")).alias("ci_lower"),
        (F.col("index_rounded") + F.col("correction_factor")).alias("ci_upper"),
    )


def _band(row: codes.Row) -> Column:
    columns = {"lower": "bigint", "upper": "bigint", "factor_2018": "int"}
    return F.struct(*[F.lit(row[name] or None).cast(type_).alias(name) for name, type_ in columns.items()])
