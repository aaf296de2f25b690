"""Which days a report version covers: method 1.1, table 1, "Peildatum declaraties"."""

from __future__ import annotations

from datetime import date

import pytest

from zorgstat.periods import ReportVersion


@pytest.mark.parametrize(
    ("year", "version", "period_end", "claim_cutoff"),
    [
        (2023, 1, "2023-06-30", "2023-08-31"),
        (2023, 2, "2023-09-30", "2023-11-30"),
        (2023, 3, "2023-12-31", "2024-02-29"),  # February of the next year, here a leap year
        (2024, 1, "2024-06-30", "2024-08-31"),
        (2024, 2, "2024-09-30", "2024-11-30"),
        (2024, 3, "2024-12-31", "2025-02-28"),  # the leap day of the year itself changes nothing
        (2099, 3, "2099-12-31", "2100-02-28"),  # 2100 is no leap year
    ],
)
def test_claims_count_until_two_months_after_the_period(
    year: int, version: int, period_end: str, claim_cutoff: str
) -> None:
    report = ReportVersion(year, version)
    assert report.period_start == date(year, 1, 1)
    assert report.period_end == date.fromisoformat(period_end)
    assert report.claim_cutoff == date.fromisoformat(claim_cutoff)


@pytest.mark.parametrize("version", [1, 2, 3])
def test_reference_days_of_patients_are_the_same_in_every_version(version: int) -> None:
    report = ReportVersion(2023, version)
    assert report.age_date == date(2023, 6, 30)
    assert report.postcode_date == date(2023, 7, 1)
    assert report.year_end == date(2023, 12, 31)
