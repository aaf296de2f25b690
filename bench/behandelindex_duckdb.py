"""The Behandelindex in DuckDB: what one would pick instead of Spark on one machine, and the yardstick of the bench.

    python -m bench.behandelindex_duckdb SETTINGS.toml --input ROOT --output ROOT [--threads 2]

It reads the present version of the seven input tables, applies every rule of docs/method.md and writes the five outputs
of docs/tables.md, with run_id "duckdb". Code lists, names, settings and the fixed-point sums are those of zorgstat, so
that the figures are the same to the last bit; the SQL is its own. One line of JSON tells the seconds per phase.
yardstick.py says what it does less than the job.
"""

from __future__ import annotations

import time

STARTED = time.perf_counter()

from collections.abc import Mapping  # noqa: E402
from functools import partial  # noqa: E402
from typing import Any  # noqa: E402

import duckdb  # noqa: E402

from bench.yardstick import Phases, Yardstick, set_variables  # noqa: E402
from zorgstat import codes  # noqa: E402
from zorgstat.behandelindex.classes import INSURANCE  # noqa: E402
from zorgstat.behandelindex.pipeline import BEHANDELINDEX  # noqa: E402
from zorgstat.behandelindex.selection import OUTCOME_NAMES  # noqa: E402
from zorgstat.behandelindex.settings import Settings  # noqa: E402

# A citizen number read as hexadecimal, after a 1, so that every digit has four bits of its own and whatever is not nine
# digits shows in the number. A decimal cast would take signs, spaces and exponents for granted; a pattern costs twice.
NO_PERSON = 0x1FFFFFFFFF
PERSON = f"least(try_cast('0x1' || bsn AS BIGINT), {NO_PERSON})"
NINE_DIGITS = (
    f"person BETWEEN {0x1000000000} AND {0x1999999999} AND xor(person, person + {0x666666666}) & {0x1111111110} = 0"
)
ELEVEN_TEST = " + ".join(
    f"{max(place, 1) * (1 if place > 1 else -1)} * (person >> {4 * (place - 1)} & 15)" for place in range(9, 0, -1)
)
IS_VALID = f"{NINE_DIGITS} AND person <> {0x1000000000} AND ({ELEVEN_TEST}) % 11 = 0"

# What of outcomes 4 to 8 a record must pass; the rest is its label's.
IN_PLAY = """
    status = 'approved' AND channel = 'vecozo' AND care_setting IS DISTINCT FROM 'outpatient_clinic'
    AND treatment_date BETWEEN getvariable('period_start') AND getvariable('period_end')
    AND claim_date <= getvariable('claim_cutoff')
"""

