"""Age, ses and insurance class of a patient: method 1.3.2, 1.3.4, 1.3.5. Report year 2023."""

from __future__ import annotations

import pyarrow as pa
import pytest
from pyspark.sql import DataFrame, SparkSession
from pyspark.sql import functions as F

from tests.support import assert_rows, frame, recognise, with_key
from zorgstat.behandelindex import classes
from zorgstat.behandelindex.settings import Settings
from zorgstat.behandelindex.tables import AV_CLASSES, AV_PACKAGES, SES_WOA
from zorgstat.periods import ReportVersion

REPORT = Settings()  # the whole of 2023


def test_age_class_on_30_june(spark: SparkSession) -> None:
    expected = frame(
        spark,
        "birth_date date, age_class int, why string",
        """
        birth_date | age_class | why
        2023-06-30 | 1         | 0, born that day
        2023-07-01 | 1         | born after 30 June counts as 0
        2023-12-31 | 1         | the last day
        2024-01-01 |           | born after the year
        2005-07-01 | 1         | 17
        2005-06-30 | 2         | 18
        1978-07-01 | 2         | 44
        1978-06-30 | 3         | 45
        1958-07-01 | 3         | 64
        1958-06-30 | 4         | 65
        1948-07-01 | 4         | 74
        1948-06-30 | 5         | 75
        1903-06-30 | 5         | 120
        1902-07-01 | 5         | 120, the last day of it
        1902-06-30 |           | 121
        1900-01-01 |           | 123
        0001-01-01 |           | 2022
        2004-02-29 | 2         | 19, born on a leap day
                   |           | unknown
        """,
    )
    actual = expected.select("birth_date", classes.age_class(F.col("birth_date"), REPORT).alias("age_class"))
    assert_rows(actual, expected.drop("why"), key=["birth_date"])


def test_forms_of_a_dutch_postcode(spark: SparkSession) -> None:
    dutch = ["1234AB", "1234 AB", "1234ab", "1234 aB", "1234"]
    spaced = [" 1234", "1234 ", "1234  AB", "1234AB ", " 1234AB", "12 34AB", "1234A B", "1234\tAB", "1234\u00a0AB"]
    others = ["", "123", "12345", "1234A", "1234 A", "1234ABC", "1234A1", "1234-AB", "B-2000", "AB1234", "D 1234"]
    signed = ["+123", "-123AB", " 123AB", "12.3", "123\u0664", "1234\u00c4B"]
    abroad = [*spaced, *others, *signed]
    expected = spark.createDataFrame(
        pa.table({"postcode": [*dutch, *abroad, None], "postcode4": ["1234"] * len(dutch) + [None] * (len(abroad) + 1)})
    )
    actual = expected.select("postcode", classes.postcode4(F.col("postcode")).alias("postcode4"))
    assert_rows(actual, expected, key=["postcode"])


@pytest.mark.parametrize(
    ("n", "low", "middle", "high"), [(3, 0, 3, 0), (4, 1, 2, 1), (7, 2, 3, 2), (10, 3, 4, 3), (90, 27, 36, 27)]
)
def test_30_percent_of_the_postcodes_is_rounded_down(
    spark: SparkSession, n: int, low: int, middle: int, high: int
) -> None:
    # Scores fall as postcodes rise, so the last postcodes are low.
    postcodes = [f"{1001 + place}" for place in range(n)]
    expected = [3] * high + [2] * middle + [1] * low
    ses_woa = spark.createDataFrame(pa.table({"postcode4": postcodes, "score": [place / -7 for place in range(n)]}))
    ranked = classes.rank_postcodes(ses_woa).collect()
    assert sorted((row["postcode4"], row["ses_class"]) for row in ranked) == list(zip(postcodes, expected, strict=True))


