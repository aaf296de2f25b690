"""Large providers that a zorgkantoor received nothing from, and what they would have claimed (handbook 2)."""

from __future__ import annotations

from pyspark.sql import Column, DataFrame
from pyspark.sql import functions as F

from zorgstat.wlz.calendar import Statement
from zorgstat.wlz.claims import in_quarter, net
from zorgstat.wlz.rounding import CENTS, divide

LARGE_CENTS = 1_000_000 * CENTS  # a provider is large above this
QUARTERS_OF_A_YEAR = 4


def count_by_provider(claims: DataFrame, statement: Statement) -> DataFrame:
    """What was received from each provider, under the AGB as written.

    Out: zorgkantoor, provider_agb, prior_year_amount_cents (net, in T-1), last_quarters_lines (of the four quarters
         before this one), quarter_lines.
    """
    asked = F.col("start_date").between(F.lit(statement.prior_year_start), F.lit(statement.last_day))
    in_prior_year = F.when(_in_prior_year(statement), net("amount_cents"))
    return (
        claims.where(asked)
        .groupBy("zorgkantoor", "provider_agb")
        .agg(
            F.coalesce(F.sum(in_prior_year), F.lit(0)).alias("prior_year_amount_cents"),
            F.count_if(_in_last_quarters(statement)).alias("last_quarters_lines"),
            F.count_if(in_quarter(statement)).alias("quarter_lines"),
        )
    )


def add_successors(by_provider: DataFrame, successors: DataFrame) -> DataFrame:
    """+ counts_under: the AGB at the end of the chain; the provider's own when it was not replaced.

    In: by_provider (from `count_by_provider`), successors (provider_agb, successor_agb: `successors.follow`).
    """
    ends = successors.select("provider_agb", "successor_agb")
    return ends.join(by_provider, "provider_agb", "right").select(
        *by_provider.columns, F.coalesce("successor_agb", "provider_agb").alias("counts_under")
    )


def find_missing(by_provider: DataFrame, zorgkantoren: DataFrame) -> DataFrame:
    """Providers with more than a million euro in T-1, net, and no line at all in the quarter, debit or credit.

    In:  by_provider (with counts_under: `add_successors`), zorgkantoren (code).
    Out: zorgkantoor, provider_agb (the end of its chain), prior_year_amount_cents, has_last_quarters (is there a line
         in the four quarters before).
    Source: handbook 2 (per zorgkantoor and provider; not nationally).
    """
    at_zorgkantoren = zorgkantoren.select(F.col("code").alias("zorgkantoor")).join(by_provider, "zorgkantoor")
    providers = at_zorgkantoren.groupBy("zorgkantoor", F.col("counts_under").alias("provider_agb")).agg(
        F.sum("prior_year_amount_cents").alias("prior_year_amount_cents"),
        F.sum("quarter_lines").alias("quarter_lines"),
        (F.sum("last_quarters_lines") > 0).alias("has_last_quarters"),
    )
    is_missing = (F.col("prior_year_amount_cents") > LARGE_CENTS) & (F.col("quarter_lines") == 0)
    return providers.where(is_missing).drop("quarter_lines")


def as_written(missing: DataFrame, by_provider: DataFrame) -> DataFrame:
    """Under which AGBs the lines of a missing provider were written.

    In:  missing (from `find_missing`), by_provider (from `add_successors`).
    Out: zorgkantoor, provider_agb (as written; unique with the zorgkantoor), counts_under, has_last_quarters.
    """
    found = missing.select("zorgkantoor", F.col("provider_agb").alias("counts_under"), "has_last_quarters")
    written = by_provider.select("zorgkantoor", "provider_agb", "counts_under")
    return found.join(written, ["zorgkantoor", "counts_under"])


def estimate(written: DataFrame, claims: DataFrame, statement: Statement) -> DataFrame:
    """What a missing provider would have claimed: a quarter of its last four quarters, else of the year T-1.

    Always divided by four, also when some quarters are empty. Lines that cancel out are lines: no fall-back then.
    In:  written (from `as_written`), claims.
    Out: `tables.MISSING_ESTIMATES`, without performances of which both numbers are zero.
    """
    # Of the few providers that are missing; nothing of them lies in the quarter itself.
    lines = written.join(claims, ["zorgkantoor", "provider_agb"])
    of_the_year = F.when(F.col("has_last_quarters"), _in_last_quarters(statement)).otherwise(_in_prior_year(statement))
    year = (
        lines.where(of_the_year)
        .groupBy("zorgkantoor", F.col("counts_under").alias("provider_agb"), "performance_code")
        .agg(F.sum(net("quantity")).alias("quantity"), F.sum(net("amount_cents")).alias("amount_cents"))
    )
    estimates = year.select(
        *("zorgkantoor", "provider_agb", "performance_code"),
        divide(F.col("quantity"), QUARTERS_OF_A_YEAR).alias("quantity"),
        divide(F.col("amount_cents"), QUARTERS_OF_A_YEAR * CENTS).alias("amount_euro"),
    )
    return estimates.where((F.col("quantity") != 0) | (F.col("amount_euro") != 0))


def count_missing(missing: DataFrame) -> DataFrame:
    """Out: zorgkantoor, providers."""
    return missing.groupBy("zorgkantoor").agg(F.count(F.lit(1)).alias("providers"))


def _in_prior_year(statement: Statement) -> Column:
    day = F.col("start_date")
    return (day >= F.lit(statement.prior_year_start)) & (day < F.lit(statement.year_start))


def _in_last_quarters(statement: Statement) -> Column:
    day = F.col("start_date")
    return (day >= F.lit(statement.last_quarters_start)) & (day < F.lit(statement.first_day))