# Registers and code lists: small tables, each with a number per row. Labels that take part come first, in the order of
# uzovi; labels that only the claims know come last. Practice 0 is one that is not registered.
REGISTERS = """
CREATE TEMP TABLE labels AS
WITH known AS (
    SELECT uzovi, concern,
        CASE WHEN kind = 'reserved' THEN 1
             WHEN kind = 'mandate' THEN 2
             WHEN concern IS NULL OR NOT list_contains(getvariable('participating'), concern) THEN 3 END AS standing
    FROM (SELECT DISTINCT uzovi FROM claims) FULL JOIN insurers USING (uzovi)
)
SELECT uzovi, concern, standing,
    (row_number() OVER (ORDER BY standing IS NOT NULL, uzovi))::INT AS label,
    (dense_rank() OVER (ORDER BY standing IS NOT NULL, concern))::INT AS concern_number,
    coalesce(getvariable('netting')[concern], 'reference_then_key') AS netting,
    coalesce(getvariable('av_source')[concern], 'delivered') AS av_source,
    coalesce(getvariable('av_policy')[concern], 'sum') AS av_policy
FROM known;

CREATE TEMP TABLE practices AS
SELECT agb AS practice_agb, (row_number() OVER (ORDER BY agb))::INT AS practice
FROM agb_register WHERE kind = 'practice';

CREATE TEMP TABLE pathologies AS
SELECT lpad(number::VARCHAR, 4, '0') AS diagnosis_code, getvariable('pathologies')[number % 100 + 1] AS pathology
FROM (SELECT unnest(range(10000)) AS number) WHERE getvariable('pathologies')[number % 100 + 1] IS NOT NULL;

CREATE TEMP TABLE csi_groups AS SELECT unnest(map_entries(getvariable('insurance')), recursive := true);
ALTER TABLE csi_groups RENAME key TO csi_code;
ALTER TABLE csi_groups RENAME value TO insurance;

CREATE TEMP TABLE performance_codes AS
SELECT unnest(getvariable('performance_codes')) AS performance_code, TRUE AS is_treatment;

SET VARIABLE practices = (SELECT count(*) + 1 FROM practices);
SET VARIABLE labels = (SELECT count(*) + 1 FROM labels WHERE standing IS NULL);

-- Outcomes 1 to 8; null: the record goes on.
CREATE TEMP VIEW delivered AS
SELECT claims.*, label, netting,
    CASE WHEN standing IS NOT NULL THEN standing
         WHEN status IS DISTINCT FROM 'approved' THEN 4
         WHEN channel IS DISTINCT FROM 'vecozo' THEN 5
         WHEN care_setting = 'outpatient_clinic' THEN 6
         WHEN treatment_date BETWEEN getvariable('period_start') AND getvariable('period_end') IS NOT TRUE THEN 7
         WHEN claim_date <= getvariable('claim_cutoff') IS NOT TRUE THEN 8 END AS refusal
FROM claims JOIN labels USING (uzovi);
"""

# Netting looks at credits, and at the debits that one of them names or that have its person and day.
NETTING = f"""
CREATE TEMP TABLE credits AS
SELECT uzovi, netting, practice_agb, bsn, claim_reference, prior_reference, claim_date,
    treatment_date, performance_code, amount_cents
FROM claims JOIN labels USING (uzovi)
WHERE debit_credit = 'C' AND standing IS NULL AND netting <> 'none' AND practice_agb IS NOT NULL AND {IN_PLAY};

CREATE TEMP TABLE debits AS
WITH names AS (
    SELECT DISTINCT practice_agb, prior_reference, TRUE AS is_named FROM credits WHERE prior_reference IS NOT NULL
), days AS (
    SELECT DISTINCT bsn, treatment_date AS day, TRUE AS is_same_day FROM credits
)
SELECT uzovi, claims.practice_agb, claims.bsn, claim_reference, claim_date, treatment_date,
    performance_code, diagnosis_code, csi_code, amount_cents
FROM claims
    LEFT JOIN names ON claims.practice_agb = names.practice_agb AND claim_reference = names.prior_reference
    LEFT JOIN days ON claims.bsn IS NOT DISTINCT FROM days.bsn AND treatment_date = day
WHERE debit_credit = 'D' AND (is_named OR is_same_day) AND {IN_PLAY};

CREATE TEMP TABLE by_reference AS
SELECT debit.rowid AS debit, credit.rowid AS credit
FROM debits AS debit JOIN credits AS credit
    ON debit.uzovi = credit.uzovi AND debit.practice_agb = credit.practice_agb
    AND debit.bsn IS NOT DISTINCT FROM credit.bsn AND debit.claim_reference = credit.prior_reference
    AND debit.amount_cents <= credit.amount_cents
WHERE netting IN ('reference', 'reference_then_key')
QUALIFY row_number() OVER (PARTITION BY debit.rowid ORDER BY credit.claim_date, credit.claim_reference) = 1;

CREATE TEMP TABLE by_key AS
WITH credits_left AS (
    SELECT *, row_number() OVER same_key AS turn FROM credits
    WHERE netting IN ('key', 'reference_then_key') AND rowid NOT IN (SELECT credit FROM by_reference)
    WINDOW same_key AS (PARTITION BY uzovi, practice_agb, bsn, treatment_date, performance_code, amount_cents
        ORDER BY claim_date, claim_reference)
), debits_left AS (
    SELECT *, rowid AS debit, row_number() OVER same_key AS turn FROM debits
    WHERE rowid NOT IN (SELECT debit FROM by_reference)
    WINDOW same_key AS (PARTITION BY uzovi, practice_agb, bsn, treatment_date, performance_code, amount_cents
        ORDER BY claim_date, claim_reference)
)
SELECT debit
FROM debits_left AS debit JOIN credits_left AS credit
    ON debit.uzovi = credit.uzovi AND debit.practice_agb = credit.practice_agb
    AND debit.bsn IS NOT DISTINCT FROM credit.bsn AND debit.treatment_date = credit.treatment_date
    AND debit.performance_code = credit.performance_code AND debit.amount_cents = credit.amount_cents
    AND debit.turn = credit.turn;

CREATE TEMP TABLE netted AS
SELECT debits.*, label, 'D' AS debit_credit, NULL::INT AS refusal
FROM debits JOIN labels USING (uzovi)
WHERE debits.rowid IN (SELECT debit FROM by_reference UNION ALL SELECT debit FROM by_key);
"""


