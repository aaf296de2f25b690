"""What a version came to, for a person: a funnel that adds up, the size, the spread, the factors."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from pyspark.sql import DataFrame, Row
from pyspark.sql import functions as F

from zorgstat.behandelindex.selection import OUTCOME_NAMES
from zorgstat.behandelindex.settings import Settings
from zorgstat.pipelines import Frames
from zorgstat.text import day, figure


def queries(outputs: Frames) -> dict[str, DataFrame]:
    """What is looked up in the outputs of a run for `figures`."""
    return {
        "totals": outputs["practice_index"].agg(
            F.count(F.lit(1)).alias("practices"),
            F.coalesce(F.sum("combinations"), F.lit(0)).alias("combinations"),
            F.coalesce(F.sum("treatments"), F.lit(0)).alias("treatments"),
        ),
        "records": outputs["outcomes"].groupBy("outcome").agg(F.sum("records").alias("records")),
        "bands": outputs["correction_factors"].select("lower", "upper", "factor", "sd").orderBy("lower"),
    }


def figures(found: Mapping[str, list[Row]]) -> dict[str, Any]:
    """Records by outcome in the order of the rules; practices, combinations, treatments; sd and the factors."""
    [totals], bands = found["totals"], found["bands"]
    counts = {row["outcome"]: int(row["records"]) for row in found["records"]}
    return {
        "records": {name: counts[name] for name in OUTCOME_NAMES if name in counts},
        **{name: int(totals[name]) for name in ("practices", "combinations", "treatments")},
        "sd": float(bands[0]["sd"]),
        "correction_factors": [{name: band[name] for name in ("lower", "upper", "factor")} for band in bands],
    }


def describe(settings: Settings, figures: Mapping[str, Any]) -> list[str]:
    """The figures in lines."""
    report, factors = settings.report, figures["correction_factors"]
    records = sum(figures["records"].values())
    return [
        f"Behandelindex {report.year}, version {report.version}: treatments from {day(report.period_start)} to "
        f"{day(report.period_end)}, claims received until {day(report.claim_cutoff)}",
        "",
        figure("records read", f"{records:,}"),
        *[figure(f"  {name}", f"{count:,}", f"{count / records:8.2%}") for name, count in figures["records"].items()],
        "",
        figure("practices", f"{figures['practices']:,}"),
        figure("combinations", f"{figures['combinations']:,}"),
        figure("treatments", f"{figures['treatments']:,}"),
        figure("spread of the indices", f"{figures['sd']:.2f}"),
        "",
        figure("combinations of a practice", "".join(f"{name_band(band):>9}" for band in factors)),
        figure("correction factor", "".join(f"{'± ' + str(band['factor']):>9}" for band in factors)),
        "",
    ]


def name_band(band: Mapping[str, int | None]) -> str:
    lower, upper = (band["lower"] or 0) + 1, band["upper"]
    return f"{lower}-{upper}" if upper else f"{lower}+"
