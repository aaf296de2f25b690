"""The tables that the Wlz statement reads and writes (docs/tables.md)."""

from __future__ import annotations

from zorgstat.tables import Column, Table
from zorgstat.wlz.calendar import KINDS, PARTS

ORGANISATIONS = Table(
    "wlz_organisations",
    "Wlz-uitvoerders; one that is zorgkantoor of several regions stands here once per region.",
    key=("code",),
    columns=(
        Column("code", "string", "region code of a zorgkantoor, or UZOVI code of a uitvoerder that is not one"),
        Column("name", "string", "name"),
        Column("kind", "string", "which parts of a statement it owes", values=KINDS),
        Column("concern", "string", "insurer group"),
    ),
)

WLZ_CLAIMS = Table(
    "wlz_claims",
    "One approved AW319 performance line (record 04), with what its header says.",
    columns=(
        Column("zorgkantoor", "string", "payer (0108)"),
        Column("provider_agb", "string", "AGB code of the provider, as written (0420)"),
        Column("bsn", "string", "citizen number"),
        Column("function_code", "string", "function"),
        Column("zzp_code", "string", "care profile"),
        Column("performance_code", "string", "prestatiecode, trimmed (0417)"),
        Column("start_date", "date", "first day of the care; decides in which quarter the line counts"),
        Column("end_date", "date", "last day of the care"),
        Column("quantity", "bigint", "positive on debit and on credit", adds_up=True),
        Column("time_unit", "string", "unit of quantity"),
        Column("tariff_cents", "bigint", "euro cents per unit"),
        Column("amount_cents", "bigint", "euro cents, positive on debit and on credit (0429)", adds_up=True),
        Column("debit_credit", "string", "D debit, C credit: negates quantity and amount", values=("D", "C")),
        Column("claim_reference", "string", "reference of this line"),
        Column("prior_reference", "string", "on a credit: reference of the debit it takes back", nullable=True),
        Column("received_on", "date", "when the zorgkantoor received the line"),
    ),
)

PGB_GRANTS = Table(
    "wlz_pgb_grants",
    "Personal budgets as granted; a later recorded_on replaces the same zorgkantoor, bsn and start_date.",
    columns=(
        Column("zorgkantoor", "string", "who granted it"),
        Column("bsn", "string", "citizen number"),
        Column("start_date", "date", "first day"),
        Column("end_date", "date", "last day; null: no end", nullable=True),
        Column("recorded_on", "date", "when the zorgkantoor knew"),
    ),
)

DEATHS = Table(
    "wlz_deaths",
    "People who died; a later recorded_on replaces the same bsn.",
    columns=(
        Column("bsn", "string", "citizen number"),
        Column("died_on", "date", "day of death"),
        Column("recorded_on", "date", "when it was known"),
    ),
)

ADMISSIONS = Table(
    "wlz_admissions",
    "Admissions to an institution; a later recorded_on replaces the same bsn and admitted_on.",
    columns=(
        Column("bsn", "string", "citizen number"),
        Column("admitted_on", "date", "first day of the stay"),
        Column("discharged_on", "date", "day of discharge; null: still there", nullable=True),
        Column("recorded_on", "date", "when it was known"),
    ),
)

HOME_VISITS = Table(
    "wlz_home_visits",
    "Visits to people with a personal budget.",
    columns=(
        Column("zorgkantoor", "string", "who visited"),
        Column("bsn", "string", "citizen number"),
        Column("visited_on", "date", "day of the visit"),
        Column("physical", "boolean", "somebody came to the house"),
        Column("with_conscious_choice_talk", "boolean", "it was a conscious-choice talk too"),
        Column("recorded_on", "date", "when its outcome was recorded"),
    ),
)

CONSCIOUS_CHOICE_TALKS = Table(
    "wlz_conscious_choice_talks",
    "Talks about whether a personal budget is the right choice.",
    columns=(
        Column("zorgkantoor", "string", "who talked"),
        Column("bsn", "string", "citizen number"),
        Column("held_on", "date", "day of the talk"),
        Column("new_applicant", "boolean", "with somebody who applies for the first time"),
    ),
)

ADMIN_COSTS = Table(
    "wlz_admin_costs",
    "Administration costs by quarter; several rows of one category add up.",
    columns=(
        Column("organisation", "string", "whose costs"),
        Column("year", "int", "year"),
        Column("quarter", "int", "1 to 4"),
        Column("category", "string", "internal_staff, external_staff or other; anything else is a finding"),
        Column("amount_cents", "bigint", "euro cents; negative: a correction", adds_up=True),
    ),
)

