"""Which records count: method 1.1 and table 1; the outcomes in their order."""

from __future__ import annotations

from datetime import date

import pytest
from pyspark.sql import Column, DataFrame, SparkSession, Window
from pyspark.sql import functions as F

from tests.support import assert_rows, disguise, frame, recognise, with_key
from zorgstat import codes, privacy
from zorgstat.behandelindex import classes, intervals, selection
from zorgstat.behandelindex.settings import Settings
from zorgstat.behandelindex.tables import AGB_REGISTER, INSURERS
from zorgstat.periods import ReportVersion

WHOLE_2023 = Settings()  # treated in 2023, received up to 29 February 2024
REGISTER = """
    uzovi | concern   | kind
    0101  | CZ        | insurer
    0102  | CZ        | mandate
    0103  | CZ        | reserved
    0201  | Elsewhere | insurer
    0202  | Elsewhere | mandate
    0203  | Elsewhere | reserved
"""
DELIVERY = """case string, uzovi string, status string, channel string, care_setting string, treatment_date date,
    claim_date date, outcome string"""


def labels(spark: SparkSession, settings: Settings = WHOLE_2023) -> DataFrame:
    named_by_claims = frame(spark, "uzovi string", "uzovi \n 0101 \n 9998 \n 9999 \n 9999")
    return with_key(selection.number_labels(frame(spark, INSURERS, REGISTER), named_by_claims, settings))


def number(outcome: str) -> Column:
    names = F.array(*[F.lit(name) for name in selection.OUTCOME_NAMES])
    return F.nullif(F.array_position(names, F.col(outcome)), F.lit(0)).cast("int").alias("outcome")


def named(judged: DataFrame) -> DataFrame:
    # outcome_name is asked for numbers only: with null, Spark 4.2 answers the last name of the list.
    return judged.withColumn("outcome", F.when(F.col("outcome") > 0, selection.outcome_name(F.col("outcome"))))


def assert_outcomes(cases: DataFrame, settings: Settings = WHOLE_2023) -> None:
    """Every case gets the outcome that stands beside it; none: the record goes on."""
    delivered = selection.judge_delivery(cases.drop("outcome"), settings)
    judged = selection.judge_label(delivered, labels(cases.sparkSession, settings))
    assert_rows(named(judged), cases.select("case", "outcome"), key=["case"])


def test_the_label_decides_first(spark: SparkSession) -> None:
    # Whatever else is wrong with the record; a treaty patient's claim may not even be looked at.
    cases = frame(
        spark,
        DELIVERY,
        """
        case                 | uzovi | outcome
        reserved             | 0103  | reserved_uzovi
        reserved, elsewhere  | 0203  | reserved_uzovi
        mandate              | 0102  | mandate
        mandate, elsewhere   | 0202  | mandate
        concern not in it    | 0201  | insurer_not_participating
        unknown label        | 9999  | insurer_not_participating
        takes part           | 0101  | not_approved
        """,
    )
    wrong = {"status": "rejected", "channel": "restitution", "care_setting": "outpatient_clinic"}
    nothing_right = cases.select("*", *[F.lit(value).alias(name) for name, value in wrong.items()])
    assert_outcomes(nothing_right.selectExpr("*", "date'2024-01-01' treatment_date", "date'2024-03-01' claim_date"))


def test_outcomes_of_the_delivery_in_their_order(spark: SparkSession) -> None:
    # Every record breaks its own rule and all rules after it; the first counts.
    cases = frame(
        spark,
        DELIVERY,
        """
        case          | status   | channel     | care_setting      | treatment_date | claim_date | outcome
        rejected      | rejected | restitution | outpatient_clinic | 2024-01-01     | 2024-03-01 | not_approved
        restitution   | approved | restitution | outpatient_clinic | 2024-01-01     | 2024-03-01 | restitution
        outpatient    | approved | vecozo      | outpatient_clinic | 2024-01-01     | 2024-03-01 | outpatient_clinic
        treated late  | approved | vecozo      | practice          | 2024-01-01     | 2024-03-01 | outside_period
        received late | approved | vecozo      | practice          | 2023-12-31     | 2024-03-01 | after_claim_cutoff
        goes on       | approved | vecozo      | practice          | 2023-12-31     | 2024-02-29 |
        """,
    )
    assert_outcomes(cases.withColumn("uzovi", F.lit("0101")))


