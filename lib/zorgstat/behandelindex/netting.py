"""Credits take back debits: reference, key, reference_then_key, none (method 1.2; docs/method.md, Netting).

Which strategy applies is each concern's own choice. Only the few records that could be part of a pair go through the
windows: credits, and debits that share a reference or a key with one.
"""

from __future__ import annotations

from pyspark.sql import Column, DataFrame, Window
from pyspark.sql import functions as F

# Both strategies stay within one label, practice and person; a missing bsn is like a missing bsn.
WITHIN = ("uzovi", "practice_agb", "bsn")
KEY = ("treatment_date", "performance_code", "amount_cents")
IDENTITY = ("uzovi", "practice_agb", "claim_reference")


def take_back(records: DataFrame) -> DataFrame:
    """The records that netting pairs: each credit that takes back a debit, and each debit that is taken back.

    In:  records judged by their delivery (`selection.judge_delivery`); those with an outcome are out of play.
    Out: uzovi, practice_agb, claim_reference (unique), is_paired (true).
    """
    in_play = records.where(
        # A missing practice matches nothing.
        F.col("outcome").isNull() & (F.col("netting") != "none") & F.col("practice_agb").isNotNull()
    )
    candidates = in_play.transform(keep_candidates).repartition(*WITHIN)
    pairs = candidates.transform(pair_by_reference).transform(pair_by_key)
    return pairs.where(F.col("by_reference") | F.col("by_key")).select(*IDENTITY, F.lit(True).alias("is_paired"))


def keep_candidates(in_play: DataFrame) -> DataFrame:
    """Leaves out the debits that no credit can touch, some 94 in a hundred, before anything is sorted.

    Works on hashes of what must agree: two different keys with one hash only send a debit too many to the windows,
    which compare the columns themselves.
    """
    columns = ("netting", "debit_credit", "claim_date", "claim_reference", "prior_reference", *WITHIN[:2], "bsn", *KEY)
    hashed = in_play.select(
        *columns,
        F.xxhash64(*WITHIN, _name()).alias("name_hash"),
        F.xxhash64(*WITHIN, *KEY).alias("key_hash"),
    )
    credits = hashed.where(F.col("debit_credit") == "C")
    touched = F.broadcast(credits.select(F.explode(F.array("name_hash", "key_hash")).alias("hash")).distinct())
    by_name = touched.select(F.col("hash").alias("name_hash"), F.lit(True).alias("shares_name"))
    by_key = touched.select(F.col("hash").alias("key_hash"), F.lit(True).alias("shares_key"))
    return (
        hashed.join(F.broadcast(by_name), "name_hash", "left")
        .join(F.broadcast(by_key), "key_hash", "left")
        .where(F.col("shares_name") | F.col("shares_key"))
        .select(*columns)
    )


def pair_by_reference(candidates: DataFrame) -> DataFrame:
    """A credit takes back the debit that it names, when its amount is at least the debit's.

    Of several credits that may, the first by (claim_date, claim_reference) does; the others stay in play.
    Out: + by_reference (boolean).
    """
    name = Window.partitionBy(*WITHIN, _name())
    is_credit = F.col("debit_credit") == "C"
    # claim_reference is unique within label and practice, so that one name is at most one debit.
    debit_amount = F.max(F.when(~is_credit, F.col("amount_cents"))).over(name)
    may = is_credit & (F.col("netting") != "key") & F.col("prior_reference").isNotNull()
    in_turn = Window.partitionBy(*WITHIN, _name(), "may_take_back").orderBy("claim_date", "claim_reference")
    judged = candidates.withColumn(
        "may_take_back", F.coalesce(may & (F.col("amount_cents") >= debit_amount), F.lit(False))
    )
    is_taken = F.max(F.col("may_take_back")).over(name)
    by_reference = F.when(is_credit, F.col("may_take_back") & (F.row_number().over(in_turn) == 1)).otherwise(is_taken)
    return judged.select(*candidates.columns, by_reference.alias("by_reference"))


def pair_by_key(candidates: DataFrame) -> DataFrame:
    """Of the records still left with the same key, the i-th credit takes back the i-th debit.

    Both are counted in the order of (claim_date, claim_reference). Out: + by_key (boolean).
    """
    is_left = ~F.col("by_reference") & (F.col("netting") != "reference") & F.col("performance_code").isNotNull()
    same_key = (*WITHIN, *KEY, "is_left")
    is_credit = F.col("debit_credit") == "C"
    turn = F.row_number().over(Window.partitionBy(*same_key, "debit_credit").orderBy("claim_date", "claim_reference"))
    credits = F.count_if(is_credit).over(Window.partitionBy(*same_key))
    debits = F.count_if(~is_credit).over(Window.partitionBy(*same_key))
    judged = candidates.withColumn("is_left", is_left)
    by_key = F.col("is_left") & (turn <= F.when(is_credit, debits).otherwise(credits))
    return judged.select(*candidates.columns, by_key.alias("by_key"))


def _name() -> Column:
    """The reference that a pair has in common: a debit's own, a credit's prior one."""
    return F.when(F.col("debit_credit") == "C", F.col("prior_reference")).otherwise(F.col("claim_reference"))
