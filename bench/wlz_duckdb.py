"""The Wlz statement in DuckDB: what one would pick instead of Spark on one machine, and the yardstick of the bench.

    python -m bench.wlz_duckdb SETTINGS.toml --input ROOT --output ROOT [--threads 2]

It reads the present version of the ten input tables, applies every rule of docs/wlz.md and writes the five outputs of
docs/tables.md, with run_id "duckdb". Settings, parts of a statement, chains of successors and the words of findings are
those of zorgstat; the SQL is its own. One line of JSON tells the seconds per phase. What it does not do, that a run
does, is told in yardstick.py.
"""

from __future__ import annotations

import time

STARTED = time.perf_counter()

from dataclasses import asdict  # noqa: E402
from functools import partial  # noqa: E402

import duckdb  # noqa: E402

from bench.yardstick import Phases, Yardstick, set_variables  # noqa: E402
from zorgstat.wlz import findings, successors  # noqa: E402
from zorgstat.wlz.calendar import (  # noqa: E402
    ADMIN_COSTS,
    CATEGORIES,
    FROM_65,
    INSURED,
    PGB_HOLDERS,
    PGB_HOME_VISITS,
    PGB_TALKS,
    UNDER_65,
    parts_owed,
)
from zorgstat.wlz.insured import SENIOR  # noqa: E402
from zorgstat.wlz.missing_providers import LARGE_CENTS  # noqa: E402
from zorgstat.wlz.pipeline import WLZ  # noqa: E402
from zorgstat.wlz.settings import Settings  # noqa: E402

IN_QUARTER = "start_date BETWEEN getvariable('first_day') AND getvariable('last_day')"
IN_LAST_QUARTERS = "start_date >= getvariable('last_quarters_start') AND start_date < getvariable('first_day')"
IN_PRIOR_YEAR = "start_date >= getvariable('prior_year_start') AND start_date < getvariable('year_start')"
RECEIVED = "received_on <= getvariable('known_at')"
RECORDED = "recorded_on <= getvariable('known_at')"


def net(number: str) -> str:
    """SQL: a number of a line as it adds up."""
    return f"CASE debit_credit WHEN 'C' THEN -{number} ELSE {number} END"


def name_of(reference: str) -> str:
    """SQL: a reference within its payer and provider as a number; two that share one are told apart later."""
    return f"hash(zorgkantoor, provider_agb, {reference})"


def divided(number: str, by: int) -> str:
    """SQL: half away from zero; // cuts off."""
    return f"(({number} + sign({number}) * {by // 2}) // {by})::BIGINT"


def dotted(count: str) -> str:
    """SQL: a count as findings write it, 1.234."""
    return f"format('{{:t.}}', ({count})::BIGINT)"


def last_word(table: str, key: str, day: str) -> str:
    """SQL: of the rows of one key that with the latest recorded_on; of several, that with the earliest day, null last.

    One number, of which the highest is asked, in place of a sort. A date is its days since the year 1, below 2^22.
    """
    none = 2**22 - 1
    last = f"max((recorded_on - DATE '0001-01-01') * {2**22} + {none} - coalesce({day} - DATE '0001-01-01', {none}))"
    return f"""
    SELECT {key}, DATE '0001-01-01' + nullif({none} - {last} % {2**22}, {none})::INT AS {day}
    FROM {table} WHERE {RECORDED} GROUP BY {key}
    """


# What the parts of a statement hand over: counts for the findings, and cells of its lines.
REGISTERS = """
CREATE TEMP TABLE organisations AS SELECT code, kind FROM wlz_organisations;
CREATE TEMP TABLE zorgkantoren AS SELECT code AS zorgkantoor FROM organisations WHERE kind = 'zorgkantoor';
CREATE TEMP TABLE counts (code VARCHAR, name VARCHAR, count BIGINT);
CREATE TEMP TABLE cells (organisation VARCHAR, part VARCHAR, line VARCHAR, value BIGINT);
CREATE TEMP TABLE successors (provider_agb VARCHAR, successor_agb VARCHAR, in_cycle BOOLEAN);
"""

