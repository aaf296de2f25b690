"""Holders of a budget: grants and what replaced them, deaths, admissions, visits, and talks with applicants."""

from __future__ import annotations

from datetime import date
from functools import reduce

from pyspark.sql import Column, DataFrame, SparkSession
from pyspark.sql import functions as F

from zorgstat.draws import Draws
from zorgstat.tables import Table
from zorgstat.wlz.synth import organisations
from zorgstat.wlz.synth.people import Population, day
from zorgstat.wlz.tables import ADMISSIONS, CONSCIOUS_CHOICE_TALKS, DEATHS, HOME_VISITS, PGB_GRANTS

TWO_YEARS = 730


def tables(spark: SparkSession, population: Population, year: int, draws: Draws) -> dict[str, DataFrame]:
    holders = population.holders_of_budgets(spark, draws).select(
        "*",
        payer("zorgkantoor", draws).alias("zorgkantoor"),
        organisations.draw(organisations.zorgkantoren(), "other zorgkantoor", draws).alias("other"),
        day(date(year - 4, 1, 1), draws.number("start", "person", 4 * 365 + 300)).alias("start_date"),
        draws.number("budget", "person", 1000).alias("budget"),
        draws.number("fate of a holder", "person", 1000).alias("fate"),
        draws.number("days", "person", 150).alias("days"),
        day(date(year - 1, 1, 1), draws.number("event", "person", TWO_YEARS)).alias("event_on"),
        draws.number("visit", "person", 1000).alias("visit"),
    )
    applicants = population.new_applicants(spark, draws).select(
        "*",
        payer("zorgkantoor", draws).alias("zorgkantoor"),
        day(date(year - 1, 7, 1), draws.number("talk", "person", 600)).alias("held_on"),
        draws.number("talks", "person", 1000).alias("talks"),
    )
    made = {
        PGB_GRANTS: grants(holders),
        DEATHS: deaths(holders),
        ADMISSIONS: admissions(holders),
        HOME_VISITS: home_visits(holders, year),
        CONSCIOUS_CHOICE_TALKS: talks(applicants),
    }
    return {table.name: frame.select(*table.names).coalesce(1) for table, frame in made.items()}


def payer(purpose: str, draws: Draws) -> Column:
    """Of a thousand, one is written under a code that nobody has, and one under that of a uitvoerder."""
    wrong = draws.number(f"{purpose} wrong", "person", 1000)
    zorgkantoor = organisations.draw(organisations.zorgkantoren(), purpose, draws)
    return F.when(wrong == 0, organisations.UNKNOWN).when(wrong == 1, organisations.uitvoerder()).otherwise(zorgkantoor)


def grants(holders: DataFrame) -> DataFrame:
    """A quarter ends some day. Some are replaced, void, followed by another, or held at two zorgkantoren."""
    budget, start, days = F.col("budget"), F.col("start_date"), F.col("days")
    known = F.date_add(start, days - 90 + F.when(budget.between(970, 999), 400).otherwise(0))
    ends = F.date_add(start, (200 + 8 * days).cast("int"))
    first = _rows(holders, PGB_GRANTS, end_date=F.when(budget < 250, ends), recorded_on=known)
    replaced = _rows(
        holders.where(budget.between(250, 349)),
        PGB_GRANTS,
        end_date=F.when(budget < 330, F.date_add(start, 100 + 5 * days)),
        recorded_on=F.date_add(known, 40 + 3 * days),
    )
    void = _rows(
        holders.where(budget.between(350, 364)),
        PGB_GRANTS,
        end_date=F.date_sub(start, 1),
        recorded_on=F.date_add(known, 10),
    )
    nothing = F.lit(None).cast("date")
    followed = _rows(
        holders.where(budget.between(400, 449)),
        PGB_GRANTS,
        start_date=F.date_add(start, 300),
        end_date=nothing,
        recorded_on=F.date_add(start, 290),
    )
    elsewhere = _rows(
        holders.where(budget.between(450, 479) & (F.col("other") != F.col("zorgkantoor"))),
        PGB_GRANTS,
        zorgkantoor=F.col("other"),
        end_date=nothing,
        recorded_on=known,
    )
    return _together(first, replaced, void, followed, elsewhere)


def deaths(holders: DataFrame) -> DataFrame:
    """Of some the day was wrong at first."""
    died = holders.where(F.col("fate") < 50)
    known = F.date_add("event_on", F.col("days") % 40 + 2)
    first = _rows(died, DEATHS, died_on=F.col("event_on"), recorded_on=known)
    mended = _rows(
        died.where(F.col("fate") < 8), DEATHS, died_on=F.date_sub("event_on", 3), recorded_on=F.date_add(known, 20)
    )
    return _together(first, mended)


def admissions(holders: DataFrame) -> DataFrame:
    """Some for a few weeks, some for good; of some the discharge is known later."""
    admitted = holders.where(F.col("fate").between(50, 139))
    discharged = F.when(F.col("fate") >= 85, F.date_add("event_on", F.col("days")))
    known = F.date_add("event_on", F.col("days") % 30)
    first = _rows(admitted, ADMISSIONS, admitted_on=F.col("event_on"), discharged_on=discharged, recorded_on=known)
    mended = _rows(
        admitted.where(F.col("fate").between(80, 84)),
        ADMISSIONS,
        admitted_on=F.col("event_on"),
        discharged_on=F.date_add("event_on", 30),
        recorded_on=F.date_add(known, 45),
    )
    return _together(first, mended)


def home_visits(holders: DataFrame, year: int) -> DataFrame:
    """Of one in five, some twice; a few not to the house, with a talk, recorded too late, or before the budget."""
    visit, days = F.col("visit"), F.col("days")
    visited = holders.where(visit < 200)
    on = day(date(year - 1, 1, 1), (visit * 2 + days) % 365)
    flags = {"physical": visit % 25 != 3, "with_conscious_choice_talk": visit % 20 == 7}
    first = _rows(visited, HOME_VISITS, **flags, visited_on=on, recorded_on=F.date_add(on, days % 60))
    again = _rows(
        visited.where(visit < 30),
        HOME_VISITS,
        **flags,
        visited_on=F.date_add(on, 20),
        recorded_on=F.date_add(on, 21 + days % 30),
    )
    return _together(first, again)


def talks(applicants: DataFrame) -> DataFrame:
    """Nine of ten apply for the first time; one of three has a second talk."""
    is_new = F.col("talks") >= 100
    first = _rows(applicants, CONSCIOUS_CHOICE_TALKS, new_applicant=is_new)
    second = _rows(
        applicants.where(F.col("talks") % 3 == 0),
        CONSCIOUS_CHOICE_TALKS,
        held_on=F.date_add("held_on", 14),
        new_applicant=is_new,
    )
    return _together(first, second)


def _rows(people: DataFrame, table: Table, **made: Column) -> DataFrame:
    """The columns of a table: what is made, and for the rest what people have."""
    return people.select(*[made[name].alias(name) if name in made else F.col(name) for name in table.names])


def _together(*frames: DataFrame) -> DataFrame:
    return reduce(DataFrame.unionByName, frames)
