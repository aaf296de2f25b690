"""Credits take back debits: reference, key, reference_then_key, none (method 1.2; docs/method.md, Netting).

Which strategy applies is each concern's own choice. Only the few records that could be part of a pair go through the
windows: credits, and debits that share a reference or a key with one.
"""

from __future__ import annotations

from functools import reduce

from pyspark.sql import Column, DataFrame, Window
from pyspark.sql import functions as F

from zorgstat.privacy import PERSON_KEY

# Both strategies stay within one label, practice and person; a missing bsn is like a missing bsn.
WITHIN = ("uzovi", "practice_agb", "person", "stranger")
KEY = ("treatment_date", "performance_code", "amount_cents")


def touched(claims: DataFrame, credits: DataFrame, person_key: DataFrame) -> DataFrame:
    """Leaves out the debits that no credit can touch, some 94 in a hundred, before anything is sorted.

    In:  claims; credits (from `requests`); person_key (`privacy.PERSON_KEY`).
    Out: the claims that share a reference or a key with a credit. People are compared by a hash: with two of one hash a
         claim too many goes to the windows, which compare the columns themselves.
    """
    claim, credit = F.broadcast(person_key).crossJoin(claims).alias("claim"), F.broadcast(credits).alias("credit")
    same_name = _name("claim.") == F.col("credit.name")
    same_key = reduce(Column.__and__, [F.col(f"claim.{column}") == F.col(f"credit.{column}") for column in KEY])
    within = _within("claim.") == F.col("credit.within")
    return claim.join(credit, within & (same_name | same_key), "left_semi").select(*claims.columns)


def requests(records: DataFrame) -> DataFrame:
    """What every credit in play asks for: within (hash), name, and the columns of the key.

    In: records judged by their delivery (`selection.judge_delivery`).
    """
    credits = records.where(_is_in_play() & (F.col("debit_credit") == "C"))
    return credits.select(_within().alias("within"), _name().alias("name"), *KEY)


def take_back(candidates: DataFrame) -> DataFrame:
    """The records that netting pairs: each credit that takes back a debit, and each debit that is taken back.

    In:  records judged by their delivery (`selection.judge_delivery`) with their people named (`privacy.name_people`);
         at least those that share a reference or a key with a credit in play.
    Out: those records, with the columns that came in.
    """
    together = candidates.where(_is_in_play()).repartition(*WITHIN)
    pairs = together.transform(pair_by_reference).transform(pair_by_key)
    return pairs.where(F.col("by_reference") | F.col("by_key")).select(*candidates.columns)


def moves(pairs: DataFrame) -> DataFrame:
    """What netting changes in a count of all records as if nothing was paired.

    Out: every record of a pair twice: with -1 in `records` where is_paired is false, with 1 where it is true.
    """
    there_and_back = F.array(*[F.struct(F.lit(paired), F.lit(n)) for paired, n in ((False, -1), (True, 1))])
    return pairs.select("*", F.inline(there_and_back).alias("is_paired", "records"))


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


def _is_in_play() -> Column:
    """Passed the rules before, of a concern that nets. A missing practice matches nothing."""
    return F.col("outcome").isNull() & (F.col("netting") != "none") & F.col("practice_agb").isNotNull()


def _within(of: str = "") -> Column:
    """Label, practice and bsn. With the key of the run: a bare hash of a bsn could be looked up."""
    return F.xxhash64(*[of + column for column in (*PERSON_KEY.names, "uzovi", "practice_agb", "bsn")])


def _name(of: str = "") -> Column:
    """The reference that a pair has in common: a debit's own, a credit's prior one."""
    return F.when(F.col(f"{of}debit_credit") == "C", F.col(f"{of}prior_reference")).otherwise(
        F.col(f"{of}claim_reference")
    )