def grouped(records: str) -> str:
    """SQL: records that agree in everything still to be judged, as one number each, and how many they are.

    Outcomes 1 to 8, 10, 12 and 13 are decided here, as if there were no netting: such a group is a number below 0 that
    holds label and outcome. One from 0 on holds person (`PERSON`), practice, label, pathology and insurance
    (0: invalid), the last of which varies fastest.
    """
    return f"""
    SELECT CASE
        WHEN refusal IS NOT NULL THEN -(label * 32 + refusal)
        WHEN debit_credit = 'C' THEN -(label * 32 + 10)
        WHEN is_treatment IS NULL THEN -(label * 32 + 12)
        WHEN insurance = 4 THEN -(label * 32 + 13)
        ELSE ((({PERSON}
            * getvariable('practices') + coalesce(practice, 0))
            * getvariable('labels') + label)
            * 11 + coalesce(pathology, 0))
            * 4 + coalesce(insurance, 0)
        END AS cell, count(*) AS records
    FROM {records}
        LEFT JOIN practices USING (practice_agb)
        LEFT JOIN pathologies USING (diagnosis_code)
        LEFT JOIN csi_groups USING (csi_code)
        LEFT JOIN performance_codes USING (performance_code)
    GROUP BY cell
    """


# A netted debit leaves the group that it was put in: a group may hold fewer than none until all are added up.
GROUPS = f"""
CREATE TEMP TABLE cells AS
{grouped("delivered")}
UNION ALL SELECT cell, -records AS records FROM ({grouped("netted")});

CREATE TEMP TABLE groups AS
SELECT cell // 44 // getvariable('labels') // getvariable('practices') AS person,
    (cell // 44 // getvariable('labels') % getvariable('practices'))::INT AS practice,
    (cell // 44 % getvariable('labels'))::INT AS label,
    (cell // 4 % 11)::INT AS pathology, (cell % 4)::INT AS insurance, records
FROM cells WHERE cell >= 0;
"""