QUARTER = f"""
CREATE TEMP TABLE lines AS
SELECT zorgkantoor, provider_agb, claim_reference, prior_reference, debit_credit, received_on, performance_code,
    {net("quantity")} AS quantity, {net("amount_cents")} AS amount_cents, {name_of("claim_reference")} AS name
FROM wlz_claims WHERE {RECEIVED} AND {IN_QUARTER};

CREATE TEMP TABLE performances AS
SELECT zorgkantoor, performance_code, sum(quantity)::BIGINT AS quantity, sum(amount_cents)::BIGINT AS amount_cents,
    count(*) AS lines
FROM lines GROUP BY ALL;

INSERT INTO counts SELECT zorgkantoor, 'wlz_claims', sum(lines) FROM performances GROUP BY zorgkantoor;
"""

# Lines elsewhere in time are looked up among what the quarter asks for: its own references, and those its credits name.
NAMES = f"""
CREATE TEMP TABLE credits AS
SELECT zorgkantoor, provider_agb, prior_reference AS claim_reference, received_on, {name_of("prior_reference")} AS name
FROM lines WHERE debit_credit = 'C';

CREATE TEMP TABLE elsewhere AS
SELECT zorgkantoor, provider_agb, claim_reference, debit_credit, received_on
FROM wlz_claims
    SEMI JOIN (SELECT name FROM lines UNION ALL SELECT name FROM credits) ON {name_of("claim_reference")} = name
WHERE {RECEIVED} AND (start_date < getvariable('first_day') OR start_date > getvariable('last_day'));

CREATE TEMP TABLE names AS
WITH suspects AS (
    SELECT name FROM lines GROUP BY name HAVING count(*) > 1
    UNION ALL SELECT name FROM credits
    UNION ALL SELECT {name_of("claim_reference")} FROM elsewhere
)
SELECT zorgkantoor, provider_agb, claim_reference, count(*) AS lines, count(*) FILTER (WHERE in_quarter) AS in_quarter,
    min(received_on) FILTER (WHERE debit_credit = 'D') AS debit_received_on
FROM (
    SELECT zorgkantoor, provider_agb, claim_reference, debit_credit, received_on, TRUE AS in_quarter
    FROM lines SEMI JOIN suspects USING (name)
    UNION ALL SELECT *, FALSE FROM elsewhere
)
GROUP BY ALL;

INSERT INTO counts
SELECT zorgkantoor, 'duplicate_claim_reference', sum(in_quarter) FROM names WHERE lines > 1 GROUP BY zorgkantoor
UNION ALL
SELECT zorgkantoor, 'credit_without_debit', count(*)
FROM credits LEFT JOIN names USING (zorgkantoor, provider_agb, claim_reference)
WHERE (debit_received_on <= credits.received_on) IS NOT TRUE GROUP BY zorgkantoor;
"""

PROVIDERS = f"""
CREATE TEMP TABLE by_provider AS
WITH written AS (
    SELECT zorgkantoor, provider_agb,
        coalesce(sum({net("amount_cents")}) FILTER (WHERE {IN_PRIOR_YEAR}), 0) AS prior_year_amount_cents,
        count(*) FILTER (WHERE {IN_LAST_QUARTERS}) AS last_quarters_lines,
        count(*) FILTER (WHERE {IN_QUARTER}) AS quarter_lines
    FROM wlz_claims
    WHERE {RECEIVED} AND start_date BETWEEN getvariable('prior_year_start') AND getvariable('last_day')
    GROUP BY ALL
)
SELECT written.*, coalesce(successor_agb, provider_agb) AS counts_under
FROM written JOIN zorgkantoren USING (zorgkantoor) LEFT JOIN successors USING (provider_agb);

CREATE TEMP TABLE missing AS
SELECT zorgkantoor, counts_under, sum(prior_year_amount_cents)::BIGINT AS prior_year_amount_cents,
    sum(last_quarters_lines) > 0 AS has_last_quarters
FROM by_provider GROUP BY zorgkantoor, counts_under
HAVING sum(prior_year_amount_cents) > {LARGE_CENTS} AND sum(quarter_lines) = 0;

CREATE TEMP TABLE estimates AS
WITH written AS (
    SELECT zorgkantoor, provider_agb, counts_under, has_last_quarters
    FROM missing JOIN by_provider USING (zorgkantoor, counts_under)
)
SELECT zorgkantoor, counts_under AS provider_agb, performance_code,
    {divided(f"sum({net('quantity')})", 4)} AS quantity, {divided(f"sum({net('amount_cents')})", 400)} AS amount_euro
FROM wlz_claims JOIN written USING (zorgkantoor, provider_agb)
WHERE {RECEIVED} AND CASE WHEN has_last_quarters THEN {IN_LAST_QUARTERS} ELSE {IN_PRIOR_YEAR} END
GROUP BY ALL HAVING quantity <> 0 OR amount_euro <> 0;

INSERT INTO counts SELECT zorgkantoor, 'missing_provider', count(*) FROM missing GROUP BY zorgkantoor;
"""

