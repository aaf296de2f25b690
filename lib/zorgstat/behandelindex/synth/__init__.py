"""Made-up input for the Behandelindex: every table of docs/tables.md, at any volume, the same for the same seed.

They come from hashes of a seed and a number (`draws`), from the lists in `reference/synth_*.csv`, and from nothing
else: no generator, no clock, no layout. Nobody in them exists; beyond nine million people a made-up bsn may also be a
real one.
"""

from __future__ import annotations

from pyspark.sql import DataFrame, SparkSession

from zorgstat import arrow, codes
from zorgstat.behandelindex.synth import care, enrolments, faults, persons, practices, records
from zorgstat.behandelindex.tables import INSURERS, SES_WOA
from zorgstat.draws import Draws

CLAIMS_PER_FILE = 500_000


def tables(spark: SparkSession, claims: int, seed: int, year: int) -> dict[str, DataFrame]:
    """The input tables by name, not computed yet, and `synth_practices`: the practice effects that they were made with.

    `claims` is the number of records of the whole year: within 2 % from 200,000 on, within 10 % from 5,000 on.
    """
    draws = Draws(seed)
    listed = practices.practices(claims, draws)
    total = sum(practice.persons for practice in listed)
    files = max(1, round(claims / CLAIMS_PER_FILE))
    insured = persons.add_insurance(persons.people(spark, listed, max(2, files), draws), total, year, draws)
    patients = care.add_care(insured, listed, draws)
    treated = records.add_days(records.explode_records(patients), year, draws)
    received = records.in_order_of_receipt(records.add_content(treated, draws), files)
    rows = enrolments.periods(insured, year, draws)
    few = max(1, files // 8)
    return {
        "claims": faults.as_delivered(received, year),
        "enrolments": enrolments.enrolments(rows, year, draws).coalesce(few),
        "insurers": insurers(spark),
        "agb_register": practices.agb_register(spark, listed, year, draws),
        "av_packages": enrolments.av_packages(rows, year, draws).coalesce(1),
        "av_classes": enrolments.av_classes(rows, year, draws).coalesce(few),
        "ses_woa": ses_woa(spark),
        "synth_practices": practices.truth(spark, listed),
    }


def insurers(spark: SparkSession) -> DataFrame:
    rows = [(row["uzovi"], row["concern"], row["kind"]) for row in codes.rows("synth_labels")]
    return arrow.frame(spark, rows, INSURERS.schema).coalesce(1)


def ses_woa(spark: SparkSession) -> DataFrame:
    rows = [(row["postcode4"], float(row["score"]) if row["score"] else None) for row in codes.rows("synth_postcodes")]
    return arrow.frame(spark, rows, SES_WOA.schema).coalesce(1)
