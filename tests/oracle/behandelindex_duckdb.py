"""A second, independent reading of the behandelindex contract, in DuckDB.

It exists to be compared with the real pipeline, so it shares nothing with it: the code lists are typed from the
contract, each rule is one SQL step that quotes the rule in short words, and the figures are exact fractions that are
turned into the closest double at the very end. It is written to be read next to the contract, not to be fast.
"""

from __future__ import annotations

import datetime as dt
import math
from collections import defaultdict
from dataclasses import dataclass, field
from decimal import Decimal, localcontext
from fractions import Fraction
from typing import Any

import duckdb
import pyarrow as pa

DEFAULT_PARTICIPATING = (
    "CZ",
    "Salland",
    "De Friesland",
    "Menzis",
    "VGZ",
    "Zilveren Kruis",
    "ASR",
    "Zorg en Zekerheid",
)
DEFAULT_AV_SOURCE = {"Salland": "packages", "Zorg en Zekerheid": "packages"}

OUTCOMES = (
    "reserved_uzovi",
    "mandate",
    "insurer_not_participating",
    "not_approved",
    "restitution",
    "outpatient_clinic",
    "outside_period",
    "after_claim_cutoff",
    "credit",
    "credit_unmatched",
    "netted",
    "performance_code",
    "csi_covid",
    "invalid_bsn",
    "invalid_practice",
    "invalid_diagnosis",
    "invalid_csi",
    "invalid_birth_date",
    "invalid_sex",
    "counted",
)


def _words(text: str) -> tuple[str, ...]:
    return tuple(text.split())


@dataclass(frozen=True)
class Codes:
    """The code lists of the contract, typed anew so that a slip in the project's own lists shows."""

    performance: tuple[str, ...] = _words(
        "1000 1001 1002 1004 1100 1101 1102 1103 1105 1200 1201 1202 1204 1316 1317 1318 1319 1320 "
        "1400 1401 1402 1500 1501 1502 1600 1601 1602 1604 1700 1701 1702 1704 1750 1751 1752 1754 "
        "1775 1776 1777 1860 1864 1870 1871 1872 1920"
    )
    covid_csi: tuple[str, ...] = ("020", "021")
    # CSI -> insurance class; None: the supplementary class of the patient decides (2 low, 3 high)
    csi: dict[str, int | None] = field(
        default_factory=lambda: {
            **dict.fromkeys(_words("001 008 010 011 012 013 014 015 016 017 018 019"), 1),
            "009": None,
            **dict.fromkeys(_words("003 004 005"), 3),
        }
    )
    # last two digits of the diagnosis, first and last: class 1..10
    pathology: tuple[tuple[str, str], ...] = (
        ("00", "09"),
        ("10", "19"),
        ("20", "28"),
        ("31", "39"),
        ("40", "48"),
        ("50", "56"),
        ("60", "69"),
        ("70", "79"),
        ("80", "89"),
        ("90", "99"),
    )
    # whole years, first and last: class 1..5
    age: tuple[tuple[int, int], ...] = ((0, 17), (18, 44), (45, 64), (65, 74), (75, 120))
    # combinations, lower (exclusive) and upper (inclusive), and the published factor of 2018
    bands: tuple[tuple[int, int | None, int], ...] = (
        (10, 12, 8),
        (12, 15, 7),
        (15, 25, 6),
        (25, 30, 5),
        (30, 60, 4),
        (60, 150, 3),
        (150, 500, 2),
        (500, None, 1),
    )


@dataclass(frozen=True)
class Settings:
    """One reporting version with the contract's defaults filled in."""

    year: int
    version: int
    participating: tuple[str, ...]
    netting: dict[str, str]
    av_source: dict[str, str]
    av_policy: dict[str, str]
    method: str

    @classmethod
    def of(cls, settings: dict[str, Any]) -> Settings:
        """Fill in what is not given; a table that is given replaces the shown one as a whole."""
        report = settings.get("report", {})
        return cls(
            year=report.get("year", 2023),
            version=report.get("version", 3),
            participating=tuple(settings.get("participating", DEFAULT_PARTICIPATING)),
            netting=dict(settings.get("netting", {})),
            av_source=dict(settings.get("av_source", DEFAULT_AV_SOURCE)),
            av_policy=dict(settings.get("av_policy", {})),
            method=settings.get("correction_factor", {}).get("method", "computed"),
        )

    @property
    def dates(self) -> dict[str, dt.date]:
        """The days that the rules speak of."""
        year = self.year
        period_end = {1: dt.date(year, 6, 30), 2: dt.date(year, 9, 30), 3: dt.date(year, 12, 31)}[self.version]
        last_of_february = dt.date(year + 1, 3, 1) - dt.timedelta(days=1)
        return {
            "period_start": dt.date(year, 1, 1),
            "period_end": period_end,
            "claim_cutoff": {1: dt.date(year, 8, 31), 2: dt.date(year, 11, 30), 3: last_of_february}[self.version],
            "age_day": dt.date(year, 6, 30),
            "postcode_day": dt.date(year, 7, 1),
            "year_end": dt.date(year, 12, 31),
        }