def test_missing_and_unknown_values_of_the_delivery(spark: SparkSession) -> None:
    # What is missing is not approved, not through vecozo, not in the period; only care_setting must say so itself.
    cases = frame(
        spark,
        DELIVERY,
        """
        case            | status   | channel | care_setting          | treatment_date | claim_date | outcome
        all missing     |          |         |                       |                |            | not_approved
        no status       |          | vecozo  | practice              | 2023-05-01     | 2023-05-02 | not_approved
        other status    | Approved | vecozo  | practice              | 2023-05-01     | 2023-05-02 | not_approved
        empty status    | ''       | vecozo  | practice              | 2023-05-01     | 2023-05-02 | not_approved
        no channel      | approved |         | practice              | 2023-05-01     | 2023-05-02 | restitution
        other channel   | approved | paper   | practice              | 2023-05-01     | 2023-05-02 | restitution
        hospital        | approved | vecozo  | hospital_primary_care | 2023-05-01     | 2023-05-02 |
        no setting      | approved | vecozo  |                       | 2023-05-01     | 2023-05-02 |
        other setting   | approved | vecozo  | at sea                | 2023-05-01     | 2023-05-02 |
        no day          | approved | vecozo  | practice              |                | 2023-05-02 | outside_period
        never received  | approved | vecozo  | practice              | 2023-05-01     |            | after_claim_cutoff
        received before | approved | vecozo  | practice              | 2023-05-01     | 2022-05-02 |
        """,
    )
    assert_outcomes(cases.withColumn("uzovi", F.lit("0101")))


def test_first_and_last_days_of_a_version(spark: SparkSession) -> None:
    cases = frame(
        spark,
        DELIVERY,
        """
        case           | uzovi | status   | channel | treatment_date | claim_date | outcome
        day before     | 0101  | approved | vecozo  | 2022-12-31     | 2023-01-01 | outside_period
        first day      | 0101  | approved | vecozo  | 2023-01-01     | 2023-01-01 |
        last days      | 0101  | approved | vecozo  | 2023-06-30     | 2023-08-31 |
        day after      | 0101  | approved | vecozo  | 2023-07-01     | 2023-08-31 | outside_period
        received after | 0101  | approved | vecozo  | 2023-06-30     | 2023-09-01 | after_claim_cutoff
        """,
    )
    version_1 = Settings(report=ReportVersion(2023, 1))
    assert_outcomes(cases.withColumn("care_setting", F.lit("practice")), version_1)


def judge(cases: DataFrame) -> DataFrame:
    """The cases as treatments with nothing wrong but what they say; the first column names the case.

    A label for each case carries its name through the rules, and nothing is wrong with it.
    """
    spark, case = cases.sparkSession, cases.columns[0]
    right = {"practice_agb": "04000001", "debit_credit": "D", "bsn": "111222333", "performance_code": "1000"}
    right |= {"diagnosis_code": "1041", "csi_code": "001"}
    numbered = cases.withColumn("label", F.row_number().over(Window.orderBy(F.lit(1))))
    numbered = numbered.withColumn("uzovi", F.col("label").cast("string"))
    records = numbered.select(
        "uzovi",
        *[F.col(name) if name in cases.columns else F.lit(value).alias(name) for name, value in right.items()],
        number("before") if "before" in cases.columns else F.lit(None).cast("int").alias("outcome"),
        F.coalesce("is_paired", F.lit(False)).alias("is_paired")
        if "is_paired" in cases.columns
        else F.lit(False).alias("is_paired"),
        F.lit(1).alias("records"),
    )
    practices = frame(spark, "practice_agb string, practice int", "practice_agb | practice \n 04000001 | 1")
    judged = selection.judge_treatment(privacy.name_people(with_key(records)), WHOLE_2023)
    register = numbered.select(
        "uzovi", "label", F.lit(None).cast("int").alias("standing"), F.lit("none").alias("netting")
    )
    features = selection.number_features(selection.judge_label(judged, with_key(register)), practices)
    return named(features).join(numbered.select("label", case), "label")


