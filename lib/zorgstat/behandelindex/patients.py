"""One birth date, sex and postcode per bsn, over all labels (method 1.3.2 to 1.3.4)."""

from __future__ import annotations

from pyspark.sql import Column, DataFrame
from pyspark.sql import functions as F

from zorgstat import privacy
from zorgstat.behandelindex.settings import Settings
from zorgstat.packing import DAY, Packing, day_number, day_of
from zorgstat.partitions import gather, join_register

# A value after what decides between two of them: the day of valid_from, the label (in the order of uzovi).
LATEST = Packing({"since": DAY, "label": 18, "value": DAY})
HEX_PLACES = 16  # of a bigint
SEX = {"M": 1, "1": 1, "V": 2, "2": 2, "X": 3}  # COD046 says 1 and 2 for M and V; known, in the order of M, V, X


def attributes(enrolments: DataFrame, labels: DataFrame, settings: Settings) -> DataFrame:
    """What is known of each person.

    In:  enrolments; labels (from `selection.number_labels`, with the key of people): only labels of insurers that take
         part are asked.
    Out: person, birth_date, sex_code (1 M, 2 V, 3 X), postcode; each null when unknown; one row per person.
    Ties go to the highest uzovi, then to the highest value; a missing postcode is the lowest.
    """
    taking_part = labels.where(F.col("standing").isNull()).select("uzovi", "label", *privacy.PERSON_KEY.names)
    known = (
        join_register(enrolments, taking_part, "uzovi")
        .select(
            # A filter on the label would make an inner join of it: so without a label it is nobody.
            F.when(F.col("label").isNotNull(), privacy.person(F.col("bsn"))).alias("person"),
            "label",
            day_number(F.col("birth_date")).alias("birth_day"),
            _sex_code(F.col("sex")).alias("sex_code"),
            F.coalesce("postcode", F.lit("")).alias("postcode"),
            day_number(F.col("valid_from")).alias("since"),
            F.lit(settings.report.postcode_date)
            .between(F.col("valid_from"), F.coalesce(F.col("valid_to"), F.lit(settings.report.postcode_date)))
            .alias("is_address"),
        )
        .where(F.col("person").isNotNull())
    )
    # As long a text for every number, in their order.
    since_as_text = F.hex(LATEST.pack(since=F.col("since"), label=F.col("label")) + 2**62)
    latest = (
        gather(known, "person")
        .groupBy("person")
        .agg(
            _latest("birth_day"),
            _latest("sex_code"),
            # The enrolment of that day counts also when it knows no postcode: the postcode is then unknown.
            F.max(F.when(F.col("is_address"), F.concat(since_as_text, "postcode"))).alias("postcode"),
        )
    )
    return latest.select(
        "person",
        day_of(LATEST.unpack(F.col("birth_day"), "value")).alias("birth_date"),
        LATEST.unpack(F.col("sex_code"), "value").alias("sex_code"),
        F.nullif(F.substring("postcode", HEX_PLACES + 1, 2**30), F.lit("")).alias("postcode"),
    )


def _latest(value: str) -> Column:
    """Aggregate: of the rows that know the value, the one with the latest valid_from, as packed in `LATEST`."""
    latest = LATEST.pack(since=F.col("since"), label=F.col("label"), value=F.col(value))
    return F.max(F.when(F.col(value).isNotNull(), latest)).alias(value)


def _sex_code(sex: Column) -> Column:
    chain = F.lit(None).cast("int")
    for delivered, code in SEX.items():
        chain = F.when(sex == delivered, F.lit(code)).otherwise(chain)
    return chain
