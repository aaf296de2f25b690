"""Production and costs from claims, and lines that name each other (handbook 2).

Claims are many. They are read once to be added up (`add_up`), from which production, missing providers and estimates
follow (`missing_providers`). For findings on references the quarter is read for its credits and for a hash of each
reference, other quarters for the lines that share one, and the quarter once more for the few that may be a finding.
"""

from __future__ import annotations

from pyspark.sql import Column, DataFrame
from pyspark.sql import functions as F

from zorgstat.partitions import everywhere, gather, join_register
from zorgstat.wlz.calendar import Statement
from zorgstat.wlz.rounding import euros

# References are unique within a payer and a provider, as written.
NAME = ("zorgkantoor", "provider_agb", "claim_reference")
NUMBERS = ("quantity", "amount_cents")
# What rules ask for: the year T-1, the four quarters before this one (which overlap), the quarter itself.
PRIOR_YEAR, LAST_QUARTERS, QUARTER = "prior_year", "last_quarters", "quarter"


def in_quarter(statement: Statement) -> Column:
    """The day on which the care starts decides, and nothing else."""
    return F.col("start_date").between(F.lit(statement.first_day), F.lit(statement.last_day))


def add_up(claims: DataFrame, statement: Statement) -> DataFrame:
    """What every provider claimed, by performance: all that production, missing providers and estimates ask.

    Out: zorgkantoor, provider_agb (as written), performance_code; for each period (`PRIOR_YEAR`, `LAST_QUARTERS`,
         `QUARTER`) quantity_<period>, amount_cents_<period> (net: a credit negates them), and of the last two
         lines_<period>; for every code that claims are of, be it a zorgkantoor or not.
    """
    day = F.col("start_date")
    periods = {
        PRIOR_YEAR: day < F.lit(statement.year_start),
        LAST_QUARTERS: (day >= F.lit(statement.last_quarters_start)) & (day < F.lit(statement.first_day)),
        QUARTER: day >= F.lit(statement.first_day),
    }
    sign = F.when(F.col("debit_credit") == "C", -1).otherwise(1)
    lines = claims.where(day.between(F.lit(statement.prior_year_start), F.lit(statement.last_day))).select(
        *("zorgkantoor", "provider_agb", "performance_code"),
        *[(F.col(number) * sign).alias(number) for number in NUMBERS],
        *[is_in.cast("int").alias(period) for period, is_in in periods.items()],
    )
    # A product with 0 or 1 costs Sail half of what a condition does.
    sums = {f"{number}_{period}": F.col(number) * F.col(period) for period in periods for number in NUMBERS}
    sums |= {f"lines_{period}": F.col(period) for period in (LAST_QUARTERS, QUARTER)}
    return lines.groupBy("zorgkantoor", "provider_agb", "performance_code").agg(
        *[F.sum(number).alias(name) for name, number in sums.items()]
    )


def produce(claimed: DataFrame) -> DataFrame:
    """Production and costs of the quarter: lines that start in it. What nets to zero keeps its row.

    In:  claimed (from `add_up`).
    Out: zorgkantoor, performance_code, quantity, amount_cents, amount_euro, + lines.
    Source: handbook 2. Later corrections of earlier quarters do not appear.
    """
    performances = (
        claimed.where(F.col(f"lines_{QUARTER}") > 0)
        .groupBy("zorgkantoor", "performance_code")
        .agg(*[F.sum(f"{name}_{QUARTER}").alias(name) for name in (*NUMBERS, "lines")])
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


def ask_for(claims: DataFrame, credits: DataFrame, statement: Statement) -> DataFrame:
    """What the lines of the quarter ask for: other lines of their own reference, and the debits that credits name.

    In:  claims, credits (from `credits_of`).
    Out: name_hash, times (how many lines and credits ask for it, above zero); unique by name_hash.
    """
    named = credits.where(F.col("claim_reference").isNotNull())
    names = claims.where(in_quarter(statement)).select(*NAME).unionByName(named.select(*NAME))
    hashes = names.select(_name_hash().alias("name_hash"))
    # Hardly any is asked for twice: counting before the rows move would be in vain.
    return gather(hashes, "name_hash").groupBy("name_hash").agg(F.count(F.lit(1)).alias("times"))


def find_elsewhere(claims: DataFrame, asked_for: DataFrame, statement: Statement) -> DataFrame:
    """Lines of other quarters with a reference that this one asks for: few of many, so they stay where they are.

    In:  claims, asked_for (from `ask_for`).
    Out: as `_lines`. With two references of one hash there is a line too many, which `compare_references` finds out.
    """
    lines = _lines(claims.where(~in_quarter(statement)))
    return everywhere(asked_for.select("name_hash")).join(lines, "name_hash")


def compare_references(
    claims: DataFrame, asked_for: DataFrame, elsewhere: DataFrame, statement: Statement
) -> DataFrame:
    """References that are asked for and occur again, or elsewhere, by themselves and no longer by a hash.

    In:  claims, asked_for (from `ask_for`), elsewhere (from `find_elsewhere`).
    Out: zorgkantoor, provider_agb, claim_reference, + lines, lines_in_quarter (bigint), debit_received_on (the first;
         null: there is no debit).
    """
    again = asked_for.where(F.col("times") > 1).select("name_hash")
    suspects = again.unionByName(elsewhere.select("name_hash"))
    here = _lines(claims.where(in_quarter(statement))).join(F.broadcast(suspects), "name_hash", "left_semi")
    return (
        here.select("*", F.lit(1).alias("in_quarter"))
        .unionByName(elsewhere.select("*", F.lit(0).alias("in_quarter")))
        .groupBy(*NAME)
        .agg(
            F.count(F.lit(1)).alias("lines"),
            F.sum("in_quarter").alias("lines_in_quarter"),
            F.min("debit_received_on").alias("debit_received_on"),
        )
    )


def count_duplicates(names: DataFrame) -> DataFrame:
    """Lines of the quarter whose reference occurs on another known line, of any quarter.

    In: names (from `compare_references`). Out: zorgkantoor, lines.
    """
    return names.where(F.col("lines") > 1).groupBy("zorgkantoor").agg(F.sum("lines_in_quarter").alias("lines"))


def count_unmatched(credits: DataFrame, names: DataFrame) -> DataFrame:
    """Credits of the quarter without the debit that they name, received on or before them, of any quarter.

    In: credits (from `credits_of`), names (from `compare_references`). Out: zorgkantoor, lines.
    """
    matched = join_register(credits, names.select(*NAME, "debit_received_on"), *NAME)
    is_matched = F.coalesce(F.col("debit_received_on") <= F.col("received_on"), F.lit(False))
    return matched.where(~is_matched).groupBy("zorgkantoor").agg(F.count(F.lit(1)).alias("lines"))


def _lines(claims: DataFrame) -> DataFrame:
    """Out: zorgkantoor, provider_agb, claim_reference, debit_received_on (null: it is no debit), name_hash."""
    debit_received_on = F.when(F.col("debit_credit") == "D", F.col("received_on")).alias("debit_received_on")
    return claims.select(*NAME, debit_received_on, _name_hash().alias("name_hash"))


def _name_hash() -> Column:
    return F.xxhash64(*NAME)
