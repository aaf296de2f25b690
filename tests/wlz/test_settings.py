"""One file is one statement: year, quarter, and until when things known count."""

from __future__ import annotations

import json
from datetime import date, datetime
from pathlib import Path
from typing import Any

import pytest

from zorgstat.errors import SettingsError
from zorgstat.io import config
from zorgstat.wlz.calendar import QUARTERS, Statement
from zorgstat.wlz.pipeline import WLZ
from zorgstat.wlz.settings import Settings, resolve

SECOND = {"statement": {"year": 2023, "quarter": 2}}


def faults_of(raw: dict[str, Any]) -> list[str]:
    with pytest.raises(SettingsError) as error:
        resolve(raw)
    return str(error.value).splitlines()


def test_what_is_known_when_the_statement_is_due_counts_unless_another_day_is_given() -> None:
    assert resolve(SECOND) == Settings(Statement(2023, 2), known_at=date(2023, 8, 14))  # the 12th is a Saturday
    given = SECOND | {"known_at": date(2024, 1, 31)}
    assert resolve(given) == Settings(Statement(2023, 2), known_at=date(2024, 1, 31))


@pytest.mark.parametrize("raw", [SECOND, SECOND | {"known_at": date(2024, 1, 31)}])
def test_settings_can_be_stored_and_used_again(raw: dict[str, Any]) -> None:
    settings = resolve(raw)
    assert resolve(json.loads(json.dumps(settings.as_json()))) == settings
    assert settings.as_json()["statement"] == SECOND["statement"]
    assert (settings.year, settings.number, settings.without_effect) == (2023, 2, [])
    assert settings.stamps == {"year": 2023, "quarter": 2, "known_at": settings.known_at}


@pytest.mark.parametrize("year", [2015, 2099])
def test_the_first_and_the_last_year(year: int) -> None:
    assert resolve({"statement": {"year": year, "quarter": 1}}).year == year


@pytest.mark.parametrize(
    ("raw", "key"),
    [
        ({}, "statement"),
        ({"statement": 2023}, "statement"),
        ({"statement": {"year": 2023}}, "statement.quarter"),
        ({"statement": {"quarter": 2}}, "statement.year"),
        ({"statement": {"year": 2023, "quarter": 2, "month": 6}}, "statement.month"),
        *[({"statement": {"year": 2023, "quarter": quarter}}, "statement.quarter") for quarter in (0, 5, "2", True)],
        *[({"statement": {"year": year, "quarter": 2}}, "statement.year") for year in (2014, 2100, "2023", 2023.0)],
        (SECOND | {"report": {}}, "report"),
        *[
            (SECOND | {"known_at": known_at}, "known_at")
            for known_at in ("14-08-2023", "20230814", "2023-02-30", "", 20230814, True, None, [], {})
        ],
        (SECOND | {"known_at": datetime(2023, 8, 14, 12)}, "known_at"),  # a moment, not a day
    ],
)
def test_a_fault_names_its_key(raw: dict[str, Any], key: str) -> None:
    (fault,) = faults_of(raw)
    assert fault.startswith(f"{key} is ")
    assert "; use " in fault


def test_every_fault_stands_in_one_message() -> None:
    raw = {"known_on": "2023-08-14", "statement": {"year": "2023", "quarter": 5, "version": 1}, "known_at": "soon"}
    assert faults_of(raw) == [
        "known_on is not a setting; use statement and known_at.",
        "statement.version is not a setting; use year and quarter.",
        'statement.year is "2023"; use a whole number from 2015 to 2099.',
        "statement.quarter is 5; use 1, 2, 3 or 4.",
        'known_at is "soon"; use a date such as 2023-08-14.',
    ]


@pytest.mark.parametrize("quarter", QUARTERS)
def test_the_file_of_every_quarter_of_2023(quarter: int) -> None:
    file = Path(__file__).parents[2] / "conf" / "wlz" / f"2023-{quarter}.toml"
    assert config.load(WLZ, file) == resolve({"statement": {"year": 2023, "quarter": quarter}})
