"""Pathology, age, ses and insurance: the classes of baskets (method 1.3; docs/method.md, Classes)."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from datetime import date
from string import ascii_letters, digits
from typing import Any, cast

from pyspark.sql import Column, DataFrame, Window
from pyspark.sql import functions as F

from zorgstat import codes, privacy
from zorgstat.behandelindex.settings import Settings
from zorgstat.partitions import gather, join_register

BZV, BY_COVER, HIGH = 1, 2, 3  # groups of CSI codes
INSURANCE = {"by_cover": BY_COVER, "bzv": BZV, "high": HIGH}  # what most records are of comes first
LOW_SES, MIDDLE_SES, HIGH_SES = 1, 2, 3
BZV_CLASS, LOW_COVER_CLASS, HIGH_COVER_CLASS = 1, 2, 3
MOST_SESSIONS_OF_LOW_COVER = 12
BITS = 62  # of a bigint, for as many concerns


def pathology_class(diagnosis: Column, settings: Settings) -> Column:
    """The class of the last two digits (pathology_ranges.csv); null in no range. Source: method 1.3.1."""
    return codes.look_up(diagnosis, codes.ranges("pathology_ranges", "pathology_class", settings.report.period_end))


def rank_postcodes(ses_woa: DataFrame) -> DataFrame:
    """The 30 % of scored postcodes with the lowest scores are low, the 30 % with the highest are high.

    In:  ses_woa (postcode4, score; null or NaN: no score).
    Out: postcode4, ses_class (1 low, 2 middle, 3 high), for scored postcodes.
    Source: method 1.3.4; docs/method.md, Classes.
    """
    # + 0.0 makes one zero of -0.0 and 0.0, which engines do not order alike.
    scored = ses_woa.where(F.col("score").isNotNull() & ~F.isnan("score")).select(
        "postcode4", (F.col("score") + 0.0).alias("score")
    )
    rank = F.row_number().over(Window.orderBy("score", "postcode4"))
    n = F.count(F.lit(1)).over(Window.partitionBy())
    thirty_percent = F.floor(3 * n / 10)
    ses_class = F.when(rank <= thirty_percent, LOW_SES).when(rank > n - thirty_percent, HIGH_SES).otherwise(MIDDLE_SES)
    return scored.select("postcode4", ses_class.alias("ses_class"))


def add_patient_classes(people: DataFrame, postcodes: DataFrame, settings: Settings) -> DataFrame:
    """Age class and ses class of every person.

    In:  people (from `patients.attributes`), postcodes (from `rank_postcodes`).
    Out: person, age_class (null: no usable birth date), sex_class (1 M, 2 V, 0 X, null unknown), ses_class (middle when
         the postcode is unknown, foreign or without a score).
    """
    located = people.withColumn("postcode4", postcode4(F.col("postcode")))
    return join_register(located, postcodes, "postcode4").select(
        "person",
        age_class(F.col("birth_date"), settings).alias("age_class"),
        F.when(F.col("sex_code") <= 2, F.col("sex_code")).when(F.col("sex_code").isNotNull(), 0).alias("sex_class"),
        F.coalesce(F.col("ses_class"), F.lit(MIDDLE_SES)).alias("ses_class"),
    )


def age_class(birth_date: Column, settings: Settings) -> Column:
    """The class of the age in whole years on 30 June; null when born after the report year or older than 120.

    Source: method 1.3.2; patients born after 30 June of the report year count as 0.
    """
    report = settings.report
    month_and_day = 100 * F.month(birth_date) + F.dayofmonth(birth_date)
    birthday_to_come = F.when(month_and_day <= 100 * report.age_date.month + report.age_date.day, 0).otherwise(1)
    years = F.lit(report.age_date.year) - F.year(birth_date) - birthday_to_come
    age = F.greatest(years, F.lit(0))
    age_classes = codes.ranges("age_classes", "age_class", report.period_end)
    return F.when(birth_date <= F.lit(report.year_end), codes.look_up(age, age_classes))


def postcode4(postcode: Column) -> Column:
    """The four digits of `1234AB`, `1234 AB` or `1234`; null for anything else, which is abroad."""
    shape = F.translate(postcode, digits + ascii_letters, "0" * len(digits) + "A" * len(ascii_letters))
    return F.when(shape.isin("0000", "0000AA", "0000 AA"), F.substring(postcode, 1, 4))


def insurance_group(csi_code: Column, settings: Settings) -> Column:
    """The group of a CSI code; null for covid, which does not count, and for a code in no group.

    Source: method 1.3.5.
    """
    groups = csi_groups(settings.report.period_end)
    chain: Any = F
    for group, number in INSURANCE.items():
        chain = chain.when(csi_code.isin(groups[group]), F.lit(number))
    return cast(Column, chain)


def csi_groups(on: date) -> Mapping[str, list[str]]:
    """The codes of each group (csi_groups.csv)."""
    groups = defaultdict[str, list[str]](list)
    for row in codes.rows("csi_groups", on):
        groups[row["insurance"]].append(row["csi_code"])
    return groups


def high_covers(av_classes: DataFrame, av_packages: DataFrame, labels: DataFrame, settings: Settings) -> DataFrame:
    """At which concerns a person has high supplementary cover; no row means low.

    Each concern either delivers the class, or it follows from the packages that are valid in the treatment period.
    Out: person, high_at_0, ... (a bit for each of those concerns: `_high_at`); one row per person.
    Source: method 1.3.5; docs/method.md, Classes.
    """
    columns = ("uzovi", "label", "concern_number", "av_source", "av_policy", *privacy.PERSON_KEY.names)
    taking_part = labels.where(F.col("standing").isNull()).select(*columns)
    delivered = F.broadcast(taking_part.where(F.col("av_source") == "delivered")).join(av_classes, "uzovi")
    derived = F.broadcast(taking_part.where(F.col("av_source") == "packages")).join(av_packages, "uzovi")
    high = _delivered_high(delivered, settings).unionByName(_derived_high(derived, settings))
    return (
        gather(high.where(F.col("person").isNotNull()), "person")
        .groupBy("person")
        .agg(*[F.bit_or(bit).alias(word) for word, bit in _high_at(settings).items()])
    )


def _delivered_high(delivered: DataFrame, settings: Settings) -> DataFrame:
    """High wins when labels of one concern disagree."""
    is_high = (F.col("report_year") == settings.report.year) & (F.col("av_class") == "high")
    return delivered.where(is_high).select(privacy.person(F.col("bsn")).alias("person"), "concern_number")


def _derived_high(derived: DataFrame, settings: Settings) -> DataFrame:
    """More than 12 sessions: the sum, the maximum or the latest of the packages, as is the concern's policy."""
    start, end = F.lit(settings.report.period_start), F.lit(settings.report.period_end)
    last_day = F.coalesce(F.col("valid_to"), end)
    is_valid = (F.col("valid_from") <= end) & (last_day >= start) & (last_day >= F.col("valid_from"))
    latest = F.max_by("insured_sessions", F.struct("valid_from", "package", "label", "insured_sessions"))
    sessions = (
        F.when(F.col("av_policy") == "sum", F.sum(F.col("insured_sessions").cast("bigint")))
        .when(F.col("av_policy") == "max", F.max("insured_sessions"))
        .otherwise(latest)
    )
    return (
        derived.where(is_valid)
        .withColumn("person", privacy.person(F.col("bsn")))
        .groupBy("person", "concern_number", "av_policy")
        .agg(sessions.alias("sessions"))
        .where(F.col("sessions") > MOST_SESSIONS_OF_LOW_COVER)
        .select("person", "concern_number")
    )


