"""What only shows from claims to figures: the method's own examples (1.2 to 1.4), in two runs on a few records."""

from __future__ import annotations

from collections.abc import Mapping

import pytest
from pyspark.sql import DataFrame, SparkSession
from pyspark.sql import functions as F

from tests.support import assert_rows, frame, person_key
from zorgstat.behandelindex import pipeline
from zorgstat.behandelindex.settings import Settings
from zorgstat.behandelindex.tables import INPUTS

# Whatever a table leaves out.
DEFAULTS = {
    "uzovi": "0101",
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
    "valid_from": "2020-01-01",
    "kind": "practice",
    "name": "Practice",
    "report_year": "2023",
}

EXAMPLES = {
    "insurers": """
        uzovi | concern | kind
        0101  | CZ      | insurer
        0102  | CZ      | insurer
        0103  | CZ      | mandate
        0201  | VGZ     | insurer
    """,
    "agb_register": "agb \n 04000001 \n 04000002 \n 04000003 \n 04000004 \n 04000005 \n 04000006 \n 04000007",
    "ses_woa": """
        postcode4 | score
        1001      | -1
        1002      | 0
        1003      | 0.25
        1004      | 1
    """,
    # 1004 is the richest postcode, 1001 the poorest. Two moved, on 1 and on 2 July; one was born on 1 July.
    "enrolments": """
        bsn       | birth_date | sex | postcode | valid_from | valid_to
        111222333 | 1970-01-01 | M   |          | 2020-01-01 |
        900000016 | 1970-01-01 | M   |          | 2020-01-01 |
        900000028 | 1970-01-01 | M   | 1004AB   | 2020-01-01 | 2023-06-30
        900000028 | 1970-01-01 | M   | 1001AB   | 2023-07-01 |
        900000041 | 2023-07-01 | V   | 1004AB   | 2023-07-01 |
        900000053 | 2000-01-01 | V   | 1004AB   | 2020-01-01 | 2023-07-01
        900000053 | 2000-01-01 | V   | 1001AB   | 2023-07-02 |
    """,
    "av_packages": "bsn",
    "av_classes": "uzovi | bsn | av_class \n 0101 | 111222333 | high",
    "claims": """
        practice_agb | claim_reference | bsn       | uzovi | diagnosis_code | csi_code | treatment_date
        04000001     | 1               | 111222333 | 0101  | 1041           | 001      | 2023-05-01
        04000001     | 2               | 111222333 | 0101  | 1042           | 001      | 2023-05-02
        04000001     | 3               | 111222333 | 0101  | 2042           | 001      | 2023-05-02
        04000002     | 1               | 111222333 | 0101  | 1008           | 001      | 2023-05-01
        04000002     | 2               | 111222333 | 0101  | 1041           | 001      | 2023-05-01
        04000002     | 3               | 111222333 | 0101  | 1041           | 001      | 2023-05-02
        04000003     | 1               | 111222333 | 0101  | 1041           | 001      | 2023-05-01
        04000003     | 2               | 111222333 | 0101  | 1041           | 009      | 2023-05-01
        04000003     | 3               | 111222333 | 0101  | 1041           | 009      | 2023-05-02
        04000003     | 4               | 900000016 | 0101  | 1041           | 009      | 2023-05-02
        04000004     | 1               | 111222333 | 0101  | 1041           | 001      | 2023-05-01
        04000004     | 2               | 111222333 | 0201  | 1041           | 001      | 2023-05-02
        04000005     | 1               | 111222333 | 0101  | 1041           | 009      | 2023-05-01
        04000005     | 2               | 111222333 | 0102  | 1041           | 009      | 2023-05-02
        04000005     | 3               | 111222333 | 0201  | 1041           | 009      | 2023-05-02
        04000006     | 1               | 900000028 | 0101  | 1041           | 001      | 2023-02-01
        04000006     | 2               | 900000028 | 0101  | 1041           | 001      | 2023-12-01
        04000006     | 3               | 900000041 | 0101  | 1041           | 001      | 2023-12-01
        04000006     | 4               | 900000053 | 0101  | 1041           | 001      | 2023-12-01
    """,
}


def build(spark: SparkSession, tables: Mapping[str, str]) -> dict[str, DataFrame]:
    inputs: dict[str, DataFrame] = {}
    for table in INPUTS:
        rows = frame(spark, table, tables[table.name])
        inputs[table.name] = rows.select(
            *[
                F.col(column.name)
                if column.name in rows.columns
                else F.lit(DEFAULTS.get(column.name)).cast(column.type).alias(column.name)
                for column in table.columns
            ]
        )
    return pipeline.build(inputs | {"person_key": person_key(spark)}, Settings(), lambda frame: frame.localCheckpoint())


