"""What the statements of a quarter came to, for a person: how many are final, what they add up to, what was found."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from pyspark.sql import Column, DataFrame, Row
from pyspark.sql import functions as F

from zorgstat.pipelines import Frames
from zorgstat.text import day, figure
from zorgstat.wlz.calendar import ADMIN_COSTS, IN_EURO, PARTS, PRODUCTION
from zorgstat.wlz.findings import RULES, final_organisations
from zorgstat.wlz.settings import Settings


def queries(outputs: Frames) -> dict[str, DataFrame]:
    """What is looked up in the outputs of a run for `figures`."""
    lines, findings = outputs["wlz_statement_lines"], outputs["wlz_findings"]
    totals = lines.where(F.col("line") == "total")
    return {
        "parts": totals.groupBy("part").agg(
            F.count(F.lit(1)).alias("organisations"), F.max("known_at").alias("known_at"), _sum("value")
        ),
        "final": final_organisations(list_organisations(lines), findings),
        "production": outputs["wlz_production"].agg(
            F.count_distinct("zorgkantoor").alias("zorgkantoren"), _sum("amount_euro")
        ),
        "missing": outputs["wlz_missing_providers"].agg(F.count(F.lit(1)).alias("missing_providers")),
        "estimates": outputs["wlz_missing_estimates"].agg(_sum("amount_euro")),
        "findings": findings.groupBy("severity", "rule").agg(
            F.count_distinct("organisation").alias("organisations"), F.sum("count").alias("count")
        ),
    }


def list_organisations(statement_lines: DataFrame) -> DataFrame:
    """Every organisation of a run, once. Out: code."""
    owed_by_all = (F.col("part") == ADMIN_COSTS.name) & (F.col("line") == "total")  # every quarter
    return statement_lines.where(owed_by_all).select(F.col("organisation").alias("code"))


def figures(found: Mapping[str, list[Row]]) -> dict[str, Any]:
    """Statements final and not, totals in euros and people, findings by severity and rule in the order of the rules."""
    [production], [missing], [estimates] = (found[name] for name in ("production", "missing", "estimates"))
    parts = {row["part"]: row for row in found["parts"]}
    everybody = parts[ADMIN_COSTS.name]
    by_rule = {row["rule"]: row for row in found["findings"]}
    organisations, whole = int(everybody["organisations"]), len(found["final"])
    return {
        "known_at": everybody["known_at"].isoformat(),
        "statements": {"organisations": organisations, "final": whole, "concept": organisations - whole},
        "production": {name: int(production[name]) for name in ("zorgkantoren", "amount_euro")},
        "parts": {part.name: int(parts[part.name]["value"]) for part in PARTS if part.name in parts},
        "missing_providers": int(missing["missing_providers"]),
        "estimated_euro": int(estimates["amount_euro"]),
        "statement_findings": [
            {"severity": severity, "rule": rule.name}
            | {name: int(by_rule[rule.name][name]) for name in ("organisations", "count")}
            for severity in ("error", "warning")
            for rule in RULES
            if rule.severity == severity and rule.name in by_rule
        ],
    }


def describe(settings: Settings, figures: Mapping[str, Any]) -> list[str]:
    """The figures in lines."""
    statement, statements, production = settings.statement, figures["statements"], figures["production"]
    found = figures["statement_findings"]
    lines = [
        f"Wlz {statement.year}, quarter {statement.quarter}: care that began from {day(statement.first_day)} to "
        f"{day(statement.last_day)}, as known on {day(settings.known_at)}; due {day(statement.due_on)}",
        "",
        figure("statements", f"{statements['organisations']:,}"),
        figure("  final", f"{statements['final']:,}"),
        figure(
            "  concept",
            f"{statements['concept']:,}",
            "  an error keeps them from being final" if statements["concept"] else "",
        ),
        "",
        figure(
            name_part(PRODUCTION.name),
            f"{production['amount_euro']:,}",
            f"  of {production['zorgkantoren']} zorgkantoren",
        ),
        *[figure(name_part(part), f"{value:,}") for part, value in figures["parts"].items()],
        figure("missing providers", f"{figures['missing_providers']:,}"),
        figure("  estimated, euro", f"{figures['estimated_euro']:,}"),
        "",
    ]
    for severity in ("error", "warning"):
        of_severity = [row for row in found if row["severity"] == severity]
        lines.append(figure(f"kinds of {severity}s", f"{len(of_severity):,}"))
        lines += [figure(f"  {row['rule']}", f"{row['count']:,}", _at(row["organisations"])) for row in of_severity]
    return [*lines, ""]


def name_part(part: str) -> str:
    """A part as it is written in a list: its total is in euros or in people."""
    return part.replace("_", " ") + (", euro" if part in IN_EURO else "")


def _at(organisations: int) -> str:
    """A finding about none in particular has no organisation."""
    return f"  at {organisations:,} organisation{'s' * (organisations != 1)}" if organisations else ""


def _sum(name: str) -> Column:
    return F.coalesce(F.sum(name), F.lit(0)).alias(name)