COSTS = f"""
CREATE TEMP TABLE costs AS
SELECT organisation, category, sum(amount_cents) AS amount_cents, count(*) AS rows,
    category IN {CATEGORIES} AS is_known
FROM wlz_admin_costs WHERE year = getvariable('year') AND quarter = getvariable('quarter') GROUP BY ALL;

INSERT INTO cells
SELECT organisation, '{ADMIN_COSTS.name}', category, {divided("amount_cents", 100)} FROM costs WHERE is_known;

INSERT INTO counts
SELECT organisation, unnest(['wlz_admin_costs', 'wlz_admin_costs_known', 'admin_cost_category_unknown']),
    unnest([sum(rows), sum(rows) FILTER (WHERE is_known), sum(rows) FILTER (WHERE NOT is_known)])
FROM costs GROUP BY organisation;
"""


def used(table: str, part: str, rows: str) -> str:
    """SQL: a person counts once per zorgkantoor; rows are those that the part would have used."""
    return f"""
    INSERT INTO cells SELECT zorgkantoor, '{part}', 'total', count(DISTINCT bsn) FROM {rows} GROUP BY zorgkantoor;
    INSERT INTO counts SELECT zorgkantoor, '{table}', count(*) FROM {rows} GROUP BY zorgkantoor;
    """


BUDGETS = f"""
CREATE TEMP TABLE grants AS {last_word("wlz_pgb_grants", "zorgkantoor, bsn, start_date", "end_date")};
CREATE TEMP TABLE deaths AS {last_word("wlz_deaths", "bsn", "died_on")};
CREATE TEMP TABLE stays AS
SELECT bsn, discharged_on, (admitted_on + INTERVAL 2 MONTH)::DATE AS day_limit
FROM ({last_word("wlz_admissions", "bsn, admitted_on", "discharged_on")})
WHERE discharged_on IS NULL OR discharged_on >= day_limit;

CREATE TEMP TABLE budgets AS
WITH ended AS (
    SELECT zorgkantoor, bsn, start_date, min(day_limit) AS day_limit
    FROM grants JOIN stays USING (bsn) WHERE discharged_on IS NULL OR discharged_on > start_date GROUP BY ALL
)
SELECT zorgkantoor, bsn, start_date, least(end_date, day_limit - 1, died_on - 1) AS last_day
FROM grants LEFT JOIN ended USING (zorgkantoor, bsn, start_date) LEFT JOIN deaths USING (bsn);

CREATE TEMP TABLE held AS
SELECT zorgkantoor, bsn FROM budgets
WHERE start_date <= getvariable('holders_on') AND (last_day IS NULL OR last_day >= getvariable('holders_on'));

CREATE TEMP TABLE visits AS
SELECT zorgkantoor, bsn, visited_on FROM wlz_home_visits
WHERE {RECORDED} AND recorded_on < getvariable('year_start') AND physical AND NOT with_conscious_choice_talk
    AND visited_on >= getvariable('prior_year_start') AND visited_on < getvariable('year_start');

{used("wlz_pgb_grants", PGB_HOLDERS.name, "held")}
{used("wlz_home_visits", PGB_HOME_VISITS.name, "visits")}

INSERT INTO counts
WITH several AS (
    SELECT bsn FROM held JOIN zorgkantoren USING (zorgkantoor) GROUP BY bsn HAVING count(DISTINCT zorgkantoor) > 1
), with_budget AS (
    SELECT zorgkantoor, bsn FROM visits JOIN budgets USING (zorgkantoor, bsn)
    WHERE start_date <= visited_on AND (last_day IS NULL OR visited_on <= last_day)
)
SELECT zorgkantoor, 'holder_at_several_zorgkantoren', count(DISTINCT bsn)
FROM held SEMI JOIN several USING (bsn) GROUP BY zorgkantoor
UNION ALL
SELECT zorgkantoor, 'home_visit_without_budget', count(DISTINCT bsn)
FROM visits ANTI JOIN with_budget USING (zorgkantoor, bsn) GROUP BY zorgkantoor;
"""

