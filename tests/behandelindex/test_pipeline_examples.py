"""What only shows from claims to figures: the method's own examples (1.3.1, 1.3.5, 1.4) as whole runs on a few records."""

from __future__ import annotations

from collections.abc import Mapping

from pyspark.sql import DataFrame, SparkSession
from pyspark.sql import functions as F

from tests.support import assert_rows, frame
from zorgstat.behandelindex import pipeline
from zorgstat.behandelindex.settings import Settings
from zorgstat.behandelindex.tables import INPUTS

# Whatever a table leaves out: a man of 53 in the middle of 2023, insured with CZ, treated once for xx41 under CSI 001.
DEFAULTS = {
    "uzovi": "0101",
    "bsn": "111222333",
    "practice_agb": "04000001",
    "debit_credit": "D",
    "treatment_date": "2023-05-01",
    "claim_date": "2023-05-02",
    "performance_code": "1000",
    "diagnosis_code": "1041",
    "csi_code": "001",
    "amount_cents": "3500",
    "status": "approved",
    "channel": "vecozo",
    "care_setting": "practice",
    "birth_date": "1970-01-01",
    "sex": "M",
    "valid_from": "2020-01-01",
    "name": "Practice",
    "report_year": "2023",
}
ALWAYS = {
    "insurers": """
        uzovi | concern | kind
        0101  | CZ      | insurer
        0201  | VGZ     | insurer
        0301  | CZ      | mandate
    """,
    "agb_register": """
        agb      | kind
        04000001 | practice
        04000002 | practice
    """,
    "ses_woa": """
        postcode4 | score
        1001      | -1
        1002      | 0
        1003      | 0.25
        1004      | 1
    """,
    "enrolments": "bsn \n 111222333 \n 900000016 \n 900000028",
    "av_packages": "bsn",
    "av_classes": "bsn",
}


def build(spark: SparkSession, **tables: str) -> Mapping[str, DataFrame]:
    """The outputs for these rows, everything else as in ALWAYS and DEFAULTS."""
    inputs = {}
    for table in INPUTS:
        rows = frame(spark, table, {**ALWAYS, **tables}[table.name])
        columns = [
            F.col(column.name) if column.name in rows.columns else F.lit(DEFAULTS.get(column.name)).cast(column.type)
            for column in table.columns
        ]
        inputs[table.name] = rows.select(*[made.alias(name) for made, name in zip(columns, table.names, strict=True)])
    return pipeline.build(inputs, Settings(), keep=lambda frame: frame)


def test_treatments_of_one_pathology_class_are_one_combination(spark: SparkSession) -> None:
    # xx41 and xx42 are both class 5; xx08 and xx41 are two classes, and the treatments are split between them.
    figures = build(
        spark,
        claims="""
            claim_reference | practice_agb | diagnosis_code
            1               | 04000001     | 1041
            2               | 04000001     | 1042
            3               | 04000001     | 2042
            4               | 04000002     | 1008
            5               | 04000002     | 1041
            6               | 04000002     | 1041
        """,
    )
    expected = frame(
        spark,
        "practice_agb string, basket_id int, combinations bigint, treatments bigint",
        """
        practice_agb | basket_id | combinations | treatments
        04000001     | 218       | 1            | 3
        04000002     | 182       | 1            | 1
        04000002     | 218       | 1            | 2
        """,
    )
    assert_rows(figures["practice_baskets"], expected, key=["practice_agb", "basket_id"])


def test_a_patient_with_csi_009_and_001_stands_there_twice(spark: SparkSession) -> None:
    # But is one patient. The cover at CZ is high, so that 009 is class 3; of the other patient nothing is known: low.
    figures = build(
        spark,
        claims="""
            claim_reference | bsn       | csi_code
            1               | 111222333 | 001
            2               | 111222333 | 009
            3               | 111222333 | 009
            4               | 900000016 | 009
        """,
        av_classes="uzovi | bsn | av_class \n 0101 | 111222333 | high",
    )
    expected = frame(
        spark,
        "practice_agb string, combinations bigint, patients bigint, treatments bigint",
        """
        practice_agb | combinations | patients | treatments
        04000001     | 3            | 2        | 4
        """,
    )
    assert_rows(figures["practice_index"], expected, key=["practice_agb"])
    baskets = {row["basket_id"]: row["insurance_class"] for row in figures["national_baskets"].collect()}
    assert baskets == {218: 1, 221: 2, 224: 3}


