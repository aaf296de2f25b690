"""Two runs of a statement beside each other: worked by hand, and of published runs what they told of themselves."""

from __future__ import annotations

import json
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from pyspark.sql import DataFrame, SparkSession

from tests.oracle import wlz_cases
from tests.support import citizens, frame
from tests.wlz.support import write_inputs
from zorgstat.io import compare as command
from zorgstat.io import run
from zorgstat.io.engine import Engine
from zorgstat.io.place import Place
from zorgstat.wlz import compare
from zorgstat.wlz.pipeline import WLZ
from zorgstat.wlz.settings import resolve
from zorgstat.wlz.tables import MISSING_ESTIMATES, MISSING_PROVIDERS, STATEMENT_LINES, WLZ_FINDINGS, WLZ_PRODUCTION

# 5507 goes and 5508 comes. Internal staff of 5505 costs 30 more, so its total too: the total is told by no line of its
# own. Production of 5506 falls by 30 in all: as far as the costs of 5505 rise, so the code decides who comes first.
LINES = """
    organisation | part        | line           | value | known_at
    5505         | admin_costs | internal_staff | {0}   | {6}
    5505         | admin_costs | other          | 5     | {6}
    5505         | admin_costs | total          | {1}   | {6}
    5506         | admin_costs | other          | {2}   | {6}
    5506         | admin_costs | total          | {2}   | {6}
    {5}          | admin_costs | total          | 7     | {6}
    5505         | pgb_holders | total          | {3}   | {6}
    5506         | pgb_holders | total          | {4}   | {6}
"""
PRODUCTION = """
    zorgkantoor | performance_code | amount_euro
    5505        | Z001             | 100
    5506        | Z001             | {0}
    5506        | Z002             | {1}
"""
FINDINGS = """
    organisation | rule                      | severity | count
    5505         | duplicate_claim_reference | warning  | {0}
    {1}          | claims_missing            | error    | 1
    9999         | unknown_organisation      | error    | 4
"""
MISSING = "zorgkantoor | provider_agb | prior_year_amount_cents\n 5505 | 12000001 | 100000001"
ESTIMATES = "zorgkantoor | provider_agb | performance_code | amount_euro\n 5505 | 12000001 | Z001 | {0}"


def outputs(spark: SparkSession, lines: str, production: str, findings: str, estimates: str) -> dict[str, DataFrame]:
    return {
        "wlz_statement_lines": frame(spark, STATEMENT_LINES, lines),
        "wlz_production": frame(spark, WLZ_PRODUCTION, production),
        "wlz_findings": frame(spark, WLZ_FINDINGS, findings),
        "wlz_missing_providers": frame(spark, MISSING_PROVIDERS, MISSING),
        "wlz_missing_estimates": frame(spark, MISSING_ESTIMATES, estimates),
    }


@pytest.fixture(scope="module")
def before(spark: SparkSession) -> dict[str, DataFrame]:
    lines = LINES.format(10, 15, 40, 3, 8, "5507", "2023-08-01")
    return outputs(spark, lines, PRODUCTION.format(60, 20), FINDINGS.format(2, "5506"), ESTIMATES.format(25))


@pytest.fixture(scope="module")
def after(spark: SparkSession) -> dict[str, DataFrame]:
    lines = LINES.format(40, 45, 41, 3, 6, "5508", "2023-08-14")
    return outputs(spark, lines, PRODUCTION.format(40, 10), FINDINGS.format(1, "5505"), ESTIMATES.format(30))


def compared(before: dict[str, DataFrame], after: dict[str, DataFrame], most: int) -> dict[str, Any]:
    found = {name: query.collect()[::-1] for name, query in compare.queries(before, after, most).items()}  # any order
    return compare.figures(found)


def test_totals_standing_and_findings(before: dict[str, DataFrame], after: dict[str, DataFrame]) -> None:
    told = compared(before, after, 10)
    assert told["known_at"] == {"before": "2023-08-01", "after": "2023-08-14"}
    assert told["statements"] == {
        "organisations": {"before": 3, "after": 3},
        "final": {"before": 2, "after": 2},
        "concept": {"before": 1, "after": 1},
    }
    assert {name: told[name] for name in ("appeared", "disappeared", "became_final", "became_concept")} == {
        "appeared": ["5508"],
        "disappeared": ["5507"],
        "became_final": ["5506"],
        "became_concept": ["5505"],
    }
    assert told["parts"] == [
        {"part": "production", "before": 180, "after": 150},
        {"part": "pgb_holders", "before": 11, "after": 9},
        {"part": "admin_costs", "before": 62, "after": 93},
    ]
    assert told["missing_providers"] == {"before": 1, "after": 1}
    assert told["estimated_euro"] == {"before": 25, "after": 30}
    assert told["findings"] == [
        {"severity": "error", "rule": "unknown_organisation", "before": 4, "after": 4},
        {"severity": "error", "rule": "claims_missing", "before": 1, "after": 1},
        {"severity": "warning", "rule": "duplicate_claim_reference", "before": 2, "after": 1},
    ]


