"""What keeps a statement from being final, and what to look at.

Every count is gathered in one row per code, known or not; a finding is then a rule about that row.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import reduce

from pyspark.sql import Column, DataFrame
from pyspark.sql import functions as F

from zorgstat.wlz.calendar import KINDS, QUARTERS, ZORGKANTOOR, Statement
from zorgstat.wlz.reshape import as_rows

# Rows that the parts of a statement would have used, by the table that they come from.
USED_BY_ZORGKANTOOR = ("wlz_claims", "wlz_pgb_grants", "wlz_home_visits", "wlz_conscious_choice_talks")
USED = (*USED_BY_ZORGKANTOOR, "wlz_admin_costs", "wlz_insured")


@dataclass(frozen=True)
class Rule:
    """One kind of finding. `counts` is the count of the same name, at organisations of these kinds.

    A controller reads the detail, so it is Dutch: what is wrong, how often (`_in_words`), what to do.
    """

    name: str
    severity: str
    what: str
    remedy: str
    kinds: tuple[str, ...] = KINDS
    quarters: tuple[int, ...] = QUARTERS


UNKNOWN_ORGANISATION = Rule(
    "unknown_organisation",
    "error",
    "Rijen met een organisatiecode die niet in wlz_organisations staat",
    "Ze tellen in geen enkel cijfer mee. Herstel de code in de bron of voeg de organisatie toe, en maak de staat "
    "opnieuw.",
    kinds=(),
)
NOT_A_ZORGKANTOOR = Rule(
    "not_a_zorgkantoor",
    "error",
    "Rijen die alleen een zorgkantoor kan hebben, bij een organisatie die geen zorgkantoor is",
    "Ze tellen in geen enkel cijfer mee. Herstel de code in de bron of de soort in wlz_organisations, en maak "
    "de staat opnieuw.",
    kinds=(),
)
CLAIMS_MISSING = Rule(
    "claims_missing",
    "error",
    "Er is geen enkele declaratieregel met een begindatum in dit kwartaal",
    "Voeg de declaraties van dit kwartaal toe aan wlz_claims en maak de staat opnieuw.",
    (ZORGKANTOOR,),
)
ADMIN_COSTS_MISSING = Rule(
    "admin_costs_missing",
    "error",
    "Er zijn dit kwartaal geen beheerskosten van een bekende categorie",
    "Voeg de beheerskosten toe aan wlz_admin_costs, ook als ze nul zijn, en maak de staat opnieuw.",
)
SUCCESSOR_CYCLE = Rule(
    "successor_cycle",
    "error",
    "Zorgaanbieders die elkaar in een kring opvolgen",
    "Hun regels tellen mee bij de laagste AGB-code van de kring. Herstel replaced_by in wlz_providers en maak de staat "
    "opnieuw.",
    kinds=(),
)

# The findings that are a count of their own.
COUNTED = (
    Rule(
        "admin_cost_category_unknown",
        "error",
        "Rijen beheerskosten van een andere categorie dan internal_staff (intern), external_staff (extern) of other "
        "(overig)",
        "Ze tellen in geen enkel cijfer mee. Herstel de categorie en maak de staat opnieuw.",
    ),
    Rule(
        "credit_without_debit",
        "warning",
        "Creditregels die verwijzen naar een debetregel die ontbreekt of later is ontvangen",
        "Ze tellen wel mee. Vraag de zorgaanbieder om de debetregel of om de juiste verwijzing.",
        (ZORGKANTOOR,),
    ),
    Rule(
        "duplicate_claim_reference",
        "warning",
        "Declaratieregels met een referentie die bij dezelfde zorgaanbieder vaker voorkomt",
        "Ze tellen allemaal mee. Ga na of er dubbel is gedeclareerd.",
        (ZORGKANTOOR,),
    ),
    Rule(
        "missing_provider",
        "warning",
        "Zorgaanbieders die vorig jaar meer dan een miljoen euro declareerden en dit kwartaal geen enkele "
        "declaratieregel hebben",
        "Ze staan in wlz_missing_providers. Vraag de declaraties op. Blijven ze uit, stuur dan de schatting met de "
        "begeleidende tekst naar het Zorginstituut.",
        (ZORGKANTOOR,),
    ),
    Rule(
        "insured_sex_unknown",
        "error",
        "Verzekerden bij wie het geslacht niet 1, M, 2 of V is",
        "Ze tellen in geen enkele regel mee, ook niet in de totalen. Verbeter het geslacht in de bron en maak de "
        "staat opnieuw. Kan dat niet, overleg dan met het Zorginstituut.",
        quarters=(2,),
    ),
    Rule(
        "insured_rows_differ",
        "warning",
        "Verzekerden met op 1 juli meer dan één rij, waarin geboortedatum of geslacht verschilt",
        "Per persoon geldt de rij met de laatste ingangsdatum. Ga na welke rij juist is.",
        quarters=(2,),
    ),
    Rule(
        "insured_at_several_organisations",
        "warning",
        "Verzekerden die op 1 juli ook bij een andere organisatie staan ingeschreven",
        "Ze tellen bij elke organisatie mee. Ga na waar de inschrijving had moeten eindigen.",
        quarters=(2,),
    ),
    Rule(
        "holder_at_several_zorgkantoren",
        "warning",
        "Budgethouders die op 30 juni ook bij een ander zorgkantoor een pgb hebben",
        "Ze tellen bij elk zorgkantoor mee. Ga na welk budget had moeten eindigen.",
        (ZORGKANTOOR,),
        (2,),
    ),
    Rule(
        "home_visit_without_budget",
        "warning",
        "Personen met een huisbezoek die op geen van de bezoekdagen een pgb van dit zorgkantoor hadden",
        "Ze tellen wel mee. Ga na of het bezoek en het budget goed zijn vastgelegd.",
        (ZORGKANTOOR,),
        (2,),
    ),
)
RULES = (
    UNKNOWN_ORGANISATION,
    NOT_A_ZORGKANTOOR,
    CLAIMS_MISSING,
    ADMIN_COSTS_MISSING,
    SUCCESSOR_CYCLE,
    *COUNTED,
)
LONGEST_LIST = 200  # letters
COUNTS = (*USED, "wlz_admin_costs_known", *[rule.name for rule in COUNTED])


def find(organisations: DataFrame, counts: DataFrame, successors: DataFrame, statement: Statement) -> DataFrame:
    """Every finding of the statement.

    In:  organisations (code, kind), counts (from `counts_as_rows`; of other names than `COUNTS` nothing is found),
         successors (provider_agb, successor_agb, in_cycle).
    Out: `tables.WLZ_FINDINGS`; one row per organisation and rule with a count above zero.
    """
    # A union and no outer join: whoever is known has a kind, whoever was counted has counts.
    nothing = [F.lit(None).cast(of).alias(name) for name, of in (("name", "string"), ("count", "bigint"))]
    counted = counts.select("code", F.lit(None).cast("string").alias("kind"), "name", "count")
    known_or_counted = organisations.select("code", "kind", *nothing).unionByName(counted)
    asked = known_or_counted.groupBy("code").agg(
        F.max("kind").alias("kind"),
        *[F.coalesce(F.sum(F.when(F.col("name") == name, F.col("count"))), F.lit(0)).alias(name) for name in COUNTS],
    )
    keep = [F.col("code").alias("organisation"), *[F.col(table) for table in USED]]
    found = as_rows(asked, keep, "rule", _judge(statement), "count").select(
        "organisation", "rule", _by_rule(lambda rule: F.lit(rule.severity)).alias("severity"), "count", _details()
    )
    return found.unionByName(find_cycles(successors)).where(F.col("count") > 0)


def find_cycles(successors: DataFrame) -> DataFrame:
    """AGBs in a cycle of successors, which concern no organisation in particular; one row, also when there are none."""
    in_cycle = F.col("in_cycle")
    lowest = F.array_sort(F.collect_set(F.when(in_cycle, F.col("successor_agb"))))
    found = successors.agg(
        F.count_if(in_cycle).alias("count"), F.substring(F.array_join(lowest, ", "), 1, LONGEST_LIST).alias("lowest")
    )
    return found.select(
        F.lit(None).cast("string").alias("organisation"),
        F.lit(SUCCESSOR_CYCLE.name).alias("rule"),
        F.lit(SUCCESSOR_CYCLE.severity).alias("severity"),
        "count",
        _in_words(SUCCESSOR_CYCLE, F.col("lowest")).alias("detail"),
    )


def final_organisations(organisations: DataFrame, findings: DataFrame) -> DataFrame:
    """The organisations whose statement is final: no error of their own, and none that concerns all.

    In: organisations (code), findings (of one statement). Out: organisation.
    """
    codes = organisations.select(F.col("code").alias("organisation"))
    errors = findings.where(F.col("severity") == "error")
    concerns = F.col("error_of").isNull() | (F.col("error_of") == F.col("organisation"))
    return codes.join(errors.select(F.col("organisation").alias("error_of")), concerns, "left_anti")


def _judge(statement: Statement) -> dict[str, Column]:
    """How often every rule of the quarter finds something in one row of counts."""
    kind = F.col("kind")
    used_by = {
        UNKNOWN_ORGANISATION: (kind.isNull(), USED),
        NOT_A_ZORGKANTOOR: (kind != ZORGKANTOOR, USED_BY_ZORGKANTOOR),
    }
    counts = {
        rule.name: F.when(applies, reduce(Column.__add__, [F.col(table) for table in tables])).otherwise(0)
        for rule, (applies, tables) in used_by.items()
    }
    for rule, count in {CLAIMS_MISSING: "wlz_claims", ADMIN_COSTS_MISSING: "wlz_admin_costs_known"}.items():
        counts[rule.name] = F.when(kind.isin(list(rule.kinds)) & (F.col(count) == 0), 1).otherwise(0)
    for rule in COUNTED:
        if statement.quarter in rule.quarters:
            counts[rule.name] = F.when(kind.isin(list(rule.kinds)), F.col(rule.name)).otherwise(0)
    return counts


def _details() -> Column:
    """Where rows are counted that should not have been there, it is told in which tables they are."""
    told = [F.when(F.col(table) > 0, F.concat(F.lit(f"{table} "), _in_digits(F.col(table)))) for table in USED]
    tables = {
        UNKNOWN_ORGANISATION: F.concat_ws(", ", *told),
        NOT_A_ZORGKANTOOR: F.concat_ws(", ", *told[: len(USED_BY_ZORGKANTOOR)]),
    }

    def tell(rule: Rule) -> Column:
        if rule in (CLAIMS_MISSING, ADMIN_COSTS_MISSING):
            return F.lit(f"{rule.what}. {rule.remedy}")  # it is so or not: there is nothing to count
        return _in_words(rule, tables.get(rule))

    return _by_rule(tell).alias("detail")


def _by_rule(tell: Callable[[Rule], Column]) -> Column:
    told = F.lit("")
    for rule in RULES:
        told = F.when(F.col("rule") == rule.name, tell(rule)).otherwise(told)
    return told


def _in_words(rule: Rule, which: Column | None = None) -> Column:
    """What is wrong: how often (in which tables, at which codes). What to do."""
    brackets = [] if which is None else [F.lit(" ("), which, F.lit(")")]
    return F.concat(F.lit(f"{rule.what}: "), _in_digits(F.col("count")), *brackets, F.lit(f". {rule.remedy}"))


def _in_digits(count: Column) -> Column:
    """As it is written in Dutch: 1.234."""
    return F.translate(F.format_number(count, 0), ",", ".")
