"""What one statement chooses: year, quarter, and until when things known count (docs/settings.md)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from zorgstat.errors import SettingsError
from zorgstat.text import as_value, on_one_line
from zorgstat.wlz.calendar import QUARTERS, Statement

FIRST_YEAR, LAST_YEAR = 2015, 2099  # the Wlz began on 1 January 2015
KEYS = ("statement", "known_at")


@dataclass(frozen=True)
class Settings:
    """One statement, with what was known on one day."""

    statement: Statement
    known_at: date

    @property
    def year(self) -> int:
        return self.statement.year

    @property
    def number(self) -> int:
        return self.statement.quarter

    @property
    def stamps(self) -> dict[str, Any]:
        """What every output row carries (`tables.STATEMENT_COLUMNS`), but for the run."""
        return {"year": self.year, "quarter": self.number, "known_at": self.known_at}

    @property
    def without_effect(self) -> list[str]:
        return []

    def as_json(self) -> dict[str, Any]:
        """Every setting, under the names of the file; `resolve` gives these settings again."""
        return {
            "statement": {"year": self.year, "quarter": self.number},
            "known_at": self.known_at.isoformat(),
        }


def resolve(raw: Mapping[str, Any]) -> Settings:
    """Settings from the parsed file. Raises SettingsError with one line for every unknown key and every bad value.

    Without known_at it is the day on which the statement is due.
    """
    faults = [f"{on_one_line(key)} is not a setting; use {' and '.join(KEYS)}." for key in raw if key not in KEYS]
    statement = _statement(raw.get("statement"), faults)
    known_at = _day("known_at", raw["known_at"], faults) if "known_at" in raw else None
    if faults or statement is None:
        raise SettingsError("\n".join(faults))
    return Settings(statement, known_at or statement.due_on)


def _statement(value: Any, faults: list[str]) -> Statement | None:
    if not isinstance(value, dict):
        faults.append(f"statement is {as_value(value)}; use {{ year = 2023, quarter = 2 }}.")
        return None
    found = [
        f"statement.{on_one_line(key)} is not a setting; use year and quarter."
        for key in value
        if key not in ("year", "quarter")
    ]
    year, quarter = value.get("year"), value.get("quarter")
    if not (type(year) is int and FIRST_YEAR <= year <= LAST_YEAR):
        found.append(f"statement.year is {as_value(year)}; use a whole number from {FIRST_YEAR} to {LAST_YEAR}.")
    if not (type(quarter) is int and quarter in QUARTERS):
        found.append(f"statement.quarter is {as_value(quarter)}; use 1, 2, 3 or 4.")
    faults += found
    return None if found else Statement(year, quarter)  # type: ignore[arg-type]


def _day(key: str, value: Any, faults: list[str]) -> date | None:
    """A date as TOML has it, or as text: settings are stored as JSON, which has no dates."""
    if isinstance(value, date) and not isinstance(value, datetime):
        return value
    try:
        day = date.fromisoformat(value)
        if day.isoformat() == value:  # other ways of writing a date are taken by some versions of Python only
            return day
    except (TypeError, ValueError):
        pass
    faults.append(f"{key} is {as_value(value)}; use a date such as 2023-08-14.")
    return None