TALKS = f"""
CREATE TEMP TABLE talks AS
SELECT zorgkantoor, bsn FROM wlz_conscious_choice_talks
WHERE new_applicant AND held_on BETWEEN getvariable('year_start') AND getvariable('year_end');
{used("wlz_conscious_choice_talks", PGB_TALKS.name, "talks")}
"""

REGISTERED = "getvariable('insured_on') BETWEEN registered_from AND coalesce(registered_to, getvariable('insured_on'))"
IS_65 = "(birth_date <= getvariable('born_65_years_before'))"
SEX = "CASE WHEN sex IN ('1', 'M') THEN 1 WHEN sex IN ('2', 'V') THEN 2 ELSE 0 END"

# Nearly everybody is registered once: one aggregate by a hash of the bsn tells how often, and in which cell. Whoever is
# there again, and who shares a hash, is looked at more closely.
PEOPLE = f"""
CREATE TEMP TABLE places AS SELECT code AS organisation, (row_number() OVER ())::INT AS place FROM organisations;

CREATE TEMP TABLE people AS
SELECT hash(bsn) AS person, count(*) AS rows, any_value((place * 4 + {SEX}) * 2 + {IS_65}::INT) AS cell
FROM wlz_insured JOIN places USING (organisation) WHERE {REGISTERED} GROUP BY person;

-- Of several rows the latest counts, then the highest birth date, then the highest sex, as a text.
CREATE TEMP TABLE several AS
WITH registered AS (
    SELECT organisation, bsn, birth_date, {SEX} AS class,
        row(registered_from, birth_date, sex IS NOT NULL, coalesce(sex, ''), class, {IS_65}) AS precedence
    FROM wlz_insured JOIN places USING (organisation)
        SEMI JOIN (SELECT person FROM people WHERE rows > 1) ON hash(bsn) = person
    WHERE {REGISTERED}
)
SELECT organisation, max(precedence)[5] AS class, max(precedence)[6] AS is_65,
    count(DISTINCT birth_date) > 1 OR count(DISTINCT class) > 1 AS differs,
    count(*) OVER (PARTITION BY bsn) > 1 AS is_elsewhere
FROM registered GROUP BY organisation, bsn;

CREATE TEMP TABLE insured AS
SELECT organisation, cell // 2 % 4 AS class, cell % 2 = 1 AS is_65, count(*) AS people
FROM people JOIN places ON cell // 8 = place WHERE rows = 1 GROUP BY ALL
UNION ALL
SELECT organisation, class, is_65, count(*) FROM several GROUP BY ALL;

INSERT INTO cells
SELECT organisation, '{INSURED.name}', CASE WHEN is_65 THEN {list(FROM_65)} ELSE {list(UNDER_65)} END[class], people
FROM insured WHERE class > 0;

INSERT INTO counts
SELECT organisation, 'insured_sex_unknown', sum(people) FROM insured WHERE class = 0 GROUP BY organisation
UNION ALL
SELECT organisation, 'insured_rows_differ', count(*) FROM several WHERE differs GROUP BY organisation
UNION ALL
SELECT organisation, 'insured_at_several_organisations', count(*) FROM several WHERE is_elsewhere GROUP BY organisation
UNION ALL
SELECT organisation, 'wlz_insured', count(*) FROM wlz_insured ANTI JOIN places USING (organisation)
WHERE {REGISTERED} GROUP BY organisation;
"""