def test_outcomes_of_the_treatment_in_their_order(spark: SparkSession) -> None:
    # before: an outcome that the record has already.
    cases = frame(
        spark,
        """case string, before string, debit_credit string, is_paired boolean, performance_code string, csi_code string,
           outcome string, insurance int""",
        """
        case      | before       | debit_credit | is_paired | performance_code | csi_code | outcome          | insurance
        decided   | not_approved | C            | true      | 9999             | 020      | not_approved     |
        took back |              | C            | true      | 9999             | 020      | credit           |
        in vain   |              | C            |           | 9999             | 020      | credit_unmatched |
        netted    |              | D            | true      | 9999             | 020      | netted           |
        unlisted  |              | D            |           | 9999             | 020      | performance_code |
        no code   |              | D            |           |                  | 021      | performance_code |
        short     |              | D            |           | 100              | 001      | performance_code | 1
        screening |              | D            |           | 1850             | 001      | performance_code | 1
        covid     |              | D            |           | 1000             | 020      | csi_covid        |
        covid too |              | D            |           | 1000             | 021      | csi_covid        |
        by cover  |              | D            |           | 1864             | 009      |                  | 2
        no CSI    |              | D            |           | 1920             |          |                  |
        """,
    )
    assert_rows(judge(cases), cases.select("case", "outcome", "insurance"), key=["case"])


def test_persons_are_looked_at_only_while_a_record_is_undecided(spark: SparkSession) -> None:
    cases = frame(
        spark,
        "case string, before string, bsn string, person int",
        """
        case     | before                    | bsn       | person
        treaty   | reserved_uzovi            | 111222333 |
        mandate  | mandate                   | 111222333 |
        other    | insurer_not_participating | 111222333 |
        rejected | not_approved              | 111222333 |
        goes on  |                           | 111222333 | 111222333
        invalid  |                           | 111222334 | 111222334
        8 digits |                           | 11122233  |
        no bsn   |                           |           |
        """,
    )
    judged = judge(cases)
    people = recognise(judged).withColumn("person", F.when(F.col("person") >= 0, F.col("person")))
    assert_rows(people, cases.select("case", "person"), key=["case"])
    assert judged.select("person").distinct().count() == 8  # the stand-ins differ too


def test_pathology_class_of_a_diagnosis(spark: SparkSession) -> None:
    # xx41 and xx42 are one class, xx08 another (method 1.3.1); xx29, xx30, xx49 and xx57 to xx59 are no class.
    cases = frame(
        spark,
        "diagnosis_code string, pathology_class int",
        """
        diagnosis_code | pathology_class
        1041 | 5
        2042 | 5
        1008 | 1
        0000 | 1
        1009 | 1
        1010 | 2
        1019 | 2
        1020 | 3
        1028 | 3
        1029 |
        1030 |
        1031 | 4
        1039 | 4
        1040 | 5
        1048 | 5
        1049 |
        1050 | 6
        1056 | 6
        1057 |
        1058 |
        1059 |
        1060 | 7
        1069 | 7
        1070 | 8
        1080 | 9
        1090 | 10
        9999 | 10
        41   |
        041  |
        10411 |
        1O41 |
        -041 |
        ''   |
             |
        """,
    )
    number = classes.pathology_class(F.col("diagnosis"), WHOLE_2023)
    assert_rows(judge(cases).withColumn("pathology_class", number), cases, key=["diagnosis_code"])


