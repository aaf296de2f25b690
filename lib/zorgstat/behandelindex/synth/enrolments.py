"""What insurers know of people: enrolments with their gaps and faults, supplementary packages and classes."""

from __future__ import annotations

from datetime import date

from pyspark.sql import Column, DataFrame
from pyspark.sql import functions as F

from zorgstat import codes
from zorgstat.behandelindex.synth.persons import CHANGED_LATER, MOVED, POSTCODE_SLOTS, TWICE
from zorgstat.behandelindex.tables import AV_CLASSES, AV_PACKAGES, ENROLMENTS
from zorgstat.draws import Draws, pick, spread

PACKAGES_FROM = ("Salland", "Zorg en Zekerheid")
CLASSES_FROM = ("CZ", "De Friesland", "Menzis", "VGZ", "Zilveren Kruis", "ASR")
LETTERS = "ABCDEFGHJKLMNPRSTVWXZ"
FOREIGN = ("52062", "B-2000", "3600 Genk", "48599", "D-47574", "unknown")


def periods(persons: DataFrame, year: int, draws: Draws) -> DataFrame:
    """One or two rows per person: + latest (is this the last row?), uzovi, valid_from, valid_to.

    Two rows come from a change of label, from a move, or from a label that forgot to end the first one.
    """
    start = F.lit(date(year - 1, 1, 1))
    since = [f"{year - back}-01-01" for back in range(1, 17)]
    event_day = F.date_add(start, F.col("event_day"))
    two = F.col("event") < TWICE
    rows = persons.select(
        "*",
        event_day.alias("event_date"),
        pick(since, draws.number("since", "person", len(since))).cast("date").alias("since"),
        draws.number("end", "person", 1000).alias("end"),
        F.explode(F.when(two, F.array(F.lit(False), F.lit(True))).otherwise(F.array(F.lit(True)))).alias("latest"),
    )
    ended = F.when(F.col("end") < 7, F.date_add(start, 400 + F.col("end") * 40))  # died
    first_to = F.when(F.col("event") < MOVED, F.date_sub("event_date", 1))
    return rows.select(
        "*",
        F.when(F.col("latest"), F.col("label")).otherwise(F.col("label_before")).alias("uzovi"),
        F.when(F.col("latest") & two, F.col("event_date")).otherwise(F.col("since")).alias("valid_from"),
        F.when(F.col("latest"), ended).otherwise(first_to).alias("valid_to"),
    )


def enrolments(rows: DataFrame, year: int, draws: Draws) -> DataFrame:
    """What each label knew: sex and birth date at times missing, wrong or in another code; postcodes in any form."""
    chance = draws.number("known", "person", 100_000)
    born = F.date_sub(F.lit(date(year, 6, 30)), F.col("age_days"))
    is_man = F.col("sex") == "M"
    known = rows.where(chance >= 40)  # a few people no label has ever heard of
    drawn = known.select("*", chance.alias("chance"), postcode(draws).alias("postcode4"))
    drawn = drawn.select("*", postcode_as_written(draws).alias("postcode"))
    forgotten = F.col("latest") & (F.col("event") < TWICE)  # an earlier row still knows it
    birth_date = (
        F.when(F.col("chance") < 180, F.lit(None))
        .when(F.col("chance") < 210, F.add_months(born, -12 * 110))
        .when(F.col("chance") < 235, F.lit(date(year + 1, 2, 3)))
        .when(F.col("chance").between(1000, 1999) & forgotten, F.lit(None))
        .otherwise(born)
    )
    coded = F.col("uzovi").cast("int") % 3 == 0  # labels that deliver COD046
    sex = (
        F.when(F.col("chance").between(300, 359), F.lit("X"))
        .when(F.col("chance").between(360, 419), F.lit("9"))
        .when(F.col("chance").between(420, 449), F.lit("0"))
        .when(F.col("chance").between(450, 519), F.lit(None))
        .when(F.col("chance").between(1500, 2499) & forgotten, F.when(coded, F.lit("0")))
        .otherwise(F.when(coded, F.when(is_man, "1").otherwise("2")).otherwise(F.col("sex")))
    )
    return drawn.withColumns({"birth_date": birth_date, "sex": sex}).select(*ENROLMENTS.names)


