"""Reports as plain rows: what the tests of the documents have in common."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import date, datetime, timezone
from typing import Any

from zorgstat.checks import Finding
from zorgstat.wlz.calendar import INSURED, PGB_HOLDERS, PGB_HOME_VISITS, PGB_TALKS, UITVOERDER, ZORGKANTOOR, Statement
from zorgstat.wlz.documents.content import (
    Earlier,
    Figures,
    Input,
    MissingProvider,
    Output,
    Performance,
    Provenance,
    Report,
)

# Sums that a spreadsheet could get wrong: a correction below zero, a code that looks like a number or a formula.
PRODUCTION = (
    Performance("0012", 3, 1_234_567),
    Performance("=1+1", -2, -300),
    Performance("H127", 0, 0),
    Performance("Z001", 4_321, 98_765_432),
)
COSTS = {"internal_staff": 1_234_567, "external_staff": 345_678, "other": -1_200, "total": 1_579_045}
PEOPLE = {
    "man_under_65": 412_345,
    "woman_under_65": 423_456,
    "total_under_65": 835_801,
    "man_65_plus": 98_765,
    "woman_65_plus": 123_456,
    "total_65_plus": 222_221,
    "man": 511_110,
    "woman": 546_912,
    "total": 1_058_022,
}
WARNING = Finding("credit_without_debit", "warning", 12, "Creditregels zonder debetregel: 12. Ze tellen wel mee.")
ERROR = Finding("insured_sex_unknown", "error", 3, "Verzekerden zonder bekend geslacht: 3. Vul het geslacht aan.")
PROVIDER = MissingProvider(
    "12000001",
    123_456_789_05,
    Statement(2023, 1),
    (Performance("V042", 250, 31_250), Performance("Z111", -1, 7)),
    "Stichting De Hof & Zn. <Noord>",
)
UNNAMED = MissingProvider("12000002", 100_000_001, Statement(2023, 2), ())


def lines(quarter: int, kind: str) -> dict[str, dict[str, int]]:
    found = {"admin_costs": dict(COSTS)}
    if quarter == 2:
        found[INSURED.name] = dict(PEOPLE)
    if kind == ZORGKANTOOR and quarter == 2:
        found |= {PGB_HOLDERS.name: {"total": 4_821}, PGB_HOME_VISITS.name: {"total": 873}}
    if kind == ZORGKANTOOR and quarter == 4:
        found[PGB_TALKS.name] = {"total": 612}
    return found


def report(
    quarter: int = 2,
    kind: str = ZORGKANTOOR,
    *,
    findings: Sequence[Finding] = (WARNING,),
    missing: Sequence[MissingProvider] = (),
    **others: Any,
) -> Report:
    asked = Statement(2023, quarter)
    figures = Figures(lines(quarter, kind), PRODUCTION if kind == ZORGKANTOOR else ())
    provenance = Provenance(
        run_id=f"wlz-2023-{quarter}-002-0a1b2c",
        published_at=datetime(2023, 8, 14, 9, 30, tzinfo=timezone.utc),
        software="0.1.0",
        engine="sail 0.7.2",
        settings={"statement": {"year": 2023, "quarter": quarter}, "known_at": "2023-08-14"},
        inputs=(Input("wlz_claims", 7, 1_234_567), Input("wlz_insured", 3, None)),
        outputs=(Output("wlz_statement_lines", 567, "567:-12:34"),),
        checks=(
            Finding("totals_add_up", "error", 0, "totals that are not the sum"),
            Finding("retention_too_short", "warning", 1, "wlz_claims: gone within 365 days"),
        ),
    )
    made = Report(
        code="5505" if kind == ZORGKANTOOR else "0201",
        kind=kind,
        statement=asked,
        known_at=date(2023, 8, 14),
        figures=figures,
        provenance=provenance,
        name="Zorgkantoor Voorbeeldland" if kind == ZORGKANTOOR else "Stichting Uitvoering",
        findings=tuple(findings),
        missing=tuple(missing),
    )
    return replace(made, **others)


def uitvoerder(quarter: int = 2, **others: Any) -> Report:
    return report(quarter, UITVOERDER, **others)


def concept(quarter: int = 2, **others: Any) -> Report:
    return report(quarter, findings=(ERROR, WARNING), **others)


def with_a_year_before(made: Report) -> Report:
    """The same lines a year before, but 10% fewer PGB holders and no home visits."""
    before = lines(2, ZORGKANTOOR) | {PGB_HOLDERS.name: {"total": 4_383}, PGB_HOME_VISITS.name: {"total": 0}}
    return replace(made, earlier=(Earlier("wlz-2022-2-001-aaaaaa", Statement(2022, 2), Figures(before, PRODUCTION)),))