def test_group_of_a_csi_code(spark: SparkSession) -> None:
    # 1 Bzv, 2 by supplementary cover, 3 high.
    cases = frame(
        spark,
        "csi_code string, insurance int",
        """
        csi_code | insurance
        000  |
        001  | 1
        002  |
        003  | 3
        004  | 3
        005  | 3
        006  |
        007  |
        008  | 1
        009  | 2
        010  | 1
        011  | 1
        012  | 1
        013  | 1
        014  | 1
        015  | 1
        016  | 1
        017  | 1
        018  | 1
        019  | 1
        022  |
        999  |
        1    |
        01   |
        0001 |
        +01  |
        ''   |
             |
        """,
    )
    assert_rows(judge(cases), cases, key=["csi_code"])


def test_outcomes_of_the_person_in_their_order(spark: SparkSession) -> None:
    # Every group breaks its own rule and all rules after it; 0 was decided before. 111222334 fails the 11-test.
    cases = frame(
        spark,
        """case int, person int, practice int, diagnosis int, insurance int, age_class int,
           sex_class int, outcome string, class int""",
        """
        case | person    | practice | diagnosis | insurance | age_class | sex_class | outcome            | class
        0    |           |          |           |           |           |           | csi_covid          |
        1    |           |          |           |           |           |           | invalid_bsn        |
        2    | 111222334 |          |           |           |           |           | invalid_bsn        |
        3    | 0         | 1        | 41        | 1         | 3         | 1         | invalid_bsn        | 5
        4    | 111222333 |          |           |           |           |           | invalid_practice   |
        5    | 111222333 | 1        |           |           |           |           | invalid_diagnosis  |
        6    | 111222333 | 1        | 29        |           |           |           | invalid_diagnosis  |
        7    | 111222333 | 1        | 41        |           |           |           | invalid_csi        | 5
        8    | 111222333 | 1        | 41        | 1         |           |           | invalid_birth_date | 5
        9    | 111222333 | 1        | 41        | 1         | 3         |           | invalid_sex        | 5
        10   | 111222333 | 1        | 41        | 1         | 3         | 0         | invalid_sex        | 5
        11   | 111222333 | 1        | 41        | 1         | 3         | 1         | counted            | 5
        12   | 111222333 | 1        | 0         | 2         | 3         | 2         | counted            | 1
        """,
    )
    before = F.when(F.col("case") == 0, F.lit(int(selection.Outcome.CSI_COVID)))
    people = disguise(cases.drop("class").withColumn("outcome", before))
    judged = selection.judge_person(people, WHOLE_2023).withColumnRenamed("pathology_class", "class")
    assert_rows(recognise(named(judged)), cases, key=["case"])


def test_names_of_the_outcomes() -> None:
    assert list(selection.OUTCOME_NAMES) == [
        *("reserved_uzovi", "mandate", "insurer_not_participating", "not_approved", "restitution", "outpatient_clinic"),
        *("outside_period", "after_claim_cutoff", "credit", "credit_unmatched", "netted", "performance_code"),
        *("csi_covid", "invalid_bsn", "invalid_practice", "invalid_diagnosis", "invalid_csi", "invalid_birth_date"),
        *("invalid_sex", "counted"),
    ]