WLZ_INSURED = Table(
    "wlz_insured",
    "Who was registered where, and for how long.",
    columns=(
        Column("organisation", "string", "where"),
        Column("bsn", "string", "citizen number"),
        Column("birth_date", "date", "date of birth"),
        Column("sex", "string", "1 or M man, 2 or V woman; anything else is a finding", nullable=True),
        Column("registered_from", "date", "first day"),
        Column("registered_to", "date", "last day; null: still registered", nullable=True),
        Column("country", "string", "where the person lives; abroad counts too"),
    ),
)

PROVIDERS = Table(
    "wlz_providers",
    "Providers of care, and who took their place.",
    key=("provider_agb",),
    columns=(
        Column("provider_agb", "string", "AGB code"),
        Column("name", "string", "name"),
        Column("replaced_by", "string", "AGB code that took its place", nullable=True),
    ),
)

INPUTS = (
    WLZ_CLAIMS,
    ORGANISATIONS,
    PGB_GRANTS,
    DEATHS,
    ADMISSIONS,
    HOME_VISITS,
    CONSCIOUS_CHOICE_TALKS,
    ADMIN_COSTS,
    WLZ_INSURED,
    PROVIDERS,
)

STATEMENT_COLUMNS = (
    Column("year", "int", "year T of the statement"),
    Column("quarter", "int", "quarter of the statement, 1 to 4"),
    Column("known_at", "date", "what was recorded or received later is not in the figures"),
    Column("run_id", "string", "the run that wrote the row; the row counts when `runs` says that it was published"),
)

WLZ_PRODUCTION = Table(
    "wlz_production",
    "Production and costs of the quarter by performance.",
    key=("zorgkantoor", "performance_code", "run_id"),
    columns=(
        Column("zorgkantoor", "string", "payer"),
        Column("performance_code", "string", "prestatiecode"),
        Column("quantity", "bigint", "debit less credit"),
        Column("amount_cents", "bigint", "euro cents, debit less credit"),
        Column("amount_euro", "bigint", "whole euros, half away from zero"),
        *STATEMENT_COLUMNS,
    ),
)

STATEMENT_LINES = Table(
    "wlz_statement_lines",
    "Every line that an organisation owes this quarter; 0 where there is nothing.",
    key=("organisation", "part", "line", "run_id"),
    columns=(
        Column("organisation", "string", "code of the organisation"),
        Column("part", "string", "part of the statement", values=tuple(part.name for part in PARTS if part.lines)),
        Column("line", "string", "line of the part"),
        Column("value", "bigint", "people, or whole euros"),
        *STATEMENT_COLUMNS,
    ),
)

MISSING_PROVIDERS = Table(
    "wlz_missing_providers",
    "Large providers of the year before from whom a zorgkantoor received nothing for this quarter.",
    key=("zorgkantoor", "provider_agb", "run_id"),
    columns=(
        Column("zorgkantoor", "string", "payer"),
        Column("provider_agb", "string", "AGB code at the end of its chain of successors"),
        Column("prior_year_amount_cents", "bigint", "euro cents in T-1, debit less credit: more than a million euro"),
        *STATEMENT_COLUMNS,
    ),
)

MISSING_ESTIMATES = Table(
    "wlz_missing_estimates",
    "What the missing providers would have claimed, by performance.",
    key=("zorgkantoor", "provider_agb", "performance_code", "run_id"),
    columns=(
        Column("zorgkantoor", "string", "payer"),
        Column("provider_agb", "string", "AGB code at the end of its chain of successors"),
        Column("performance_code", "string", "prestatiecode"),
        Column("quantity", "bigint", "a quarter of four quarters, half away from zero"),
        Column("amount_euro", "bigint", "whole euros, a quarter of four quarters, half away from zero"),
        *STATEMENT_COLUMNS,
    ),
)

WLZ_FINDINGS = Table(
    "wlz_findings",
    "What keeps a statement from being final (errors), and what to look at (warnings).",
    key=("organisation", "rule", "run_id"),
    columns=(
        Column(
            "organisation", "string", "code, as written when it is unknown; null: none in particular", nullable=True
        ),
        Column("rule", "string", "the rule"),
        Column("severity", "string", "an error makes the statement a concept", values=("error", "warning")),
        Column("count", "bigint", "how often, at least 1"),
        Column("detail", "string", "in words, without records or people"),
        *STATEMENT_COLUMNS,
    ),
)

OUTPUTS = (WLZ_PRODUCTION, STATEMENT_LINES, MISSING_PROVIDERS, MISSING_ESTIMATES, WLZ_FINDINGS)
