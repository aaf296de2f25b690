"""Organisations, by their share of the people, and what it costs them to carry out the law."""

from __future__ import annotations

from pyspark.sql import Column, DataFrame, SparkSession

from zorgstat import arrow, codes
from zorgstat.draws import Draws, pick, spread
from zorgstat.wlz.calendar import CATEGORIES, QUARTERS, ZORGKANTOOR
from zorgstat.wlz.tables import ADMIN_COSTS, ORGANISATIONS

SLOTS = 2048
UNKNOWN = "9999"  # who is not registered as an organisation
WITHOUT_COSTS = (6, 3)  # the organisation at this place in the list, and the quarter of T
WITH_OTHER_CATEGORY = (12, 2)


def organisations(spark: SparkSession) -> DataFrame:
    rows = [tuple(row[name] for name in ORGANISATIONS.names) for row in codes.rows("synth_wlz_organisations")]
    return arrow.frame(spark, rows, ORGANISATIONS.schema).coalesce(1)


def zorgkantoren() -> list[str]:
    """By share: a place in the list for each of `SLOTS`."""
    return _by_share([row for row in codes.rows("synth_wlz_organisations") if row["kind"] == ZORGKANTOOR])


def everybody() -> list[str]:
    return _by_share(codes.rows("synth_wlz_organisations"))


def uitvoerder() -> str:
    return next(row["code"] for row in codes.rows("synth_wlz_organisations") if row["kind"] != ZORGKANTOOR)


def smallest() -> str:
    """The zorgkantoor that sends no claims in one quarter (`claims.SILENT_ZORGKANTOOR`)."""
    listed = [row for row in codes.rows("synth_wlz_organisations") if row["kind"] == ZORGKANTOOR]
    return min(listed, key=lambda row: int(row["share"]))["code"]


def _by_share(rows: list[dict[str, str]]) -> list[str]:
    return [rows[entry]["code"] for entry in spread([int(row["share"]) for row in rows], SLOTS)]


def draw(listed: list[str], purpose: str, draws: Draws, key: str = "person") -> Column:
    return pick(listed, draws.number(purpose, key, SLOTS))


def admin_costs(spark: SparkSession, year: int, draws: Draws) -> DataFrame:
    """Three categories a quarter, by share, with a correction now and then; faults at two organisations."""
    rows = []
    for place, row in enumerate(codes.rows("synth_wlz_organisations")):
        for of_year in (year - 1, year):
            for quarter in QUARTERS:
                if (of_year, place, quarter) == (year, *WITHOUT_COSTS):
                    continue
                for category, cents in zip(CATEGORIES, (900_000, 250_000, 400_000), strict=True):
                    chance = draws.plain(f"costs {place} {of_year} {quarter} {category}") % 100_000
                    amount = int(row["share"]) * cents * (80_000 + chance // 2) // 100_000 + chance % 100
                    rows.append((row["code"], of_year, quarter, category, amount))
                    if chance < 5_000:
                        rows.append((row["code"], of_year, quarter, category, -amount // 10))
                if (of_year, place, quarter) == (year, *WITH_OTHER_CATEGORY):
                    rows.append((row["code"], of_year, quarter, "overhead", 1_234_567))
    rows.append((UNKNOWN, year, 1, CATEGORIES[0], 100_000))
    return arrow.frame(spark, rows, ADMIN_COSTS.schema).coalesce(1)