@pytest.fixture(scope="module")
def figures(spark: SparkSession) -> dict[str, DataFrame]:
    return build(spark, EXAMPLES)


def test_patients_and_their_combinations(spark: SparkSession, figures: dict[str, DataFrame]) -> None:
    expected = frame(
        spark,
        "practice_agb string, combinations bigint, patients bigint, treatments bigint, why string",
        """
        practice_agb | combinations | patients | treatments | why
        04000001     | 1            | 1        | 3          | xx41 and xx42 are one pathology class
        04000002     | 2            | 1        | 3          | xx08 and xx41 are two
        04000003     | 3            | 2        | 4          | CSI 009 and CSI 001 are two, and another patient
        04000004     | 1            | 1        | 2          | two concerns pay for one class
        04000005     | 2            | 1        | 3          | two concerns pay, the cover at one is high
        04000006     | 3            | 3        | 4          | one basket before and after moving
        """,
    )
    assert_rows(figures["practice_index"], expected.drop("why"), key=["practice_agb"])


def test_baskets_of_the_examples(spark: SparkSession, figures: dict[str, DataFrame]) -> None:
    # Men of 53: 218 is pathology 5 under CSI 001, 182 pathology 1; under CSI 009, 221 has low cover and 224 high.
    # 217 is 218 for the poorest; 489 and 579 are women for the richest, 0 and 23 years old.
    expected = frame(
        spark,
        "practice_agb string, basket_id int, combinations bigint, treatments bigint",
        """
        practice_agb | basket_id | combinations | treatments
        04000001     | 218       | 1            | 3
        04000002     | 182       | 1            | 1
        04000002     | 218       | 1            | 2
        04000003     | 218       | 1            | 1
        04000003     | 221       | 1            | 1
        04000003     | 224       | 1            | 2
        04000004     | 218       | 1            | 2
        04000005     | 221       | 1            | 1
        04000005     | 224       | 1            | 2
        04000006     | 217       | 1            | 2
        04000006     | 489       | 1            | 1
        04000006     | 579       | 1            | 1
        """,
    )
    assert_rows(figures["practice_baskets"], expected, key=["practice_agb", "basket_id"])


def test_nothing_counted_gives_empty_figures(spark: SparkSession) -> None:
    # What is left of 1 to 3 after netting, which is by reference and then by key, is judged by its content.
    figures = build(
        spark,
        EXAMPLES
        | {
            "claims": """
                claim_reference | debit_credit | prior_reference | uzovi | performance_code | bsn       | status
                1               | D            |                 | 0101  | 1000             | 111222333 | approved
                2               | D            |                 | 0101  | 9999             | 111222333 | approved
                3               | D            |                 | 0101  | 9999             | 111222333 | approved
                4               | D            |                 | 0101  | 1000             | 111222334 | approved
                5               | C            | 2               | 0101  | 1000             | 111222333 | approved
                6               | C            | 9               | 0101  | 1000             | 111222333 | approved
                7               | C            | 9               | 0101  | 1000             | 111222333 | approved
                8               | C            | 4               | 0101  | 1000             | 111222334 | rejected
                9               | D            |                 | 9999  | 1000             | 111222333 | approved
                10              | C            | 9               | 9999  | 1000             | 111222333 | approved
                11              | C            | 1               | 0103  | 1000             | 111222333 | approved
            """
        },
    )
    expected = frame(
        spark,
        "uzovi string, concern string, outcome string, records bigint",
        """
        uzovi | concern | outcome                   | records
        0101  | CZ      | credit                    | 2
        0101  | CZ      | credit_unmatched          | 1
        0101  | CZ      | invalid_bsn               | 1
        0101  | CZ      | netted                    | 2
        0101  | CZ      | not_approved              | 1
        0101  | CZ      | performance_code          | 1
        0103  | CZ      | mandate                   | 1
        9999  |         | insurer_not_participating | 2
        """,
    )
    assert_rows(figures["outcomes"], expected, key=["uzovi", "outcome"])
    for name in ("national_baskets", "practice_baskets", "practice_index"):
        assert figures[name].isEmpty(), name
    factors = figures["correction_factors"].orderBy("lower").collect()
    assert [(row["lower"], row["factor"], row["sd"]) for row in factors] == [
        (lower, 1, 0.0) for lower in (10, 12, 15, 25, 30, 60, 150, 500)
    ]
