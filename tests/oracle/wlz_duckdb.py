"""A second, independent reading of the Wlz contract, in DuckDB.

It exists to be compared with the real pipeline, so it shares nothing with it: each rule is one SQL step that quotes
the rule in short words, successor chains are walked in a dictionary, and sums stay whole until they are rounded once.
It is written to be read next to the contract, not to be fast.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import duckdb
import pyarrow as pa

Row = dict[str, Any]

INPUTS = (
    "wlz_organisations",
    "wlz_claims",
    "wlz_pgb_grants",
    "wlz_deaths",
    "wlz_admissions",
    "wlz_home_visits",
    "wlz_conscious_choice_talks",
    "wlz_admin_costs",
    "wlz_insured",
    "wlz_providers",
)
OUTPUTS = (
    "wlz_production",
    "wlz_statement_lines",
    "wlz_missing_providers",
    "wlz_missing_estimates",
    "wlz_findings",
)

COST_CATEGORIES = ("internal_staff", "external_staff", "other")
SEXES = ("man", "woman")
INSURED_LINES = (
    "man_under_65",
    "woman_under_65",
    "total_under_65",
    "man_65_plus",
    "woman_65_plus",
    "total_65_plus",
    "man",
    "woman",
    "total",
)

# rule -> severity, and the quarters in which it is looked at; each has a step finding_<rule>
RULES: dict[str, tuple[str, tuple[int, ...]]] = {
    "unknown_organisation": ("error", (1, 2, 3, 4)),
    "not_a_zorgkantoor": ("error", (1, 2, 3, 4)),
    "claims_missing": ("error", (1, 2, 3, 4)),
    "admin_costs_missing": ("error", (1, 2, 3, 4)),
    "admin_cost_category_unknown": ("error", (1, 2, 3, 4)),
    "successor_cycle": ("error", (1, 2, 3, 4)),
    "credit_without_debit": ("warning", (1, 2, 3, 4)),
    "duplicate_claim_reference": ("warning", (1, 2, 3, 4)),
    "missing_provider": ("warning", (1, 2, 3, 4)),
    "insured_sex_unknown": ("error", (2,)),
    "insured_rows_differ": ("warning", (2,)),
    "insured_at_several_organisations": ("warning", (2,)),
    "holder_at_several_zorgkantoren": ("warning", (2,)),
    "home_visit_without_budget": ("warning", (2,)),
}


def due_date(year: int, quarter: int) -> dt.date:
    """12 May, August, November, and February of the next year; a Saturday or Sunday moves to Monday."""
    day = {
        1: dt.date(year, 5, 12),
        2: dt.date(year, 8, 12),
        3: dt.date(year, 11, 12),
        4: dt.date(year + 1, 2, 12),
    }[quarter]
    while day.weekday() >= 5:
        day += dt.timedelta(days=1)
    return day


@dataclass(frozen=True)
class Settings:
    """One statement: its quarter, and the day on which it was known."""

    year: int
    quarter: int
    known_at: dt.date

    @classmethod
    def of(cls, settings: Mapping[str, Any]) -> Settings:
        year, quarter = settings["statement"]["year"], settings["statement"]["quarter"]
        given = settings.get("known_at")
        return cls(year, quarter, due_date(year, quarter) if given is None else given)

    @property
    def dates(self) -> dict[str, Any]:
        """The days that the rules speak of; every last day belongs to its period."""
        year, quarter = self.year, self.quarter
        starts = {1: dt.date(year, 1, 1), 2: dt.date(year, 4, 1), 3: dt.date(year, 7, 1), 4: dt.date(year, 10, 1)}
        ends = {1: dt.date(year, 3, 31), 2: dt.date(year, 6, 30), 3: dt.date(year, 9, 30), 4: dt.date(year, 12, 31)}
        return {
            "year": year,
            "quarter": quarter,
            "known_at": self.known_at,
            "quarter_start": starts[quarter],
            "quarter_end": ends[quarter],
            "year_start": dt.date(year, 1, 1),
            "year_end": dt.date(year, 12, 31),
            "prior_start": dt.date(year - 1, 1, 1),
            "prior_end": dt.date(year - 1, 12, 31),
            "four_quarters_start": starts[quarter].replace(year=year - 1),
            "four_quarters_end": starts[quarter] - dt.timedelta(days=1),
            "holder_day": dt.date(year, 6, 30),
            "insured_day": dt.date(year, 7, 1),
            "youngest_of_65": dt.date(year - 65, 7, 1),
        }


def half_away(value: int, divisor: int) -> int:
    """value / divisor to a whole number, half away from zero, without ever leaving the whole numbers."""
    size = (2 * abs(value) + divisor) // (2 * divisor)
    return size if value >= 0 else -size


def byte_order(text: str) -> bytes:
    """Strings are ordered by their UTF-8 bytes."""
    return text.encode("utf-8")


def successor_cycles(replaced_by: Mapping[str, str | None]) -> list[list[str]]:
    """Every cycle once, A to A included; AGBs that only lead into one are not in it."""
    cycles: dict[str, list[str]] = {}
    for start in replaced_by:
        trail: list[str] = []
        agb: str | None = start
        while agb is not None and agb not in trail:
            trail.append(agb)
            agb = replaced_by.get(agb)
        if agb is not None:
            cycle = trail[trail.index(agb) :]
            cycles[min(cycle, key=byte_order)] = cycle
    return list(cycles.values())


def last_successor(agb: str, replaced_by: Mapping[str, str | None]) -> str:
    """The end of the chain, in wlz_providers or not; in or into a cycle: the lowest AGB of that cycle."""
    lowest = {member: min(cycle, key=byte_order) for cycle in successor_cycles(replaced_by) for member in cycle}
    while agb not in lowest:
        following = replaced_by.get(agb)
        if following is None:
            return agb
        agb = following
    return lowest[agb]


# (name of the step, its query): every step is kept as a table, so that a difference can be looked up in between.
STEPS: tuple[tuple[str, str], ...] = (
    # ---- claims -----------------------------------------------------------------------------------------------------
    (
        "zorgkantoren",
        "SELECT code FROM wlz_organisations WHERE kind = 'zorgkantoor'",
    ),
    (
        "known_claims",
        # known_at first; C negates both quantity and amount; successor: only for missing providers
        """
        SELECT c.*, s.successor,
               CASE c.debit_credit WHEN 'C' THEN -c.quantity ELSE c.quantity END AS net_quantity,
               CASE c.debit_credit WHEN 'C' THEN -c.amount_cents ELSE c.amount_cents END AS net_cents
        FROM claims_numbered c
        CROSS JOIN run r
        JOIN successors s ON s.agb = c.provider_agb
        WHERE c.received_on <= r.known_at
        """,
    ),
    (
        "lines",
        # claims of a code that is not a zorgkantoor are in no figure, no check and no finding but two
        "SELECT c.* FROM known_claims c JOIN zorgkantoren z ON z.code = c.zorgkantoor",
    ),
    (
        "quarter_lines",
        "SELECT l.* FROM lines l CROSS JOIN run r WHERE l.start_date BETWEEN r.quarter_start AND r.quarter_end",
    ),
    (
        "production",
        # a performance_code with any line has a row, also when it nets to zero; never de-duplicated
        """
        SELECT zorgkantoor, performance_code, sum(net_quantity) AS quantity, sum(net_cents) AS amount_cents
        FROM quarter_lines
        GROUP BY zorgkantoor, performance_code
        """,
    ),
    (
        "prior_lines",
        "SELECT l.* FROM lines l CROSS JOIN run r WHERE l.start_date BETWEEN r.prior_start AND r.prior_end",
    ),
    (
        "large_providers",
        # per (zorgkantoor, provider): more than 1,000,000.00 euro of net claims with start_date in T-1
        """
        SELECT zorgkantoor, successor AS provider_agb, sum(net_cents) AS prior_year_amount_cents
        FROM prior_lines
        GROUP BY zorgkantoor, successor
        HAVING sum(net_cents) > 100000000
        """,
    ),
    (
        "missing_providers",
        # and no line at all, debit or credit, with start_date in Q
        """
        SELECT p.*
        FROM large_providers p
        WHERE NOT EXISTS (
            SELECT 1 FROM quarter_lines q
            WHERE q.zorgkantoor = p.zorgkantoor AND q.successor = p.provider_agb)
        """,
    ),
    (
        "four_quarter_lines",
        # the twelve months before Q
        """
        SELECT l.* FROM lines l CROSS JOIN run r
        WHERE l.start_date BETWEEN r.four_quarters_start AND r.four_quarters_end
        """,
    ),
    (
        "estimate_lines",
        # the last four quarters; the year T-1 when the (zorgkantoor, provider) has no line in them
        """
        SELECT m.zorgkantoor, m.provider_agb, l.performance_code, l.net_quantity, l.net_cents
        FROM missing_providers m
        JOIN four_quarter_lines l ON l.zorgkantoor = m.zorgkantoor AND l.successor = m.provider_agb
        UNION ALL
        SELECT m.zorgkantoor, m.provider_agb, l.performance_code, l.net_quantity, l.net_cents
        FROM missing_providers m
        JOIN prior_lines l ON l.zorgkantoor = m.zorgkantoor AND l.successor = m.provider_agb
        WHERE NOT EXISTS (
            SELECT 1 FROM four_quarter_lines f
            WHERE f.zorgkantoor = m.zorgkantoor AND f.successor = m.provider_agb)
        """,
    ),
    (
        "estimates",
        # exact sums of a whole year, to be divided by four and rounded once
        """
        SELECT zorgkantoor, provider_agb, performance_code,
               sum(net_quantity) AS year_quantity, sum(net_cents) AS year_cents
        FROM estimate_lines
        GROUP BY zorgkantoor, provider_agb, performance_code
        """,
    ),
    # ---- personal budgets -------------------------------------------------------------------------------------------
    (
        "grants",
        # the latest recorded_on of (zorgkantoor, bsn, start_date); on one day the earliest end_date, null the latest
        """
        SELECT g.*
        FROM wlz_pgb_grants g
        CROSS JOIN run r
        WHERE g.recorded_on <= r.known_at
        QUALIFY row_number() OVER (
            PARTITION BY g.zorgkantoor, g.bsn, g.start_date
            ORDER BY g.recorded_on DESC, coalesce(g.end_date, DATE '9999-12-31') ASC) = 1
        """,
    ),
    (
        "deaths",
        """
        SELECT d.*
        FROM wlz_deaths d
        CROSS JOIN run r
        WHERE d.recorded_on <= r.known_at
        QUALIFY row_number() OVER (PARTITION BY d.bsn ORDER BY d.recorded_on DESC, d.died_on ASC) = 1
        """,
    ),
    (
        "admissions",
        # limit: admitted_on plus two months, a day that the month lacks becomes its last day
        """
        SELECT a.*, CAST(a.admitted_on + INTERVAL 2 MONTH AS DATE) AS limit_day
        FROM wlz_admissions a
        CROSS JOIN run r
        WHERE a.recorded_on <= r.known_at
        QUALIFY row_number() OVER (
            PARTITION BY a.bsn, a.admitted_on
            ORDER BY a.recorded_on DESC, coalesce(a.discharged_on, DATE '9999-12-31') ASC) = 1
        """,
    ),
    (
        "long_stays",
        # a stay ends the budget unless discharged before the limit; each by itself
        "SELECT * FROM admissions WHERE discharged_on IS NULL OR NOT discharged_on < limit_day",
    ),
    (
        "ended_by_admission",
        # a stay discharged on or before start_date does not touch the grant; any other one counts; the day before
        """
        SELECT g.zorgkantoor, g.bsn, g.start_date, min(s.limit_day) - 1 AS last_day
        FROM grants g
        JOIN long_stays s ON s.bsn = g.bsn
        WHERE s.discharged_on IS NULL OR NOT s.discharged_on <= g.start_date
        GROUP BY g.zorgkantoor, g.bsn, g.start_date
        """,
    ),
    (
        "budgets",
        # the end is the earliest of end_date, the day before death, and the end by admission; void ones are left out
        """
        SELECT g.zorgkantoor, g.bsn, g.start_date,
               least(coalesce(g.end_date, DATE '9999-12-31'),
                     coalesce(d.died_on - 1, DATE '9999-12-31'),
                     coalesce(a.last_day, DATE '9999-12-31')) AS last_day
        FROM grants g
        LEFT JOIN deaths d ON d.bsn = g.bsn
        LEFT JOIN ended_by_admission a
               ON a.zorgkantoor = g.zorgkantoor AND a.bsn = g.bsn AND a.start_date = g.start_date
        WHERE g.end_date IS NULL OR g.end_date >= g.start_date
        """,
    ),
    (
        "holder_rows",
        # start_date <= 30 June, and 30 June <= the end
        "SELECT b.* FROM budgets b CROSS JOIN run r WHERE b.start_date <= r.holder_day AND r.holder_day <= b.last_day",
    ),
    (
        "holders",
        # one person counts once per zorgkantoor
        """
        SELECT DISTINCT h.zorgkantoor, h.bsn FROM holder_rows h JOIN zorgkantoren z ON z.code = h.zorgkantoor
        """,
    ),
    (
        "counted_visits",
        # in T-1, physical, without a conscious-choice talk, recorded before 1 January T (and known)
        """
        SELECT v.*
        FROM wlz_home_visits v
        CROSS JOIN run r
        WHERE v.recorded_on <= r.known_at
          AND v.visited_on BETWEEN r.prior_start AND r.prior_end
          AND v.physical
          AND NOT v.with_conscious_choice_talk
          AND v.recorded_on < r.year_start
        """,
    ),
    (
        "visited_people",
        # distinct people; on how many of the visits they held a budget there is for a finding
        """
        SELECT v.zorgkantoor, v.bsn, count(b.bsn) AS visits_with_budget
        FROM counted_visits v
        JOIN zorgkantoren z ON z.code = v.zorgkantoor
        LEFT JOIN budgets b
               ON b.zorgkantoor = v.zorgkantoor AND b.bsn = v.bsn
              AND b.start_date <= v.visited_on AND v.visited_on <= b.last_day
        GROUP BY v.zorgkantoor, v.bsn
        """,
    ),
    (
        "counted_talks",
        # new applicants with a talk in T, by held_on, whatever known_at is
        """
        SELECT t.*
        FROM wlz_conscious_choice_talks t
        CROSS JOIN run r
        WHERE t.new_applicant AND t.held_on BETWEEN r.year_start AND r.year_end
        """,
    ),
    (
        "talked_people",
        """
        SELECT DISTINCT t.zorgkantoor, t.bsn FROM counted_talks t JOIN zorgkantoren z ON z.code = t.zorgkantoor
        """,
    ),
    # ---- insured ----------------------------------------------------------------------------------------------------
    (
        "insured_rows",
        # registered_from <= 1 July <= registered_to, abroad included; sex is exactly 1, M, 2 or V
        """
        SELECT i.organisation, i.bsn, i.birth_date, i.sex, i.registered_from,
               CASE WHEN i.sex IN ('1', 'M') THEN 'man' WHEN i.sex IN ('2', 'V') THEN 'woman' END AS sex_class,
               o.code IS NOT NULL AS is_known
        FROM wlz_insured i
        CROSS JOIN run r
        LEFT JOIN wlz_organisations o ON o.code = i.organisation
        WHERE i.registered_from <= r.insured_day
          AND (i.registered_to IS NULL OR r.insured_day <= i.registered_to)
        """,
    ),
    (
        "insured_people",
        # once per organisation: the latest registered_from, the highest birth_date, the highest sex (null lowest);
        # born on 1 July, 65 years ago, is 65
        """
        SELECT i.*, CASE WHEN i.birth_date <= r.youngest_of_65 THEN '65_plus' ELSE 'under_65' END AS age_class
        FROM insured_rows i
        CROSS JOIN run r
        WHERE i.is_known
        QUALIFY row_number() OVER (
            PARTITION BY i.organisation, i.bsn
            ORDER BY i.registered_from DESC, i.birth_date DESC, encode(i.sex) DESC NULLS LAST) = 1
        """,
    ),
    # ---- administration costs ---------------------------------------------------------------------------------------
    (
        "cost_rows",
        # of that quarter alone
        """
        SELECT c.*, o.code IS NOT NULL AS is_known, k.category IS NOT NULL AS is_known_category
        FROM wlz_admin_costs c
        CROSS JOIN run r
        LEFT JOIN wlz_organisations o ON o.code = c.organisation
        LEFT JOIN cost_categories k ON k.category = c.category
        WHERE c.year = r.year AND c.quarter = r.quarter
        """,
    ),
    (
        "costs",
        # each category summed in cents
        """
        SELECT organisation, category, sum(amount_cents) AS amount_cents
        FROM cost_rows
        WHERE is_known AND is_known_category
        GROUP BY organisation, category
        """,
    ),
    # ---- findings ---------------------------------------------------------------------------------------------------
    (
        "used_rows",
        # rows that the parts of this statement would have used, of whatever code
        """
        SELECT c.zorgkantoor AS organisation, TRUE AS zorgkantoor_part, 'claims' AS source
        FROM known_claims c CROSS JOIN run r WHERE c.start_date BETWEEN r.quarter_start AND r.quarter_end
        UNION ALL
        SELECT organisation, FALSE, 'costs' FROM cost_rows
        UNION ALL
        SELECT h.zorgkantoor, TRUE, 'grants' FROM holder_rows h CROSS JOIN run r WHERE r.quarter = 2
        UNION ALL
        SELECT v.zorgkantoor, TRUE, 'visits' FROM counted_visits v CROSS JOIN run r WHERE r.quarter = 2
        UNION ALL
        SELECT i.organisation, FALSE, 'insured' FROM insured_rows i CROSS JOIN run r WHERE r.quarter = 2
        UNION ALL
        SELECT t.zorgkantoor, TRUE, 'talks' FROM counted_talks t CROSS JOIN run r WHERE r.quarter = 4
        """,
    ),
    (
        "finding_unknown_organisation",
        """
        SELECT u.organisation, count(*) AS count
        FROM used_rows u
        WHERE u.organisation NOT IN (SELECT code FROM wlz_organisations)
        GROUP BY u.organisation
        """,
    ),
    (
        "finding_not_a_zorgkantoor",
        """
        SELECT u.organisation, count(*) AS count
        FROM used_rows u
        JOIN wlz_organisations o ON o.code = u.organisation
        WHERE u.zorgkantoor_part AND o.kind <> 'zorgkantoor'
        GROUP BY u.organisation
        """,
    ),
    (
        "finding_claims_missing",
        """
        SELECT code AS organisation, 1 AS count
        FROM zorgkantoren
        WHERE code NOT IN (SELECT zorgkantoor FROM quarter_lines)
        """,
    ),
    (
        "finding_admin_costs_missing",
        # no row of a known category that quarter
        """
        SELECT code AS organisation, 1 AS count
        FROM wlz_organisations
        WHERE code NOT IN (SELECT organisation FROM cost_rows WHERE is_known_category)
        """,
    ),
    (
        "finding_admin_cost_category_unknown",
        """
        SELECT organisation, count(*) AS count
        FROM cost_rows
        WHERE is_known AND NOT is_known_category
        GROUP BY organisation
        """,
    ),
    (
        "finding_successor_cycle",
        "SELECT CAST(NULL AS VARCHAR) AS organisation, count(*) AS count FROM cycle_members HAVING count(*) > 0",
    ),
    (
        "finding_credit_without_debit",
        # the debit: a D line of the same zorgkantoor and provider as written, with claim_reference = prior_reference,
        # received on or before the credit's day; its start_date does not matter
        """
        SELECT c.zorgkantoor AS organisation, count(*) AS count
        FROM quarter_lines c
        WHERE c.debit_credit = 'C'
          AND NOT EXISTS (
              SELECT 1 FROM lines d
              WHERE d.debit_credit = 'D'
                AND d.zorgkantoor = c.zorgkantoor
                AND d.provider_agb = c.provider_agb
                AND d.claim_reference = c.prior_reference
                AND d.received_on <= c.received_on)
        GROUP BY c.zorgkantoor
        """,
    ),
    (
        "finding_duplicate_claim_reference",
        # lines of Q whose reference occurs on another known line, of any quarter
        """
        SELECT q.zorgkantoor AS organisation, count(*) AS count
        FROM quarter_lines q
        WHERE EXISTS (
            SELECT 1 FROM lines o
            WHERE o.line <> q.line
              AND o.zorgkantoor = q.zorgkantoor
              AND o.provider_agb = q.provider_agb
              AND o.claim_reference = q.claim_reference)
        GROUP BY q.zorgkantoor
        """,
    ),
    (
        "finding_missing_provider",
        "SELECT zorgkantoor AS organisation, count(*) AS count FROM missing_providers GROUP BY zorgkantoor",
    ),
    (
        "finding_insured_sex_unknown",
        "SELECT organisation, count(*) AS count FROM insured_people WHERE sex_class IS NULL GROUP BY organisation",
    ),
    (
        "finding_insured_rows_differ",
        # in birth_date or in sex class; any other sex and none are one class
        """
        WITH differing AS (
            SELECT organisation, bsn
            FROM insured_rows
            WHERE is_known
            GROUP BY organisation, bsn
            HAVING count(DISTINCT birth_date) > 1 OR count(DISTINCT coalesce(sex_class, 'unknown')) > 1
        )
        SELECT organisation, count(*) AS count FROM differing GROUP BY organisation
        """,
    ),
    (
        "finding_insured_at_several_organisations",
        """
        SELECT p.organisation, count(*) AS count
        FROM insured_people p
        WHERE EXISTS (SELECT 1 FROM insured_people o WHERE o.bsn = p.bsn AND o.organisation <> p.organisation)
        GROUP BY p.organisation
        """,
    ),
    (
        "finding_holder_at_several_zorgkantoren",
        """
        SELECT h.zorgkantoor AS organisation, count(*) AS count
        FROM holders h
        WHERE EXISTS (SELECT 1 FROM holders o WHERE o.bsn = h.bsn AND o.zorgkantoor <> h.zorgkantoor)
        GROUP BY h.zorgkantoor
        """,
    ),
    (
        "finding_home_visit_without_budget",
        # counted people who held a budget there on none of the days of their counted visits
        """
        SELECT zorgkantoor AS organisation, count(*) AS count
        FROM visited_people
        WHERE visits_with_budget = 0
        GROUP BY zorgkantoor
        """,
    ),
)


def prepare(con: duckdb.DuckDBPyConnection, tables: Mapping[str, pa.Table], settings: Settings) -> None:
    """Put the inputs, the days, the cost categories and the successors beside each other as tables."""
    for name in INPUTS:
        con.register(name, tables[name])
    claims = tables["wlz_claims"]
    con.register("claims_numbered", claims.append_column("line", pa.array(range(claims.num_rows), pa.int64())))
    con.register("run", pa.table({name: [value] for name, value in settings.dates.items()}))
    con.register("cost_categories", pa.table({"category": list(COST_CATEGORIES)}))
    replaced_by = {row["provider_agb"]: row["replaced_by"] for row in tables["wlz_providers"].to_pylist()}
    claimed = sorted(set(claims["provider_agb"].to_pylist()))
    successors = [last_successor(agb, replaced_by) for agb in claimed]
    con.register(
        "successors", pa.table({"agb": pa.array(claimed, pa.string()), "successor": pa.array(successors, pa.string())})
    )
    members = [agb for cycle in successor_cycles(replaced_by) for agb in cycle]
    con.register("cycle_members", pa.table({"agb": pa.array(members, pa.string())}))


def run_steps(
    con: duckdb.DuckDBPyConnection,
    tables: Mapping[str, pa.Table],
    settings: Mapping[str, Any],
    steps: tuple[tuple[str, str], ...] = STEPS,
) -> None:
    """Build every step as a table on the connection; open to callers that want to look in between."""
    con.execute("SET threads TO 1")
    prepare(con, tables, Settings.of(settings))
    for name, query in steps:
        con.execute(f"CREATE TEMP TABLE {name} AS {query}")


def compute(
    tables: Mapping[str, pa.Table],
    settings: Mapping[str, Any],
    steps: tuple[tuple[str, str], ...] = STEPS,
) -> dict[str, list[Row]]:
    """The rows of the five outputs, without run_id and without the free text of findings."""
    statement = Settings.of(settings)
    with duckdb.connect() as con:
        run_steps(con, tables, settings, steps)
        rows = {
            "wlz_production": _production(con),
            "wlz_statement_lines": _statement_lines(con, statement.quarter),
            "wlz_missing_providers": _rows(con, "SELECT * FROM missing_providers ORDER BY ALL"),
            "wlz_missing_estimates": _missing_estimates(con),
            "wlz_findings": _findings(con, statement.quarter),
        }
    stamp = {"year": statement.year, "quarter": statement.quarter, "known_at": statement.known_at}
    return {name: [row | stamp for row in rows[name]] for name in OUTPUTS}


def _rows(con: duckdb.DuckDBPyConnection, query: str) -> list[Row]:
    result = con.execute(query)
    names = [column[0] for column in result.description]
    return [dict(zip(names, values, strict=True)) for values in result.fetchall()]


def _production(con: duckdb.DuckDBPyConnection) -> list[Row]:
    return [
        row | {"amount_euro": half_away(row["amount_cents"], 100)}
        for row in _rows(con, "SELECT * FROM production ORDER BY ALL")
    ]


def _missing_estimates(con: duckdb.DuckDBPyConnection) -> list[Row]:
    """A quarter of a year: quantity/4 and cents/400, each rounded once; zero on both is left out."""
    estimates = []
    for row in _rows(con, "SELECT * FROM estimates ORDER BY ALL"):
        quantity, euro = half_away(row.pop("year_quantity"), 4), half_away(row.pop("year_cents"), 400)
        if quantity != 0 or euro != 0:
            estimates.append(row | {"quantity": quantity, "amount_euro": euro})
    return estimates


def _statement_lines(con: duckdb.DuckDBPyConnection, quarter: int) -> list[Row]:
    """Each organisation has every line of its parts in the quarter, 0 where there is nothing."""
    organisations = con.execute("SELECT code, kind FROM wlz_organisations ORDER BY code").fetchall()

    def people(step: str) -> dict[str, int]:
        return dict(con.execute(f"SELECT zorgkantoor, count(*) FROM {step} GROUP BY zorgkantoor").fetchall())

    costs = {(code, category): cents for code, category, cents in con.execute("SELECT * FROM costs").fetchall()}
    insured = {
        (code, sex, age): count
        for code, sex, age, count in con.execute(
            """
            SELECT organisation, sex_class, age_class, count(*)
            FROM insured_people
            WHERE sex_class IS NOT NULL
            GROUP BY organisation, sex_class, age_class
            """
        ).fetchall()
    }
    pgb_parts = {
        2: {"pgb_holders": people("holders"), "pgb_home_visits": people("visited_people")},
        4: {"pgb_conscious_choice_talks": people("talked_people")},
    }.get(quarter, {})

    rows: list[Row] = []
    for code, kind in organisations:
        parts: dict[str, dict[str, int]] = {"admin_costs": _cost_lines(code, costs)}
        if quarter == 2:
            parts["insured"] = _insured_lines(code, insured)
        if kind == "zorgkantoor":
            parts |= {part: {"total": counts.get(code, 0)} for part, counts in pgb_parts.items()}
        for part, lines in parts.items():
            rows += [{"organisation": code, "part": part, "line": line, "value": lines[line]} for line in lines]
    return rows


def _cost_lines(code: str, costs: Mapping[tuple[str, str], int]) -> dict[str, int]:
    """Each category rounded once; the total is the sum of the shown lines."""
    lines = {category: half_away(costs.get((code, category), 0), 100) for category in COST_CATEGORIES}
    return lines | {"total": sum(lines.values())}


def _insured_lines(code: str, insured: Mapping[tuple[str, str, str], int]) -> dict[str, int]:
    lines = {f"{sex}_{age}": insured.get((code, sex, age), 0) for age in ("under_65", "65_plus") for sex in SEXES}
    for age in ("under_65", "65_plus"):
        lines[f"total_{age}"] = lines[f"man_{age}"] + lines[f"woman_{age}"]
    for sex in (*SEXES, "total"):
        lines[sex] = lines[f"{sex}_under_65"] + lines[f"{sex}_65_plus"]
    return {line: lines[line] for line in INSURED_LINES}


def _findings(con: duckdb.DuckDBPyConnection, quarter: int) -> list[Row]:
    """One row per (organisation, rule) with count > 0, of the rules that belong to the quarter."""
    findings: list[Row] = []
    for rule, (severity, quarters) in RULES.items():
        if quarter in quarters:
            found = _rows(con, f"SELECT organisation, count FROM finding_{rule} WHERE count > 0 ORDER BY ALL")
            findings += [
                {"organisation": row["organisation"], "rule": rule, "severity": severity, "count": row["count"]}
                for row in found
            ]
    return findings
