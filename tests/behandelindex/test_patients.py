"""One birth date, sex and postcode per person, over all labels: method 1.3.2 to 1.3.4.

Persons are numbered by the end of their bsn. Report year 2023: the postcode is that of 1 July 2023.
"""

from __future__ import annotations

from pyspark.sql import DataFrame, SparkSession
from pyspark.sql import functions as F

from tests.support import assert_rows, frame, recognise, with_key
from zorgstat.behandelindex import patients
from zorgstat.behandelindex.settings import Settings
from zorgstat.behandelindex.tables import ENROLMENTS

# 0103 is a mandate, 0201 of a concern that does not take part: they are not asked.
LABELS = """
    uzovi | label | standing
    0101  | 1     |
    0102  | 2     |
    0103  | 3     | 2
    0201  | 4     | 3
"""


def attributes(spark: SparkSession, enrolments: str) -> DataFrame:
    rows = frame(spark, ENROLMENTS, enrolments)
    missing = [F.lit(None).cast(c.type).alias(c.name) for c in ENROLMENTS.columns if c.name not in rows.columns]
    labels = frame(spark, "uzovi string, label int, standing int", LABELS)
    return recognise(patients.attributes(rows.select("*", *missing), with_key(labels), Settings()))


def test_birth_date_is_the_latest_known(spark: SparkSession) -> None:
    # 5 is known to a mandate only: nobody.
    actual = attributes(
        spark,
        """
        bsn       | uzovi | valid_from | valid_to   | birth_date
        000000001 | 0102  | 2020-01-01 | 2020-12-31 | 1980-01-01
        000000001 | 0101  | 2021-01-01 |            | 1970-01-01
        000000002 | 0101  | 2020-01-01 | 2020-12-31 | 1970-01-01
        000000002 | 0102  | 2021-01-01 |            |
        000000003 | 0101  | 2001-01-01 | 2001-12-31 | 1970-01-01
        000000004 | 0101  | 2020-01-01 |            | 1970-01-01
        000000004 | 0103  | 2022-01-01 |            | 1980-01-01
        000000004 | 0201  | 2022-01-01 |            | 1980-01-01
        000000004 | 9999  | 2022-01-01 |            | 1980-01-01
        000000005 | 0103  | 2022-01-01 |            | 1980-01-01
        000000006 | 0101  | 2022-01-01 |            | 1980-01-01
        000000006 | 0102  | 2022-01-01 |            | 1970-01-01
        000000007 | 0101  | 2022-01-01 |            | 1980-01-01
        000000007 | 0101  | 2022-01-01 |            | 1970-01-01
        000000007 | 0101  | 2022-01-01 |            |
        000000008 | 0101  | 2022-01-01 |            |
        000000009 | 0101  | 2022-01-01 | 2021-12-31 | 1970-01-01
        """,
    )
    expected = frame(
        spark,
        "person int, birth_date date, why string",
        """
        person | birth_date | why
        1      | 1970-01-01 | the latest
        2      | 1970-01-01 | the latest that has one
        3      | 1970-01-01 | ended long ago, still known
        4      | 1970-01-01 | other labels are not asked
        6      | 1970-01-01 | from one day: the highest uzovi
        7      | 1980-01-01 | one label too: the highest date
        8      |            | never known
        9      | 1970-01-01 | valid on no day, still known
        """,
    )
    assert_rows(actual, expected.drop("why"), key=["person"])


def test_sex_is_the_latest_known(spark: SparkSession) -> None:
    actual = attributes(
        spark,
        """
        bsn       | uzovi | valid_from | sex
        000000001 | 0101  | 2020-01-01 | M
        000000001 | 0101  | 2021-01-01 | V
        000000002 | 0101  | 2020-01-01 | V
        000000002 | 0101  | 2021-01-01 | 1
        000000003 | 0101  | 2018-01-01 | M
        000000003 | 0101  | 2019-01-01 | 2
        000000003 | 0101  | 2020-01-01 | 0
        000000003 | 0101  | 2021-01-01 | 9
        000000003 | 0101  | 2022-01-01 |
        000000003 | 0101  | 2023-01-01 | m
        000000004 | 0101  | 2020-01-01 | V
        000000004 | 0101  | 2021-01-01 | X
        000000005 | 0101  | 2020-01-01 | 0
        000000005 | 0101  | 2021-01-01 | ''
        000000006 | 0102  | 2020-01-01 | M
        000000006 | 0101  | 2020-01-01 | V
        000000007 | 0101  | 2020-01-01 | 1
        000000007 | 0101  | 2020-01-01 | V
        000000008 | 0101  | 2020-01-01 | M
        000000008 | 0101  | 2020-01-01 | 2
        000000009 | 0101  | 2020-01-01 | X
        000000009 | 0101  | 2020-01-01 | V
        """,
    )
    expected = frame(
        spark,
        "person int, sex_code int, why string",
        """
        person | sex_code | why
        1      | 2        | the latest
        2      | 1        | by code
        3      | 2        | what is unknown is passed over
        4      | 3        | X is known
        5      |          | never known
        6      | 1        | from one day: the highest uzovi
        7      | 2        | one label too: the highest value; code 1 is M
        8      | 2        | code 2 is V
        9      | 3        | X is the highest
        """,
    )
    assert_rows(actual, expected.drop("why"), key=["person"])


