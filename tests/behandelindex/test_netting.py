"""Credits take back debits: method 1.2, "conform eigen inzicht"; the four strategies.

Every case is a practice of its own, named in practice_agb: nothing is paired across practices. `pair` tells which
records must come out; whatever a table leaves out is the same for all records.
"""

from __future__ import annotations

from functools import reduce

import pytest
from pyspark.sql import DataFrame, SparkSession
from pyspark.sql import functions as F

from tests.support import assert_rows, frame, person_key, with_key
from zorgstat import privacy
from zorgstat.behandelindex import netting
from zorgstat.behandelindex.settings import NETTING
from zorgstat.behandelindex.tables import CLAIMS
from zorgstat.tables import Column, Table

RECORDS = Table(
    "records",
    "Claims, and whether they are part of a pair.",
    (
        *CLAIMS.columns,
        Column("strategy", "string", "of the concern"),
        Column("outcome", "int", "given before netting"),
        Column("pair", "boolean", "expected"),
        Column("is_touched", "boolean", "expected"),
        *[Column(strategy, "boolean", "expected with this strategy") for strategy in NETTING],
    ),
)
SAME = {
    "uzovi": "0101",
    "bsn": "111222333",
    "treatment_date": "2023-05-01",
    "claim_date": "2023-05-02",
    "performance_code": "1000",
    "amount_cents": "3500",
    "prior_reference": None,
    "outcome": None,
}


def touched(records: DataFrame) -> DataFrame:
    key = person_key(records.sparkSession)
    return netting.touched(records, netting.requests(records, key), key)


def assert_pairs(cases: DataFrame, strategy: str | None = None) -> None:
    """Exactly the records with `pair` come out; the strategy is that of the column, unless one is given."""
    given = {**SAME, "strategy": strategy}
    left_out = [
        F.lit(value).cast(RECORDS.column(name).type).alias(name)
        for name, value in given.items()
        if name not in cases.columns
    ]
    records = cases.select("*", *left_out).withColumnRenamed("strategy", "netting")
    identity = [name for name in ("uzovi", "practice_agb", "claim_reference") if name in cases.columns]
    records = records.drop("pair")
    pairs = netting.take_back(privacy.name_people(with_key(touched(records))), lambda frame: frame)
    assert_rows(pairs, cases.where("pair").select(*identity), key=identity)


def test_a_credit_names_its_debit(spark: SparkSession) -> None:
    cases = frame(
        spark,
        RECORDS,
        """
        practice_agb       | debit_credit | claim_reference | prior_reference | claim_date | amount_cents | pair
        names it           | D            | 1               |                 | 2023-05-02 | 3500         | true
        names it           | C            | 2               | 1               | 2023-06-02 | 3500         | true
        comes first        | D            | 1               |                 | 2023-05-02 | 3500         | true
        comes first        | C            | 2               | 1               | 2023-04-02 | 3500         | true
        of the same day    | D            | 2               |                 | 2023-05-02 | 3500         | true
        of the same day    | C            | 1               | 2               | 2023-05-02 | 3500         | true
        larger             | D            | 1               |                 | 2023-05-02 | 3500         | true
        larger             | C            | 2               | 1               | 2023-06-02 | 3501         | true
        partial            | D            | 1               |                 | 2023-05-02 | 3500         |
        partial            | C            | 2               | 1               | 2023-06-02 | 3499         |
        two halves         | D            | 1               |                 | 2023-05-02 | 3500         |
        two halves         | C            | 2               | 1               | 2023-06-02 | 1750         |
        two halves         | C            | 3               | 1               | 2023-06-02 | 1750         |
        names nothing      | D            | 1               |                 | 2023-05-02 | 3500         |
        names nothing      | C            | 2               |                 | 2023-06-02 | 3500         |
        names another      | D            | 1               |                 | 2023-05-02 | 3500         |
        names another      | C            | 2               | 3               | 2023-06-02 | 3500         |
        other practice     | C            | 2               | 1               | 2023-06-02 | 3500         |
        names a credit     | C            | 1               |                 | 2023-06-02 | 3500         |
        names a credit     | C            | 2               | 1               | 2023-06-02 | 3500         |
        names itself       | C            | 1               | 1               | 2023-06-02 | 3500         |
        debit with a prior | D            | 1               | 2               | 2023-05-02 | 3500         |
        debit with a prior | D            | 2               |                 | 2023-05-02 | 3500         |
        """,
    )
    assert_pairs(cases, "reference")