# (name of the step, its query): every step is kept as a table, so that a difference can be looked up in between.
STEPS: tuple[tuple[str, str], ...] = (
    (
        "concern_settings",
        # the strategy, source and policy of each concern; others: the default
        """
        SELECT DISTINCT i.concern,
               coalesce(n.value, 'reference_then_key') AS netting,
               coalesce(s.value, 'delivered') AS av_source,
               coalesce(p.value, 'sum') AS av_policy
        FROM insurers i
        LEFT JOIN given_netting n ON n.concern = i.concern
        LEFT JOIN given_av_source s ON s.concern = i.concern
        LEFT JOIN given_av_policy p ON p.concern = i.concern
        """,
    ),
    (
        "labels",
        """
        SELECT i.uzovi, i.concern, i.kind, p.concern IS NOT NULL AS participates
        FROM insurers i
        LEFT JOIN (SELECT DISTINCT concern FROM given_participating) p ON p.concern = i.concern
        """,
    ),
    (
        "screened",
        # rules 1-8; null: passed them all
        """
        SELECT c.*, l.concern,
               CASE
                   WHEN l.kind = 'reserved' THEN 'reserved_uzovi'
                   WHEN l.kind = 'mandate' THEN 'mandate'
                   WHEN l.uzovi IS NULL OR NOT l.participates THEN 'insurer_not_participating'
                   WHEN c.status IS DISTINCT FROM 'approved' THEN 'not_approved'
                   WHEN c.channel IS DISTINCT FROM 'vecozo' THEN 'restitution'
                   WHEN c.care_setting IS NOT DISTINCT FROM 'outpatient_clinic' THEN 'outpatient_clinic'
                   WHEN c.treatment_date IS NULL
                     OR c.treatment_date < r.period_start
                     OR c.treatment_date > r.period_end THEN 'outside_period'
                   WHEN c.claim_date IS NULL OR c.claim_date > r.claim_cutoff THEN 'after_claim_cutoff'
               END AS early_outcome
        FROM claims_numbered c
        CROSS JOIN run_dates r
        LEFT JOIN labels l ON l.uzovi = c.uzovi
        """,
    ),
    (
        "nettable",
        # netting looks only at records that pass 1-8, by the strategy of the concern
        """
        SELECT s.*, cs.netting
        FROM screened s
        JOIN concern_settings cs ON cs.concern = s.concern
        WHERE s.early_outcome IS NULL
        """,
    ),
    (
        "taken_by_reference",
        # same uzovi, practice, bsn; claim_reference = prior_reference; credit at least the debit;
        # of several credits that may take back one debit: the first by (claim_date, claim_reference)
        """
        WITH eligible AS (
            SELECT d.record AS debit, c.record AS credit,
                   row_number() OVER (PARTITION BY d.record ORDER BY c.claim_date, c.claim_reference) AS turn
            FROM nettable d
            JOIN nettable c
              ON c.uzovi = d.uzovi
             AND c.practice_agb = d.practice_agb
             AND c.bsn IS NOT DISTINCT FROM d.bsn
             AND c.prior_reference = d.claim_reference
             AND c.amount_cents >= d.amount_cents
            WHERE d.debit_credit = 'D' AND c.debit_credit = 'C'
              AND d.netting IN ('reference', 'reference_then_key')
        )
        SELECT debit, credit FROM eligible WHERE turn = 1
        """,
    ),
    (
        "taken_by_key",
        # among those still left, within the same key: the i-th credit takes back the i-th debit,
        # each in order of (claim_date, claim_reference); only a missing bsn matches a missing one
        """
        WITH still_left AS (
            SELECT * FROM nettable
            WHERE netting IN ('key', 'reference_then_key')
              AND record NOT IN (SELECT debit FROM taken_by_reference)
              AND record NOT IN (SELECT credit FROM taken_by_reference)
        ),
        queued AS (
            SELECT *, row_number() OVER (
                       PARTITION BY debit_credit,
                                    uzovi, practice_agb, bsn, treatment_date, performance_code, amount_cents
                       ORDER BY claim_date, claim_reference) AS place
            FROM still_left
        )
        SELECT d.record AS debit, c.record AS credit
        FROM queued d
        JOIN queued c
          ON c.uzovi = d.uzovi
         AND c.practice_agb = d.practice_agb
         AND c.bsn IS NOT DISTINCT FROM d.bsn
         AND c.treatment_date = d.treatment_date
         AND c.performance_code = d.performance_code
         AND c.amount_cents = d.amount_cents
         AND c.place = d.place
        WHERE d.debit_credit = 'D' AND c.debit_credit = 'C'
        """,
    ),
    (
        "taken",
        "SELECT debit, credit FROM taken_by_reference UNION ALL SELECT debit, credit FROM taken_by_key",
    ),
    (
        "counting_enrolments",
        # patient attributes: over all labels of insurer kind and participating
        """
        SELECT e.*
        FROM enrolments e
        JOIN labels l ON l.uzovi = e.uzovi
        WHERE l.kind = 'insurer' AND l.participates
        """,
    ),
    (
        "birth_dates",
        # from the enrolment with the latest valid_from that has one; ties: highest uzovi, highest value
        """
        SELECT bsn, birth_date
        FROM counting_enrolments
        WHERE birth_date IS NOT NULL
        QUALIFY row_number() OVER (
            PARTITION BY bsn ORDER BY valid_from DESC, uzovi DESC, birth_date DESC) = 1
        """,
    ),
    (
        "sexes",
        # from the enrolment with the latest valid_from whose sex is known; ties after translation
        """
        WITH translated AS (
            SELECT bsn, valid_from, uzovi,
                   CASE sex WHEN 'M' THEN 'M' WHEN '1' THEN 'M'
                            WHEN 'V' THEN 'V' WHEN '2' THEN 'V'
                            WHEN 'X' THEN 'X' END AS known_sex
            FROM counting_enrolments
        )
        SELECT bsn, known_sex AS sex
        FROM translated
        WHERE known_sex IS NOT NULL
        QUALIFY row_number() OVER (
            PARTITION BY bsn ORDER BY valid_from DESC, uzovi DESC, known_sex DESC) = 1
        """,
    ),
    (
        "postcodes",
        # from the enrolment valid on 1 July, latest valid_from first, also when it is missing or foreign
        """
        WITH chosen AS (
            SELECT e.bsn, e.postcode
            FROM counting_enrolments e
            CROSS JOIN run_dates r
            WHERE e.valid_from <= r.postcode_day
              AND (e.valid_to IS NULL OR e.valid_to >= r.postcode_day)
            QUALIFY row_number() OVER (
                PARTITION BY e.bsn ORDER BY e.valid_from DESC, e.uzovi DESC, e.postcode DESC NULLS LAST) = 1
        )
        SELECT bsn,
               CASE WHEN regexp_full_match(postcode, '[0-9]{4}( ?[A-Za-z]{2})?')
                    THEN substr(postcode, 1, 4) END AS postcode4
        FROM chosen
        """,
    ),
    (
        "ses_classes",
        # postcodes with a score by (score, postcode4): first 3n div 10 low, last 3n div 10 high;
        # the CASE makes -0.0 the 0.0 that it equals
        """
        WITH scored AS (
            SELECT postcode4, CASE WHEN score = 0 THEN CAST(0 AS DOUBLE) ELSE score END AS score
            FROM ses_woa
            WHERE score IS NOT NULL AND NOT isnan(score)
        ),
        placed AS (
            SELECT postcode4,
                   row_number() OVER (ORDER BY score, postcode4) AS place,
                   count(*) OVER () AS n
            FROM scored
        )
        SELECT postcode4,
               CASE WHEN place <= (3 * n) // 10 THEN 1
                    WHEN place > n - (3 * n) // 10 THEN 3
                    ELSE 2 END AS ses_class
        FROM placed
        """,
    ),
    (
        "delivered_classes",
        # av_classes of the report year over the concern's insurer labels: high wins
        """
        SELECT l.concern, a.bsn, bool_or(a.av_class = 'high') AS is_high
        FROM av_classes a
        CROSS JOIN run_dates r
        JOIN labels l ON l.uzovi = a.uzovi
        WHERE l.kind = 'insurer' AND a.report_year = r.report_year
        GROUP BY l.concern, a.bsn
        """,
    ),
    (
        "valid_packages",
        # all packages valid on any day of the treatment period, over the concern's insurer labels
        """
        SELECT l.concern, a.*
        FROM av_packages a
        CROSS JOIN run_dates r
        JOIN labels l ON l.uzovi = a.uzovi
        WHERE l.kind = 'insurer'
          AND a.valid_from <= r.period_end
          AND (a.valid_to IS NULL OR (a.valid_to >= r.period_start AND a.valid_to >= a.valid_from))
        """,
    ),
    (
        "package_classes",
        # sum, max or latest (by valid_from, package, uzovi, sessions, the highest first); at most 12 is low
        """
        WITH ordered AS (
            SELECT concern, bsn, CAST(insured_sessions AS HUGEINT) AS sessions,
                   row_number() OVER (
                       PARTITION BY concern, bsn
                       ORDER BY valid_from DESC, package DESC, uzovi DESC, insured_sessions DESC) AS place
            FROM valid_packages
        ),
        totals AS (
            SELECT o.concern, o.bsn,
                   CASE cs.av_policy
                       WHEN 'sum' THEN sum(o.sessions)
                       WHEN 'max' THEN max(o.sessions)
                       WHEN 'latest' THEN max(o.sessions) FILTER (WHERE o.place = 1)
                   END AS sessions
            FROM ordered o
            JOIN concern_settings cs ON cs.concern = o.concern
            GROUP BY o.concern, o.bsn, cs.av_policy
        )
        SELECT concern, bsn, sessions > 12 AS is_high FROM totals
        """,
    ),
    (
        "insurance_classes",
        # one class per (concern, bsn), from the source of the concern
        """
        SELECT d.concern, d.bsn, d.is_high
        FROM delivered_classes d
        JOIN concern_settings cs ON cs.concern = d.concern AND cs.av_source = 'delivered'
        UNION ALL
        SELECT p.concern, p.bsn, p.is_high
        FROM package_classes p
        JOIN concern_settings cs ON cs.concern = p.concern AND cs.av_source = 'packages'
        """,
    ),
    (
        "bsn_checked",
        # exactly nine characters 0-9, not 000000000, 9 d1 + 8 d2 + ... + 2 d8 - d9 divisible by 11
        """
        WITH distinct_bsn AS (SELECT DISTINCT bsn FROM screened WHERE bsn IS NOT NULL),
        weighed AS (
            SELECT bsn,
                   regexp_full_match(bsn, '[0-9]{9}') AS nine_digits,
                   9 * (ascii(substr(bsn, 1, 1)) - 48)
                 + 8 * (ascii(substr(bsn, 2, 1)) - 48)
                 + 7 * (ascii(substr(bsn, 3, 1)) - 48)
                 + 6 * (ascii(substr(bsn, 4, 1)) - 48)
                 + 5 * (ascii(substr(bsn, 5, 1)) - 48)
                 + 4 * (ascii(substr(bsn, 6, 1)) - 48)
                 + 3 * (ascii(substr(bsn, 7, 1)) - 48)
                 + 2 * (ascii(substr(bsn, 8, 1)) - 48)
                 - 1 * (ascii(substr(bsn, 9, 1)) - 48) AS weighed_sum
            FROM distinct_bsn
        )
        SELECT bsn, nine_digits AND bsn <> '000000000' AND weighed_sum % 11 = 0 AS is_valid FROM weighed
        """,
    ),
    (
        "pathology_checked",
        # four digits; the class from the last two
        """
        SELECT d.diagnosis_code, p.class AS pathology_class
        FROM (SELECT DISTINCT diagnosis_code FROM screened WHERE diagnosis_code IS NOT NULL) d
        JOIN pathology_ranges p
          ON substr(d.diagnosis_code, 3, 2) BETWEEN p.first_code AND p.last_code
        WHERE regexp_full_match(d.diagnosis_code, '[0-9]{4}')
        """,
    ),
    (
        "patients",
        # age in whole years on 30 June; born after that day counts as 0
        """
        WITH people AS (SELECT DISTINCT bsn FROM counting_enrolments),
        aged AS (
            SELECT p.bsn, b.birth_date, s.sex, z.postcode4, r.year_end,
                   year(r.age_day) - year(b.birth_date)
                   - CASE WHEN month(b.birth_date) * 100 + day(b.birth_date)
                             > month(r.age_day) * 100 + day(r.age_day) THEN 1 ELSE 0 END AS whole_years
            FROM people p
            CROSS JOIN run_dates r
            LEFT JOIN birth_dates b ON b.bsn = p.bsn
            LEFT JOIN sexes s ON s.bsn = p.bsn
            LEFT JOIN postcodes z ON z.bsn = p.bsn
        )
        SELECT a.bsn, a.sex, a.birth_date, a.year_end,
               greatest(a.whole_years, 0) AS age,
               coalesce(w.ses_class, 2) AS ses_class
        FROM aged a
        LEFT JOIN ses_classes w ON w.postcode4 = a.postcode4
        """,
    ),
    (
        "described",
        # each record with all that rules 11-18 and the classes need
        """
        SELECT s.record, s.uzovi, s.concern, s.practice_agb, s.bsn, s.debit_credit, s.early_outcome,
               td.debit IS NOT NULL AS is_netted,
               tc.credit IS NOT NULL AS took_back,
               pc.code IS NOT NULL AS performance_ok,
               cv.code IS NOT NULL AS is_covid,
               coalesce(bc.is_valid, FALSE) AS bsn_ok,
               ag.agb IS NOT NULL AS practice_ok,
               dg.pathology_class,
               cg.code IS NOT NULL AS csi_ok,
               p.birth_date IS NOT NULL AND p.birth_date <= p.year_end AND p.age <= 120 AS birth_date_ok,
               coalesce(p.sex IN ('M', 'V'), FALSE) AS sex_ok,
               p.sex,
               ac.class AS age_class,
               CASE WHEN cg.code = '009' AND cg.class IS NULL
                    THEN CASE WHEN ic.is_high THEN 3 ELSE 2 END
                    ELSE cg.class END AS insurance_class,
               p.ses_class
        FROM screened s
        LEFT JOIN taken td ON td.debit = s.record
        LEFT JOIN taken tc ON tc.credit = s.record
        LEFT JOIN performance_codes pc ON pc.code = s.performance_code
        LEFT JOIN covid_codes cv ON cv.code = s.csi_code
        LEFT JOIN bsn_checked bc ON bc.bsn = s.bsn
        LEFT JOIN (SELECT DISTINCT agb FROM agb_register WHERE kind = 'practice') ag ON ag.agb = s.practice_agb
        LEFT JOIN pathology_checked dg ON dg.diagnosis_code = s.diagnosis_code
        LEFT JOIN csi_groups cg ON cg.code = s.csi_code
        LEFT JOIN patients p ON p.bsn = s.bsn
        LEFT JOIN age_ranges ac ON p.age BETWEEN ac.first_age AND ac.last_age
        LEFT JOIN insurance_classes ic ON ic.concern = s.concern AND ic.bsn = s.bsn
        """,
    ),
    (
        "record_outcomes",
        # the first that applies, in order 1-19
        """
        SELECT *,
               CASE
                   WHEN early_outcome IS NOT NULL THEN early_outcome
                   WHEN debit_credit = 'C' AND took_back THEN 'credit'
                   WHEN debit_credit = 'C' THEN 'credit_unmatched'
                   WHEN is_netted THEN 'netted'
                   WHEN NOT performance_ok THEN 'performance_code'
                   WHEN is_covid THEN 'csi_covid'
                   WHEN NOT bsn_ok THEN 'invalid_bsn'
                   WHEN NOT practice_ok THEN 'invalid_practice'
                   WHEN pathology_class IS NULL THEN 'invalid_diagnosis'
                   WHEN NOT csi_ok THEN 'invalid_csi'
                   WHEN birth_date_ok THEN CASE WHEN sex_ok THEN 'counted' ELSE 'invalid_sex' END
                   ELSE 'invalid_birth_date'
               END AS outcome
        FROM described
        """,
    ),
    (
        "treatments",
        # one treatment per counted record, in its basket
        """
        SELECT practice_agb, bsn, sex, age_class, pathology_class, insurance_class, ses_class,
               1 + (((((CASE sex WHEN 'M' THEN 1 ELSE 2 END) - 1) * 5 + (age_class - 1)) * 10
                    + (pathology_class - 1)) * 3 + (insurance_class - 1)) * 3 + (ses_class - 1) AS basket_id
        FROM record_outcomes
        WHERE outcome = 'counted'
        """,
    ),
    (
        "practice_basket_counts",
        # a combination is one patient in one basket at one practice
        """
        SELECT practice_agb, basket_id,
               min(sex) AS sex, min(age_class) AS age_class, min(pathology_class) AS pathology_class,
               min(insurance_class) AS insurance_class, min(ses_class) AS ses_class,
               count(DISTINCT bsn) AS combinations, count(*) AS treatments
        FROM treatments
        GROUP BY practice_agb, basket_id
        """,
    ),
    (
        "practice_people",
        "SELECT practice_agb, count(DISTINCT bsn) AS patients FROM treatments GROUP BY practice_agb",
    ),
    (
        "outcome_counts",
        """
        SELECT uzovi, concern, outcome, count(*) AS records
        FROM record_outcomes
        GROUP BY uzovi, concern, outcome
        """,
    ),
)