def postcode(draws: Draws) -> Column:
    """People live near their practice: a place in the list of postcodes (by households) around that of the practice."""
    listed = codes.rows("synth_postcodes")
    slots = [listed[entry]["postcode4"] for entry in spread([int(row["households"]) for row in listed], POSTCODE_SLOTS)]
    distance = draws.number("distance", "person", 80) + draws.number("distance again", "person", 80)
    moved = ~F.col("latest") & F.col("event").between(CHANGED_LATER, MOVED - 1)
    step = F.when(moved, draws.number("moved", "person", POSTCODE_SLOTS)).otherwise(F.lit(0))
    return pick(slots, (F.col("surroundings") + distance + step) % POSTCODE_SLOTS)


def postcode_as_written(draws: Draws) -> Column:
    form = draws.number("postcode form", "person", 1000)
    letters = [first + second for first in LETTERS for second in LETTERS if first + second not in ("SA", "SD", "SS")]
    two = pick(letters, draws.number("letters", "person", len(letters)))
    return (
        F.when(form < 700, F.concat("postcode4", two))
        .when(form < 850, F.concat("postcode4", F.lit(" "), two))
        .when(form < 980, F.col("postcode4"))
        .when(form < 992, F.concat("postcode4", F.lower(two)))
        .when(form < 996, F.lit(None))
        .otherwise(pick(FOREIGN, draws.number("foreign", "person", len(FOREIGN))))
    )


def labels_of(concerns: tuple[str, ...]) -> list[str]:
    own = [row for row in codes.rows("synth_labels") if row["kind"] == "insurer"]
    return [row["uzovi"] for row in own if row["concern"] in concerns]


def av_packages(rows: DataFrame, year: int, draws: Draws) -> DataFrame:
    """Packages of people at labels whose class is derived; together they insure the person's `sessions`.

    18, 27 and 36 are sometimes two packages. Some packages ended before the year, and some end before they begin.
    """
    sessions, form = F.col("sessions"), draws.number("packages", "person", 100)
    nine = F.struct(F.lit(9).alias("insured"), F.lit(0).alias("ended"))
    whole = F.struct(sessions.alias("insured"), F.lit(0).alias("ended"))
    rest = F.struct((sessions - 9).alias("insured"), F.lit(0).alias("ended"))
    last_year = F.struct(F.lit(36).alias("insured"), F.lit(1).alias("ended"))
    never = F.struct(F.lit(27).alias("insured"), F.lit(2).alias("ended"))
    packages = (
        F.when((sessions <= 12) & (form < 5), F.array(last_year))  # no cover this year: low
        .when(sessions.between(18, 36) & (form < 20), F.array(nine, rest))
        .when(form < 26, F.array(whole, last_year))
        .when(form < 28, F.array(whole, never))
        .otherwise(F.array(whole))
    )
    listed = rows.where(F.col("uzovi").isin(labels_of(PACKAGES_FROM))).select("*", F.explode(packages).alias("p"))
    insured = F.col("p.insured")
    name = F.when(insured == 9999, "FT-MAX").otherwise(F.concat(F.lit("FT-"), insured.cast("string")))
    new_year, last = F.lit(date(year, 1, 1)), F.lit(date(year - 1, 12, 31))
    ended = F.col("p.ended")
    from_day = F.when(ended == 1, F.date_sub(new_year, 365)).when(ended == 2, new_year).otherwise(F.col("valid_from"))
    to_day = F.when(ended > 0, last).otherwise(F.col("valid_to"))
    return listed.select(
        "uzovi",
        "bsn",
        name.alias("package"),
        insured.cast("int").alias("insured_sessions"),
        from_day.alias("valid_from"),
        to_day.alias("valid_to"),
    ).select(*AV_PACKAGES.names)


def av_classes(rows: DataFrame, year: int, draws: Draws) -> DataFrame:
    """The class as other concerns deliver it, once per label, for this year and some for the year before.

    A low class is sometimes not delivered; somebody who changed label may be low to the one and high to the other.
    """
    form = draws.number("classes", "person", 100)
    once = F.col("latest") | (F.col("label") != F.col("label_before"))
    is_high = F.col("sessions") > 12
    years = F.when(form < 30, F.array(F.lit(year), F.lit(year - 1))).otherwise(F.array(F.lit(year)))
    listed = rows.where(F.col("uzovi").isin(labels_of(CLASSES_FROM)) & once & (is_high | (form < 96)))
    listed = listed.select("*", F.explode(years).alias("report_year"), (~F.col("latest") & (form < 5)).alias("differs"))
    high = F.when(F.col("report_year") == year, is_high & ~F.col("differs")).otherwise(form < 12)
    classes = listed.withColumn("av_class", F.when(high, "high").otherwise("low"))
    return classes.select("uzovi", "bsn", F.col("report_year").cast("int"), "av_class").select(*AV_CLASSES.names)
