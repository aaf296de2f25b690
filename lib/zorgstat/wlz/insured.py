"""People insured on 1 July, by sex and by younger than 65 or older (handbook 3.3)."""

from __future__ import annotations

from datetime import date

from pyspark.sql import Column, DataFrame, Window
from pyspark.sql import functions as F

from zorgstat import codes
from zorgstat.packing import DAY, Packing, day_number
from zorgstat.partitions import Keep, gather
from zorgstat.wlz.calendar import Statement

MAN, WOMAN = 1, 2
SEXES = {"1": MAN, "2": WOMAN, "M": MAN, "V": WOMAN}  # in the order of the codes
SENIOR = 65
# Which of several rows counts: the latest registered_from, then the highest birth_date, then the highest sex.
PRECEDENCE = Packing({"registered_from": DAY, "birth_date": DAY, "sex_place": 4})
# Where a person of one row counts: at which organisation, as man, woman or neither, and as 65 or not.
CELL = Packing({"place": 20, "sex": 2, "is_65": 2})


def tally(insured: DataFrame, organisations: DataFrame, statement: Statement, keep: Keep) -> DataFrame:
    """What every organisation counts on 1 July, and what is odd about it.

    A person counts once per organisation, with the row that takes precedence; people without a known sex are in no
    line. Abroad is included. Nearly everybody has one row and is told by it; only the others are looked at closely.
    In:  insured (as known), organisations (code, place: `known.organisations`).
    Out: organisation, man_under_65, woman_under_65, man_65_plus, woman_65_plus, sex_unknown, rows_differ,
         at_several_organisations (bigint); one row per organisation that somebody is insured at.
    Source: handbook 3.3.
    """
    places = F.broadcast(organisations.select(F.col("code").alias("organisation"), "place"))
    registered = _valid(insured, statement)
    looked = keep(count_by_hash(registered, places, statement))
    people = of_several_rows(registered, places, looked, statement).unionByName(of_one_row(looked, places))
    man, woman, is_65 = F.col("sex") == MAN, F.col("sex") == WOMAN, F.col("is_65")

    def count(which: Column) -> Column:
        return F.sum(F.when(which, F.col("people")).otherwise(0))

    return people.groupBy("organisation").agg(
        count(man & ~is_65).alias("man_under_65"),
        count(woman & ~is_65).alias("woman_under_65"),
        count(man & is_65).alias("man_65_plus"),
        count(woman & is_65).alias("woman_65_plus"),
        count(F.col("sex") == 0).alias("sex_unknown"),
        count(F.col("differs")).alias("rows_differ"),
        count(F.col("at_several_organisations")).alias("at_several_organisations"),
    )


def count_unknown(insured: DataFrame, organisations: DataFrame, statement: Statement) -> DataFrame:
    """Rows valid on 1 July of codes that are no organisation. Out: organisation (the code), rows."""
    known = organisations.select(F.col("code").alias("organisation"))
    unknown = _valid(insured, statement).join(F.broadcast(known), "organisation", "left_anti")
    return unknown.groupBy("organisation").agg(F.count(F.lit(1)).alias("rows"))


def count_by_hash(registered: DataFrame, places: DataFrame, statement: Statement) -> DataFrame:
    """One aggregate by a hash of the person: what a single row says is true; several are for `of_several_rows`.

    In:  registered (rows valid on 1 July), places (organisation, place).
    Out: cell (of people with one row), people; and person_hash, with a null for cell, where there are more rows. With
         two people of one hash there is one too many, which the closer look finds out.
    """
    is_65 = F.col("birth_date") <= F.lit(_years_before(statement.insured_on))
    cell = CELL.pack(place=F.col("place"), sex=sex_class(F.col("sex")), is_65=is_65.cast("int"))
    people = (
        # Hardly anybody is there twice: counting before the rows move would be in vain.
        gather(places.join(registered, "organisation").select("person_hash", cell.alias("cell")), "person_hash")
        .groupBy("person_hash")
        .agg(F.count(F.lit(1)).alias("rows"), F.max("cell").alias("cell"))
    )
    is_one = F.col("rows") == 1
    told = people.select(
        F.when(is_one, F.col("cell")).alias("cell"), F.when(~is_one, F.col("person_hash")).alias("person_hash")
    )
    return told.groupBy("cell", "person_hash").agg(F.count(F.lit(1)).alias("people"))