# Of enrolments that differ the latest has it; ties go to the highest uzovi (labels are numbered in that order), then to
# the highest value.
PEOPLE = f"""
CREATE TEMP TABLE ses_classes AS
WITH ranked AS (
    -- One zero: -0.0 would come before 0.0.
    SELECT postcode4, row_number() OVER (ORDER BY CASE WHEN score = 0 THEN 0 ELSE score END, postcode4) AS place,
        count(*) OVER () AS postcodes, 3 * postcodes // 10 AS thirty_percent
    -- As text: statistics of a file leave NaN out, and DuckDB concludes from them that nothing is.
    FROM ses_woa WHERE score::VARCHAR <> 'nan'
)
SELECT postcode4,
    CASE WHEN place <= thirty_percent THEN 1 WHEN place > postcodes - thirty_percent THEN 3 ELSE 2 END AS ses
FROM ranked;

-- `since` and a value in one number, of which the highest is asked. A date is its days since the year 1, below 2^22.
CREATE TEMP TABLE people AS
WITH known AS (
    SELECT {PERSON} AS person,
        (valid_from - DATE '0001-01-01') * getvariable('labels') + label AS since,
        birth_date - DATE '0001-01-01' AS born,
        CASE WHEN sex IN ('M', '1') THEN 1 WHEN sex IN ('V', '2') THEN 2 WHEN sex = 'X' THEN 3 END AS sex,
        coalesce(postcode, '') AS postcode,  -- both are unknown, and the lowest
        getvariable('postcode_date') BETWEEN valid_from AND coalesce(valid_to, getvariable('postcode_date'))
            AS is_address
    FROM enrolments JOIN labels USING (uzovi)
    WHERE standing IS NULL
), chosen AS (
    SELECT person, DATE '0001-01-01' + (max(since * {2**22} + born) % {2**22})::INT AS birth_date,
        max(since * 4 + sex) % 4 AS sex,
        max(row(since, postcode)) FILTER (WHERE is_address)[2] AS postcode
    FROM known GROUP BY person
)
SELECT person, sex::INT AS sex, coalesce(ses, 2)::INT AS ses,
    CASE WHEN birth_date <= getvariable('year_end') THEN getvariable('age_classes')[
        greatest(date_sub('year', birth_date, getvariable('age_date')), 0) + 1] END AS age
FROM chosen LEFT JOIN ses_classes
    ON postcode4 = substr(postcode, 1, 4) AND regexp_full_match(postcode, '[0-9]{{4}}( ?[A-Za-z]{{2}})?');

-- At which concerns a person has high supplementary cover.
CREATE TEMP TABLE covers AS
SELECT DISTINCT {PERSON} AS person, concern_number
FROM av_classes JOIN labels USING (uzovi)
WHERE standing IS NULL AND av_source = 'delivered' AND report_year = getvariable('report_year') AND av_class = 'high'
UNION ALL
SELECT {PERSON} AS person, concern_number
FROM av_packages JOIN labels USING (uzovi)
WHERE standing IS NULL AND av_source = 'packages' AND valid_from <= getvariable('period_end')
    AND coalesce(valid_to, getvariable('period_end')) >= greatest(valid_from, getvariable('period_start'))
GROUP BY person, concern_number, av_policy
HAVING 12 < CASE av_policy WHEN 'sum' THEN sum(insured_sessions) WHEN 'max' THEN max(insured_sessions)
    ELSE max(row(valid_from, package, uzovi, insured_sessions))[4] END;
"""

# Outcomes 14 to 20 and the basket, then counts without people.
BASKETS = f"""
CREATE TEMP TABLE judged AS
SELECT label, practice, person, records,
    CASE WHEN NOT ({IS_VALID}) THEN 14
        WHEN practice = 0 THEN 15
        WHEN pathology = 0 THEN 16
        WHEN insurance = 0 THEN 17
        WHEN age IS NULL THEN 18
        WHEN coalesce(sex, 3) = 3 THEN 19
        ELSE 20 END AS outcome,
    CASE WHEN insurance = 3 OR (insurance = 2 AND covers.person IS NOT NULL) THEN 3 ELSE insurance END AS cover,
    1 + ((((sex - 1) * 5 + age - 1) * 10 + pathology - 1) * 3 + cover - 1) * 3 + ses - 1 AS basket
FROM groups JOIN labels USING (label) LEFT JOIN people USING (person) LEFT JOIN covers USING (person, concern_number);

CREATE TEMP TABLE combinations AS
SELECT practice, basket, person, sum(records)::BIGINT AS treatments
FROM judged WHERE outcome = 20 GROUP BY ALL HAVING treatments > 0;

CREATE TEMP TABLE counts AS
SELECT practice, basket, count(*) AS combinations, sum(treatments)::BIGINT AS treatments
FROM combinations GROUP BY ALL;

CREATE TEMP TABLE practice_totals AS
SELECT practice, combinations, patients
FROM (SELECT practice, sum(combinations)::BIGINT AS combinations FROM counts GROUP BY practice)
JOIN (SELECT practice, count(*) AS patients FROM (SELECT DISTINCT practice, person FROM combinations) GROUP BY practice)
USING (practice);
"""


