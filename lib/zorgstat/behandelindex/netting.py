"""Credits take back debits: reference, key, reference_then_key, none (method 1.2; docs/method.md, Netting).

Which strategy applies is each concern's own choice. Only the few records that could be part of a pair are looked at one
by one: credits, and debits that share a reference or a key with one. Credits then look up their debits among those.
"""

from __future__ import annotations

from datetime import date
from functools import reduce

from pyspark.sql import Column, DataFrame
from pyspark.sql import functions as F

from zorgstat import privacy
from zorgstat.packing import literal
from zorgstat.partitions import Keep, everywhere

# Who it is; a missing bsn is like a missing bsn.
PERSON = ("person", "stranger")
KEY = ("treatment_date", "performance_code", "amount_cents")
# Both strategies stay within one label and practice, where claim_reference is unique: this is one record.
RECORD = ("uzovi", "practice_agb", "claim_reference")
SAME_KEY = (*RECORD[:2], *PERSON, *KEY)
DAY_PLACES = 10
HALF = 32  # bits of a bigint


def requests(claims: DataFrame, person_key: DataFrame) -> DataFrame:
    """What the credits ask for, in play or not, one row for each person that has any.

    In:  claims; person_key (`privacy.PERSON_KEY`).
    Out: whose (`_locate`), marks (`_marks` of each reference and each key).
    """
    credits = _locate(claims.where(F.col("debit_credit") == "C"), person_key)
    of_reference, of_key = _marks(F.col("prior_reference"))
    marked = credits.select("whose", of_reference.bitwiseOR(of_key).alias("marks"))
    return marked.groupBy("whose").agg(F.bit_or("marks").alias("marks"))


def touched(claims: DataFrame, requests: DataFrame, person_key: DataFrame) -> DataFrame:
    """Leaves out the debits that no credit can touch, some 93 in a hundred, before anything is sorted.

    In:  claims; requests; person_key (`privacy.PERSON_KEY`).
    Out: the claims that share a reference or a key with a credit. Hashes only leave out what cannot be part of a pair:
         where two things have one hash there is a claim too many, and what follows compares the columns themselves.
    """
    asked = everywhere(requests).join(_locate(claims, person_key), "whose")
    name = F.when(F.col("debit_credit") == "C", F.col("prior_reference")).otherwise(F.col("claim_reference"))
    of_reference, of_key = _marks(name)
    return asked.where(_are_asked(of_reference) | _are_asked(of_key)).select(*claims.columns)


def take_back(candidates: DataFrame, keep: Keep) -> DataFrame:
    """The records that netting pairs: each credit that takes back a debit, and each debit that is taken back.

    In:  records judged by their delivery and label, with their people named (`privacy.name_people`); at least those
         that share a reference or a key with a credit in play.
    Out: those records.
    """
    in_play = keep(candidates.where(_is_in_play()))
    by_reference = keep(_records(pair_by_reference(in_play)))
    by_key = pair_by_key(asked_by_key(in_play, by_reference))
    return in_play.join(by_reference.unionByName(by_key), list(RECORD), "left_semi")


def moves(pairs: DataFrame) -> DataFrame:
    """What netting changes in a count of all records as if nothing was paired.

    Out: every record of a pair twice: with -1 in `records` where is_paired is false, with 1 where it is true.
    """
    there_and_back = pairs.select("*", F.explode(F.array(F.lit(-1), F.lit(1))).alias("records"))
    return there_and_back.select("*", (F.col("records") > 0).alias("is_paired"))


def pair_by_reference(candidates: DataFrame) -> DataFrame:
    """A credit takes back the debit that it names, when its amount is at least the debit's.

    Of several credits that may, the first by (claim_date, claim_reference) does; the others stay in play.
    Out: uzovi, practice_agb, debit, credit (claim_reference of either), one row per pair.
    """
    credits = candidates.where((F.col("debit_credit") == "C") & (F.col("netting") != "key"))
    named = (F.col("debit.claim_reference") == F.col("credit.prior_reference")) & _same(*RECORD[:2])
    is_enough = F.col("credit.amount_cents") >= F.col("debit.amount_cents")
    may = _debits(candidates).join(credits.alias("credit"), named & _same_person() & is_enough)
    return (
        may.groupBy("debit.uzovi", "debit.practice_agb", F.col("debit.claim_reference").alias("debit"))
        .agg(F.min(_turn("credit.")).alias("first"))
        .select("uzovi", "practice_agb", "debit", _reference(F.col("first")).alias("credit"))
    )


