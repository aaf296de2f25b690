"""The order of the rules: from inputs to the five outputs (handbook 2 and 3)."""

from __future__ import annotations

from functools import reduce

from pyspark.sql import DataFrame
from pyspark.sql import functions as F

from zorgstat import arrow
from zorgstat.partitions import Keep
from zorgstat.pipelines import Frames, Pipeline
from zorgstat.wlz import (
    admin_costs,
    checks,
    claims,
    compare,
    findings,
    insured,
    known,
    missing_providers,
    pgb,
    statement_lines,
    successors,
    summary,
    synth,
)
from zorgstat.wlz.calendar import (
    ADMIN_COSTS,
    INSURED,
    PGB_HOLDERS,
    PGB_HOME_VISITS,
    PGB_TALKS,
    ZORGKANTOOR,
    Part,
    Statement,
)
from zorgstat.wlz.reshape import counts_as_rows
from zorgstat.wlz.settings import Settings, resolve
from zorgstat.wlz.tables import INPUTS, OUTPUTS, WLZ_CLAIMS


def build(inputs: Frames, settings: Settings, keep: Keep) -> dict[str, DataFrame]:
    """The five outputs by name, without the columns of the run (docs/tables.md).

    In: the ten inputs by name (docs/tables.md), and person_key (`privacy.PERSON_KEY`); `keep` says how the engine
    holds on to a frame that is read more than once.
    """

    def keep_few(rows: DataFrame) -> DataFrame:
        """In one partition, so that what follows is one task and moves nothing; what is kept tells no partitions."""
        return keep(rows.coalesce(1)).coalesce(1)

    statement = settings.statement
    tables = known.as_known(inputs, settings)
    organisations = keep_few(known.organisations(tables["wlz_organisations"].coalesce(1)))
    zorgkantoren = organisations.where(F.col("kind") == ZORGKANTOOR).select("code")
    ends = follow_successors(tables["wlz_providers"])

    claimed = keep(
        claims.add_up(tables["wlz_claims"], statement).transform(missing_providers.count_under_successors, ends)
    ).coalesce(1)
    production = keep_few(claims.produce(claimed))
    missing = keep_few(missing_providers.find_missing(claimed, zorgkantoren))

    counts = [
        *count_claims(tables["wlz_claims"], production, missing, statement, keep),
        *count_admin_costs(tables["wlz_admin_costs"].coalesce(1), statement),
    ]
    if statement.quarter in PGB_HOLDERS.quarters:
        counts += count_budgets(tables, zorgkantoren, statement, keep)
    if statement.quarter in PGB_TALKS.quarters:
        counts += count_talks(tables["wlz_conscious_choice_talks"], statement)
    if statement.quarter in INSURED.quarters:
        counts += count_insured(tables["wlz_insured"], organisations, statement, keep)
    counted = keep_few(reduce(DataFrame.unionByName, counts))

    return {
        "wlz_production": claims.of_zorgkantoren(production, zorgkantoren),
        "wlz_statement_lines": statement_lines.fill_in(statement_lines.lines_owed(organisations, statement), counted),
        "wlz_missing_providers": missing.select("zorgkantoor", "provider_agb", "prior_year_amount_cents"),
        "wlz_missing_estimates": missing_providers.estimate(missing, claimed),
        "wlz_findings": findings.find(organisations, counted, ends, statement),
    }


def follow_successors(providers: DataFrame) -> DataFrame:
    """Out: provider_agb (one that is replaced), successor_agb (what its lines count under), in_cycle.

    The one place that looks at rows while the plan is made: a chain has any length, a plan has not, and the register is
    a few thousand rows.
    """
    replaced = providers.where(F.col("replaced_by").isNotNull()).select("provider_agb", "replaced_by").collect()
    followed = successors.follow({row["provider_agb"]: row["replaced_by"] for row in replaced})
    columns = "provider_agb string, successor_agb string, in_cycle boolean"
    return arrow.frame(providers.sparkSession, followed, columns).coalesce(1)


# What the parts of a statement count: cells of its lines, and what findings are about (`counts_as_rows`).


