"""PGB holders, home visits and conscious-choice talks (handbook 3.1)."""

from __future__ import annotations

from pyspark.sql import Column, DataFrame, Window
from pyspark.sql import functions as F

from zorgstat.packing import calendar_day
from zorgstat.wlz.calendar import Statement

MONTHS_AFTER_ADMISSION = 2


def end_budgets(grants: DataFrame, deaths: DataFrame, admissions: DataFrame) -> DataFrame:
    """The last day of every budget: the earliest of its own end, the day before death, and the end by admission.

    An admission ends it on the day before its limit, two months after admitted_on (a day that the month lacks becomes
    its last), unless the person was discharged before the limit. Discharged on or before the first day of a grant, it
    does not touch that grant. Each stay counts by itself, and an ended budget does not revive.
    In:  grants, deaths, admissions (from `known`).
    Out: zorgkantoor, person, start_date, last_day (null: no end; before start_date: no day lies in it).
    Source: handbook 3.1, explanation of the first specification.
    """
    limit = F.add_months(calendar_day(F.col("admitted_on")), MONTHS_AFTER_ADMISSION)
    stays_that_end = admissions.select("person", "discharged_on", limit.alias("limit")).where(
        F.col("discharged_on").isNull() | (F.col("discharged_on") >= F.col("limit"))
    )
    stay, grant = stays_that_end.alias("stay"), grants.alias("grant")
    touches = F.col("stay.discharged_on").isNull() | (F.col("stay.discharged_on") > F.col("grant.start_date"))
    by_grant = (
        grant.join(stay, (F.col("grant.person") == F.col("stay.person")) & touches, "left")
        .groupBy("grant.zorgkantoor", "grant.person", "grant.start_date")
        .agg(F.min("grant.end_date").alias("end_date"), F.min("stay.limit").alias("limit"))
    )
    # `least` passes over nulls: what does not end a budget has no say.
    last_day = F.least("end_date", F.date_sub("limit", 1), F.date_sub("died_on", 1))
    return by_grant.join(deaths, "person", "left").select(
        "zorgkantoor", "person", "start_date", last_day.alias("last_day")
    )


def hold_on(budgets: DataFrame, statement: Statement) -> DataFrame:
    """The budgets that are held on 30 June. In, out: budgets (from `end_budgets`)."""
    return budgets.where(_covers(F.lit(statement.holders_on)))


def counted_visits(home_visits: DataFrame, statement: Statement) -> DataFrame:
    """Visits in T-1 to the house itself, without a conscious-choice talk, recorded before 1 January T.

    Out: zorgkantoor, person, visited_on; one row per visit.
    Source: handbook 3.1, second specification.
    """
    in_prior_year = (F.col("visited_on") >= F.lit(statement.prior_year_start)) & (
        F.col("visited_on") < F.lit(statement.year_start)
    )
    counts = F.col("physical") & ~F.col("with_conscious_choice_talk")
    in_time = F.col("recorded_on") < F.lit(statement.year_start)
    return home_visits.where(in_prior_year & counts & in_time).select("zorgkantoor", "person", "visited_on")


def counted_talks(talks: DataFrame, statement: Statement) -> DataFrame:
    """Talks in T with new applicants, whenever they became known. Out: zorgkantoor, person; one row per talk.

    Source: handbook 3.1, third specification: applicants, also when no budget followed.
    """
    in_year = F.col("held_on").between(F.lit(statement.year_start), F.lit(statement.year_end))
    return talks.where(in_year & F.col("new_applicant")).select("zorgkantoor", "person")


def count_people(rows: DataFrame) -> DataFrame:
    """A person counts once per zorgkantoor. Out: zorgkantoor, rows, people."""
    people = rows.groupBy("zorgkantoor", "person").agg(F.count(F.lit(1)).alias("rows"))
    return people.groupBy("zorgkantoor").agg(F.sum("rows").alias("rows"), F.count(F.lit(1)).alias("people"))


def count_at_several(held: DataFrame, zorgkantoren: DataFrame) -> DataFrame:
    """Holders with a budget at another zorgkantoor too, at each. Out: zorgkantoor, people."""
    at_zorgkantoren = zorgkantoren.select(F.col("code").alias("zorgkantoor")).join(held, "zorgkantoor")
    holders = at_zorgkantoren.select("zorgkantoor", "person").distinct()
    several = F.count(F.lit(1)).over(Window.partitionBy("person")) > 1
    found = holders.select("zorgkantoor", several.alias("at_several")).where("at_several")
    return found.groupBy("zorgkantoor").agg(F.count(F.lit(1)).alias("people"))


def count_without_budget(visits: DataFrame, budgets: DataFrame) -> DataFrame:
    """People who held a budget of that zorgkantoor on none of the days of their counted visits.

    In: visits (from `counted_visits`), budgets (from `end_budgets`). Out: zorgkantoor, people.
    """
    visit, budget = visits.alias("visit"), budgets.alias("budget")
    same = (F.col("visit.zorgkantoor") == F.col("budget.zorgkantoor")) & (
        F.col("visit.person") == F.col("budget.person")
    )
    people = (
        visit.join(budget, same & _covers(F.col("visit.visited_on")), "left")
        .groupBy("visit.zorgkantoor", "visit.person")
        .agg(F.count("budget.person").alias("budgets"))
    )
    return people.where(F.col("budgets") == 0).groupBy("zorgkantoor").agg(F.count(F.lit(1)).alias("people"))


def _covers(day: Column) -> Column:
    return (F.col("start_date") <= day) & (F.col("last_day").isNull() | (day <= F.col("last_day")))
