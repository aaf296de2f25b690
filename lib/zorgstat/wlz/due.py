"""The calendar of a year as a page of text, in Dutch: what is due when, from whom (handbook 1.2 and 2)."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date

from zorgstat.text import align
from zorgstat.wlz.calendar import (
    ADMIN_COSTS,
    INSURED,
    KINDS,
    PGB_HOLDERS,
    PGB_HOME_VISITS,
    PGB_TALKS,
    PRODUCTION,
    QUARTERS,
    Part,
    Statement,
    parts_owed,
)

DAYS = ("maandag", "dinsdag", "woensdag", "donderdag", "vrijdag", "zaterdag", "zondag")
MONTHS = (
    *("januari", "februari", "maart", "april", "mei", "juni"),
    *("juli", "augustus", "september", "oktober", "november", "december"),
)
# T is the year of the statement, T-1 the year before.
TITLES = {
    PRODUCTION.name: "realisatie productie en kosten, uit declaraties",
    PGB_HOLDERS.name: "aantal pgb-houders op 30 juni {year}",
    PGB_HOME_VISITS.name: "aantal pgb-houders met huisbezoek(en) in {prior_year}",
    PGB_TALKS.name: "aantal nieuwe pgb-aanvragers met bewustekeuzegesprek(ken) in {year}",
    ADMIN_COSTS.name: "beheerskosten",
    INSURED.name: "verzekerdenstand op 1 juli {year}",
}


def describe(year: int) -> list[str]:
    """The four statements of a year with their parts, and the days on which Vektis passes the claims on."""
    statements = [Statement(year, quarter) for quarter in QUARTERS]
    rows = [("kwartaal", "uiterlijk", "onderdeel", "door")]
    for statement in statements:
        owed = [(title(part, year), owed_by(part)) for part in parts_owed(statement.quarter)]
        dates = [write_out(statement.due_on), *moved_from(statement)]
        for place in range(max(len(owed), len(dates))):
            quarter = f"KW{statement.quarter}" if place == 0 else ""
            what = owed[place] if place < len(owed) else ("", "")
            rows.append((quarter, dates[place] if place < len(dates) else "", *what))
    claims = [(f"KW{statement.quarter}", write_out(statement.claims_due_on)) for statement in statements]
    return [
        f"Kalender Wlz {year}",
        "",
        "Kwartaalstaten, aan het Zorginstituut; valt de dag in een weekend, dan geldt de maandag erna",
        *_table(rows),
        "",
        "Declaraties, van Vektis aan ZorgTTP; deze dagen verschuiven niet",
        *_table([("kwartaal", "uiterlijk"), *claims]),
        "",
        "Regels: Handboek Informatie Wlz 2023, paragraaf 1.2 en hoofdstuk 2.",
    ]


def title(part: Part, year: int) -> str:
    return TITLES[part.name].format(year=year, prior_year=year - 1) + (
        ", met bestuursverklaring" if part.board_statement else ""
    )


def owed_by(part: Part) -> str:
    return "alle Wlz-uitvoerders" if part.kinds == KINDS else "zorgkantoren"


def moved_from(statement: Statement) -> list[str]:
    """Why a statement is due on another day than usual; nothing when it is not."""
    usual = statement.usually_due_on
    if usual == statement.due_on:
        return []
    return [f"({usual.day} {MONTHS[usual.month - 1]}: {DAYS[usual.weekday()]})"]


def write_out(day: date) -> str:
    return f"{DAYS[day.weekday()]} {day.day} {MONTHS[day.month - 1]} {day.year}"


def _table(rows: Sequence[tuple[str, ...]]) -> list[str]:
    return [f"  {line}" for line in align(rows)]
