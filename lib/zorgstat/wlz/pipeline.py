"""The order of the rules: from inputs to the five outputs (handbook 2 and 3)."""

from __future__ import annotations

from dataclasses import dataclass, field

from pyspark.sql import DataFrame
from pyspark.sql import functions as F

from zorgstat.pipelines import Frames, Keep, Pipeline
from zorgstat.wlz import (
    admin_costs,
    checks,
    claims,
    findings,
    insured,
    known,
    missing_providers,
    pgb,
    statement,
    successors,
    summary,
)
from zorgstat.wlz.calendar import ADMIN_COSTS, INSURED, PGB_HOLDERS, PGB_HOME_VISITS, PGB_TALKS, ZORGKANTOOR, Statement
from zorgstat.wlz.settings import Settings, resolve
from zorgstat.wlz.tables import INPUTS, OUTPUTS, WLZ_CLAIMS


@dataclass
class Tallied:
    """What the parts of a statement hand over: cells of its lines, and counts for the findings."""

    cells: list[DataFrame] = field(default_factory=list)
    counts: list[DataFrame] = field(default_factory=list)


def build(inputs: Frames, settings: Settings, keep: Keep) -> dict[str, DataFrame]:
    """The five outputs by name, without the columns of the run (docs/tables.md).

    In: the ten inputs by name (docs/tables.md), and person_key (`privacy.PERSON_KEY`); `keep` says how the engine
    holds on to a frame that is read more than once.
    """
    asked = settings.statement
    tables = known.as_known(inputs, settings)
    organisations = keep(known.organisations(tables["wlz_organisations"]))
    zorgkantoren = organisations.where(F.col("kind") == ZORGKANTOOR).select("code")
    ends = keep(follow_successors(tables["wlz_providers"]))

    claimed = keep(claims.add_up(tables["wlz_claims"], asked).transform(missing_providers.count_under_successors, ends))
    production = keep(claims.produce(claimed))
    missing = keep(missing_providers.find_missing(claimed, zorgkantoren))

    tallied = Tallied()
    tally_claims(tallied, tables["wlz_claims"], production, missing, asked, keep)
    tally_admin_costs(tallied, tables["wlz_admin_costs"], asked)
    if asked.quarter in PGB_HOLDERS.quarters:
        tally_budgets(tallied, tables, zorgkantoren, asked, keep)
    if asked.quarter in PGB_TALKS.quarters:
        tally_talks(tallied, tables["wlz_conscious_choice_talks"], asked)
    if asked.quarter in INSURED.quarters:
        tally_insured(tallied, tables["wlz_insured"], organisations, asked, keep)

    return {
        "wlz_production": claims.of_zorgkantoren(production, zorgkantoren),
        "wlz_statement_lines": statement.fill_in(statement.lines_owed(organisations, asked), tallied.cells),
        "wlz_missing_providers": missing.select("zorgkantoor", "provider_agb", "prior_year_amount_cents"),
        "wlz_missing_estimates": missing_providers.estimate(missing, claimed),
        "wlz_findings": findings.find(organisations, tallied.counts, ends, asked),
    }


def follow_successors(providers: DataFrame) -> DataFrame:
    """Out: provider_agb (one that is replaced), successor_agb (what its lines count under), in_cycle.

    The one place that looks at rows while the plan is made: a chain has any length, a plan has not, and the register is
    a few thousand rows.
    """
    replaced = providers.where(F.col("replaced_by").isNotNull()).select("provider_agb", "replaced_by").collect()
    followed = successors.follow({row["provider_agb"]: row["replaced_by"] for row in replaced})
    columns = "provider_agb string, successor_agb string, in_cycle boolean"
    return providers.sparkSession.createDataFrame(followed, columns)


def tally_claims(
    tallied: Tallied, wlz_claims: DataFrame, production: DataFrame, missing: DataFrame, asked: Statement, keep: Keep
) -> None:
    """Findings on lines; production and estimates are tables of their own."""
    asked_for = keep(claims.ask_for(wlz_claims, asked))
    elsewhere = keep(claims.find_elsewhere(wlz_claims, asked_for, asked))
    names = keep(claims.look_closer(wlz_claims, asked_for, elsewhere, asked))
    counted = {
        "wlz_claims": claims.count_lines(production),
        "credit_without_debit": claims.count_unmatched(claims.credits_of(asked_for), names),
        "duplicate_claim_reference": claims.count_duplicates(names),
    }
    for name, frame in counted.items():
        tallied.counts.append(findings.take_counts(frame, "zorgkantoor", {name: "lines"}))
    providers = missing_providers.count_missing(missing)
    tallied.counts.append(findings.take_counts(providers, "zorgkantoor", {"missing_provider": "providers"}))


def tally_admin_costs(tallied: Tallied, costs: DataFrame, asked: Statement) -> None:
    by_organisation = admin_costs.tally(costs, asked)
    counts = {
        "wlz_admin_costs": "rows",
        "wlz_admin_costs_known": "rows_known",
        "admin_cost_category_unknown": "rows_unknown",
    }
    tallied.cells.append(statement.cost_cells(by_organisation, ADMIN_COSTS))
    tallied.counts.append(findings.take_counts(by_organisation, "organisation", counts))


def tally_budgets(tallied: Tallied, tables: Frames, zorgkantoren: DataFrame, asked: Statement, keep: Keep) -> None:
    """PGB holders and home visits."""
    budgets = keep(
        pgb.end_budgets(
            known.grants(tables["wlz_pgb_grants"]),
            known.deaths(tables["wlz_deaths"]),
            known.admissions(tables["wlz_admissions"]),
        )
    )
    held = pgb.hold_on(budgets, asked)
    visits = pgb.counted_visits(tables["wlz_home_visits"], asked)
    for part, table, rows in [(PGB_HOLDERS, "wlz_pgb_grants", held), (PGB_HOME_VISITS, "wlz_home_visits", visits)]:
        counted = pgb.count_people(rows)
        tallied.cells.append(statement.count_cells(counted, "zorgkantoor", part, {"total": "people"}))
        tallied.counts.append(findings.take_counts(counted, "zorgkantoor", {table: "rows"}))
    found = {
        "holder_at_several_zorgkantoren": pgb.count_at_several(held, zorgkantoren),
        "home_visit_without_budget": pgb.count_without_budget(visits, budgets),
    }
    for name, counted in found.items():
        tallied.counts.append(findings.take_counts(counted, "zorgkantoor", {name: "people"}))


def tally_talks(tallied: Tallied, talks: DataFrame, asked: Statement) -> None:
    counted = pgb.count_people(pgb.counted_talks(talks, asked))
    tallied.cells.append(statement.count_cells(counted, "zorgkantoor", PGB_TALKS, {"total": "people"}))
    tallied.counts.append(findings.take_counts(counted, "zorgkantoor", {"wlz_conscious_choice_talks": "rows"}))


def tally_insured(
    tallied: Tallied, wlz_insured: DataFrame, organisations: DataFrame, asked: Statement, keep: Keep
) -> None:
    counted = keep(insured.tally(wlz_insured, organisations, asked, keep))
    lines = {line: line for line in INSURED.totals["total"]}
    odd = {f"insured_{name}": name for name in ("sex_unknown", "rows_differ", "at_several_organisations")}
    tallied.cells.append(statement.count_cells(counted, "organisation", INSURED, lines))
    tallied.counts.append(findings.take_counts(counted, "organisation", odd))
    unknown = insured.count_unknown(wlz_insured, organisations, asked)
    tallied.counts.append(findings.take_counts(unknown, "organisation", {"wlz_insured": "rows"}))


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
)
