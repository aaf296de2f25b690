"""Production and costs from claims, and lines that name each other (handbook 2).

Claims are many. They are read once to be added up (`add_up`), from which production, missing providers and estimates
follow (`missing_providers`). For findings on references the quarter is read for a hash of each, other quarters for the
lines that share one, and the quarter once more for the few that may be a finding.
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


def ask_for(claims: DataFrame, statement: Statement) -> DataFrame:
    """What the lines of the quarter ask for: other lines of their own reference, and the debits that credits name.

    Out: name_hash (of the line's own reference), is_credit, and of a credit alone: zorgkantoor, provider_agb,
         claim_reference (of the debit; null: it names none), received_on (of the credit).
    """
    is_credit = F.col("debit_credit") == "C"
    of_credit = {
        "zorgkantoor": "zorgkantoor",
        "provider_agb": "provider_agb",
        "claim_reference": "prior_reference",
        "received_on": "received_on",
    }
    return claims.where(in_quarter(statement)).select(
        _name_hash().alias("name_hash"),
        is_credit.alias("is_credit"),
        *[F.when(is_credit, F.col(column)).alias(name) for name, column in of_credit.items()],
    )


def credits_of(asked_for: DataFrame) -> DataFrame:
    """The credits of the quarter. In: asked_for (from `ask_for`). Out: its columns of a credit."""
    return asked_for.where("is_credit").select(*NAME, "received_on")


def find_elsewhere(claims: DataFrame, asked_for: DataFrame, statement: Statement) -> DataFrame:
    """Lines of other quarters with a reference that this one asks for: few of many, so they stay where they are.

    In:  claims, asked_for (from `ask_for`).
    Out: as `_lines`. With two references of one hash there is a line too many, which `look_closer` finds out.
    """
    hashes = F.broadcast(_hashes(asked_for))
    return _lines(claims.where(~in_quarter(statement))).join(hashes, "name_hash", "left_semi")


def look_closer(claims: DataFrame, asked_for: DataFrame, elsewhere: DataFrame, statement: Statement) -> DataFrame:
    """References that are asked for and occur again, or elsewhere, by themselves and no longer by a hash.

    In:  claims, asked_for (from `ask_for`), elsewhere (from `find_elsewhere`).
    Out: zorgkantoor, provider_agb, claim_reference, + lines, lines_in_quarter (bigint), debit_received_on (the first;
         null: there is no debit).
    """
    counted = _hashes(asked_for).groupBy("name_hash").agg(F.count(F.lit(1)).alias("times"))
    suspects = counted.where(F.col("times") > 1).select("name_hash").unionByName(elsewhere.select("name_hash"))
    here = _lines(claims.where(in_quarter(statement))).join(F.broadcast(suspects), "name_hash", "left_semi")
    return (
        here.select("*", F.lit(1).alias("in_quarter"))
        .unionByName(elsewhere.select("*", F.lit(0).alias("in_quarter")))
        .groupBy(*NAME)
        .agg(
            F.count(F.lit(1)).alias("lines"),
            F.sum("in_quarter").alias("lines_in_quarter"),
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
    debits = F.broadcast(names.select(*NAME, "debit_received_on"))
    is_matched = F.coalesce(F.col("debit_received_on") <= F.col("received_on"), F.lit(False))
    matched = debits.join(credits, list(NAME), "right")
    return matched.where(~is_matched).groupBy("zorgkantoor").agg(F.count(F.lit(1)).alias("lines"))


def _hashes(asked_for: DataFrame) -> DataFrame:
    """Out: name_hash; one row for a line, and one more for a credit that names a debit."""
    named = credits_of(asked_for).where(F.col("claim_reference").isNotNull())
    return asked_for.select("name_hash").unionByName(named.select(_name_hash().alias("name_hash")))


def _lines(claims: DataFrame) -> DataFrame:
    return claims.select(*NAME, "debit_credit", "received_on", _name_hash().alias("name_hash"))


def _name_hash() -> Column:
    return F.xxhash64(*NAME)