def test_lines_that_moved_most(before: dict[str, DataFrame], after: dict[str, DataFrame]) -> None:
    """By their distance, then by organisation; euros and people apart; neither sums nor what one run alone has."""
    staff = {"organisation": "5505", "part": "admin_costs", "line": "internal_staff", "before": 10, "after": 40}
    production = {"organisation": "5506", "part": "production", "line": "total", "before": 80, "after": 50}
    other = {"organisation": "5506", "part": "admin_costs", "line": "other", "before": 40, "after": 41}
    holders = {"organisation": "5506", "part": "pgb_holders", "line": "total", "before": 8, "after": 6}
    assert compared(before, after, 10)["moved"] == {"euro": [staff, production, other], "people": [holders]}
    assert compared(before, after, 1)["moved"] == {"euro": [staff], "people": [holders]}


def test_lines_that_moved_as_far_are_in_the_order_of_their_names(spark: SparkSession) -> None:
    changed = frame(
        spark,
        "organisation string, part string, line string, before bigint, after bigint",
        """
        organisation | part            | line  | before | after
        5506         | pgb_holders     | total | 1      | 3
        5505         | pgb_home_visits | total | 5      | 3
        5505         | pgb_holders     | total | 1      | 3
        5505         | insured         | b     | 3      | 1
        5505         | insured         | a     | 1      | 3
        """,
    )
    moved = sorted(compare.find_moved(changed, 4).collect(), key=lambda row: row["place"])
    assert [(row["organisation"], row["part"], row["line"]) for row in moved] == [
        ("5505", "insured", "a"),
        ("5505", "insured", "b"),
        ("5505", "pgb_holders", "total"),
        ("5505", "pgb_home_visits", "total"),
    ]


def test_errors_are_told_before_warnings(
    spark: SparkSession, before: dict[str, DataFrame], after: dict[str, DataFrame]
) -> None:
    """Also one that stands after them in the list of rules."""
    found = FINDINGS.format(1, "5505") + "    5505 | insured_sex_unknown | error | 2"
    told = compared(before, {**after, "wlz_findings": frame(spark, WLZ_FINDINGS, found)}, 1)["findings"]
    assert [(row["severity"], row["rule"]) for row in told] == [
        ("error", "unknown_organisation"),
        ("error", "claims_missing"),
        ("error", "insured_sex_unknown"),
        ("warning", "duplicate_claim_reference"),
    ]


def test_production_that_was_missing_has_moved(before: dict[str, DataFrame], after: dict[str, DataFrame]) -> None:
    """From 0: the zorgkantoor stands in both runs. One of 5507, which is in one run, has not."""
    produced = before["wlz_production"].where("zorgkantoor = '5506'")
    moved = compared({**before, "wlz_production": produced}, after, 1)["moved"]["euro"]
    assert moved == [{"organisation": "5505", "part": "production", "line": "total", "before": 0, "after": 100}]


def test_a_comparison_as_lines_of_text(before: dict[str, DataFrame], after: dict[str, DataFrame]) -> None:
    lines = [" ".join(line.split()) for line in compare.describe(compared(before, after, 10))]
    assert {
        "appeared 1 5508",
        "became concept 1 5505",
        "production, euro 180 150 -30 -16.7%",
        "warning: duplicate_claim_reference 2 1 -1 -50.0%",
        "5505 admin_costs internal_staff 10 40 +30 +300.0%",
        "5506 pgb_holders total 8 6 -2 -25.0%",
        "error: claims_missing 1 1 0 0.0%",
    } <= set(lines)
    same = compare.describe(compared(before, before, 10))
    assert [line for line in same if line.startswith("no line")] == [
        "no line in euro changed",
        "no line in people changed",
    ]
    assert not any("became" in line or "appeared" in line for line in same)
    assert not any(line.startswith("no findings") for line in same)
    sound = {**before, "wlz_findings": before["wlz_findings"].where("false")}
    assert [line for line in compare.describe(compared(sound, sound, 10)) if line.startswith("no findings")]


def test_published_quarters(engine: Engine, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Each side is what the run told of itself; a part that one quarter does not ask for is not there."""
    tables, raw = wlz_cases.generate(20)
    inputs, output, year = write_inputs(tmp_path / "in", tables), tmp_path / "out", raw["statement"]["year"]
    asked = [{"quarter": 1}, {"quarter": 2}]
    results = [
        run.execute(WLZ, engine, resolve({"statement": {"year": year, **of}}), str(inputs), str(output)) for of in asked
    ]
    place = Place(str(output), engine.name)
    capsys.readouterr()
    assert command.compare(place, *[result.run_id for result in results], as_json=True) == 0
    figures = json.loads(capsys.readouterr().out)["figures"]
    parts = {row["part"]: row for row in figures["parts"]}
    assert parts["insured"]["before"] is None
    for side, result in zip(("before", "after"), results, strict=True):
        assert date.fromisoformat(figures["known_at"][side]) == date.fromisoformat(result.figures["known_at"])
        assert parts["production"][side] == result.figures["production"]["amount_euro"]
        assert {name: row[side] for name, row in parts.items() if name in result.figures["parts"]} == result.figures[
            "parts"
        ]
        assert {name: counts[side] for name, counts in figures["statements"].items()} == result.figures["statements"]
        assert {row["rule"]: row[side] for row in figures["findings"] if row[side]} == {
            row["rule"]: row["count"] for row in result.figures["statement_findings"]
        }
    assert command.compare(place, *[result.run_id for result in results]) == 0
    screen = capsys.readouterr()
    assert "lines in euro that moved most" in screen.out
    assert not any(bsn in screen.out + screen.err for bsn in citizens(tables))
