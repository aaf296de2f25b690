"""What keeps a statement from being final, and what to look at.

Every count is gathered in one row per code, known or not; a finding is then a rule about that row.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import reduce

from pyspark.sql import Column, DataFrame
from pyspark.sql import functions as F

from zorgstat.wlz.calendar import KINDS, QUARTERS, ZORGKANTOOR, Statement

# Rows that the parts of a statement would have used, by the table that they come from.
USED_BY_ZORGKANTOOR = ("wlz_claims", "wlz_pgb_grants", "wlz_home_visits", "wlz_conscious_choice_talks")
USED = (*USED_BY_ZORGKANTOOR, "wlz_admin_costs", "wlz_insured")


@dataclass(frozen=True)
class Rule:
    """One kind of finding. `counts` is the count of the same name, at organisations of these kinds."""

    name: str
    severity: str
    detail: str
    kinds: tuple[str, ...] = KINDS
    quarters: tuple[int, ...] = QUARTERS


UNKNOWN_ORGANISATION = Rule(
    "unknown_organisation", "error", "rows of a code that is not in wlz_organisations; in no figure", kinds=()
)
NOT_A_ZORGKANTOOR = Rule("not_a_zorgkantoor", "error", "rows that only a zorgkantoor can have; in no figure", kinds=())
CLAIMS_MISSING = Rule("claims_missing", "error", "no claim line starts in the quarter", (ZORGKANTOOR,))
ADMIN_COSTS_MISSING = Rule("admin_costs_missing", "error", "no administration costs of a known category this quarter")
SUCCESSOR_CYCLE = Rule("successor_cycle", "error", "providers that took each other's place; mend replaced_by", kinds=())

# The findings that are a count of their own.
COUNTED = (
    Rule(
        "admin_cost_category_unknown",
        "error",
        "rows of administration costs of a category that is not internal_staff, external_staff or other; in no figure",
    ),
    Rule(
        "credit_without_debit",
        "warning",
        "credit lines of which the debit they name is not there, or came later; they count",
        (ZORGKANTOOR,),
    ),
    Rule(
        "duplicate_claim_reference",
        "warning",
        "lines whose claim_reference occurs on another line of the same provider; all of them count",
        (ZORGKANTOOR,),
    ),
    Rule(
        "missing_provider",
        "warning",
        "providers of more than a million euro last year without a line in the quarter; see wlz_missing_estimates",
        (ZORGKANTOOR,),
    ),
    Rule("insured_sex_unknown", "error", "people whose sex is not 1, M, 2 or V; in no line", quarters=(2,)),
    Rule(
        "insured_rows_differ",
        "warning",
        "people whose rows of 1 July differ in birth date or sex; one row counts",
        quarters=(2,),
    ),
    Rule(
        "insured_at_several_organisations",
        "warning",
        "people registered on 1 July at another organisation too; they count at each",
        quarters=(2,),
    ),
    Rule(
        "holder_at_several_zorgkantoren",
        "warning",
        "people with a budget on 30 June at another zorgkantoor too; they count at each",
        (ZORGKANTOOR,),
        (2,),
    ),
    Rule(
        "home_visit_without_budget",
        "warning",
        "people visited last year who held no budget here on the days of their visits; they count",
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
COUNTS = (*USED, "wlz_admin_costs_known", *[rule.name for rule in COUNTED])


def take_counts(rows: DataFrame, code: str, columns: Mapping[str, str]) -> DataFrame:
    """Counts, a row per code, as rows of their own. In: columns (one of COUNTS -> column of rows).

    Out: code, name, count.
    """
    counts = [F.struct(F.lit(name), F.col(column).cast("bigint")) for name, column in columns.items()]
    return rows.select(F.col(code).alias("code"), F.inline(F.array(*counts)).alias("name", "count"))


def find(organisations: DataFrame, counts: list[DataFrame], successors: DataFrame, statement: Statement) -> DataFrame:
    """Every finding of the statement.

    In:  organisations (code, kind), counts (from `take_counts`, of what this quarter asks), successors (provider_agb,
         successor_agb, in_cycle).
    Out: `tables.WLZ_FINDINGS`; one row per organisation and rule with a count above zero.
    """
    by_code = (
        reduce(DataFrame.unionByName, counts)
        .groupBy("code")
        .agg(*[F.sum(F.when(F.col("name") == name, F.col("count"))).alias(name) for name in COUNTS])
    )
    known_or_named = organisations.select("code", "kind").join(by_code, "code", "full_outer")
    asked = known_or_named.select("code", "kind", *[F.coalesce(name, F.lit(0)).alias(name) for name in COUNTS])
    found = asked.select(
        F.col("code").alias("organisation"),
        F.inline(F.array(*_judge(statement))).alias("rule", "severity", "count", "detail"),
    )
    return found.unionByName(find_cycles(successors)).where(F.col("count") > 0)


def find_cycles(successors: DataFrame) -> DataFrame:
    """AGBs in a cycle of successors, which concern no organisation in particular; one row, also when there are none."""
    in_cycle = F.col("in_cycle")
    lowest = F.array_sort(F.collect_set(F.when(in_cycle, F.col("successor_agb"))))
    return successors.agg(F.count_if(in_cycle).alias("count"), F.array_join(lowest, ", ").alias("lowest")).select(
        F.lit(None).cast("string").alias("organisation"),
        F.lit(SUCCESSOR_CYCLE.name).alias("rule"),
        F.lit(SUCCESSOR_CYCLE.severity).alias("severity"),
        "count",
        F.concat(F.lit(f"{SUCCESSOR_CYCLE.detail}: "), F.substring("lowest", 1, 200)).alias("detail"),
    )


def final_organisations(organisations: DataFrame, findings: DataFrame) -> DataFrame:
    """The organisations whose statement is final: no error of their own, and none that concerns all.

    In: organisations (code), findings (of one statement). Out: organisation.
    """
    codes = organisations.select(F.col("code").alias("organisation"))
    errors = findings.where(F.col("severity") == "error")
    concerns = F.col("error_of").isNull() | (F.col("error_of") == F.col("organisation"))
    return codes.join(errors.select(F.col("organisation").alias("error_of")), concerns, "left_anti")


def _judge(statement: Statement) -> list[Column]:
    """Every rule of the quarter about one row of counts, as structs (rule, severity, count, detail)."""
    kind = F.col("kind")
    is_unknown = kind.isNull()
    is_uitvoerder = F.coalesce(kind != ZORGKANTOOR, F.lit(False))
    missing = {CLAIMS_MISSING: F.col("wlz_claims"), ADMIN_COSTS_MISSING: F.col("wlz_admin_costs_known")}
    judged = [
        _judge_used(UNKNOWN_ORGANISATION, is_unknown, USED),
        _judge_used(NOT_A_ZORGKANTOOR, is_uitvoerder, USED_BY_ZORGKANTOOR),
        *[
            _finding(rule, F.when(kind.isin(list(rule.kinds)) & (count == 0), 1).otherwise(0), F.lit(rule.detail))
            for rule, count in missing.items()
        ],
    ]
    for rule in COUNTED:
        if statement.quarter in rule.quarters:
            count = F.when(kind.isin(list(rule.kinds)), F.col(rule.name)).otherwise(0)
            judged.append(_finding(rule, count, F.lit(rule.detail)))
    return judged


def _judge_used(rule: Rule, applies: Column, tables: tuple[str, ...]) -> Column:
    """Rows that should not have been there, and in which tables they are."""
    used = [F.col(table) for table in tables]
    told = [F.when(F.col(table) > 0, F.concat(F.lit(f"{table} "), F.col(table).cast("string"))) for table in tables]
    total = reduce(Column.__add__, used)
    detail = F.concat(F.lit(f"{rule.detail}: "), F.concat_ws(", ", *told))
    return _finding(rule, F.when(applies, total).otherwise(0), detail)


def _finding(rule: Rule, count: Column, detail: Column) -> Column:
    return F.struct(F.lit(rule.name), F.lit(rule.severity), count.cast("bigint"), detail)