def total(term: str) -> str:
    """SQL: the sum of doubles in fixed point, whole units and trillionths, as in `zorgstat.exact`."""
    whole = f"floor({term})"
    return f"(sum({whole}::BIGINT)::DOUBLE + sum(floor(({term} - {whole}) * 1e12 + 0.5e0)::BIGINT)::DOUBLE / 1e12)"


def half_up(value: str) -> str:
    """SQL: a whole number; an exact half goes up."""
    return f"floor({value} + 0.5e0 + 1e-9)::INT"


FIGURES = f"""
CREATE TEMP TABLE national AS
SELECT basket, sum(combinations)::BIGINT AS combinations, sum(treatments)::BIGINT AS treatments,
    sum(treatments)::DOUBLE / sum(combinations)::DOUBLE AS national_mean, sum(combinations) < 60 AS is_small
FROM counts GROUP BY basket;

CREATE TEMP TABLE indices AS
WITH terms AS (
    SELECT practice, counts.combinations, counts.treatments, is_small,
        counts.combinations * national_mean AS expected, counts.treatments / national_mean AS means
    FROM counts JOIN national USING (basket)
), sums AS (
    SELECT practice, sum(combinations)::DOUBLE AS combinations, sum(treatments)::BIGINT AS treatments,
        {total("expected")} AS expected_treatments, {total("means")} AS all_means,
        {total("CASE WHEN NOT is_small THEN means END")} AS large_means,
        (sum(combinations) FILTER (WHERE NOT is_small))::DOUBLE AS large_combinations
    FROM terms GROUP BY practice
)
SELECT practice, treatments, expected_treatments,
    100 * all_means / combinations AS index, 100 * large_means / large_combinations AS index_excl_small,
    {half_up("index")} AS index_rounded, {half_up("index_excl_small")} AS index_excl_small_rounded
FROM sums;

CREATE TEMP TABLE factors AS
WITH large AS (
    SELECT index FROM indices JOIN practice_totals USING (practice) WHERE combinations > 10
), mean AS (
    SELECT count(*) AS n, {total("index")} / n AS mean FROM large
), spread AS (
    SELECT CASE WHEN any_value(n) > 1 THEN sqrt({total("(index - mean) * (index - mean)")} / (any_value(n) - 1))
        ELSE 0 END AS sd
    FROM large CROSS JOIN mean
)
SELECT band.lower, band.upper, sd,
    CASE WHEN getvariable('correction_method') = 'table' THEN band.factor_2018
        ELSE greatest(coalesce(ceil(1.645e0 * sd / sqrt(band.upper) - 1e-9), 1), 1) END::INT AS factor
FROM spread CROSS JOIN (SELECT unnest(getvariable('bands')) AS band);
"""