def test_several_credits_name_one_debit(spark: SparkSession) -> None:
    # The first by (claim_date, claim_reference) of those that may take it back; one credit, one debit.
    cases = frame(
        spark,
        RECORDS,
        """
        practice_agb       | debit_credit | claim_reference | prior_reference | claim_date | amount_cents | pair
        first by day       | D            | 1               |                 | 2023-05-02 | 3500         | true
        first by day       | C            | 2               | 1               | 2023-06-03 | 3500         |
        first by day       | C            | 3               | 1               | 2023-06-02 | 3500         | true
        first of long ago  | D            | 1               |                 | 1969-05-02 | 3500         | true
        first of long ago  | C            | 2               | 1               | 1969-12-29 | 3500         |
        first of long ago  | C            | 3               | 1               | 1969-12-27 | 3500         | true
        first by reference | D            | 1               |                 | 2023-05-02 | 3500         | true
        first by reference | C            | 3               | 1               | 2023-06-02 | 3500         |
        first by reference | C            | 20              | 1               | 2023-06-02 | 9900         | true
        first is too small | D            | 1               |                 | 2023-05-02 | 3500         | true
        first is too small | C            | 2               | 1               | 2023-06-02 | 3499         |
        first is too small | C            | 3               | 1               | 2023-06-03 | 3500         | true
        """,
    )
    assert_pairs(cases, "reference")


@pytest.mark.parametrize("strategy", ["reference", "key", "reference_then_key"])
def test_label_practice_and_bsn_must_agree(spark: SparkSession, strategy: str) -> None:
    # A missing bsn is like a missing bsn; a missing practice is like nothing.
    cases = frame(
        spark,
        RECORDS,
        """
        practice_agb       | debit_credit | claim_reference | prior_reference | uzovi | bsn       | pair
        all agree          | D            | 1               |                 | 0101  | 900000016 | true
        all agree          | C            | 2               | 1               | 0101  | 900000016 | true
        other label        | D            | 1               |                 | 0101  | 900000016 |
        other label        | C            | 1               | 1               | 0102  | 900000016 |
        other person       | D            | 1               |                 | 0101  | 900000016 |
        other person       | C            | 2               | 1               | 0101  | 900000028 |
        first is another's | D            | 1               |                 | 0101  | 900000016 | true
        first is another's | C            | 2               | 1               | 0101  | 900000028 |
        first is another's | C            | 3               | 1               | 0101  | 900000016 | true
        both unknown       | D            | 1               |                 | 0101  |           | true
        both unknown       | C            | 2               | 1               | 0101  |           | true
        credit unknown     | D            | 1               |                 | 0101  | 900000016 |
        credit unknown     | C            | 2               | 1               | 0101  |           |
        debit unknown      | D            | 1               |                 | 0101  |           |
        debit unknown      | C            | 2               | 1               | 0101  | 900000016 |
        empty is known     | D            | 1               |                 | 0101  | ''        |
        empty is known     | C            | 2               | 1               | 0101  |           |
        empty elsewhere    | C            | 2               | 1               | 0101  | ''        |
                           | D            | 1               |                 | 0101  | 900000016 |
                           | C            | 2               | 1               | 0101  | 900000016 |
        debit elsewhere    | C            | 2               | 1               | 0101  | 900000016 |
        """,
    )
    assert_pairs(cases, strategy)


def test_credits_and_debits_of_one_key_are_paired_in_turn(spark: SparkSession) -> None:
    # The i-th credit takes back the i-th debit, each in the order of (claim_date, claim_reference).
    cases = frame(
        spark,
        RECORDS,
        """
        practice_agb        | debit_credit | claim_reference | claim_date | prior_reference | pair
        one and one         | D            | 1               | 2023-05-02 |                 | true
        one and one         | C            | 2               | 2023-05-01 |                 | true
        three and two       | D            | 1               | 2023-05-03 |                 |
        three and two       | D            | 2               | 2023-05-02 |                 | true
        three and two       | D            | 30              | 2023-05-02 |                 | true
        three and two       | C            | 4               | 2023-06-01 |                 | true
        three and two       | C            | 5               | 2023-06-01 |                 | true
        one and three       | D            | 1               | 2023-05-02 |                 | true
        one and three       | C            | 4               | 2023-06-02 |                 |
        one and three       | C            | 5               | 2023-06-01 |                 |
        one and three       | C            | 30              | 2023-06-01 |                 | true
        names do not matter | D            | 1               | 2023-05-02 |                 | true
        names do not matter | D            | 2               | 2023-05-03 |                 |
        names do not matter | C            | 3               | 2023-06-01 | 2               | true
        no credit           | D            | 1               | 2023-05-02 |                 |
        no credit           | D            | 2               | 2023-05-02 |                 |
        no debit            | C            | 1               | 2023-05-02 |                 |
        """,
    )
    assert_pairs(cases, "key")


