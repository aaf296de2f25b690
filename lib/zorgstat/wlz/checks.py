"""What must hold of the figures before a statement is published (handbook 2 and 3)."""

from __future__ import annotations

from collections.abc import Mapping
from functools import reduce
from typing import Any

from pyspark.sql import Column, DataFrame
from pyspark.sql import functions as F

from zorgstat import arrow
from zorgstat.checks import Finding, remark
from zorgstat.pipelines import Frames
from zorgstat.wlz.calendar import ADMIN_COSTS, INSURED, PARTS, PGB_HOLDERS, PGB_HOME_VISITS, Statement
from zorgstat.wlz.rounding import euros
from zorgstat.wlz.settings import Settings

PARTS_WITH_LINES = tuple(part for part in PARTS if part.lines)
LINES = tuple(dict.fromkeys(line for part in PARTS_WITH_LINES for line in part.lines))


def remarks(inputs: Frames, settings: Settings) -> DataFrame:
    """What looks like a mistake in the settings or the delivery, of which figures themselves do not tell.

    Out: rule, severity, count, detail (`checks.Finding`), two rows.
    """
    statement = settings.statement
    too_early = int(settings.known_at <= statement.last_day)
    detail = f"known_at is {settings.known_at}, the quarter ends on {statement.last_day}" + (
        "; care of its last days cannot be known yet" if too_early else ""
    )
    row = ("known_before_the_end", "warning", too_early, detail)
    spark = inputs["wlz_organisations"].sparkSession
    known_before_the_end = arrow.frame(spark, [row], "rule string, severity string, count bigint, detail string")
    return known_before_the_end.unionByName(look_for_prior_year(inputs, statement))


def look_for_prior_year(inputs: Frames, statement: Statement) -> DataFrame:
    """Tables of which rules ask the year T-1 and that have no row of it, perhaps since old years were put away.

    No provider is missing then, and no home visit counts, without a word. Out: as `remarks`, one row.
    """
    days = {"wlz_claims": "start_date"}
    if statement.quarter in PGB_HOME_VISITS.quarters:
        days["wlz_home_visits"] = "visited_on"
    absent = reduce(
        DataFrame.crossJoin, [_look_for_any(inputs[name], name, day, statement) for name, day in days.items()]
    )
    names = [F.when(F.col(name), F.lit(name)) for name in days]
    return absent.select(*remark("prior_year_is_there", f"tables without a row of {statement.year - 1}", names))


def _look_for_any(rows: DataFrame, name: str, day: str, statement: Statement) -> DataFrame:
    """One row, one column of that name: is there no row of T-1?"""
    of_prior_year = (F.col(day) >= F.lit(statement.prior_year_start)) & (F.col(day) < F.lit(statement.year_start))
    return rows.where(of_prior_year).limit(1).agg((F.count(F.lit(1)) == 0).alias(name))


def measures() -> dict[str, list[Column]]:
    """By output table: the aggregates that `judge` needs."""
    value, is_money = F.col("value"), F.col("part") == ADMIN_COSTS.name
    is_nothing = (F.col("quantity") == 0) & (F.col("amount_euro") == 0)
    missing_found = F.when(F.col("rule") == "missing_provider", F.col("count"))
    return {
        "wlz_production": [
            _rows("performances"),
            F.count_if(F.col("amount_euro") != euros(F.col("amount_cents"))).alias("euros_off"),
        ],
        "wlz_statement_lines": [
            F.count_distinct("organisation").alias("organisations"),
            F.count_if((value < 0) & ~is_money).alias("people_below_zero"),
        ],
        "wlz_missing_providers": [_rows("missing_providers")],
        "wlz_missing_estimates": [F.count_if(is_nothing).alias("estimates_of_nothing")],
        "wlz_findings": [
            F.coalesce(F.sum(missing_found), F.lit(0)).alias("missing_providers_found"),
            F.count_if(F.col("count") < 1).alias("findings_of_nothing"),
        ],
    }


def more_measures(outputs: Frames) -> list[DataFrame]:
    """Frames of one row: what a plain aggregate of one table cannot tell."""
    return [
        parts(outputs["wlz_statement_lines"]),
        estimates(outputs["wlz_missing_estimates"], outputs["wlz_missing_providers"]),
    ]


