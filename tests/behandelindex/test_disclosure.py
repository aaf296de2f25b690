"""What others may see of the five outputs: worked examples at a threshold of 10, and no figure left that tells more."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import pytest
from pyspark.sql import DataFrame
from pyspark.sql import functions as F

from tests.behandelindex.small_country import OUTCOMES, outputs
from tests.support import assert_rows, frame
from zorgstat.behandelindex import disclosure
from zorgstat.behandelindex.disclosure import EQUATIONS, EXPORTS, Disclosed
from zorgstat.behandelindex.tables import OUTPUTS
from zorgstat.disclosure import Rules
from zorgstat.io.engine import Engine

# Nobody is few here: everything can be shown.
LARGE = """
    practice_agb | basket_id | combinations | treatments
    04000001     | 1         | 40           | 200
    04000001     | 2         | 35           | 210
    04000001     | 3         | 60           | 480
    04000002     | 1         | 20           | 90
    04000002     | 2         | 30           | 180
"""


def disclose(
    engine: Engine, now: str, earlier: Sequence[str] = (), rules: Rules | None = None, outcomes: str = OUTCOMES
) -> Disclosed:
    before = [outputs(engine.spark, people, f"run-{place}") for place, people in enumerate(earlier)]
    now_made = outputs(engine.spark, now, "run-now", outcomes=outcomes)
    return disclosure.disclose(now_made, before, rules or Rules(), engine.keep)


def values(frame: DataFrame, *columns: str) -> set[tuple[Any, ...]]:
    return {tuple(row) for row in frame.select(*columns).collect()}


def suppressed(told: Disclosed, table: str, key: str) -> set[Any]:
    return {row[key] for row in told.tables[table].where("is_suppressed").collect()}


def test_what_is_about_many_people_is_shown_as_it_is(engine: Engine) -> None:
    """But for what is in no export: exact equations between baskets, and the reserved labels."""
    told, made = disclose(engine, LARGE), outputs(engine.spark, LARGE, "run-now")
    assert told.hidden.count() == 0
    for table, exported in zip(OUTPUTS, EXPORTS, strict=True):
        key = [name for name in table.key if name != "run_id"]
        shown = told.tables[table.name]
        assert shown.columns == exported.names
        expected = made[table.name].select([name for name in table.names if name not in EQUATIONS])
        assert_rows(shown, expected.where("outcome != 'reserved_uzovi'") if table.name == "outcomes" else expected, key)
    assert not {"expected_treatments", "index", "index_excl_small"} & set(told.tables["practice_index"].columns)


def test_a_small_practice_takes_another_with_it_and_their_baskets(engine: Engine) -> None:
    # 04000003 has 4 patients, so it is hidden, and the next smallest practice with it (04000002, 50), with all their
    # baskets. In basket 2 that hides one cell, so 04000001's goes too (35); in its row that is one, so basket 1 goes.
    told = disclose(engine, LARGE + "    04000003     | 1         | 4            | 30\n")
    assert suppressed(told, "practice_index", "practice_agb") == {"04000002", "04000003"}
    assert suppressed(told, "national_baskets", "basket_id") == set()
    assert values(told.tables["practice_baskets"], "practice_agb", "basket_id") == {("04000001", 3)}
    assert_rows(
        told.hidden,
        frame(
            engine.spark,
            "table string, hidden string, cells bigint",
            """
            table            | hidden     | cells
            practice_baskets | complement | 4
            practice_baskets | small      | 1
            practice_index   | complement | 1
            practice_index   | small      | 1
            """,
        ),
        key=["table", "hidden"],
    )


def test_a_practice_is_as_small_as_its_people_are_few(engine: Engine) -> None:
    """Nine people of whom each is in two baskets are nine people."""
    made = outputs(engine.spark, LARGE + "    04000003 | 1 | 9 | 30\n    04000003 | 2 | 9 | 30\n", "run-now")
    patients = F.when(F.col("practice_agb") == "04000003", F.lit(9).cast("bigint")).otherwise(F.col("patients"))
    made["practice_index"] = made["practice_index"].withColumn("patients", patients)
    told = disclosure.disclose(made, [], Rules(), engine.keep)
    assert "04000003" in suppressed(told, "practice_index", "practice_agb")


def test_a_hidden_basket_cannot_be_told_from_an_empty_one(engine: Engine) -> None:
    """So ten people in two of them could be in one of them, and nothing else need go."""
    told = disclose(
        engine,
        """
        practice_agb | basket_id | combinations | treatments
        04000001     | 1         | 5            | 20
        04000001     | 2         | 5            | 21
        04000001     | 3         | 60           | 480
        04000002     | 1         | 5            | 22
        04000002     | 2         | 5            | 23
        04000002     | 3         | 70           | 490
        """,
    )
    assert values(told.hidden, "table", "hidden", "cells") == {("practice_baskets", "small", 4)}


def test_a_basket_that_another_practice_shows_stays_hidden(engine: Engine) -> None:
    # 04000002 hides baskets 1 and 2 (5 each), 04000001 covers both; 04000003 shows them.
    told = disclose(
        engine,
        """
        practice_agb | basket_id | combinations | treatments
        04000001     | 1         | 40           | 200
        04000001     | 2         | 35           | 210
        04000001     | 3         | 60           | 480
        04000002     | 1         | 5            | 20
        04000002     | 2         | 5            | 21
        04000002     | 3         | 70           | 490
        04000003     | 1         | 50           | 260
        04000003     | 2         | 55           | 270
        04000003     | 3         | 80           | 600
        """,
    )
    assert values(told.tables["practice_baskets"], "practice_agb", "basket_id") == {
        ("04000001", 3),
        ("04000002", 3),
        *(("04000003", basket) for basket in (1, 2, 3)),
    }


def test_rows_that_stay_visible_can_be_counted(engine: Engine) -> None:
    """Ten people in ten rows are one in each: where a hidden row keeps its place, another goes with them."""
    practices = "".join(f"    0400010{n} | 1 | 1 | 5\n" for n in range(10))
    told = disclose(engine, LARGE + practices)
    assert suppressed(told, "practice_index", "practice_agb") == {"04000002", *(f"0400010{n}" for n in range(10))}
    baskets = "".join(f"    04000001 | {100 + n} | 1 | 5\n" for n in range(10))
    told = disclose(engine, LARGE + baskets)
    assert suppressed(told, "national_baskets", "basket_id") == {1, *range(100, 110)}
    rare = "".join(f"    0101 | CZ | rare_{n} | 1\n" for n in range(10))
    told = disclose(engine, LARGE, outcomes=OUTCOMES + rare)
    assert "invalid_sex" in suppressed(told, "outcomes", "outcome")


def test_a_small_basket_takes_another_with_it_and_its_practices(engine: Engine) -> None:
    # Basket 4 has 6 people, basket 1 is the smallest of the others (60; basket 3 has 60 too, and a higher key). So
    # 04000001 hides basket 1 (40), alone, and basket 2 (35) goes; in its column 04000002 (30).
    told = disclose(engine, LARGE + "    04000002     | 4         | 6            | 30\n")
    assert suppressed(told, "national_baskets", "basket_id") == {1, 4}
    assert suppressed(told, "practice_index", "practice_agb") == set()
    assert values(told.tables["practice_baskets"], "practice_agb", "basket_id") == {("04000001", 3)}


FIGURES = {
    "outcomes": {"records"},
    "national_baskets": {"combinations", "treatments", "national_mean", "is_small"},
    "practice_index": {
        *("combinations", "patients", "treatments", "index_rounded", "correction_factor", "ci_lower", "ci_upper"),
        *("index_excl_small_rounded", "small_baskets_matter"),
    },
}


def test_no_figure_of_a_hidden_row_is_left(engine: Engine) -> None:
    others = [(agb, basket) for agb in ("04000005", "04000006", "04000007") for basket in (1, 2, 3, 5)]
    large = "".join(f"    {agb} | {basket} | {100 + 7 * basket} | 900\n" for agb, basket in others)
    small = "    04000003 | 1 | 4 | 30\n    04000002 | 4 | 6 | 30\n"
    few = "    0101 | CZ | netted | 3\n    0102 | VGZ | netted | 4\n"
    told = disclose(engine, LARGE + large + small, outcomes=OUTCOMES + few)
    for table in EXPORTS:
        if table.name not in FIGURES:
            continue
        rows = told.tables[table.name].where("is_suppressed").collect()
        figures = FIGURES[table.name]
        assert len(rows) > 1
        assert {row[name] for row in rows for name in figures} == {None}
        shown = told.tables[table.name].where("NOT is_suppressed").collect()
        always = figures & {"combinations", "patients", "treatments", "records", "index_rounded", "is_small"}
        assert shown
        assert None not in {row[name] for row in shown for name in always}
    # what is left of the baskets stands in the tables of totals too
    practices = {row["practice_agb"] for row in told.tables["practice_index"].where("NOT is_suppressed").collect()}
    baskets = {row["basket_id"] for row in told.tables["national_baskets"].where("NOT is_suppressed").collect()}
    for row in told.tables["practice_baskets"].collect():
        assert row["practice_agb"] in practices
        assert row["basket_id"] in baskets


def test_of_the_reserved_labels_nothing_leaves(engine: Engine) -> None:
    """Nor what somebody delivered as a label that is none."""
    odd = (
        OUTCOMES
        + """
    900000012 |     | insurer_not_participating | 70
    12 4      |     | insurer_not_participating | 80
    7777      |     | insurer_not_participating | 90
    K101      | CZ  | counted                   | 95
    """
    )
    rows = disclose(engine, LARGE, outcomes=odd).tables["outcomes"]
    assert values(rows, "uzovi") == {("0101",), ("0102",), ("7777",), ("K101",)}  # the last is in the register
    assert values(rows.where("outcome = 'reserved_uzovi'"), "uzovi") == set()


def test_few_records_of_an_outcome_take_others_with_them(engine: Engine) -> None:
    # 3 records: in its row invalid_sex (60) goes, in its column 12; in their rows and columns that is 2 of 2
    few = (
        OUTCOMES
        + """
    0101  | CZ      | netted                    | 3
    0102  | VGZ     | netted                    | 12
    """
    )
    rows = disclose(engine, LARGE, outcomes=few).tables["outcomes"]
    assert values(rows.where("NOT is_suppressed"), "uzovi", "outcome", "records") == {
        ("0101", "counted", 700),
        ("0102", "counted", 800),
    }
    assert values(rows.where("is_suppressed"), "uzovi", "outcome", "records") == {
        ("0101", "netted", None),
        ("0101", "invalid_sex", None),
        ("0102", "netted", None),
        ("0102", "invalid_sex", None),
    }


@pytest.mark.parametrize("between_versions", [True, False])
def test_a_practice_that_grew_by_few_patients_is_hidden_again(engine: Engine, between_versions: bool) -> None:
    # 04000002 goes from 50 to 53 patients, by 3 in basket 1; so basket 1 grows from 60 to 63
    more = LARGE.replace("04000002     | 1         | 20 ", "04000002     | 1         | 23 ")
    told = disclose(engine, more, [LARGE], Rules(between_versions=between_versions))
    hidden = values(told.hidden, "table", "hidden")
    if between_versions:
        assert "04000002" in suppressed(told, "practice_index", "practice_agb")
        assert 1 in suppressed(told, "national_baskets", "basket_id")
        assert {("practice_index", "difference"), ("practice_index", "complement")} <= hidden
    else:
        assert hidden == set()


@pytest.mark.parametrize("place", [0, 1, 2])
def test_every_earlier_publication_of_the_year_counts(engine: Engine, place: int) -> None:
    """Not only the first of them, or the last."""
    more = LARGE.replace("04000002     | 1         | 20 ", "04000002     | 1         | 23 ")
    earlier = [LARGE.replace("04000002     | 1         | 20 ", f"04000002     | 1         | {n} ") for n in (90, 190)]
    earlier.insert(place, LARGE)
    assert "04000002" in suppressed(disclose(engine, more, earlier), "practice_index", "practice_agb")


def test_a_version_far_enough_from_the_one_before_is_shown(engine: Engine) -> None:
    more = "\n".join(line.replace("| 40 ", "| 55 ").replace("| 20 ", "| 45 ") for line in LARGE.splitlines())
    assert disclose(engine, more, [LARGE]).hidden.count() == 0
