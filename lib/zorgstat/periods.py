"""Report versions, worked out from year and number (method, 1.1 table 1, "Peildatum declaraties")."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta

LAST_MONTH = {1: 6, 2: 9, 3: 12}


def end_of_month(year: int, month: int) -> date:
    """The last day of a month; months beyond December run on into the next year."""
    return date(year + month // 12, month % 12 + 1, 1) - timedelta(days=1)


@dataclass(frozen=True)
class ReportVersion:
    """One of the three versions of a year: which treatments it covers, and until when claims for them count."""

    year: int
    version: int

    @property
    def period_start(self) -> date:
        return date(self.year, 1, 1)

    @property
    def period_end(self) -> date:
        return end_of_month(self.year, LAST_MONTH[self.version])

    @property
    def claim_cutoff(self) -> date:
        """Two months after the period: 31 August, 30 November, the last day of February."""
        return end_of_month(self.year, LAST_MONTH[self.version] + 2)

    @property
    def age_date(self) -> date:
        """Ages are those of 30 June, in every version (method 1.3.2)."""
        return date(self.year, 6, 30)

    @property
    def postcode_date(self) -> date:
        """Where somebody lived on 1 July decides (method 1.3.4)."""
        return date(self.year, 7, 1)

    @property
    def year_end(self) -> date:
        return date(self.year, 12, 31)