def asked_by_key(candidates: DataFrame, paired: DataFrame) -> DataFrame:
    """What is left of concerns that net by key: credits without a debit, and debits with the key of one, by its hash.

    In:  candidates; paired (`RECORD`s that are in a pair already).
    Out: those of the candidates, + key_hash.
    """
    by_key = candidates.where(F.col("netting") != "reference").withColumn("key_hash", F.xxhash64(*SAME_KEY))
    credits = by_key.where(F.col("debit_credit") == "C").join(paired, list(RECORD), "left_anti")
    asked = credits.select("key_hash").distinct()
    return everywhere(asked).join(by_key, "key_hash").join(paired, list(RECORD), "left_anti")


def pair_by_key(candidates: DataFrame) -> DataFrame:
    """Of records with the same key, the i-th credit takes back the i-th debit: by (claim_date, claim_reference).

    So the first of both are paired, as many as there are of the fewer.
    In: candidates that are still left (from `asked_by_key`). Out: the `RECORD`s that are paired.
    """
    same_key = candidates.dropna(subset=list(KEY)).groupBy(*SAME_KEY)
    in_order = same_key.agg(_in_order("D").alias("debits"), _in_order("C").alias("credits"))
    fewer = F.least(F.size("debits"), F.size("credits"))
    paired = F.concat(*[F.slice(name, F.lit(1), fewer) for name in ("debits", "credits")])
    turns = in_order.where(fewer > 0).select(*RECORD[:2], F.explode(paired).alias("turn"))
    return turns.select(*RECORD[:2], _reference(F.col("turn")).alias("claim_reference"))


def _in_order(debit_credit: str) -> Column:
    """Aggregate: the debits, or the credits, as a list of their turns."""
    return F.sort_array(F.collect_list(F.when(F.col("debit_credit") == debit_credit, _turn())))


def _records(pairs: DataFrame) -> DataFrame:
    """Both records of every pair, as `RECORD`."""
    return pairs.select(*RECORD[:2], F.explode(F.array("debit", "credit")).alias("claim_reference"))


def _debits(records: DataFrame) -> DataFrame:
    return records.where(F.col("debit_credit") == "D").alias("debit")


def _same(*columns: str) -> Column:
    return reduce(Column.__and__, [F.col(f"debit.{column}") == F.col(f"credit.{column}") for column in columns])


def _same_person() -> Column:
    same = [F.col(f"debit.{column}").eqNullSafe(F.col(f"credit.{column}")) for column in PERSON]
    return reduce(Column.__and__, same)


def _turn(of: str = "") -> Column:
    """(claim_date, claim_reference) as one text in the same order: the day in places enough for any, then the rest."""
    days = F.datediff(F.col(f"{of}claim_date"), literal(date(1970, 1, 1))).cast("bigint") + 2**31
    return F.concat(F.lpad(days.cast("string"), DAY_PLACES, "0"), F.col(f"{of}claim_reference"))


def _reference(turn: Column) -> Column:
    """The claim_reference of a `_turn`."""
    return F.substring(turn, DAY_PLACES + 1, 2**30)


def _is_in_play() -> Column:
    """Passed the rules before, of a concern that nets. A missing practice matches nothing.

    The practice is asked within the strategy: by itself it would leave next to no claim out, and Sail would copy all.
    """
    strategy = F.when(F.col("practice_agb").isNotNull(), F.col("netting"))
    return F.col("outcome").isNull() & (strategy != "none")


def _locate(claims: DataFrame, person_key: DataFrame) -> DataFrame:
    """Adds whose: a hash of the bsn, and of the practice for who has none, since those would all be one."""
    whose = privacy.keyed_hash(F.coalesce("bsn", "practice_agb")).alias("whose")
    return privacy.with_key(claims, person_key).select(*claims.columns, whose)


def _marks(name: Column) -> tuple[Column, Column]:
    """Of the reference that a pair has in common, a debit's own and a credit's prior one, and of the key.

    Each two bits of a bigint by their hash, in the lower and in the upper half: of what nobody asks for seldom both are
    set.
    """
    return _mark(F.xxhash64(name), 0), _mark(F.xxhash64(*KEY), HALF)


def _mark(hashed: Column, first: int) -> Column:
    one, last = F.lit(1 << first).cast("bigint"), F.lit(HALF - 1).cast("bigint")
    bits = [
        F.call_function("shiftleft", one, number.bitwiseAND(last).cast("int"))
        for number in (hashed, F.shiftright(hashed, HALF))
    ]
    return bits[0].bitwiseOR(bits[1])


def _are_asked(marks: Column) -> Column:
    """Are both bits set in what the credits ask for?"""
    return F.bitwise_not("marks").bitwiseAND(marks) == 0
