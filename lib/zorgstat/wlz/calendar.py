"""When a statement is due, and which part is owed in which quarter by whom (handbook 1.2, 2 and 3)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, timedelta

from zorgstat.periods import end_of_month

QUARTERS = (1, 2, 3, 4)
# Quarter -> month and day; that of the fourth quarter lies in the next year.
DUE = {1: (5, 12), 2: (8, 12), 3: (11, 12), 4: (2, 12)}
CLAIMS_DUE = {1: (5, 24), 2: (8, 24), 3: (11, 24), 4: (2, 24)}

ZORGKANTOOR, UITVOERDER = "zorgkantoor", "uitvoerder"
KINDS = (ZORGKANTOOR, UITVOERDER)


@dataclass(frozen=True)
class Statement:
    """One quarter of one year T: its days, and the days on which things are due."""

    year: int
    quarter: int

    @property
    def first_day(self) -> date:
        return date(self.year, 3 * self.quarter - 2, 1)

    @property
    def last_day(self) -> date:
        return end_of_month(self.year, 3 * self.quarter)

    @property
    def last_quarters_start(self) -> date:
        """The first day of the four quarters before this one: the twelve months."""
        return self.first_day.replace(year=self.year - 1)

    @property
    def year_start(self) -> date:
        return date(self.year, 1, 1)

    @property
    def year_end(self) -> date:
        return date(self.year, 12, 31)

    @property
    def prior_year_start(self) -> date:
        return date(self.year - 1, 1, 1)

    @property
    def holders_on(self) -> date:
        """PGB holders are those of 30 June (handbook 3.1)."""
        return date(self.year, 6, 30)

    @property
    def insured_on(self) -> date:
        """Insured people are those of 1 July (handbook 3.3)."""
        return date(self.year, 7, 1)

    @property
    def quarter_before(self) -> Statement:
        return Statement(self.year, self.quarter - 1) if self.quarter > 1 else Statement(self.year - 1, 4)

    @property
    def to_compare(self) -> list[Statement]:
        """The statements that it is held beside: that of a year before, and that of a quarter before."""
        return [Statement(self.year - 1, self.quarter), self.quarter_before]

    @property
    def usually_due_on(self) -> date:
        return self._date(DUE)

    @property
    def due_on(self) -> date:
        """The statement: the 12th, or the Monday after when that is a Saturday or a Sunday (handbook 1.2)."""
        day = self.usually_due_on
        return day + timedelta(days={5: 2, 6: 1}.get(day.weekday(), 0))

    @property
    def claims_due_on(self) -> date:
        """Claims through Vektis: the 24th, also in a weekend (handbook 2)."""
        return self._date(CLAIMS_DUE)

    def _date(self, days: Mapping[int, tuple[int, int]]) -> date:
        month, day = days[self.quarter]
        return date(self.year + (self.quarter == 4), month, day)


@dataclass(frozen=True)
class Part:
    """One part of a statement: in which quarters it is owed, by which kind of organisation, and in which lines.

    `totals` tells of which other lines a line is the sum, as they are shown.
    """

    name: str
    meaning: str
    quarters: tuple[int, ...]
    kinds: tuple[str, ...]
    lines: tuple[str, ...] = ()
    totals: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    board_statement: bool = False


# The lines of admin_costs are the categories of wlz_admin_costs.
CATEGORIES = ("internal_staff", "external_staff", "other")
UNDER_65, FROM_65 = ("man_under_65", "woman_under_65"), ("man_65_plus", "woman_65_plus")

PRODUCTION = Part("production", "production and costs from claims", QUARTERS, (ZORGKANTOOR,))  # a table of its own
PGB_HOLDERS = Part("pgb_holders", "PGB holders on 30 June T", (2,), (ZORGKANTOOR,), ("total",))
PGB_HOME_VISITS = Part("pgb_home_visits", "PGB holders with home visit(s) in T-1", (2,), (ZORGKANTOOR,), ("total",))
PGB_TALKS = Part(
    "pgb_conscious_choice_talks",
    "new PGB applicants with conscious-choice talk(s) in T",
    (4,),
    (ZORGKANTOOR,),
    ("total",),
)
ADMIN_COSTS = Part(
    "admin_costs", "administration costs", QUARTERS, KINDS, (*CATEGORIES, "total"), {"total": CATEGORIES}
)
INSURED = Part(
    "insured",
    "insured on 1 July T",
    (2,),
    KINDS,
    (*UNDER_65, "total_under_65", *FROM_65, "total_65_plus", "man", "woman", "total"),
    {
        "total_under_65": UNDER_65,
        "total_65_plus": FROM_65,
        "man": ("man_under_65", "man_65_plus"),
        "woman": ("woman_under_65", "woman_65_plus"),
        "total": (*UNDER_65, *FROM_65),
    },
    board_statement=True,
)
PARTS = (PRODUCTION, PGB_HOLDERS, PGB_HOME_VISITS, PGB_TALKS, ADMIN_COSTS, INSURED)
IN_EURO = (PRODUCTION.name, ADMIN_COSTS.name)  # the others count people


def parts_owed(quarter: int) -> list[Part]:
    """The parts of a quarter's statement, in the order of the statement."""
    return [part for part in PARTS if quarter in part.quarters]