_RUN = (("report_year", pa.int32()), ("report_version", pa.int32()))

OUTPUT_SCHEMAS: dict[str, pa.Schema] = {
    "outcomes": pa.schema(
        [("uzovi", pa.string()), ("concern", pa.string()), ("outcome", pa.string()), ("records", pa.int64()), *_RUN]
    ),
    "national_baskets": pa.schema(
        [
            ("basket_id", pa.int32()),
            ("sex", pa.string()),
            ("age_class", pa.int32()),
            ("pathology_class", pa.int32()),
            ("insurance_class", pa.int32()),
            ("ses_class", pa.int32()),
            ("combinations", pa.int64()),
            ("treatments", pa.int64()),
            ("national_mean", pa.float64()),
            ("is_small", pa.bool_()),
            *_RUN,
        ]
    ),
    "practice_baskets": pa.schema(
        [
            ("practice_agb", pa.string()),
            ("basket_id", pa.int32()),
            ("combinations", pa.int64()),
            ("treatments", pa.int64()),
            ("practice_mean", pa.float64()),
            ("national_mean", pa.float64()),
            ("basket_index", pa.float64()),
            ("weight", pa.float64()),
            ("weighted_index", pa.float64()),
            *_RUN,
        ]
    ),
    "practice_index": pa.schema(
        [
            ("practice_agb", pa.string()),
            ("combinations", pa.int64()),
            ("patients", pa.int64()),
            ("treatments", pa.int64()),
            ("expected_treatments", pa.float64()),
            ("index", pa.float64()),
            ("index_rounded", pa.int32()),
            ("correction_factor", pa.int32()),
            ("ci_lower", pa.int32()),
            ("ci_upper", pa.int32()),
            ("index_excl_small", pa.float64()),
            ("index_excl_small_rounded", pa.int32()),
            ("small_baskets_matter", pa.bool_()),
            *_RUN,
        ]
    ),
    "correction_factors": pa.schema(
        [("lower", pa.int64()), ("upper", pa.int64()), ("factor", pa.int32()), ("sd", pa.float64()), *_RUN]
    ),
}


