"""People insured on 1 July, by sex and by younger than 65 or older (handbook 3.3)."""

from __future__ import annotations

from datetime import date

from pyspark.sql import Column, DataFrame, Window
from pyspark.sql import functions as F

from zorgstat import codes
from zorgstat.packing import Packing
from zorgstat.wlz.calendar import Statement

MAN, WOMAN = 1, 2
SEXES = {"1": MAN, "2": WOMAN, "M": MAN, "V": WOMAN}  # in the order of the codes
SENIOR = 65
FIRST_DAY, LAST_PLACE = date(1, 1, 1), 2**22 - 2  # in the year 11484
# Which of several rows counts: the latest registered_from, then the highest birth_date, then the highest sex.
PRECEDENCE = Packing({"registered_from": 22, "birth_date": 22, "sex_place": 4})


def tally(insured: DataFrame, organisations: DataFrame, statement: Statement) -> DataFrame:
    """What every organisation counts on 1 July, and what is odd about it.

    A person counts once per organisation, with the row that takes precedence; people without a known sex are in no
    line. Abroad is included.
    In:  insured (as known), organisations (code).
    Out: organisation, rows, man_under_65, woman_under_65, man_65_plus, woman_65_plus, sex_unknown, rows_differ,
         at_several_organisations (bigint); one row per code with a row valid on 1 July, known or not.
    Source: handbook 3.3.
    """
    known = organisations.select(F.col("code").alias("organisation"), F.lit(1).alias("is_known"))
    valid = F.lit(statement.insured_on).between(
        F.col("registered_from"), F.coalesce("registered_to", F.lit(statement.insured_on))
    )
    rows = known.join(insured.where(valid), "organisation", "right").select(
        "organisation",
        F.coalesce("is_known", F.lit(0)).alias("is_known"),
        "person",
        _day(F.col("registered_from")).alias("registered_from"),
        _day(F.col("birth_date")).alias("birth_date"),
        sex_place(F.col("sex")).alias("sex_place"),
    )
    people = (
        rows.select("*", _sex(F.col("sex_place")).alias("sex"))
        .repartition("person")  # one move for both questions: at this organisation, and at how many
        .groupBy("person", "organisation")
        .agg(
            # Not a key: Sail would take a literal that comes through an outer join for sorted (docs/engines.md).
            F.max("is_known").alias("is_known"),
            F.count(F.lit(1)).alias("rows"),
            F.max(PRECEDENCE.pack(**{name: F.col(name) for name in PRECEDENCE.bits})).alias("first"),
            (F.min("birth_date") != F.max("birth_date")).alias("births_differ"),
            (F.min("sex") != F.max("sex")).alias("sexes_differ"),
        )
    )
    known_places = F.sum("is_known").over(Window.partitionBy("person"))
    judged = people.select(
        *("organisation", "rows"),
        _sex(PRECEDENCE.unpack(F.col("first"), "sex_place")).alias("sex"),
        # Born on 1 July 65 years before: 65 today.
        (PRECEDENCE.unpack(F.col("first"), "birth_date") <= _days(_years_before(statement.insured_on))).alias("is_65"),
        (F.col("births_differ") | F.col("sexes_differ")).alias("differs"),
        (known_places > 1).alias("at_several_organisations"),
    )
    man, woman, is_65 = F.col("sex") == MAN, F.col("sex") == WOMAN, F.col("is_65")
    return judged.groupBy("organisation").agg(
        F.sum("rows").alias("rows"),
        F.count_if(man & ~is_65).alias("man_under_65"),
        F.count_if(woman & ~is_65).alias("woman_under_65"),
        F.count_if(man & is_65).alias("man_65_plus"),
        F.count_if(woman & is_65).alias("woman_65_plus"),
        F.count_if(F.col("sex") == 0).alias("sex_unknown"),
        F.count_if("differs").alias("rows_differ"),
        F.count_if("at_several_organisations").alias("at_several_organisations"),
    )


def sex_place(sex: Column) -> Column:
    """The place of any text in the order of texts, as far as that matters: the codes at 1, 3, 5, 7, others between.

    So the highest sex is the highest number, and texts that share a place are of one class. Null stays null.
    """
    place = F.lit(0)
    for code in SEXES:
        place = place + F.when(sex > code, 2).when(sex == code, 1).otherwise(0)
    return F.when(sex.isNotNull(), place)


def _sex(place: Column) -> Column:
    """MAN, WOMAN, or 0 for anything else and for none."""
    classes = {2 * number + 1: sex for number, sex in enumerate(SEXES.values())}
    return F.coalesce(codes.look_up(place, classes), F.lit(0))


def _day(day: Column) -> Column:
    """Days since the first of year 1, as far as there is room for them."""
    return F.greatest(F.lit(0), F.least(F.datediff(day, F.lit(FIRST_DAY.isoformat()).cast("date")), F.lit(LAST_PLACE)))


def _days(day: date) -> int:
    return (day - FIRST_DAY).days


def _years_before(day: date) -> date:
    return day.replace(year=day.year - SENIOR)