def test_equal_scores_are_in_the_order_of_their_postcodes(spark: SparkSession) -> None:
    # Ten with a score. At both cuts three are equal, and -0.0 equals 0.
    expected = frame(
        spark,
        "postcode4 string, score double, ses_class int",
        """
        postcode4 | score | ses_class
        1009      | -2    | 1
        1001      | -0.0  | 1
        1002      | 0     | 1
        1003      | -0.0  | 2
        1004      | 0.125 | 2
        1005      | 0.25  | 2
        1006      | 0.5   | 2
        1007      | 0.5   | 3
        1008      | 0.5   | 3
        0999      | 3     | 3
        """,
    )
    unscored = frame(spark, SES_WOA, "postcode4 | score \n 1010 | \n 1011 | NaN \n 1012 | \n 1013 | NaN")
    ranked = classes.rank_postcodes(expected.select("postcode4", "score").unionByName(unscored))
    assert_rows(ranked, expected.select("postcode4", "ses_class"), key=["postcode4"])


def test_who_has_no_scored_postcode_is_middle(spark: SparkSession) -> None:
    postcodes = frame(
        spark, "postcode4 string, ses_class int", "postcode4 | ses_class \n 1001 | 1 \n 1002 | 2 \n 1003 | 3"
    )
    expected = frame(
        spark,
        "person int, birth_date date, sex_code int, postcode string, age_class int, sex_class int, ses_class int",
        """
        person | birth_date | sex_code | postcode | age_class | sex_class | ses_class
        1      | 2000-01-01 | 1        | 1001AB   | 2         | 1         | 1
        2      | 2000-01-01 | 2        | 1002 ab  | 2         | 2         | 2
        3      | 2000-01-01 | 2        | 1003     | 2         | 2         | 3
        4      | 2000-01-01 | 2        | 1004AB   | 2         | 2         | 2
        5      | 2000-01-01 | 2        | D-1001   | 2         | 2         | 2
        6      | 2000-01-01 | 2        |          | 2         | 2         | 2
        7      |            | 3        | 1001AB   |           | 0         | 1
        8      | 1900-01-01 |          | 1001AB   |           |           | 1
        """,
    )
    people = expected.select("person", "birth_date", "sex_code", "postcode")
    classed = expected.select("person", "age_class", "sex_class", "ses_class")
    assert_rows(classes.add_patient_classes(people, postcodes, REPORT), classed, key=["person"])


# Concern 1 delivers classes; 2, 3 and 4 derive them, each by its policy; 5 takes no part. 0102 and 0203 are mandates.
LABELS = """
    uzovi | label | concern_number | standing | av_source | av_policy
    0101  | 1     | 0              |          | delivered | sum
    0102  | 2     |                | 2        | delivered | sum
    0103  | 3     | 0              |          | delivered | sum
    0201  | 4     | 1              |          | packages  | sum
    0202  | 5     | 1              |          | packages  | sum
    0203  | 6     |                | 2        | packages  | sum
    0301  | 7     | 2              |          | packages  | max
    0302  | 8     | 2              |          | packages  | max
    0401  | 9     | 3              |          | packages  | latest
    0402  | 10    | 3              |          | packages  | latest
    0501  | 11    |                | 3        | delivered | sum
"""
NAMES = {1: "delivered", 2: "sum", 4: "max", 8: "latest"}


def covers(
    spark: SparkSession, *, delivered: str = "", packages: str | DataFrame = "", settings: Settings = REPORT
) -> DataFrame:
    """person, and whether the cover is high at the concern of each source or policy (null: low)."""
    labels = frame(
        spark, "uzovi string, label int, concern_number int, standing int, av_source string, av_policy string", LABELS
    )
    av_classes = frame(spark, AV_CLASSES, delivered or "uzovi | bsn | report_year | av_class")
    none = "uzovi | bsn | package | insured_sessions | valid_from | valid_to"
    av_packages = packages if isinstance(packages, DataFrame) else frame(spark, AV_PACKAGES, packages or none)
    high = recognise(classes.high_covers(av_classes, av_packages, with_key(labels), settings))
    flags = [F.when(F.col("high_at_0").bitwiseAND(bit) > 0, True).alias(name) for bit, name in NAMES.items()]
    return high.select("person", *flags, F.bit_count("high_at_0").alias("concerns"))