def parts(statement_lines: DataFrame) -> DataFrame:
    """One row: for each part `organisations_with_<part>`; parts_incomplete (not each of its lines once), totals_off."""
    by_part = statement_lines.groupBy("organisation", "part").agg(
        F.count(F.lit(1)).alias("lines"),
        *[F.count_if(F.col("line") == line).alias(f"times_{line}") for line in LINES],
        *[F.coalesce(F.sum(F.when(F.col("line") == line, F.col("value"))), F.lit(0)).alias(line) for line in LINES],
    )
    is_complete, totals_off = F.lit(False), F.lit(0)
    for part in PARTS_WITH_LINES:
        is_part = F.col("part") == part.name
        each_once = [F.col(f"times_{line}") == 1 for line in part.lines]
        is_complete = is_complete | reduce(Column.__and__, each_once, is_part & (F.col("lines") == len(part.lines)))
        for total, of in part.totals.items():
            shown = reduce(Column.__add__, [F.col(line) for line in of])
            totals_off = totals_off + F.when(is_part & (F.col(total) != shown), 1).otherwise(0)
    return by_part.agg(
        *[F.count_if(F.col("part") == part.name).alias(f"organisations_with_{part.name}") for part in PARTS_WITH_LINES],
        F.count_if(~is_complete).alias("parts_incomplete"),
        F.coalesce(F.sum(totals_off), F.lit(0)).alias("totals_off"),
    )


def estimates(missing_estimates: DataFrame, missing_providers: DataFrame) -> DataFrame:
    """One row, estimates_alone: estimates for a provider that is not missing."""
    alone = missing_estimates.join(missing_providers, ["zorgkantoor", "provider_agb"], "left_anti")
    return alone.agg(_rows("estimates_alone"))


def judge(row: Mapping[str, Any], input_records: int) -> list[Finding]:
    """The findings of a run on its own figures, errors and good news alike: count 0 means that the check holds.

    In: row (the values of `measures` and `more_measures`), input_records (the rows of wlz_claims).
    """
    organisations, performances = int(row["organisations"]), int(row["performances"])
    missing, missing_found = int(row["missing_providers"]), int(row["missing_providers_found"])
    having = {part.name: int(row[f"organisations_with_{part.name}"]) for part in PARTS_WITH_LINES}
    parts_missing = (
        abs(organisations - having[ADMIN_COSTS.name])
        + having[INSURED.name] % max(1, organisations)  # owed by nobody or by all
        + abs(having[PGB_HOLDERS.name] - having[PGB_HOME_VISITS.name])
    )
    return [
        Finding.error(
            "somebody_owes_a_statement",
            organisations == 0,
            f"{organisations:,} organisations" + ("; there is no statement to publish" if organisations == 0 else ""),
        ),
        Finding.error(
            "every_line_is_there",
            int(row["parts_incomplete"]) + parts_missing,
            "organisations by part of wlz_statement_lines: "
            + ", ".join(f"{part} {count:,}" for part, count in having.items()),
        ),
        Finding.error(
            "totals_add_up", row["totals_off"], "totals of wlz_statement_lines that are not the sum of their lines"
        ),
        Finding.error("no_people_below_zero", row["people_below_zero"], "counts of wlz_statement_lines below zero"),
        Finding.error(
            "production_comes_from_claims",
            max(0, performances - input_records),
            f"{performances:,} performances in wlz_production, {input_records:,} lines in wlz_claims",
        ),
        Finding.error(
            "euros_are_rounded_cents", row["euros_off"], "rows of wlz_production with other euros than cents"
        ),
        Finding.error(
            "missing_providers_are_found",
            abs(missing - missing_found),
            f"{missing:,} rows in wlz_missing_providers, {missing_found:,} told in wlz_findings",
        ),
        Finding.error(
            "estimates_are_of_missing_providers",
            int(row["estimates_alone"]) + int(row["estimates_of_nothing"]),
            "rows of wlz_missing_estimates of a provider that is not missing, or of nothing",
        ),
        Finding.error(
            "findings_count_something", row["findings_of_nothing"], "rows of wlz_findings that count nothing"
        ),
    ]


def _rows(name: str) -> Column:
    return F.count(F.lit(1)).alias(name)