def _prepare(con: duckdb.DuckDBPyConnection, tables: dict[str, pa.Table], settings: Settings, codes: Codes) -> None:
    """Put the inputs, the settings and the code lists beside each other as tables."""
    for name in ("enrolments", "insurers", "agb_register", "av_packages", "av_classes", "ses_woa"):
        con.register(name, tables[name])
    claims = tables["claims"]
    con.register("claims_numbered", claims.append_column("record", pa.array(range(claims.num_rows), pa.int64())))
    con.register("run_dates", pa.table({k: [v] for k, v in [*settings.dates.items(), ("report_year", settings.year)]}))
    con.register("given_participating", pa.table({"concern": pa.array(settings.participating, pa.string())}))
    for name in ("netting", "av_source", "av_policy"):
        given: dict[str, str] = getattr(settings, name)
        con.register(
            f"given_{name}",
            pa.table(
                {"concern": pa.array(list(given), pa.string()), "value": pa.array(list(given.values()), pa.string())}
            ),
        )
    con.register("performance_codes", pa.table({"code": list(codes.performance)}))
    con.register("covid_codes", pa.table({"code": list(codes.covid_csi)}))
    con.register(
        "csi_groups",
        pa.table({"code": list(codes.csi), "class": pa.array(list(codes.csi.values()), pa.int32())}),
    )
    con.register(
        "pathology_ranges",
        pa.table(
            {
                "first_code": [first for first, _ in codes.pathology],
                "last_code": [last for _, last in codes.pathology],
                "class": list(range(1, len(codes.pathology) + 1)),
            }
        ),
    )
    con.register(
        "age_ranges",
        pa.table(
            {
                "first_age": [first for first, _ in codes.age],
                "last_age": [last for _, last in codes.age],
                "class": list(range(1, len(codes.age) + 1)),
            }
        ),
    )


