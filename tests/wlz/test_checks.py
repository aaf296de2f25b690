"""What keeps a run from being published: figures that do not hold together."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from typing import Any

import pytest
from pyspark.sql import DataFrame, SparkSession
from pyspark.sql import functions as F

from tests.support import frame
from tests.wlz.support import ORGANISATIONS, inputs, rows, settings, statement
from zorgstat.wlz import checks
from zorgstat.wlz.statement_lines import fill_in, lines_owed
from zorgstat.wlz.tables import MISSING_ESTIMATES, MISSING_PROVIDERS, OUTPUTS, WLZ_FINDINGS, WLZ_PRODUCTION

SOUND = {
    **{"performances": 12, "euros_off": 0},
    **{"organisations": 3, "people_below_zero": 0, "parts_incomplete": 0, "totals_off": 0},
    **{"organisations_with_pgb_holders": 2, "organisations_with_pgb_home_visits": 2},
    **{"organisations_with_pgb_conscious_choice_talks": 0},
    **{"organisations_with_admin_costs": 3, "organisations_with_insured": 3},
    **{"missing_providers": 2, "missing_providers_found": 2},
    **{"estimates_of_nothing": 0, "estimates_alone": 0, "findings_of_nothing": 0},
}


@pytest.mark.parametrize(
    ("broken", "rules"),
    [
        ({}, set()),
        ({"organisations_with_insured": 0, "performances": 0}, set()),
        ({"performances": 102}, {"production_comes_from_claims"}),
        ({"euros_off": 1}, {"euros_are_rounded_cents"}),
        ({"parts_incomplete": 1}, {"every_line_is_there"}),
        ({"organisations_with_admin_costs": 2}, {"every_line_is_there"}),
        ({"organisations_with_insured": 2}, {"every_line_is_there"}),
        ({"organisations_with_pgb_home_visits": 1}, {"every_line_is_there"}),
        ({"organisations_with_pgb_holders": 1}, {"every_line_is_there"}),
        ({"totals_off": 1}, {"totals_add_up"}),
        ({"people_below_zero": 1}, {"no_people_below_zero"}),
        ({"missing_providers_found": 1}, {"missing_providers_are_found"}),
        ({"missing_providers_found": 3}, {"missing_providers_are_found"}),
        ({"estimates_alone": 1}, {"estimates_are_of_missing_providers"}),
        ({"estimates_of_nothing": 1}, {"estimates_are_of_missing_providers"}),
        ({"findings_of_nothing": 1}, {"findings_count_something"}),
    ],
)
def test_a_broken_figure_breaks_its_rule(broken: dict[str, Any], rules: set[str]) -> None:
    findings = checks.judge(SOUND | broken, input_records=101)
    assert {finding.rule for finding in findings if finding.is_error} == rules
    assert len(findings) == 9  # good news too


def test_without_an_organisation_there_is_nothing_to_publish() -> None:
    findings = checks.judge(dict.fromkeys(SOUND, 0), input_records=101)
    assert [finding.rule for finding in findings if finding.is_error] == ["somebody_owes_a_statement"]


def measure(outputs: dict[str, DataFrame]) -> dict[str, Any]:
    measured: dict[str, Any] = {}
    for name, aggregates in checks.measures().items():
        measured |= outputs[name].agg(*aggregates).collect()[0].asDict()
    for one_row in checks.more_measures(outputs):
        measured |= one_row.collect()[0].asDict()
    return measured


def measure_one(outputs: dict[str, DataFrame], name: str) -> int:
    """The one measure that is asked for, so that no other is computed."""
    one_rows = [outputs[table].agg(*aggregates) for table, aggregates in checks.measures().items()]
    (one_row,) = (row for row in [*one_rows, *checks.more_measures(outputs)] if name in row.columns)
    return int(one_row.collect()[0][name])


def sound(spark: SparkSession) -> dict[str, DataFrame]:
    counts = frame(
        spark,
        "code string, name string, count bigint",
        """
        code | name                       | count
        5505 | insured.man_under_65       | 10
        5505 | insured.woman_65_plus      | 5
        5505 | admin_costs.internal_staff | -7
        5506 | admin_costs.other          | 3
        5506 | pgb_holders.total          | 2
        """,
    )
    return {
        "wlz_production": frame(
            spark,
            WLZ_PRODUCTION,
            """
            zorgkantoor | performance_code | quantity | amount_cents | amount_euro
            5505        | Z001             | 1        | 150          | 2
            """,
        ),
        "wlz_statement_lines": fill_in(
            lines_owed(rows(spark, "wlz_organisations", ORGANISATIONS), statement()), counts
        ),
        "wlz_missing_providers": frame(
            spark,
            MISSING_PROVIDERS,
            """
            zorgkantoor | provider_agb | prior_year_amount_cents
            5505        | 12000001     | 100000001
            """,
        ),
        "wlz_missing_estimates": frame(
            spark,
            MISSING_ESTIMATES,
            """
            zorgkantoor | provider_agb | performance_code | quantity | amount_euro
            5505        | 12000001     | Z001             | 1        | 250000
            5505        | 12000001     | Z002             | 3        | 0
            5505        | 12000001     | Z003             | 0        | 1
            """,
        ),
        "wlz_findings": frame(
            spark,
            WLZ_FINDINGS,
            """
            organisation | rule             | count
            5505         | missing_provider | 1
            5506         | claims_missing   | 1
            """,
        ),
    }


def test_measures_are_what_judge_asks_for(spark: SparkSession) -> None:
    assert list(checks.measures()) == [table.name for table in OUTPUTS]
    measured = measure(sound(spark))
    assert measured == SOUND | {"performances": 1, "missing_providers": 1, "missing_providers_found": 1}
    nobody = {"wlz_findings": sound(spark)["wlz_findings"].where("rule != 'missing_provider'")}
    assert measure_one({**sound(spark), **nobody}, "missing_providers_found") == 0


IS_TOTAL = "organisation = '5505' and part = 'insured' and line = 'man'"
BREAKS: list[tuple[str, Callable[[DataFrame], DataFrame], str]] = [
    (
        "wlz_statement_lines",
        lambda lines: lines.withColumn("value", F.expr(f"if({IS_TOTAL}, 9L, value)")),
        "totals_off",
    ),
    (
        "wlz_statement_lines",
        lambda lines: lines.withColumn("value", F.expr(f"if({IS_TOTAL}, 11L, value)")),  # too much is wrong too
        "totals_off",
    ),
    ("wlz_statement_lines", lambda lines: lines.where(f"not ({IS_TOTAL})"), "parts_incomplete"),
    ("wlz_statement_lines", lambda lines: lines.unionByName(lines.where(IS_TOTAL)), "parts_incomplete"),
    (
        "wlz_statement_lines",
        lambda lines: lines.withColumn("part", F.expr(f"if({IS_TOTAL}, 'all', part)")),
        "parts_incomplete",
    ),
    (
        "wlz_statement_lines",
        lambda lines: lines.unionByName(lines.where(IS_TOTAL).withColumn("line", F.lit("all"))),
        "parts_incomplete",
    ),
    ("wlz_missing_providers", lambda providers: providers.where(F.col("zorgkantoor") == "5506"), "estimates_alone"),
    # The provider is missing at another zorgkantoor, and another provider is missing there.
    ("wlz_missing_estimates", lambda rows: rows.withColumn("zorgkantoor", F.lit("5506")), "estimates_alone"),
    ("wlz_missing_estimates", lambda rows: rows.withColumn("provider_agb", F.lit("12000002")), "estimates_alone"),
    ("wlz_production", lambda rows: rows.withColumn("amount_cents", F.lit(149).cast("bigint")), "euros_off"),
    ("wlz_findings", lambda rows: rows.withColumn("count", F.lit(0).cast("bigint")), "findings_of_nothing"),
    (
        "wlz_statement_lines",
        lambda lines: lines.withColumn("value", F.expr(f"if({IS_TOTAL}, -1L, value)")),
        "people_below_zero",
    ),
    (
        "wlz_missing_estimates",
        lambda rows: rows.withColumns({name: F.lit(0).cast("bigint") for name in ("quantity", "amount_euro")}),
        "estimates_of_nothing",
    ),
]


def test_what_is_broken_is_measured(spark: SparkSession) -> None:
    for table, spoil, name in BREAKS:
        outputs = sound(spark)
        outputs[table] = spoil(outputs[table])
        assert measure_one(outputs, name) > 0, (table, name)


@pytest.mark.parametrize(("known_at", "count"), [("2023-06-29", 1), ("2023-06-30", 1), ("2023-07-01", 0)])
def test_what_is_asked_before_the_quarter_has_ended_is_remarked(spark: SparkSession, known_at: str, count: int) -> None:
    """On its last day too: that day has not been told of yet."""
    asked = settings(known_at=date.fromisoformat(known_at))
    found = {row["rule"]: row for row in checks.remarks(inputs(spark, {}), asked).collect()}["known_before_the_end"]
    assert (found["severity"], found["count"]) == ("warning", count)
    assert ("cannot be known yet" in found["detail"]) == bool(count)


@pytest.mark.parametrize(
    ("claim", "visit", "quarter", "absent"),
    [
        ("2022-01-01", "2022-12-31", 2, ""),
        ("2022-12-31", "2022-01-01", 2, ""),
        ("2021-12-31", "2022-01-01", 2, "wlz_claims"),
        ("2023-01-01", "2023-01-01", 2, "wlz_claims, wlz_home_visits"),
        ("2022-01-01", "2021-12-31", 2, "wlz_home_visits"),
        ("2022-01-01", "2021-12-31", 3, ""),  # no visits are asked for
    ],
)
def test_a_delivery_without_the_year_before_is_remarked(
    spark: SparkSession, claim: str, visit: str, quarter: int, absent: str
) -> None:
    """Nothing is missing then, and no visit counts."""
    given = inputs(spark, {"wlz_claims": f"start_date\n{claim}", "wlz_home_visits": f"visited_on\n{visit}"})
    (row,) = checks.look_for_prior_year(given, statement(quarter)).collect()
    assert (row["rule"], row["severity"]) == ("prior_year_is_there", "warning")
    assert (row["count"], row["detail"]) == (
        len(absent.split()),
        f"tables without a row of 2022: {absent or 'none'}",
    )