def test_labels_are_numbered_and_know_the_choices_of_their_concern(spark: SparkSession) -> None:
    # Byte order: capitals before small letters, so that Zorg stands before asr. A claim names one that nobody knows.
    register = frame(
        spark,
        INSURERS,
        """
        uzovi | concern | kind
        0300  | asr     | insurer
        0200  | Zorg    | insurer
        0101  | CZ      | mandate
        0100  | CZ      | insurer
        0150  | CZ      | insurer
        0400  | Other   | insurer
        """,
    )
    expected = frame(
        spark,
        """uzovi string, concern string, label int, standing int, netting string, av_source string,
           av_policy string, concern_number int""",
        """
        uzovi | concern | label | standing | netting            | av_source | av_policy | concern_number
        0099  |         | 5     | 3        | reference_then_key | delivered | sum       |
        0100  | CZ      | 1     |          | key                | delivered | sum       | 0
        0101  | CZ      | 6     | 2        | key                | delivered | sum       |
        0150  | CZ      | 2     |          | key                | delivered | sum       | 0
        0200  | Zorg    | 3     |          | none               | packages  | latest    | 1
        0300  | asr     | 4     |          | reference_then_key | packages  | sum       | 2
        0400  | Other   | 7     | 3        | reference_then_key | delivered | sum       |
        """,
    )
    settings = Settings(
        participating=("CZ", "Zorg", "asr"),
        netting={"CZ": "key", "Zorg": "none"},
        av_source={"Zorg": "packages", "asr": "packages"},
        av_policy={"Zorg": "latest"},
    )
    claims = frame(spark, "uzovi string", "uzovi \n 0100 \n 0099 \n 0100")
    assert_rows(selection.number_labels(register, claims, settings), expected, key=["uzovi"])


def test_code_lists_are_those_of_the_last_day_of_the_period(
    spark: SparkSession, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whatever list a rule looks into: a row that begins on 1 July holds in versions 2 and 3, not in version 1."""
    asked: dict[str, set[date | None]] = {}
    rows = codes.rows

    def remember(name: str, on: date | None = None) -> list[codes.Row]:
        asked.setdefault(name, set()).add(on)
        return rows(name, on)

    monkeypatch.setattr(codes, "rows", remember)
    version_1 = Settings(report=ReportVersion(2023, 1))
    columns = "uzovi string, practice_agb string, person int, records int, outcome int, is_paired boolean, "
    columns += "debit_credit string, performance_code string, csi_code string, diagnosis_code string"
    selection.judge_treatment(spark.createDataFrame([], columns), version_1)
    classes.pathology_class(F.col("diagnosis"), version_1)
    classes.age_class(F.col("birth_date"), version_1)
    intervals.correction_factors(frame(spark, "sd double", "sd\n1"), version_1)
    lists = ("performance_codes", "csi_groups", "pathology_ranges", "age_classes", "correction_bands")
    assert asked == {name: {date(2023, 6, 30)} for name in lists}


def test_practices_stopped_or_not_yet_started_are_registered(spark: SparkSession) -> None:
    register = frame(
        spark,
        AGB_REGISTER,
        """
        agb      | kind        | started_on | ended_on
        04000002 | practice    | 2010-01-01 | 2015-01-01
        04000002 | therapist   |            |
        04000001 | practice    |            |
        04000003 | therapist   |            |
        04000004 | institution |            |
        04000005 | practice    | 2099-01-01 |
        """,
    )
    expected = frame(
        spark,
        "practice_agb string, practice int",
        """
        practice_agb | practice
        04000001     | 1
        04000002     | 2
        04000005     | 3
        """,
    )
    assert_rows(selection.number_practices(register), expected, key=["practice_agb"])


def test_outcomes_are_counted_by_label(spark: SparkSession) -> None:
    tallied = frame(
        spark,
        "outcome int, label int, practice int, records bigint",
        """
        outcome | label | practice | records
        20      | 1     | 1        | 7
        20      | 1     | 2        | 5
        3       | 7     |          | 2
        3       | 8     |          | 3
        2       | 2     |          | 4
        """,
    )
    expected = frame(
        spark,
        "uzovi string, concern string, outcome string, records bigint",
        """
        uzovi | concern | outcome                   | records
        0101  | CZ      | counted                   | 12
        0102  | CZ      | mandate                   | 4
        9998  |         | insurer_not_participating | 2
        9999  |         | insurer_not_participating | 3
        """,
    )
    assert_rows(selection.count_outcomes(tallied, labels(spark)), expected, key=["uzovi", "outcome"])