FINDINGS = f"""
WITH rules AS (SELECT unnest(getvariable('rules'), recursive := true)),
found AS (
    SELECT code AS organisation,
        CASE WHEN kind IS NULL THEN 'unknown_organisation' ELSE 'not_a_zorgkantoor' END AS name,
        sum(count) AS count, ' (' || string_agg(name || ' ' || {dotted("count")}, ', ' ORDER BY place) || ')' AS which
    FROM (SELECT *, list_position({list(findings.USED)}, name) AS place FROM counts)
        LEFT JOIN organisations USING (code)
    WHERE count > 0 AND CASE WHEN kind IS NULL THEN place > 0
        ELSE kind <> 'zorgkantoor' AND place <= {len(findings.USED_BY_ZORGKANTOOR)} END
    GROUP BY code, kind
    UNION ALL
    SELECT NULL, 'successor_cycle', count(*),
        ' (' || string_agg(DISTINCT successor_agb, ', ' ORDER BY successor_agb)[:{findings.LONGEST_LIST}] || ')'
    FROM successors WHERE in_cycle
    UNION ALL
    SELECT code, name, count, ''
    FROM counts JOIN organisations USING (code) JOIN rules USING (name) WHERE list_contains(kinds, kind)
    UNION ALL  -- These two are so or not: there is nothing to count.
    SELECT code, 'claims_missing', 1, NULL FROM organisations
    WHERE kind = 'zorgkantoor' AND code NOT IN (SELECT code FROM counts WHERE name = 'wlz_claims')
    UNION ALL
    SELECT code, 'admin_costs_missing', 1, NULL FROM organisations
    WHERE code NOT IN (SELECT code FROM counts WHERE name = 'wlz_admin_costs_known' AND count > 0)
)
SELECT organisation, name AS rule, severity, count::BIGINT AS count,
    what || coalesce(': ' || {dotted("count")} || which, '') || '. ' || remedy AS detail
FROM found JOIN rules USING (name) WHERE count > 0
"""

OUTPUTS = {
    "wlz_production": f"""
        SELECT zorgkantoor, performance_code, quantity, amount_cents, {divided("amount_cents", 100)} AS amount_euro
        FROM performances JOIN zorgkantoren USING (zorgkantoor)
        """,
    "wlz_statement_lines": """
        WITH owed AS (SELECT unnest(getvariable('owed'), recursive := true))
        SELECT code AS organisation, owed.part, owed.line, coalesce(sum(value), 0)::BIGINT AS value
        FROM organisations JOIN owed ON list_contains(kinds, kind)
            LEFT JOIN cells ON organisation = code AND cells.part = owed.part AND list_contains(adds_up, cells.line)
        GROUP BY ALL
        """,
    "wlz_missing_providers": """
        SELECT zorgkantoor, counts_under AS provider_agb, prior_year_amount_cents FROM missing
        """,
    "wlz_missing_estimates": "FROM estimates",
    "wlz_findings": FINDINGS,
}


def set_out(connection: duckdb.DuckDBPyConnection, settings: Settings) -> None:
    """The days of the statement, the lines that it has, and the words of its findings."""
    asked = settings.statement
    days = ("first_day", "last_day", "last_quarters_start", "prior_year_start", "year_start", "year_end")
    set_variables(
        connection,
        {
            **{day: getattr(asked, day) for day in (*days, "holders_on", "insured_on")},
            "year": asked.year,
            "quarter": asked.quarter,
            "known_at": settings.known_at,
            "born_65_years_before": asked.insured_on.replace(year=asked.year - SENIOR),
            "owed": [
                {"kinds": part.kinds, "part": part.name, "line": line, "adds_up": part.totals.get(line, (line,))}
                for part in parts_owed(asked.quarter)
                for line in part.lines
            ],
            "rules": [asdict(rule) for rule in findings.RULES],
        },
    )


def open_registers(connection: duckdb.DuckDBPyConnection) -> None:
    connection.execute(REGISTERS)
    replaced = connection.execute("SELECT provider_agb, replaced_by FROM wlz_providers WHERE replaced_by IS NOT NULL")
    followed = successors.follow(dict(replaced.fetchall()))
    if followed:
        connection.executemany("INSERT INTO successors VALUES ($1, $2, $3)", followed)


def phases(connection: duckdb.DuckDBPyConnection, settings: Settings) -> Phases:
    """Those of the parts that the quarter asks for."""
    queries = {"quarter": QUARTER, "names": NAMES, "providers": PROVIDERS, "costs": COSTS}
    for name, part, query in [
        ("budgets", PGB_HOLDERS, BUDGETS),
        ("talks", PGB_TALKS, TALKS),
        ("insured", INSURED, PEOPLE),
    ]:
        if settings.number in part.quarters:
            queries[name] = query
    return {
        "settings": lambda: set_out(connection, settings),
        "registers": lambda: open_registers(connection),
        **{name: partial(connection.execute, query) for name, query in queries.items()},
    }


YARDSTICK = Yardstick(WLZ, phases, OUTPUTS)

if __name__ == "__main__":
    YARDSTICK.main(STARTED)