def test_delivered_class_is_high_when_one_label_of_the_concern_says_so(spark: SparkSession) -> None:
    # 1 high; 2 low; 3, 4 labels disagree; 5 another year; 6 a mandate; 7 a concern that derives its classes;
    # 8 a concern that takes no part.
    delivered = """
        uzovi | bsn       | report_year | av_class
        0101  | 000000001 | 2023        | high
        0101  | 000000002 | 2023        | low
        0101  | 000000003 | 2023        | high
        0103  | 000000003 | 2023        | low
        0101  | 000000004 | 2023        | low
        0103  | 000000004 | 2023        | high
        0101  | 000000005 | 2022        | high
        0101  | 000000005 | 2023        | low
        0101  | 000000005 | 2024        | high
        0102  | 000000006 | 2023        | high
        0201  | 000000007 | 2023        | high
        0501  | 000000008 | 2023        | high
    """
    expected = frame(
        spark,
        "person int, delivered boolean, concerns int",
        """
        person | delivered | concerns
        1      | true      | 1
        3      | true      | 1
        4      | true      | 1
        """,
    )
    assert_rows(covers(spark, delivered=delivered), expected, key=["person"])


def test_more_than_12_sessions_is_high_by_each_policy(spark: SparkSession) -> None:
    # Every person has these packages at each of the three concerns; label 1 or 2 of it.
    packages = frame(
        spark,
        "bsn string, label int, package string, insured_sessions int, valid_from date, valid_to date",
        """
        bsn       | label | package | insured_sessions | valid_from | valid_to
        000000001 | 1     | A       | 12               | 2023-01-01 |
        000000002 | 1     | A       | 13               | 2023-01-01 |
        000000003 | 1     | A       | 9999             | 2023-01-01 |
        000000004 | 1     | A       | 6                | 2023-01-01 |
        000000004 | 2     | B       | 6                | 2023-01-01 |
        000000005 | 1     | A       | 6                | 2023-01-01 |
        000000005 | 2     | B       | 7                | 2023-01-01 |
        000000006 | 1     | A       | 13               | 2022-01-01 |
        000000006 | 1     | A       | 0                | 2023-01-01 |
        000000007 | 2     | A       | 13               | 2023-01-01 |
        000000007 | 1     | B       | 9                | 2023-01-01 |
        000000008 | 1     | a       | 13               | 2023-01-01 |
        000000008 | 2     | B       | 9                | 2023-01-01 |
        000000009 | 1     | A       | 9                | 2023-01-01 |
        000000009 | 2     | A       | 13               | 2023-01-01 |
        000000010 | 2     | A       | 9                | 2023-01-01 |
        000000010 | 2     | A       | 13               | 2023-01-01 |
        000000011 | 2     | A       | 9                | 2023-01-01 |
        000000011 | 1     | A       | 13               | 2023-01-01 |
        """,
    )
    expected = frame(
        spark,
        "person int, sum boolean, max boolean, latest boolean, why string",
        """
        person | sum  | max  | latest | why
        2      | true | true | true   | 13; person 1 has 12, which is low
        3      | true | true | true   | unlimited
        5      | true |      |        | 6 + 7; person 4 has 6 + 6, which is low
        6      | true | true |        | latest by valid_from
        7      | true | true |        | from one day: the highest package
        8      | true | true | true   | small letters after capitals
        9      | true | true | true   | one package: the highest uzovi
        10     | true | true | true   | one label too: the most sessions
        11     | true | true |        | the highest uzovi, with fewer sessions
        """,
    )
    concerns = frame(spark, "concern string", "concern \n 02 \n 03 \n 04")
    everywhere = packages.crossJoin(concerns).withColumn("uzovi", F.concat("concern", F.lit("0"), "label"))
    assert_rows(covers(spark, packages=everywhere.select(AV_PACKAGES.names)), expected.drop("why"), key=["person"])


