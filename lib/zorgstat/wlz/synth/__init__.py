"""Made-up input for the Wlz statement: every table of docs/tables.md, at any volume, the same for the same seed.

Two years of it, T-1 and T, so that every quarter of T can be made. They come from hashes of a seed and a number
(`zorgstat.draws`), from the lists in `reference/synth_wlz_*.csv`, and from nothing else. Nobody in them exists;
beyond nine million people (30 million claims) a made-up bsn may also be a real one.

Every finding occurs in some quarter of T (from some 50,000 claims on), save one: a cycle of successors would make every
statement a concept.
"""

from __future__ import annotations

from pyspark.sql import DataFrame, SparkSession

from zorgstat.draws import Draws
from zorgstat.wlz.synth import budgets, claims, insured, organisations, providers
from zorgstat.wlz.synth.people import Population


def tables(spark: SparkSession, lines: int, seed: int, year: int) -> dict[str, DataFrame]:
    """The ten input tables by name, not computed yet. `lines` is the number of claims of the two years, within 3 %."""
    draws = Draws(seed)
    listed = providers.providers(draws)
    population = Population.of_claims(lines)
    return {
        "wlz_claims": claims.claims(spark, population, listed, year, draws),
        "wlz_organisations": organisations.organisations(spark),
        **budgets.tables(spark, population, year, draws),
        "wlz_admin_costs": organisations.admin_costs(spark, year, draws),
        "wlz_insured": insured.insured(spark, population, year, draws),
        "wlz_providers": providers.register(spark, listed),
    }
