"""Large providers that a zorgkantoor received nothing from, and what they would have claimed (handbook 2)."""

from __future__ import annotations

from pyspark.sql import Column, DataFrame
from pyspark.sql import functions as F

from zorgstat.partitions import join_register
from zorgstat.wlz.claims import LAST_QUARTERS, NUMBERS, PRIOR_YEAR, QUARTER
from zorgstat.wlz.rounding import CENTS, divide

LARGE_CENTS = 1_000_000 * CENTS  # a provider is large above this
QUARTERS_OF_A_YEAR = 4


def count_under_successors(claimed: DataFrame, successors: DataFrame) -> DataFrame:
    """What was claimed, under the AGB at the end of the chain: that of the provider itself when it was not replaced.

    In, out: claimed (from `claims.add_up`); two rows may now be of one provider and performance.
    In:  successors (provider_agb, successor_agb: `successors.follow`).
    """
    ends = successors.select("provider_agb", "successor_agb")
    counts_under = F.coalesce("successor_agb", "provider_agb").alias("provider_agb")
    others = [name for name in claimed.columns if name != "provider_agb"]
    return join_register(claimed, ends, "provider_agb").select(counts_under, *others)


def find_missing(claimed: DataFrame, zorgkantoren: DataFrame) -> DataFrame:
    """Providers with more than a million euro in T-1, net, and no line at all in the quarter, debit or credit.

    In:  claimed (from `count_under_successors`), zorgkantoren (code).
    Out: zorgkantoor, provider_agb, prior_year_amount_cents, has_last_quarters (is there a line in the four quarters
         before).
    Source: handbook 2 (per zorgkantoor and provider; not nationally).
    """
    at_zorgkantoren = zorgkantoren.select(F.col("code").alias("zorgkantoor")).join(claimed, "zorgkantoor")
    providers = at_zorgkantoren.groupBy("zorgkantoor", "provider_agb").agg(
        F.sum(f"amount_cents_{PRIOR_YEAR}").alias("prior_year_amount_cents"),
        (F.sum(f"lines_{LAST_QUARTERS}") > 0).alias("has_last_quarters"),
        (F.sum(f"lines_{QUARTER}") > 0).alias("has_quarter"),
    )
    is_missing = (F.col("prior_year_amount_cents") > LARGE_CENTS) & ~F.col("has_quarter")
    return providers.where(is_missing).drop("has_quarter")


def estimate(missing: DataFrame, claimed: DataFrame) -> DataFrame:
    """What a missing provider would have claimed: a quarter of its last four quarters, else of the year T-1.

    Always divided by four, also when some quarters are empty. Lines that cancel out are lines: no fall-back then.
    In:  missing (from `find_missing`), claimed (from `count_under_successors`).
    Out: `tables.MISSING_ESTIMATES`, without performances of which both numbers are zero.
    """
    year = (
        F.broadcast(missing.drop("prior_year_amount_cents"))
        .join(claimed, ["zorgkantoor", "provider_agb"])
        .groupBy("zorgkantoor", "provider_agb", "performance_code")
        .agg(*[F.sum(_of_the_year(number)).alias(number) for number in NUMBERS])
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


def _of_the_year(number: str) -> Column:
    """Of the last four quarters, else of the year T-1."""
    last_quarters, prior_year = F.col(f"{number}_{LAST_QUARTERS}"), F.col(f"{number}_{PRIOR_YEAR}")
    return F.when(F.col("has_last_quarters"), last_quarters).otherwise(prior_year)
