"""Large providers that a zorgkantoor received nothing from, and what they would have claimed (handbook 2)."""

from __future__ import annotations

from pyspark.sql import DataFrame
from pyspark.sql import functions as F

from zorgstat.wlz.claims import LAST_QUARTERS, PRIOR_YEAR, QUARTER, in_period
from zorgstat.wlz.rounding import CENTS, divide

LARGE_CENTS = 1_000_000 * CENTS  # a provider is large above this
QUARTERS_OF_A_YEAR = 4


def count_under_successors(claimed: DataFrame, successors: DataFrame) -> DataFrame:
    """What was claimed, under the AGB at the end of the chain: that of the provider itself when it was not replaced.

    In, out: claimed (from `claims.add_up`); two rows may now be of one provider, performance and period.
    In:  successors (provider_agb, successor_agb: `successors.follow`).
    """
    ends = F.broadcast(successors.select("provider_agb", "successor_agb"))
    counts_under = F.coalesce("successor_agb", "provider_agb").alias("provider_agb")
    others = [name for name in claimed.columns if name != "provider_agb"]
    return ends.join(claimed, "provider_agb", "right").select(counts_under, *others)


def find_missing(claimed: DataFrame, zorgkantoren: DataFrame) -> DataFrame:
    """Providers with more than a million euro in T-1, net, and no line at all in the quarter, debit or credit.

    In:  claimed (from `count_under_successors`), zorgkantoren (code).
    Out: zorgkantoor, provider_agb, prior_year_amount_cents, has_last_quarters (is there a line in the four quarters
         before).
    Source: handbook 2 (per zorgkantoor and provider; not nationally).
    """
    at_zorgkantoren = zorgkantoren.select(F.col("code").alias("zorgkantoor")).join(claimed, "zorgkantoor")
    providers = at_zorgkantoren.groupBy("zorgkantoor", "provider_agb").agg(
        F.coalesce(F.sum(F.when(in_period(PRIOR_YEAR), F.col("amount_cents"))), F.lit(0)).alias(
            "prior_year_amount_cents"
        ),
        (F.count_if(in_period(LAST_QUARTERS)) > 0).alias("has_last_quarters"),
        (F.count_if(in_period(QUARTER)) > 0).alias("has_quarter"),
    )
    is_missing = (F.col("prior_year_amount_cents") > LARGE_CENTS) & ~F.col("has_quarter")
    return providers.where(is_missing).drop("has_quarter")


def estimate(missing: DataFrame, claimed: DataFrame) -> DataFrame:
    """What a missing provider would have claimed: a quarter of its last four quarters, else of the year T-1.

    Always divided by four, also when some quarters are empty. Lines that cancel out are lines: no fall-back then.
    In:  missing (from `find_missing`), claimed (from `count_under_successors`).
    Out: `tables.MISSING_ESTIMATES`, without performances of which both numbers are zero.
    """
    of_the_year = F.when(F.col("has_last_quarters"), in_period(LAST_QUARTERS)).otherwise(in_period(PRIOR_YEAR))
    year = (
        F.broadcast(missing.drop("prior_year_amount_cents"))
        .join(claimed, ["zorgkantoor", "provider_agb"])
        .where(of_the_year)
        .groupBy("zorgkantoor", "provider_agb", "performance_code")
        .agg(F.sum("quantity").alias("quantity"), F.sum("amount_cents").alias("amount_cents"))
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