def run_steps(
    con: duckdb.DuckDBPyConnection, tables: dict[str, pa.Table], settings: dict[str, Any], codes: Codes | None = None
) -> None:
    """Build every step as a table on the connection; open to callers that want to look in between."""
    con.execute("SET threads TO 1")
    _prepare(con, tables, Settings.of(settings), codes or Codes())
    for name, query in STEPS:
        con.execute(f"CREATE TEMP TABLE {name} AS {query}")


def round_half_up(value: Fraction) -> int:
    """floor(x + 0.5 + 1e-9), on the exact value."""
    return math.floor(value + Fraction(1, 2) + Fraction(1, 10**9))


def sample_variance(values: list[Fraction]) -> Fraction:
    """Exact sample variance; 0 when there are fewer than two values."""
    if len(values) < 2:
        return Fraction(0)
    mean = sum(values, Fraction(0)) / len(values)
    return sum(((value - mean) ** 2 for value in values), Fraction(0)) / (len(values) - 1)


def root(value: Fraction) -> float:
    """The square root to the closest double, by way of 100 decimal digits."""
    with localcontext() as context:
        context.prec = 100
        return float((Decimal(value.numerator) / Decimal(value.denominator)).sqrt())


def ceil_of_root(value: Fraction) -> int:
    """ceil(sqrt(value)) without ever rounding the root: the smallest k with k squared at least the value."""
    k = math.isqrt(math.ceil(value))
    while k * k < value:
        k += 1
    return k


