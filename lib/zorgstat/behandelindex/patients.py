"""One birth date, sex and postcode per bsn, over all labels (method 1.3.2 to 1.3.4)."""

from __future__ import annotations

from pyspark.sql import Column, DataFrame
from pyspark.sql import functions as F

from zorgstat import privacy
from zorgstat.behandelindex.settings import Settings

SEX = {"M": 1, "1": 1, "V": 2, "2": 2, "X": 3}  # COD046 says 1 and 2 for M and V; known, in the order of M, V, X


def attributes(enrolments: DataFrame, labels: DataFrame, settings: Settings) -> DataFrame:
    """What is known of each person.

    In:  enrolments; labels (from `selection.number_labels`): only labels of insurers that take part are asked.
    Out: person, birth_date, sex_code (1 M, 2 V, 3 X), postcode; each null when unknown; one row per person.
    Ties go to the highest uzovi, then to the highest value; a missing postcode is the lowest.
    """
    taking_part = labels.where(F.col("standing").isNull()).select("uzovi", "label")
    known = (
        F.broadcast(taking_part)
        .join(enrolments, "uzovi")
        .select(
            privacy.digits(F.col("bsn"), privacy.BSN_LENGTH).alias("person"),
            "label",
            "birth_date",
            _sex_code(F.col("sex")).alias("sex_code"),
            "postcode",
            "valid_from",
            "valid_to",
        )
        .where(F.col("person").isNotNull())
    )
    on_postcode_date = F.lit(settings.report.postcode_date).between(
        F.col("valid_from"), F.coalesce(F.col("valid_to"), F.lit(settings.report.postcode_date))
    )
    return (
        known.repartition("person")
        .groupBy("person")
        .agg(
            _latest("birth_date", F.col("birth_date").isNotNull()),
            _latest("sex_code", F.col("sex_code").isNotNull()),
            # The enrolment of that day counts also when it knows no postcode: the postcode is then unknown.
            _latest("postcode", on_postcode_date),
        )
        .select("person", *[F.col(name)[name].alias(name) for name in ("birth_date", "sex_code", "postcode")])
    )


def _latest(value: str, where: Column) -> Column:
    """Aggregate: of the rows that qualify, the value with the latest valid_from; labels are in the order of uzovi.

    Whether there is a value is part of the order, since engines differ in where they place a null.
    """
    is_known = F.col(value).isNotNull().alias("is_known")
    return F.max(F.when(where, F.struct("valid_from", "label", is_known, value))).alias(value)


def _sex_code(sex: Column) -> Column:
    chain = F.lit(None).cast("int")
    for delivered, code in SEX.items():
        chain = F.when(sex == delivered, F.lit(code)).otherwise(chain)
    return chain