def _high_at(settings: Settings) -> dict[str, Column]:
    """The bit of a concern, by the bigint in which it stands (null in the others): numbers 0 to 61 in the first."""
    number = F.col("concern_number")
    bit = F.call_function("shiftleft", F.lit(1).cast("bigint"), number % BITS)
    words = range(-(-len(settings.participating) // BITS))
    return {f"high_at_{word}": F.when(number.between(word * BITS, word * BITS + BITS - 1), bit) for word in words}


def add_insurance_class(groups: DataFrame, labels: DataFrame, settings: Settings) -> DataFrame:
    """1 Bzv; for CSI 009 by the person's cover at the concern that was claimed from: 2 low, 3 high; 3 for what is high.

    In:  groups (label, insurance: the group of the CSI code, high_at_0, ... of `high_covers`, or null).
    Out: + insurance_class (null where insurance is), and the run's key of people.
    """
    insurance = F.col("insurance")
    bits = [F.col(word).bitwiseAND(bit) for word, bit in _high_at(settings).items()]
    has_high_cover = F.coalesce(*bits, F.lit(0)) != 0
    insurance_class = (
        F.when((insurance == HIGH) | ((insurance == BY_COVER) & has_high_cover), HIGH_COVER_CLASS)
        .when(insurance == BY_COVER, LOW_COVER_CLASS)
        .when(insurance.isNotNull(), BZV_CLASS)
    )
    concerns = labels.select("label", "concern_number", *privacy.PERSON_KEY.names)
    return join_register(groups, concerns, "label").withColumn("insurance_class", insurance_class)