def factors(variance: Fraction, method: str, codes: Codes) -> list[int]:
    """The factor of each band: max(1, ceil(1.645 * sd / sqrt(upper))), 1 for the last; or the table of 2018."""
    if method == "table":
        return [published for _, _, published in codes.bands]
    return [
        1 if upper is None else max(1, ceil_of_root(Fraction(1645, 1000) ** 2 * variance / upper))
        for _, upper, _ in codes.bands
    ]


def compute(tables: dict[str, pa.Table], settings: dict[str, Any], codes: Codes | None = None) -> dict[str, pa.Table]:
    """The five output tables (without run_id); when nothing is counted only outcomes has rows."""
    codes = codes or Codes()
    resolved = Settings.of(settings)
    with duckdb.connect() as con:
        run_steps(con, tables, settings, codes)
        outcomes = con.execute("SELECT * FROM outcome_counts ORDER BY ALL").fetchall()
        cells = con.execute(
            """
            SELECT practice_agb, basket_id, sex, age_class, pathology_class, insurance_class, ses_class,
                   combinations, treatments
            FROM practice_basket_counts ORDER BY practice_agb, basket_id
            """
        ).fetchall()
        patients: dict[str, int] = dict(con.execute("SELECT * FROM practice_people").fetchall())
    rows: dict[str, list[dict[str, Any]]] = {name: [] for name in OUTPUT_SCHEMAS}
    rows["outcomes"] = [dict(zip(("uzovi", "concern", "outcome", "records"), row, strict=True)) for row in outcomes]
    if cells:
        _figures(cells, patients, resolved, codes, rows)
    return {
        name: pa.Table.from_pylist(
            [{**row, "report_year": resolved.year, "report_version": resolved.version} for row in rows[name]],
            schema=schema,
        )
        for name, schema in OUTPUT_SCHEMAS.items()
    }