def test_what_makes_a_key(spark: SparkSession) -> None:
    cases = frame(
        spark,
        RECORDS,
        """
        practice_agb | debit_credit | claim_reference | treatment_date | performance_code | amount_cents | pair
        all agree    | D            | 1               | 2023-05-01     | 1000             | 3500         | true
        all agree    | C            | 2               | 2023-05-01     | 1000             | 3500         | true
        other day    | D            | 1               | 2023-05-01     | 1000             | 3500         |
        other day    | C            | 2               | 2023-05-02     | 1000             | 3500         |
        other code   | D            | 1               | 2023-05-01     | 1000             | 3500         |
        other code   | C            | 2               | 2023-05-01     | 1001             | 3500         |
        larger       | D            | 1               | 2023-05-01     | 1000             | 3500         |
        larger       | C            | 2               | 2023-05-01     | 1000             | 3501         |
        no code      | D            | 1               | 2023-05-01     |                  | 3500         |
        no code      | C            | 2               | 2023-05-01     |                  | 3500         |
        empty code   | D            | 1               | 2023-05-01     | ''               | 3500         | true
        empty code   | C            | 2               | 2023-05-01     | ''               | 3500         | true
        """,
    )
    assert_pairs(cases, "key")


def test_references_go_first_and_keys_take_what_is_left(spark: SparkSession) -> None:
    cases = frame(
        spark,
        RECORDS,
        """
        practice_agb      | debit_credit | claim_reference | prior_reference | claim_date | amount_cents | pair
        not the first     | D            | 1               |                 | 2023-05-02 | 3500         |
        not the first     | D            | 2               |                 | 2023-05-03 | 3500         | true
        not the first     | C            | 3               | 2               | 2023-06-02 | 3500         | true
        both ways         | D            | 1               |                 | 2023-05-02 | 3500         | true
        both ways         | D            | 2               |                 | 2023-05-03 | 3500         | true
        both ways         | C            | 3               |                 | 2023-06-01 | 3500         | true
        both ways         | C            | 4               | 1               | 2023-06-02 | 3500         | true
        second of two     | D            | 1               |                 | 2023-05-02 | 3500         | true
        second of two     | D            | 2               |                 | 2023-05-03 | 3500         | true
        second of two     | C            | 3               | 1               | 2023-06-01 | 3500         | true
        second of two     | C            | 4               | 1               | 2023-06-02 | 3500         | true
        no such reference | D            | 1               |                 | 2023-05-02 | 3500         | true
        no such reference | C            | 2               | 9               | 2023-06-01 | 3500         | true
        too small for it  | D            | 1               |                 | 2023-05-02 | 3500         |
        too small for it  | D            | 2               |                 | 2023-05-02 | 2000         | true
        too small for it  | C            | 3               | 1               | 2023-06-01 | 2000         | true
        larger            | D            | 1               |                 | 2023-05-02 | 3500         | true
        larger            | D            | 2               |                 | 2023-05-02 | 4000         |
        larger            | C            | 3               | 1               | 2023-06-01 | 4000         | true
        """,
    )
    assert_pairs(cases, "reference_then_key")


def test_the_same_records_by_every_strategy(spark: SparkSession) -> None:
    # 3 names 2; 4 names nothing. By key, 3 and 4 take 1 and 2, the first two; 5 has an amount of its own.
    cases = frame(
        spark,
        RECORDS,
        """
        debit_credit | claim_reference | prior_reference | amount_cents | reference | key  | reference_then_key | none
        D            | 1               |                 | 3500         |           | true | true               |
        D            | 2               |                 | 3500         | true      | true | true               |
        C            | 3               | 2               | 3500         | true      | true | true               |
        C            | 4               |                 | 3500         |           | true | true               |
        D            | 5               |                 | 3600         |           |      |                    |
        D            | 6               |                 | 3500         |           |      |                    |
        D            | 7               |                 | 2000         | true      |      | true               |
        C            | 8               | 7               | 3000         | true      |      | true               |
        """,
    )
    by_strategy = [
        cases.select(
            *[name for name in cases.columns if name not in NETTING],
            F.col(strategy).alias("pair"),
            *[F.lit(strategy).alias(name) for name in ("strategy", "practice_agb")],
        )
        for strategy in NETTING
    ]
    assert_pairs(reduce(DataFrame.unionByName, by_strategy))


def test_references_are_in_the_order_of_their_bytes(spark: SparkSession) -> None:
    # Capitals before small letters, and U+FF5E before U+1F600, which UTF-16 has the other way round. The last is left.
    cases = frame(
        spark,
        RECORDS,
        """
        practice_agb | debit_credit | claim_reference | pair
        by key       | D            | \U0001f600      |
        by key       | D            | \uff5e          | true
        by key       | D            | é               | true
        by key       | D            | a               | true
        by key       | D            | Z               | true
        by key       | D            | 10              | true
        by key       | D            | 9               | true
        by key       | C            | c1              | true
        by key       | C            | c2              | true
        by key       | C            | c3              | true
        by key       | C            | c4              | true
        by key       | C            | c5              | true
        by key       | C            | c6              | true
        capital      | D            | a               |
        capital      | D            | B               | true
        capital      | C            | c               | true
        length       | D            | 9               |
        length       | D            | 10              | true
        length       | C            | 11              | true
        """,
    )
    assert_pairs(cases, "key")


