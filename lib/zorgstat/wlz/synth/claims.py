"""Claims: a line for every month of care, with what is taken back, corrected, late or wrong."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date

from pyspark.sql import DataFrame, SparkSession
from pyspark.sql import functions as F

from zorgstat import arrow, codes
from zorgstat.draws import Draws, bsn, pick, spread
from zorgstat.periods import end_of_month
from zorgstat.wlz.synth import organisations, people
from zorgstat.wlz.synth.people import MONTHS_OF_CARE, Population
from zorgstat.wlz.synth.providers import SLOTS, Provider, by_size
from zorgstat.wlz.tables import WLZ_CLAIMS

LINES_PER_FILE = 1_000_000
MONTHS = 24  # of T-1 and T
CARE_SLOTS = 1024
SILENT_ZORGKANTOOR = (18, 21)  # the smallest one sends nothing in the third quarter of T
ELSEWHERE = 1_237  # odd, so that every place stands for another one

# Of 1000 lines, up to: what became of them.
TAKEN_BACK, CORRECTED, CREDIT_ALONE, SENT_TWICE, CREDIT_FIRST = 20, 30, 32, 33, 34
WRONG_PAYER = 5000  # one of so many lines is of an unknown payer, and one of an organisation that is no zorgkantoor


def claims(
    spark: SparkSession, population: Population, listed: Sequence[Provider], year: int, draws: Draws
) -> DataFrame:
    """`tables.WLZ_CLAIMS`."""
    files = max(1, round(population.lines / LINES_PER_FILE))
    lines = spark.range(0, population.lines, 1, files).withColumnRenamed("id", "line")
    months = add_care(add_months(lines, draws), listed, draws)
    return as_delivered(as_sent(months, population, year, draws), year)


def add_months(lines: DataFrame, draws: Draws) -> DataFrame:
    """+ person, month (0 to 23): sixteen months in a row, of which the last may lie before the first."""
    person = (F.col("line") / MONTHS_OF_CARE).cast("bigint")
    numbered = lines.select("line", person.alias("person"))
    month = draws.number("first month", "person", MONTHS) + (F.col("line") - F.col("person") * MONTHS_OF_CARE)
    return numbered.select("*", (month % MONTHS).cast("int").alias("month"))


def add_care(months: DataFrame, listed: Sequence[Provider], draws: Draws) -> DataFrame:
    """+ provider_agb, zorgkantoor, care_slot; without the months of a gap.

    What providers are is joined, not picked: long lists of texts are slow.
    """
    zorgkantoren = organisations.zorgkantoren()
    homes = [zorgkantoren[listed[rank].home] for rank in by_size(len(listed))]
    rows = [
        (slot, p.agb, p.agb_after, homes[slot], homes[(slot * ELSEWHERE) % SLOTS], p.renamed_from, p.gap_from, p.gap_to)
        for slot, p in enumerate(listed[rank] for rank in by_size(len(listed)))
    ]
    providers = arrow.frame(
        months.sparkSession,
        rows,
        "provider_slot int, agb string, agb_after string, home string, elsewhere string, renamed_from int, "
        "gap_from int, gap_to int",
    )
    drawn = months.select(
        "*",
        draws.number("provider", "person", SLOTS).alias("provider_slot"),
        draws.number("elsewhere", "person", 100).alias("distance"),
        draws.number("wrong payer", "line", WRONG_PAYER).alias("wrong_payer"),
        draws.number("other care", "line", 100).alias("other_care"),
    ).join(F.broadcast(providers), "provider_slot")
    month = F.col("month")
    usual_payer = F.when(F.col("distance") < 5, F.col("elsewhere")).otherwise(F.col("home"))
    is_silent = (usual_payer == organisations.smallest()) & (
        (month >= SILENT_ZORGKANTOOR[0]) & (month < SILENT_ZORGKANTOOR[1])
    )
    care = F.when(F.col("other_care") < 4, draws.number("care of a month", "line", CARE_SLOTS)).otherwise(
        draws.number("care", "person", CARE_SLOTS)
    )
    return drawn.where(((month < F.col("gap_from")) | (month >= F.col("gap_to"))) & ~is_silent).select(
        *("line", "person", "month"),
        F.when(month >= F.col("renamed_from"), F.col("agb_after")).otherwise(F.col("agb")).alias("provider_agb"),
        F.when(F.col("wrong_payer") == 0, organisations.UNKNOWN)
        .when(F.col("wrong_payer") == 1, organisations.uitvoerder())
        .otherwise(usual_payer)
        .alias("zorgkantoor"),
        care.alias("care_slot"),
    )


def as_sent(months: DataFrame, population: Population, year: int, draws: Draws) -> DataFrame:
    """One row per record: + follows (0 the line itself, 1 and 2 what came after), fate, days.

    Days are counted from 1 January of T-1: start, end (last day of the month), received.
    """
    firsts = [date(year - 1 + month // 12, 1 + month % 12, 1) for month in range(MONTHS)]
    lasts = [end_of_month(first.year, first.month) for first in firsts]
    origin = firsts[0]
    drawn = months.select(
        "*",
        bsn(population.insured, draws).alias("bsn"),
        draws.number("fate", "line", 1000).alias("fate"),
        draws.number("from", "line", 280).alias("from"),
        draws.number("late", "line", 1000).alias("late"),
        draws.number("amount", "line", 101).alias("percent"),
        pick([(first - origin).days for first in firsts], F.col("month")).alias("first_day"),
        pick([(last - origin).days for last in lasts], F.col("month")).alias("end_day"),
    )
    fate = F.col("fate")
    more = F.when(fate.between(TAKEN_BACK, CORRECTED - 1), 2).when(
        (fate < CORRECTED) | fate.between(CREDIT_ALONE, CREDIT_FIRST - 1), 1
    )
    wait = F.lit(3) + F.col("late") % 30 + F.when(F.col("late") < 30, 60 + 4 * F.col("late")).otherwise(0)
    return drawn.select(
        "*",
        (F.col("first_day") + F.when(F.col("from") < 28, F.col("from")).otherwise(0)).alias("start_day"),
        (F.col("end_day") + wait).alias("received_day"),
        F.explode(F.sequence(F.lit(0), F.coalesce(more, F.lit(0)))).alias("follows"),
    )


def as_delivered(records: DataFrame, year: int) -> DataFrame:
    """The columns of the table. A credit names its debit; of a credit alone nobody knows the debit."""
    fate, follows, percent = F.col("fate"), F.col("follows"), F.col("percent")
    is_alone = fate.between(CORRECTED, CREDIT_ALONE - 1)
    is_credit = is_alone | ((follows == 1) & ~fate.between(CREDIT_ALONE, SENT_TWICE - 1))
    is_early = fate.between(SENT_TWICE, CREDIT_FIRST - 1) & is_credit
    days = F.col("end_day") - F.col("start_day") + 1
    by_month = F.greatest(F.lit(1), (F.col("usual_quantity") * (50 + percent) / 100).cast("int"))
    as_corrected = F.when(follows == 2, 1).otherwise(0)
    quantity = F.when(F.col("usual_quantity") == 0, days).otherwise(by_month) + as_corrected
    received = F.col("received_day") + F.when(is_early, -5).otherwise(follows * (10 + percent % 60))
    number, origin = F.col("line").cast("string"), date(year - 1, 1, 1)
    offered = records.join(F.broadcast(performances(records)), "care_slot")
    made = {
        "start_date": people.day(origin, F.col("start_day")),
        "end_date": people.day(origin, F.col("end_day")),
        "quantity": quantity.cast("bigint"),
        "amount_cents": F.col("tariff_cents") * quantity,
        "debit_credit": F.when(is_credit, "C").otherwise("D"),
        "claim_reference": F.concat(F.when(is_credit, "C").when(follows == 2, "N").otherwise("D"), number),
        "prior_reference": F.when(is_credit, F.concat(F.when(is_alone, "X").otherwise("D"), number)),
        "received_on": people.day(origin, received),
    }
    return offered.select(*[made[name].alias(name) if name in made else F.col(name) for name in WLZ_CLAIMS.names])


def performances(frame: DataFrame) -> DataFrame:
    """What is offered, by weight: care_slot, and what a claim says of it; usual_quantity a month (0: its days)."""
    offered = codes.rows("synth_wlz_performances")
    texts = ("function_code", "zzp_code", "performance_code", "time_unit")
    rows = [
        (slot, *(row[name] for name in texts), int(row["tariff_cents"]), int(row["quantity"] or 0))
        for slot, row in enumerate(
            offered[entry] for entry in spread([int(row["weight"]) for row in offered], CARE_SLOTS)
        )
    ]
    types = ", ".join(f"{name} string" for name in texts)
    return arrow.frame(frame.sparkSession, rows, f"care_slot int, {types}, tariff_cents bigint, usual_quantity int")
