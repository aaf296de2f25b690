"""Handbook 1.2 (statements), 2 (claims through Vektis), and the schemes of 3.1 to 3.3."""

from __future__ import annotations

from datetime import date

import pytest

from zorgstat.wlz.calendar import PARTS, UITVOERDER, ZORGKANTOOR, Part, Statement, parts_owed


@pytest.mark.parametrize(
    ("year", "due"),
    [
        # The handbook's own table: 12 August 2023 is a Saturday, 12 November 2023 a Sunday.
        (2023, ["2023-05-12", "2023-08-14", "2023-11-13", "2024-02-12"]),
        (2022, ["2022-05-12", "2022-08-12", "2022-11-14", "2023-02-13"]),
        (2024, ["2024-05-13", "2024-08-12", "2024-11-12", "2025-02-12"]),
        (2020, ["2020-05-12", "2020-08-12", "2020-11-12", "2021-02-12"]),
    ],
)
def test_a_statement_is_due_on_a_working_day(year: int, due: list[str]) -> None:
    assert [Statement(year, quarter).due_on.isoformat() for quarter in (1, 2, 3, 4)] == due


def test_claims_are_due_on_the_24th_also_in_a_weekend() -> None:
    days = [Statement(2023, quarter).claims_due_on for quarter in (1, 2, 3, 4)]
    assert [day.isoformat() for day in days] == ["2023-05-24", "2023-08-24", "2023-11-24", "2024-02-24"]
    assert days[3].weekday() == 5


def test_the_days_of_a_quarter() -> None:
    days = [(Statement(2024, quarter).first_day, Statement(2024, quarter).last_day) for quarter in (1, 2, 3, 4)]
    assert days == [
        (date(2024, 1, 1), date(2024, 3, 31)),
        (date(2024, 4, 1), date(2024, 6, 30)),
        (date(2024, 7, 1), date(2024, 9, 30)),
        (date(2024, 10, 1), date(2024, 12, 31)),
    ]
    starts = [Statement(2024, quarter).last_quarters_start for quarter in (1, 2, 3, 4)]
    assert starts == [date(2023, month, 1) for month in (1, 4, 7, 10)]


@pytest.mark.parametrize("quarter", [1, 2, 3, 4])
def test_days_that_are_those_of_the_year_in_every_quarter(quarter: int) -> None:
    asked = Statement(2024, quarter)
    assert (asked.prior_year_start, asked.year_start, asked.year_end) == (
        date(2023, 1, 1),
        date(2024, 1, 1),
        date(2024, 12, 31),
    )
    assert (asked.holders_on, asked.insured_on) == (date(2024, 6, 30), date(2024, 7, 1))


def test_a_statement_is_held_beside_that_of_a_year_and_that_of_a_quarter_before() -> None:
    assert Statement(2023, 1).to_compare == [Statement(2022, 1), Statement(2022, 4)]
    assert Statement(2023, 2).to_compare == [Statement(2022, 2), Statement(2023, 1)]
    assert Statement(2023, 3).to_compare == [Statement(2022, 3), Statement(2023, 2)]


def owed(part: Part, kind: str) -> str:
    return "".join("x" if part in parts_owed(quarter) and kind in part.kinds else "-" for quarter in (1, 2, 3, 4))


def test_what_is_owed_in_which_quarter_by_whom() -> None:
    assert {part.name: (owed(part, ZORGKANTOOR), owed(part, UITVOERDER)) for part in PARTS} == {
        "production": ("xxxx", "----"),
        "pgb_holders": ("-x--", "----"),
        "pgb_home_visits": ("-x--", "----"),
        "pgb_conscious_choice_talks": ("---x", "----"),
        "admin_costs": ("xxxx", "xxxx"),
        "insured": ("-x--", "-x--"),
    }
    assert [part.name for part in PARTS if part.board_statement] == ["insured"]


def test_a_total_is_made_of_lines_of_its_part() -> None:
    for part in PARTS:
        for total, of in part.totals.items():
            assert {total, *of} <= set(part.lines)
            assert not set(of) & set(part.totals)  # a total of totals would count twice