def count_claims(
    wlz_claims: DataFrame, production: DataFrame, missing: DataFrame, statement: Statement, keep: Keep
) -> list[DataFrame]:
    """Findings on lines; production and estimates are tables of their own."""
    credits = keep(claims.credits_of(wlz_claims, statement))
    asked_for = keep(claims.ask_for(wlz_claims, credits, statement))
    elsewhere = keep(claims.find_elsewhere(wlz_claims, asked_for, statement))
    names = keep(claims.compare_references(wlz_claims, asked_for, elsewhere, statement))
    counted = {
        "wlz_claims": claims.count_lines(production),
        "credit_without_debit": claims.count_unmatched(credits, names),
        "duplicate_claim_reference": claims.count_duplicates(names),
    }
    providers = missing_providers.count_missing(missing)
    return [
        *[counts_as_rows(frame, "zorgkantoor", {name: F.col("lines")}) for name, frame in counted.items()],
        counts_as_rows(providers, "zorgkantoor", {"missing_provider": F.col("providers")}),
    ]


def count_admin_costs(costs: DataFrame, statement: Statement) -> list[DataFrame]:
    rows = {
        "wlz_admin_costs": F.col("rows"),
        "wlz_admin_costs_known": F.col("rows_known"),
        "admin_cost_category_unknown": F.col("rows_unknown"),
    }
    tallied = admin_costs.tally(costs, statement)
    return [counts_as_rows(tallied, "organisation", {**statement_lines.cost_cells(ADMIN_COSTS), **rows})]


def count_budgets(tables: Frames, zorgkantoren: DataFrame, statement: Statement, keep: Keep) -> list[DataFrame]:
    """PGB holders and home visits."""
    budgets = keep(
        pgb.end_budgets(
            known.grants(tables["wlz_pgb_grants"]),
            known.deaths(tables["wlz_deaths"]),
            known.admissions(tables["wlz_admissions"]),
        )
    )
    held = pgb.hold_on(budgets, statement)
    visits = pgb.counted_visits(tables["wlz_home_visits"], statement)
    found = {
        "holder_at_several_zorgkantoren": pgb.count_at_several(held, zorgkantoren),
        "home_visit_without_budget": pgb.count_without_budget(visits, budgets),
    }
    return [
        _people(held, PGB_HOLDERS, "wlz_pgb_grants"),
        _people(visits, PGB_HOME_VISITS, "wlz_home_visits"),
        *[counts_as_rows(counted, "zorgkantoor", {name: F.col("people")}) for name, counted in found.items()],
    ]


def count_talks(talks: DataFrame, statement: Statement) -> list[DataFrame]:
    return [_people(pgb.counted_talks(talks, statement), PGB_TALKS, "wlz_conscious_choice_talks")]


def _people(rows: DataFrame, part: Part, table: str) -> DataFrame:
    """People for the part, and the rows of the table that made them."""
    counts = {**statement_lines.cells(part, {"total": "people"}), table: F.col("rows")}
    return counts_as_rows(pgb.count_people(rows), "zorgkantoor", counts)


def count_insured(
    wlz_insured: DataFrame, organisations: DataFrame, statement: Statement, keep: Keep
) -> list[DataFrame]:
    lines = statement_lines.cells(INSURED, {line: line for line in INSURED.totals["total"]})
    odd = {f"insured_{name}": F.col(name) for name in ("sex_unknown", "rows_differ", "at_several_organisations")}
    tallied = insured.tally(wlz_insured, organisations, statement, keep)
    unknown = insured.count_unknown(wlz_insured, organisations, statement)
    return [
        counts_as_rows(tallied, "organisation", {**lines, **odd}),
        counts_as_rows(unknown, "organisation", {"wlz_insured": F.col("rows")}),
    ]


WLZ = Pipeline(
    name="wlz",
    inputs=INPUTS,
    outputs=OUTPUTS,
    main_input=WLZ_CLAIMS,
    resolve=resolve,
    build=build,
    remarks=checks.remarks,
    measures=checks.measures,
    more_measures=checks.more_measures,
    judge=checks.judge,
    queries=summary.queries,
    figures=summary.figures,
    describe=summary.describe,
    comparison=compare.COMPARISON,
    synth=synth.tables,
)