@pytest.mark.parametrize(("version", "on_30_june", "on_1_july"), [(1, True, False), (3, True, True)])
def test_packages_count_when_valid_on_any_day_of_the_treatment_period(
    spark: SparkSession, version: int, on_30_june: bool, on_1_july: bool
) -> None:
    # 1 ends the day before; 2 on the first day; 3 begins on 30 June; 4 on 1 July; 5 valid on no day, 6 on one;
    # 7 a mandate; 8 a concern that delivers classes.
    packages = """
        uzovi | bsn       | package | insured_sessions | valid_from | valid_to
        0201  | 000000001 | A       | 13               | 2020-01-01 | 2022-12-31
        0201  | 000000002 | A       | 13               | 2020-01-01 | 2023-01-01
        0201  | 000000003 | A       | 13               | 2023-06-30 |
        0201  | 000000004 | A       | 13               | 2023-07-01 | 2023-12-31
        0201  | 000000005 | A       | 13               | 2023-05-02 | 2023-05-01
        0201  | 000000006 | A       | 13               | 2023-05-01 | 2023-05-01
        0203  | 000000007 | A       | 13               | 2020-01-01 |
        0101  | 000000008 | A       | 13               | 2020-01-01 |
    """
    settings = Settings(report=ReportVersion(2023, version))
    high = {row["person"] for row in covers(spark, packages=packages, settings=settings).collect()}
    assert high == {2, 6} | ({3} if on_30_june else set()) | ({4} if on_1_july else set())


def test_cover_belongs_to_one_concern(spark: SparkSession) -> None:
    # Person 1 is high at two concerns; person 2 has 6 and 7 sessions, but not at one concern.
    delivered = """
        uzovi | bsn       | report_year | av_class
        0101  | 000000001 | 2023        | high
    """
    packages = """
        uzovi | bsn       | package | insured_sessions | valid_from | valid_to
        0301  | 000000001 | A       | 27               | 2023-01-01 |
        0201  | 000000002 | A       | 6                | 2023-01-01 |
        0301  | 000000002 | A       | 7                | 2023-01-01 |
    """
    expected = frame(
        spark,
        "person int, delivered boolean, sum boolean, max boolean, concerns int",
        """
        person | delivered | sum | max  | concerns
        1      | true      |     | true | 2
        """,
    )
    assert_rows(covers(spark, delivered=delivered, packages=packages), expected, key=["person"])


def test_insurance_class(spark: SparkSession) -> None:
    # insurance: 1 CSI of the Bzv, 2 CSI 009, 3 CSI 003 to 005. Labels 1 and 3 are of concern 0, label 4 of concern 1,
    # label 5 of concern 62, which is the first of a second number. Label 6 takes no part.
    cases = frame(
        spark,
        "label int, insurance int, high_at_0 bigint, high_at_1 bigint, insurance_class int",
        """
        label | insurance | high_at_0 | high_at_1 | insurance_class
        1     | 1         |           |           | 1
        1     | 1         | 1         |           | 1
        1     | 2         |           |           | 2
        1     | 2         | 1         |           | 3
        1     | 2         |           | 1         | 2
        3     | 2         | 1         |           | 3
        4     | 2         | 1         |           | 2
        4     | 2         | 2         |           | 3
        5     | 2         | 1         |           | 2
        5     | 2         | 2         | 1         | 3
        6     | 2         | 1         | 1         | 2
        1     | 3         |           |           | 3
        4     | 3         | 1         |           | 3
        1     |           | 1         |           |
        """,
    )
    labels = frame(
        spark, "label int, concern_number int", "label | concern_number \n 1 | 0 \n 3 | 0 \n 4 | 1 \n 5 | 62 \n 6 | "
    )
    many = Settings(participating=tuple(f"concern {number}" for number in range(63)))
    actual = classes.add_insurance_class(cases.drop("insurance_class"), with_key(labels), many)
    assert_rows(actual, cases, key=["label", "insurance", "high_at_0", "high_at_1"])