OUTPUTS = {
    "outcomes": """
        SELECT uzovi, concern, getvariable('outcomes')[outcome] AS outcome, sum(records)::BIGINT AS records
        FROM labels JOIN (
            SELECT label, outcome, records FROM judged
            UNION ALL SELECT -cell // 32, -cell % 32, records FROM cells WHERE cell < 0
            UNION ALL SELECT label, unnest([9, 10, 11]), unnest([1, -1, 1]) FROM netted
        ) USING (label)
        GROUP BY ALL HAVING sum(records) > 0
        """,
    "national_baskets": """
        SELECT basket::INT AS basket_id, CASE WHEN basket <= 450 THEN 'M' ELSE 'V' END AS sex,
            ((basket - 1) // 90 % 5 + 1)::INT AS age_class, ((basket - 1) // 9 % 10 + 1)::INT AS pathology_class,
            ((basket - 1) // 3 % 3 + 1)::INT AS insurance_class, ((basket - 1) % 3 + 1)::INT AS ses_class,
            combinations, treatments, national_mean, is_small
        FROM national
        """,
    "practice_baskets": """
        SELECT practice_agb, basket::INT AS basket_id, counts.combinations, counts.treatments,
            counts.treatments / counts.combinations AS practice_mean, national_mean,
            practice_mean / national_mean AS basket_index,
            counts.combinations / practice_totals.combinations AS weight, weight * basket_index AS weighted_index
        FROM counts JOIN national USING (basket) JOIN practice_totals USING (practice) JOIN practices USING (practice)
        """,
    "practice_index": """
        SELECT practice_agb, combinations, patients, treatments, expected_treatments, index, index_rounded,
            factor AS correction_factor, index_rounded - factor AS ci_lower, index_rounded + factor AS ci_upper,
            index_excl_small, index_excl_small_rounded,
            index_rounded IS DISTINCT FROM index_excl_small_rounded AS small_baskets_matter
        FROM indices JOIN practice_totals USING (practice) JOIN practices USING (practice)
            LEFT JOIN factors ON combinations > lower AND (upper IS NULL OR combinations <= upper)
        """,
    "correction_factors": "SELECT lower::BIGINT AS lower, upper::BIGINT AS upper, factor, sd FROM factors",
}


def set_out(connection: duckdb.DuckDBPyConnection, settings: Settings) -> None:
    """What the reporting version chooses, and the code lists that hold on the last day of its period."""
    report = settings.report
    on = report.period_end
    ages = codes.ranges("age_classes", "age_class", on)
    pathologies = codes.ranges("pathology_ranges", "pathology_class", on)
    bands = [
        {key: int(row[key]) if row[key] else None for key in ("lower", "upper", "factor_2018")}
        for row in codes.rows("correction_bands", on)
    ]
    values: dict[str, Any] = {
        "report_year": report.year,
        "period_start": report.period_start,
        "period_end": report.period_end,
        "claim_cutoff": report.claim_cutoff,
        "age_date": report.age_date,
        "postcode_date": report.postcode_date,
        "year_end": report.year_end,
        "participating": list(settings.participating),
        "correction_method": settings.correction_method,
        "outcomes": list(OUTCOME_NAMES),
        "performance_codes": [row["code"] for row in codes.rows("performance_codes", on)],
        "pathologies": [pathologies.get(number) for number in range(100)],
        "age_classes": [ages.get(age) for age in range(max(ages) + 1)],
        "bands": bands,
    }
    set_variables(connection, values)
    groups = INSURANCE | {"covid": 4}  # decided by it: no such record is in a group
    insurance = {row["csi_code"]: groups[row["insurance"]] for row in codes.rows("csi_groups", on)}
    set_map(connection, "insurance", insurance)
    for name in ("netting", "av_source", "av_policy"):
        set_map(connection, name, getattr(settings, name))


def set_map(connection: duckdb.DuckDBPyConnection, name: str, values: Mapping[str, Any]) -> None:
    kind = "INT" if name == "insurance" else "VARCHAR"
    connection.execute(f"SET VARIABLE {name} = map($1::VARCHAR[], $2::{kind}[])", [list(values), list(values.values())])


def phases(connection: duckdb.DuckDBPyConnection, settings: Settings) -> Phases:
    queries = {
        "registers": REGISTERS,
        "netting": NETTING,
        "groups": GROUPS,
        "people": PEOPLE,
        "baskets": BASKETS,
        "figures": FIGURES,
    }
    return {
        "settings": lambda: set_out(connection, settings),
        **{name: partial(connection.execute, query) for name, query in queries.items()},
    }


YARDSTICK = Yardstick(BEHANDELINDEX, phases, OUTPUTS)

if __name__ == "__main__":
    YARDSTICK.main(STARTED)
