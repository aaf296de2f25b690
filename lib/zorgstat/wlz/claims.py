"""Production and costs from claims, and lines that name each other (handbook 2).

Claims are many. They are read once to be added up (`add_up`), from which production, missing providers and estimates
follow (`missing_providers`); and for their references, by a hash of them, and then once more for the few lines whose
hash tells that they may be a finding.
"""

from __future__ import annotations

from pyspark.sql import Column, DataFrame
from pyspark.sql import functions as F

from zorgstat.wlz.calendar import Statement
from zorgstat.wlz.rounding import euros

# References are unique within a payer and a provider, as written.
NAME = ("zorgkantoor", "provider_agb", "claim_reference")
# The year T-1 and the four quarters before this one overlap, so both are two periods: from the first day of T-1, of the
# last four quarters, of T, and of the quarter itself. Those between days that are one day stay empty.
PRIOR_YEAR, LAST_QUARTERS, QUARTER = (0, 1), (1, 2), (3,)


def net(number: str) -> Column:
    """A number of a line as it adds up: a credit negates it."""
    return F.when(F.col("debit_credit") == "C", -F.col(number)).otherwise(F.col(number))


def in_quarter(statement: Statement) -> Column:
    """The day on which the care starts decides, and nothing else."""
    return F.col("start_date").between(F.lit(statement.first_day), F.lit(statement.last_day))


def add_up(claims: DataFrame, statement: Statement) -> DataFrame:
    """What every provider claimed, by performance and period: all that production, missing providers and estimates ask.

    Out: zorgkantoor, provider_agb (as written), performance_code, period (`PRIOR_YEAR` to `QUARTER`), quantity,
         amount_cents (net), lines; from the first day of T-1 to the last of the quarter, for every code that claims are
         of, be it a zorgkantoor or not.
    """
    day = F.col("start_date")
    period = F.lit(0)
    for number, first_day in enumerate([statement.last_quarters_start, statement.year_start, statement.first_day], 1):
        period = F.when(day >= F.lit(first_day), number).otherwise(period)
    return (
        claims.where(day.between(F.lit(statement.prior_year_start), F.lit(statement.last_day)))
        .groupBy("zorgkantoor", "provider_agb", "performance_code", period.alias("period"))
        .agg(
            F.sum(net("quantity")).alias("quantity"),
            F.sum(net("amount_cents")).alias("amount_cents"),
            F.count(F.lit(1)).alias("lines"),
        )
    )


def in_period(period: tuple[int, ...]) -> Column:
    return F.col("period").isin(list(period))


def produce(claimed: DataFrame) -> DataFrame:
    """Production and costs of the quarter: lines that start in it. What nets to zero keeps its row.

    In:  claimed (from `add_up`).
    Out: zorgkantoor, performance_code, quantity, amount_cents, amount_euro, + lines.
    Source: handbook 2. Later corrections of earlier quarters do not appear.
    """
    performances = (
        claimed.where(in_period(QUARTER))
        .groupBy("zorgkantoor", "performance_code")
        .agg(*[F.sum(name).alias(name) for name in ("quantity", "amount_cents", "lines")])
    )
    return performances.select("*", euros(F.col("amount_cents")).alias("amount_euro"))


def of_zorgkantoren(production: DataFrame, zorgkantoren: DataFrame) -> DataFrame:
    """`tables.WLZ_PRODUCTION`. In: production (from `produce`), zorgkantoren (code)."""
    return zorgkantoren.select(F.col("code").alias("zorgkantoor")).join(production, "zorgkantoor").drop("lines")


def count_lines(production: DataFrame) -> DataFrame:
    """Out: zorgkantoor, lines (of the quarter); those without a line are not there."""
    return production.groupBy("zorgkantoor").agg(F.sum("lines").alias("lines"))


def credits_of(claims: DataFrame, statement: Statement) -> DataFrame:
    """The credits of the quarter, with the debit that each names.

    Out: zorgkantoor, provider_agb, claim_reference (of the debit; null: it names none), received_on (of the credit).
    """
    return claims.where(in_quarter(statement) & (F.col("debit_credit") == "C")).select(
        "zorgkantoor", "provider_agb", F.col("prior_reference").alias("claim_reference"), "received_on"
    )


def suspects(claims: DataFrame, credits: DataFrame, statement: Statement) -> DataFrame:
    """Which references deserve a closer look: those that occur again, and those that a credit names.

    A hash moves 8 bytes of a line instead of its references. Hardly any occurs twice, so counting before the lines move
    would be in vain.
    Out: name_hash. With two references of one hash there is one too many, which the closer look finds out.
    """
    lines = claims.select(_name_hash().alias("name_hash"), in_quarter(statement).cast("int").alias("in_quarter"))
    counted = (
        lines.repartition("name_hash")
        .groupBy("name_hash")
        .agg(F.count(F.lit(1)).alias("lines"), F.max("in_quarter").alias("in_quarter"))
    )
    again = counted.where((F.col("lines") > 1) & (F.col("in_quarter") == 1)).select("name_hash")
    named = credits.where(F.col("claim_reference").isNotNull()).select(_name_hash().alias("name_hash"))
    return again.unionByName(named)


def look_closer(claims: DataFrame, suspects: DataFrame, statement: Statement) -> DataFrame:
    """The lines under suspicion, by the references themselves.

    Out: zorgkantoor, provider_agb, claim_reference, + lines, lines_in_quarter (bigint), debit_received_on (the first;
         null: there is no debit).
    """
    lines = claims.select(
        *NAME,
        "debit_credit",
        "received_on",
        in_quarter(statement).alias("in_quarter"),
        _name_hash().alias("name_hash"),
    )
    return (
        lines.join(suspects, "name_hash", "left_semi")
        .groupBy(*NAME)
        .agg(
            F.count(F.lit(1)).alias("lines"),
            F.count_if("in_quarter").alias("lines_in_quarter"),
            F.min(F.when(F.col("debit_credit") == "D", F.col("received_on"))).alias("debit_received_on"),
        )
    )


def count_duplicates(names: DataFrame) -> DataFrame:
    """Lines of the quarter whose reference occurs on another known line, of any quarter.

    In: names (from `look_closer`). Out: zorgkantoor, lines.
    """
    return names.where(F.col("lines") > 1).groupBy("zorgkantoor").agg(F.sum("lines_in_quarter").alias("lines"))


def count_unmatched(credits: DataFrame, names: DataFrame) -> DataFrame:
    """Credits of the quarter without the debit that they name, received on or before them, of any quarter.

    In: credits (from `credits_of`), names (from `look_closer`). Out: zorgkantoor, lines.
    """
    debits = names.select(*NAME, "debit_received_on")
    is_matched = F.coalesce(F.col("debit_received_on") <= F.col("received_on"), F.lit(False))
    matched = credits.join(debits, list(NAME), "left")
    return matched.where(~is_matched).groupBy("zorgkantoor").agg(F.count(F.lit(1)).alias("lines"))


def _name_hash() -> Column:
    return F.xxhash64(*NAME)