def of_one_row(looked: DataFrame, places: DataFrame) -> DataFrame:
    """In: looked (from `count_by_hash`), places. Out: as of `of_several_rows`, of several people together."""
    cells = looked.where(F.col("cell").isNotNull())
    unpacked = cells.select("people", *[CELL.unpack(F.col("cell"), name).alias(name) for name in CELL.bits])
    return unpacked.join(places, "place").select(
        *("organisation", "sex"),
        (F.col("is_65") == 1).alias("is_65"),
        *[F.lit(False).alias(name) for name in ("differs", "at_several_organisations")],
        "people",
    )


def of_several_rows(registered: DataFrame, places: DataFrame, looked: DataFrame, statement: Statement) -> DataFrame:
    """People whose hash has several rows, by all that those say.

    Out: organisation, sex, is_65, differs (do the rows of a person differ there), at_several_organisations, people (1);
         one row per person and organisation.
    """
    several = looked.where(F.col("person_hash").isNotNull()).select("person_hash")
    rows = (
        registered.join(F.broadcast(several), "person_hash", "left_semi")
        .join(places, "organisation", "left_semi")
        .select(
            *("organisation", "person"),
            day_number(F.col("registered_from")).alias("registered_from"),
            day_number(F.col("birth_date")).alias("birth_date"),
            sex_place(F.col("sex")).alias("sex_place"),
            sex_class(F.col("sex")).alias("sex"),
        )
    )
    people = (
        gather(rows, "person")  # one move for both questions: at this organisation, and at how many
        .groupBy("person", "organisation")
        .agg(
            F.max(PRECEDENCE.pack(**{name: F.col(name) for name in PRECEDENCE.bits})).alias("first"),
            (F.min("birth_date") != F.max("birth_date")).alias("births_differ"),
            (F.min("sex") != F.max("sex")).alias("sexes_differ"),
        )
    )
    # Born on 1 July 65 years before: 65 today.
    youngest_of_65 = day_number(F.lit(_years_before(statement.insured_on)))
    return people.select(
        "organisation",
        _sex(PRECEDENCE.unpack(F.col("first"), "sex_place")).alias("sex"),
        (PRECEDENCE.unpack(F.col("first"), "birth_date") <= youngest_of_65).alias("is_65"),
        (F.col("births_differ") | F.col("sexes_differ")).alias("differs"),
        (F.count(F.lit(1)).over(Window.partitionBy("person")) > 1).alias("at_several_organisations"),
        F.lit(1).cast("bigint").alias("people"),
    )


def sex_class(sex: Column) -> Column:
    """MAN, WOMAN, or 0 for anything else and for none."""
    found = F.lit(0)
    for code, number in SEXES.items():
        found = F.when(sex == code, number).otherwise(found)
    return found


def sex_place(sex: Column) -> Column:
    """The place of any text in the order of texts, as far as that matters: the codes at 1, 3, 5, 7, others between.

    So the highest sex is the highest number, and texts that share a place are of one class. Null stays null.
    """
    place = F.lit(0)
    for code in SEXES:
        place = place + F.when(sex > code, 2).when(sex == code, 1).otherwise(0)
    return F.when(sex.isNotNull(), place)


def _valid(insured: DataFrame, statement: Statement) -> DataFrame:
    until = F.coalesce("registered_to", F.lit(statement.insured_on))
    return insured.where(F.lit(statement.insured_on).between(F.col("registered_from"), until))


def _sex(place: Column) -> Column:
    """`sex_class` of the text that has this place."""
    classes = {2 * number + 1: sex for number, sex in enumerate(SEXES.values())}
    return F.coalesce(codes.look_up(place, classes), F.lit(0))


def _years_before(day: date) -> date:
    return day.replace(year=day.year - SENIOR)