def _figures(
    cells: list[tuple[Any, ...]],
    patients: dict[str, int],
    settings: Settings,
    codes: Codes,
    rows: dict[str, list[dict[str, Any]]],
) -> None:
    """The figures, in exact fractions; each is turned into a double when its row is written."""
    basket_n: dict[int, int] = defaultdict(int)
    basket_t: dict[int, int] = defaultdict(int)
    basket_classes: dict[int, tuple[Any, ...]] = {}
    by_practice: dict[str, list[tuple[int, int, int]]] = defaultdict(list)
    for practice, basket, *classes, n, t in cells:
        basket_n[basket] += n
        basket_t[basket] += t
        basket_classes[basket] = tuple(classes)
        by_practice[practice].append((basket, n, t))

    # national_mean(b) = sum over p of T(p,b) / sum over p of N(p,b); small: fewer than 60 combinations
    mean = {basket: Fraction(basket_t[basket], basket_n[basket]) for basket in basket_n}
    is_small = {basket: n < 60 for basket, n in basket_n.items()}
    class_names = ("sex", "age_class", "pathology_class", "insurance_class", "ses_class")
    for basket in sorted(mean):
        rows["national_baskets"].append(
            {
                "basket_id": basket,
                **dict(zip(class_names, basket_classes[basket], strict=True)),
                "combinations": basket_n[basket],
                "treatments": basket_t[basket],
                "national_mean": float(mean[basket]),
                "is_small": is_small[basket],
            }
        )

    index: dict[str, Fraction] = {}
    index_excl_small: dict[str, Fraction | None] = {}
    combinations: dict[str, int] = {}
    for practice, baskets in by_practice.items():
        combinations[practice] = total = sum(n for _, n, _ in baskets)
        terms: list[Fraction] = []
        for basket, n, t in baskets:
            basket_index = Fraction(t, n) / mean[basket]
            weight = Fraction(n, total)
            terms.append(weight * basket_index)
            rows["practice_baskets"].append(
                {
                    "practice_agb": practice,
                    "basket_id": basket,
                    "combinations": n,
                    "treatments": t,
                    "practice_mean": float(Fraction(t, n)),
                    "national_mean": float(mean[basket]),
                    "basket_index": float(basket_index),
                    "weight": float(weight),
                    "weighted_index": float(weight * basket_index),
                }
            )
        index[practice] = 100 * sum(terms, Fraction(0))
        # the same sum over baskets that are not small, weights taken anew over those
        large = [(basket, n, t) for basket, n, t in baskets if not is_small[basket]]
        large_total = sum(n for _, n, _ in large)
        index_excl_small[practice] = (
            100 * sum((Fraction(n, large_total) * (Fraction(t, n) / mean[b]) for b, n, t in large), Fraction(0))
            if large
            else None
        )

    # sd: sample standard deviation of the unrounded index over practices with more than 10 combinations
    variance = sample_variance([index[practice] for practice in index if combinations[practice] > 10])
    sd = root(variance)
    band_factors = factors(variance, settings.method, codes)
    for (lower, upper, _), factor in zip(codes.bands, band_factors, strict=True):
        rows["correction_factors"].append({"lower": lower, "upper": upper, "factor": factor, "sd": sd})

    for practice, baskets in by_practice.items():
        n_practice = combinations[practice]
        factor_of_practice: int | None = None
        for (lower, upper, _), factor in zip(codes.bands, band_factors, strict=True):
            if n_practice > lower and (upper is None or n_practice <= upper):
                factor_of_practice = factor
        rounded = round_half_up(index[practice])
        excl = index_excl_small[practice]
        excl_rounded = None if excl is None else round_half_up(excl)
        rows["practice_index"].append(
            {
                "practice_agb": practice,
                "combinations": n_practice,
                "patients": patients[practice],
                "treatments": sum(t for _, _, t in baskets),
                "expected_treatments": float(sum((n * mean[b] for b, n, _ in baskets), Fraction(0))),
                "index": float(index[practice]),
                "index_rounded": rounded,
                "correction_factor": factor_of_practice,
                "ci_lower": None if factor_of_practice is None else rounded - factor_of_practice,
                "ci_upper": None if factor_of_practice is None else rounded + factor_of_practice,
                "index_excl_small": None if excl is None else float(excl),
                "index_excl_small_rounded": excl_rounded,
                "small_baskets_matter": excl_rounded is None or rounded != excl_rounded,
            }
        )