def test_only_records_without_an_outcome_are_in_play(spark: SparkSession) -> None:
    # 8: the credit came after the cut-off. A label that nobody knows has no strategy.
    cases = frame(
        spark,
        RECORDS,
        """
        practice_agb | debit_credit | claim_reference | prior_reference | strategy           | outcome | pair
        both         | D            | 1               |                 | reference_then_key |         | true
        both         | C            | 2               | 1               | reference_then_key |         | true
        credit out   | D            | 1               |                 | reference_then_key |         |
        credit out   | C            | 2               | 1               | reference_then_key | 8       |
        debit out    | D            | 1               |                 | reference_then_key | 5       |
        debit out    | C            | 2               | 1               | reference_then_key |         |
        one out      | D            | 1               |                 | reference_then_key |         | true
        one out      | C            | 2               | 1               | reference_then_key | 8       |
        one out      | C            | 3               | 1               | reference_then_key |         | true
        no strategy  | D            | 1               |                 |                    | 3       |
        no strategy  | C            | 2               | 1               |                    | 3       |
        """,
    )
    assert_pairs(cases)


def test_a_pair_moves_from_its_place_to_another(spark: SparkSession) -> None:
    pairs = frame(
        spark, "claim_reference string, amount_cents bigint", "claim_reference | amount_cents \n 1 | 5 \n 2 | 7"
    )
    expected = frame(
        spark,
        "claim_reference string, amount_cents bigint, is_paired boolean, records int",
        """
        claim_reference | amount_cents | is_paired | records
        1               | 5            | false     | -1
        1               | 5            | true      | 1
        2               | 7            | false     | -1
        2               | 7            | true      | 1
        """,
    )
    assert_rows(netting.moves(pairs), expected, key=["claim_reference", "records"])


def test_debits_that_no_credit_touches_are_left_out(spark: SparkSession) -> None:
    cases = frame(
        spark,
        RECORDS,
        """
        claim_reference | debit_credit | prior_reference | amount_cents | bsn       | practice_agb | is_touched
        1               | D            |                 | 3500         | 111222333 | 04000001     | true
        2               | D            |                 | 4000         | 111222333 | 04000001     | true
        3               | D            |                 | 3500         | 111222333 | 04000001     |
        1               | D            |                 | 3500         | 111222333 | 04000002     | true
        1               | D            |                 | 4000         | 123456782 | 04000001     |
        4               | D            |                 | 4000         |           | 04000001     |
        5               | D            |                 | 5000         |           | 04000002     | true
        5               | D            |                 | 5000         |           | 04000003     |
        9               | C            | 1               | 4000         | 111222333 | 04000001     | true
        9               | C            | 5               | 5000         |           | 04000002     | true
        """,
    )
    same = {"uzovi": "0101", "treatment_date": "2023-05-01", "claim_date": "2023-05-02", "performance_code": "1000"}
    given = [F.lit(value).cast(RECORDS.column(name).type).alias(name) for name, value in same.items()]
    undecided = F.lit(None).cast("int").alias("outcome")
    records = cases.select("*", *given, undecided, F.lit("reference_then_key").alias("netting"))
    # What no credit asks for has other marks here; by chance it could have the same, and be looked at in vain, as is
    # what the same person has under one reference at another practice.
    left = touched(records.drop("is_touched"))
    key = ["practice_agb", "claim_reference"]
    assert_rows(left.select(*key), cases.where("is_touched").select(*key), key=key)


def test_few_others_of_a_person_are_touched_in_vain(spark: SparkSession) -> None:
    # One credit, and debits on other days under other references: with one bit of 32 for each some 60 would be touched.
    others = spark.range(1000).select(
        F.col("id").cast("string").alias("claim_reference"),
        F.when(F.col("id") == 0, "C").otherwise("D").alias("debit_credit"),
        F.when(F.col("id") == 0, "none of these").alias("prior_reference"),
        F.date_add(F.lit("2023-01-01").cast("date"), F.col("id").cast("int")).alias("treatment_date"),
    )
    same = {"uzovi": "0101", "practice_agb": "04000001", "bsn": "111222333", "performance_code": "1000"}
    records = others.select("*", *[F.lit(value).alias(name) for name, value in same.items()])
    assert 1 <= touched(records.withColumn("amount_cents", F.lit(3500).cast("bigint"))).count() <= 20
