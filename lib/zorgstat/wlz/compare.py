"""What changed between two runs of a statement, or two quarters: totals, standing, findings, lines that moved."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from pyspark.sql import DataFrame, Row, Window
from pyspark.sql import functions as F

from zorgstat.pipelines import BEFORE_AND_AFTER, Comparison, Frames
from zorgstat.text import figure, heading, side_by_side
from zorgstat.wlz import summary
from zorgstat.wlz.calendar import IN_EURO, PARTS, PRODUCTION
from zorgstat.wlz.findings import RULES

UNITS = ("euro", "people")
LINE = ["organisation", "part", "line"]
WIDTH = 42  # of the name of a finding or a line, in characters
SUMS = [f"{part.name} {line}" for part in PARTS for line in part.totals]


def queries(before: Frames, after: Frames, most: int) -> dict[str, DataFrame]:
    """What is looked up in the outputs of two runs for `figures`."""
    found: dict[str, DataFrame] = {}
    for side, run in zip(BEFORE_AND_AFTER, (before, after), strict=True):
        found |= {f"{name}_{side}": frame for name, frame in summary.queries(run).items()}
        found[f"owing_{side}"] = summary.list_organisations(run["wlz_statement_lines"])
    changed = find_changed(list_lines(before), list_lines(after))
    return {**found, "moved": find_moved(changed, most)}


def list_lines(run: Frames) -> DataFrame:
    """Every figure of every organisation: organisation, part, line, value; production as its total in whole euros.

    Without production that is 0: what was missing and then came has moved.
    """
    lines = run["wlz_statement_lines"]
    produced = (
        run["wlz_production"].groupBy(F.col("zorgkantoor").alias("code")).agg(F.sum("amount_euro").alias("euros"))
    )
    totals = (
        summary.list_organisations(lines)
        .join(produced, "code", "left")
        .select(
            F.col("code").alias("organisation"),
            F.lit(PRODUCTION.name).alias("part"),
            F.lit("total").alias("line"),
            F.coalesce("euros", F.lit(0)).alias("value"),
        )
    )
    return lines.select(*LINE, "value").unionByName(totals)


def find_changed(before: DataFrame, after: DataFrame) -> DataFrame:
    """The lines that both runs have, with another value.

    In: lines (from `list_lines`). Out: organisation, part, line, before, after.
    """
    both = before.withColumnRenamed("value", "before").join(after.withColumnRenamed("value", "after"), LINE)
    return both.where(F.col("before") != F.col("after"))


def find_moved(changed: DataFrame, most: int) -> DataFrame:
    """The lines that moved furthest, so many in euros and so many in people, without sums of other lines.

    Out: `find_changed`, + unit, place (from 1 within the unit).
    """
    is_sum = F.concat_ws(" ", "part", "line").isin(SUMS)
    unit = F.when(F.col("part").isin(*IN_EURO), UNITS[0]).otherwise(UNITS[1])
    furthest = Window.partitionBy("unit").orderBy(F.abs(F.col("after") - F.col("before")).desc(), *LINE)
    placed = changed.where(~is_sum).withColumn("unit", unit).withColumn("place", F.row_number().over(furthest))
    return placed.where(F.col("place") <= most)


def figures(found: Mapping[str, list[Row]]) -> dict[str, Any]:
    """Totals by side; organisations that came, went, became final or a concept; findings by rule; lines that moved."""
    of = {
        side: summary.figures({name.removesuffix(f"_{side}"): rows for name, rows in found.items()})
        for side in BEFORE_AND_AFTER
    }
    owing, final = (
        {side: {row[0] for row in found[f"{name}_{side}"]} for side in BEFORE_AND_AFTER} for name in ("owing", "final")
    )
    both = owing["before"] & owing["after"]
    return {
        "known_at": {side: of[side]["known_at"] for side in BEFORE_AND_AFTER},
        "statements": {
            name: {side: of[side]["statements"][name] for side in BEFORE_AND_AFTER}
            for name in ("organisations", "final", "concept")
        },
        "appeared": sorted(owing["after"] - owing["before"]),
        "disappeared": sorted(owing["before"] - owing["after"]),
        "became_final": sorted(both & final["after"] - final["before"]),
        "became_concept": sorted(both & final["before"] - final["after"]),
        "parts": [
            {"part": part.name, **{side: _total(of[side], part.name) for side in BEFORE_AND_AFTER}}
            for part in PARTS
            if any(_total(of[side], part.name) is not None for side in BEFORE_AND_AFTER)
        ],
        **{
            name: {side: of[side][name] for side in BEFORE_AND_AFTER}
            for name in ("missing_providers", "estimated_euro")
        },
        "findings": list(_findings(of)),
        "moved": {
            unit: [
                {name: row[name] for name in (*LINE, *BEFORE_AND_AFTER)}
                for row in sorted(found["moved"], key=lambda row: int(row["place"]))
                if row["unit"] == unit
            ]
            for unit in UNITS
        },
    }


def _total(of: Mapping[str, Any], part: str) -> int | None:
    """Null: the quarter does not ask for it."""
    total: int | None = of["production"]["amount_euro"] if part == PRODUCTION.name else of["parts"].get(part)
    return total


def _findings(of: Mapping[str, Mapping[str, Any]]) -> Iterator[dict[str, Any]]:
    """Every rule that found something in either run."""
    counts = {side: {row["rule"]: row["count"] for row in of[side]["statement_findings"]} for side in BEFORE_AND_AFTER}
    for rule in sorted(RULES, key=lambda rule: rule.severity):  # errors first
        if any(rule.name in of_side for of_side in counts.values()):
            told = {side: counts[side].get(rule.name, 0) for side in BEFORE_AND_AFTER}
            yield {"severity": rule.severity, "rule": rule.name, **told}


def describe(figures: Mapping[str, Any]) -> list[str]:
    """The figures in lines."""
    return [
        _heading("statements"),
        *[_side_by_side(name, counts) for name, counts in figures["statements"].items()],
        *[
            figure(name.replace("_", " "), f"{len(figures[name]):,}", f"  {', '.join(figures[name])}", WIDTH)
            for name in ("appeared", "disappeared", "became_final", "became_concept")
            if figures[name]
        ],
        "",
        _heading("figures"),
        *[_side_by_side(summary.name_part(row["part"]), row) for row in figures["parts"]],
        _side_by_side("missing providers", figures["missing_providers"]),
        _side_by_side("  estimated, euro", figures["estimated_euro"]),
        "",
        _heading("findings" if figures["findings"] else "no findings"),
        *[_side_by_side(f"{row['severity']}: {row['rule']}", row) for row in figures["findings"]],
        "",
        *[line for unit in UNITS for line in _describe_moved(unit, figures["moved"][unit])],
    ]


def _describe_moved(unit: str, moved: list[Mapping[str, Any]]) -> list[str]:
    if not moved:
        return [f"no line in {unit} changed"]
    return [
        _heading(f"lines in {unit} that moved most"),
        *[_side_by_side(" ".join(row[name] for name in LINE), row) for row in moved],
        "",
    ]


def _heading(name: str) -> str:
    return heading(name, *BEFORE_AND_AFTER, "change", width=WIDTH)


def _side_by_side(name: str, of: Mapping[str, Any]) -> str:
    return side_by_side(name, of["before"], of["after"], WIDTH)


COMPARISON = Comparison(queries=queries, figures=figures, describe=describe)