def test_postcode_is_that_of_1_july(spark: SparkSession) -> None:
    actual = attributes(
        spark,
        """
        bsn       | uzovi | valid_from | valid_to   | postcode
        000000001 | 0101  | 2020-01-01 | 2023-06-30 | 1001AA
        000000001 | 0101  | 2023-07-01 |            | 1002AA
        000000002 | 0101  | 2020-01-01 | 2023-07-01 | 1001AA
        000000002 | 0101  | 2023-07-02 |            | 1002AA
        000000003 | 0101  | 2020-01-01 | 2023-06-30 | 1001AA
        000000004 | 0101  | 2023-07-02 |            | 1001AA
        000000005 | 0102  | 2020-01-01 |            | 1001AA
        000000005 | 0101  | 2021-01-01 | 2023-07-01 | 1002AA
        000000006 | 0101  | 2020-01-01 |            | 1001AA
        000000006 | 0101  | 2021-01-01 |            |
        000000007 | 0101  | 2020-01-01 |            | 1001AA
        000000007 | 0101  | 2021-01-01 |            | B-2000
        000000008 | 0101  | 2020-01-01 | 2019-12-31 | 1001AA
        000000009 | 0102  | 2020-01-01 |            | 1001AA
        000000009 | 0101  | 2020-01-01 |            | 1002AA
        000000010 | 0101  | 2020-01-01 |            | 1001AA
        000000010 | 0101  | 2020-01-01 |            | 1001aa
        000000010 | 0101  | 2020-01-01 |            | 1001 AA
        000000011 | 0101  | 2020-01-01 |            |
        000000011 | 0101  | 2020-01-01 |            | ''
        000000012 | 0101  | 2020-01-01 |            | 1001AA
        000000012 | 0102  | 2020-01-01 |            |
        """,
    )
    expected = frame(
        spark,
        "person int, postcode string, why string",
        """
        person | postcode | why
        1      | 1002AA   | moved on 1 July
        2      | 1001AA   | moved on 2 July
        3      |          | left on 30 June
        4      |          | came on 2 July
        5      | 1002AA   | two are valid: the latest
        6      |          | the latest counts although it knows none
        7      | B-2000   | abroad
        8      |          | valid on no day
        9      | 1001AA   | from one day: the highest uzovi
        10     | 1001aa   | one label too: the highest as delivered
        11     |          | an empty one is unknown too
        12     |          | but uzovi goes first
        """,
    )
    assert_rows(actual, expected.drop("why"), key=["person"])


def test_only_nine_digits_are_a_person(spark: SparkSession) -> None:
    # Two rows of one person; one whose leading zero was lost is nobody. The 11-test is asked of claims only.
    actual = attributes(
        spark,
        """
        bsn        | uzovi | valid_from | birth_date | sex | postcode
        111222333  | 0101  | 2020-01-01 | 1970-01-01 |     | 1001AA
        111222333  | 0102  | 2019-01-01 |            | V   | 1002AA
        000000012  | 0101  | 2020-01-01 | 1980-01-01 | M   |
        12         | 0101  | 2020-01-01 | 1990-01-01 | M   |
        1112223330 | 0101  | 2020-01-01 | 1990-01-01 | M   |
        11122233A  | 0101  | 2020-01-01 | 1990-01-01 | M   |
        ''         | 0101  | 2020-01-01 | 1990-01-01 | M   |
        """,
    )
    expected = frame(
        spark,
        "person int, birth_date date, sex_code int, postcode string",
        """
        person    | birth_date | sex_code | postcode
        111222333 | 1970-01-01 | 2        | 1001AA
        12        | 1980-01-01 | 1        |
        """,
    )
    assert_rows(actual, expected, key=["person"])