def test_a_patient_over_two_concerns_is_one_combination_when_the_class_is_equal(spark: SparkSession) -> None:
    # CSI 001 is one class, whoever pays. CSI 009 is not: the cover is high at CZ only.
    figures = build(
        spark,
        claims="""
            claim_reference | practice_agb | uzovi | csi_code
            1               | 04000001     | 0101  | 001
            2               | 04000001     | 0201  | 001
            3               | 04000002     | 0101  | 009
            4               | 04000002     | 0201  | 009
        """,
        av_classes="uzovi | bsn | av_class \n 0101 | 111222333 | high",
    )
    expected = frame(
        spark,
        "practice_agb string, combinations bigint, patients bigint, treatments bigint",
        """
        practice_agb | combinations | patients | treatments
        04000001     | 1            | 1        | 2
        04000002     | 2            | 1        | 2
        """,
    )
    assert_rows(figures["practice_index"], expected, key=["practice_agb"])


def test_who_moved_and_who_was_born_late(spark: SparkSession) -> None:
    # 111222333 lived in the poorest postcode on 1 July, the others in the richest; 900000016 was born after 30 June: 0 years.
    figures = build(
        spark,
        claims="""
            claim_reference | bsn       | treatment_date
            1               | 111222333 | 2023-02-01
            2               | 111222333 | 2023-12-01
            3               | 900000016 | 2023-12-01
            4               | 900000028 | 2023-12-01
        """,
        enrolments="""
            bsn       | birth_date | sex | postcode | valid_from | valid_to
            111222333 | 1970-01-01 | M   | 1004AB   | 2020-01-01 | 2023-06-30
            111222333 | 1970-01-01 | M   | 1001AB   | 2023-07-01 |
            900000016 | 2023-07-01 | V   | 1004AB   | 2023-07-01 |
            900000028 | 2000-01-01 | V   | 1004AB   | 2020-01-01 | 2023-07-01
            900000028 | 2000-01-01 | V   | 1001AB   | 2023-07-02 |
        """,
    )
    expected = frame(
        spark,
        "sex string, age_class int, ses_class int, combinations bigint, treatments bigint",
        """
        sex | age_class | ses_class | combinations | treatments
        M   | 3         | 1         | 1            | 2
        V   | 1         | 3         | 1            | 1
        V   | 2         | 3         | 1            | 1
        """,
    )
    assert_rows(figures["national_baskets"], expected, key=["sex", "age_class"])


def test_what_was_taken_back_does_not_count(spark: SparkSession) -> None:
    # By default a credit is matched by reference, then by key. Content is judged after netting: 3 has no such code.
    figures = build(
        spark,
        claims="""
            claim_reference | debit_credit | prior_reference | uzovi | performance_code
            1               | D            |                 | 0101  | 1000
            2               | D            |                 | 0101  | 1000
            3               | D            |                 | 0101  | 9999
            4               | C            | 2               | 0101  | 1000
            5               | C            | 3               | 0101  | 1000
            6               | C            | 9               | 0101  | 1001
            7               | D            |                 | 9999  | 1000
            8               | C            | 7               | 9999  | 1000
            9               | C            | 1               | 0301  | 1000
        """,
    )
    expected = frame(
        spark,
        "uzovi string, concern string, outcome string, records bigint",
        """
        uzovi | concern | outcome                   | records
        0101  | CZ      | counted                   | 1
        0101  | CZ      | credit                    | 2
        0101  | CZ      | credit_unmatched          | 1
        0101  | CZ      | netted                    | 2
        0301  | CZ      | mandate                   | 1
        9999  |         | insurer_not_participating | 2
        """,
    )
    assert_rows(figures["outcomes"], expected, key=["uzovi", "outcome"])


def test_nothing_counted_gives_empty_figures(spark: SparkSession) -> None:
    figures = build(spark, claims="claim_reference | status \n 1 | rejected")
    expected = frame(
        spark, "uzovi string, outcome string, records bigint", "uzovi | outcome | records \n 0101 | not_approved | 1"
    )
    assert_rows(figures["outcomes"], expected, key=["uzovi"])
    for name in ("national_baskets", "practice_baskets", "practice_index"):
        assert figures[name].isEmpty(), name
    bands = [
        (row["upper"], row["factor"], row["sd"]) for row in figures["correction_factors"].orderBy("lower").collect()
    ]
    assert bands == [(upper, 1, 0.0) for upper in (12, 15, 25, 30, 60, 150, 500, None)]
