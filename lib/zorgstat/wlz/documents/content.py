"""What the documents of one organisation say, as plain rows of a published run."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from zorgstat.checks import Finding
from zorgstat.wlz.calendar import PARTS, UITVOERDER, ZORGKANTOOR, Part, Statement, parts_owed

SHEET_NAME = re.compile(r"[0-9A-Za-z]{1,31}")
# Nine digits in a row: no code of a performance or a provider has so many.
LIKE_A_CITIZEN = re.compile(r"(?<!\d)\d{9}(?!\d)")


@dataclass(frozen=True)
class Performance:
    """A row of production, or of an estimate."""

    code: str
    quantity: int
    amount_euro: int


@dataclass(frozen=True)
class Figures:
    """What one run says of one organisation."""

    lines: Mapping[str, Mapping[str, int]]  # part -> line -> people, or whole euros
    production: tuple[Performance, ...] = ()

    def value(self, part: str, line: str) -> int | None:
        return self.lines.get(part, {}).get(line)

    @property
    def production_euro(self) -> int:
        """A shown total is the sum of the shown lines."""
        return sum(row.amount_euro for row in self.production)


@dataclass(frozen=True)
class MissingProvider:
    """A large provider from whom nothing was received, and what it would have claimed."""

    agb: str
    prior_year_amount_cents: int
    told_since: Statement  # the first of the published statements in a row that tell it missing, as was known then
    estimates: tuple[Performance, ...]
    name: str | None = None


@dataclass(frozen=True)
class Input:
    """An input table as the run read it. `rows` is None where nobody looked."""

    name: str
    version: int
    rows: int | None = None


@dataclass(frozen=True)
class Output:
    name: str
    rows: int
    checksum: str


@dataclass(frozen=True)
class Provenance:
    """How the figures came about: the published run, the same for all organisations."""

    run_id: str
    published_at: datetime
    software: str
    engine: str
    settings: Mapping[str, Any]
    inputs: tuple[Input, ...]
    outputs: tuple[Output, ...]
    checks: tuple[Finding, ...] = ()
    unknown_rows: int = 0  # rows of codes that are no organisation: in no figure, in nobody's findings


@dataclass(frozen=True)
class Earlier:
    """The current run of an earlier statement, to compare with."""

    run_id: str
    statement: Statement
    figures: Figures


@dataclass(frozen=True)
class Report:
    """One statement of one organisation: all that its documents say.

    `name` is None where the register was not read: then it is left to fill in.
    """

    code: str
    kind: str
    statement: Statement
    known_at: date
    figures: Figures
    provenance: Provenance
    name: str | None = None
    findings: tuple[Finding, ...] = ()  # of the organisation, and of none in particular
    missing: tuple[MissingProvider, ...] = ()
    earlier: tuple[Earlier, ...] = ()

    @property
    def parts(self) -> list[Part]:
        """What it owes this quarter, in the order of the statement."""
        return [part for part in parts_owed(self.statement.quarter) if self.kind in part.kinds]

    @property
    def blocking(self) -> list[Finding]:
        """The findings that keep it from being final."""
        return [found for found in self.findings if found.is_error]

    @property
    def is_final(self) -> bool:
        return not self.blocking

    @property
    def status(self) -> str:
        """In Dutch, as the documents say it."""
        return "definitief" if self.is_final else "concept"

    @property
    def owes_board_statement(self) -> bool:
        return any(part.board_statement for part in self.parts)

    @property
    def title(self) -> str:
        return f"{self.name} ({self.code})" if self.name else self.code


def faults(report: Report) -> list[str]:
    """What the published rows lack for the documents: every line of every part that is owed, and totals that add up."""
    found = []
    for part in report.parts:
        lines = report.figures.lines.get(part.name, {})
        absent = [line for line in part.lines if line not in lines]
        if absent:
            found.append(f"{report.code}: {part.name} has no line {', '.join(absent)}.")
            continue
        found += [
            f"{report.code}: {part.name}, {total} is not the sum of its lines."
            for total, of in part.totals.items()
            if lines[total] != sum(lines[line] for line in of)
        ]
    owed = {part.name for part in report.parts}
    found += [
        f"{report.code}: {name} is not owed in quarter {report.statement.quarter}."
        for name in report.figures.lines
        if name not in owed
    ]
    shown = [row.code for row in report.figures.production]
    for provider in report.missing:
        shown += [provider.agb, *[row.code for row in provider.estimates]]
    odd = sum(1 for provider in report.missing if not SHEET_NAME.fullmatch(provider.agb))
    if odd:
        found.append(f"{report.code}: {odd} missing providers have an AGB code that cannot name a sheet.")
    alike = len(report.missing) - len({provider.agb.lower() for provider in report.missing})
    if alike:
        found.append(
            f"{report.code}: {alike} missing providers have an AGB code that differs from another by case only."
        )
    suspect = sum(1 for code in shown if LIKE_A_CITIZEN.search(code))
    if suspect:
        found.append(f"{report.code}: {suspect} codes of performances or providers look like a bsn; mend the claims.")
    return found


def kind_of(figures: Figures, findings: Sequence[Finding]) -> str:
    """Zorgkantoor or not, as the published rows tell: only one has production, PGB parts or missing claims."""
    only_one = {part.name for part in PARTS if part.kinds == (ZORGKANTOOR,)}
    told = figures.production or only_one & figures.lines.keys() or any(f.rule == "claims_missing" for f in findings)
    return ZORGKANTOOR if told else UITVOERDER
