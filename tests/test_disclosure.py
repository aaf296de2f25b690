"""Small numbers are hidden, and what would give them away: worked examples at a threshold of 10, and random grids."""

from __future__ import annotations

import random
from collections.abc import Iterable, Iterator
from pathlib import Path

import pyarrow as pa
import pytest
from pyspark.sql import DataFrame, SparkSession

from tests.support import assert_rows, frame
from zorgstat import disclosure
from zorgstat.disclosure import CELL, Rules, resolve
from zorgstat.errors import CheckError, SettingsError
from zorgstat.io import config
from zorgstat.io.engine import Engine

RULES = Rules()
Cell = tuple[str | None, str | None]
Line = tuple[Cell, list[Cell]]  # a total and its parts
TYPES = "row string, column string, people bigint, at_least bigint, then bigint, was string, hidden string"


def cells(spark: SparkSession, text: str, at_least: int = 1) -> DataFrame:
    """Cells of one table; a table of rows without columns has totals only."""
    made = frame(spark, TYPES, text)
    column = "column" if "column" in made.columns else "CAST(NULL AS string) AS column"
    others = [name for name in made.columns if name != "column"]
    return made.selectExpr("'the table' AS grid", column, f"{at_least}L AS at_least", *others)


def hide(engine: Engine, expected: DataFrame, earlier: list[DataFrame] | None = None) -> DataFrame:
    return disclosure.hide(expected, earlier or [], RULES, engine.keep)


def check(engine: Engine, text: str, at_least: int = 1) -> None:
    expected = cells(engine.spark, text, at_least)
    assert_rows(hide(engine, expected), expected, key=["row", "column"])


def test_one_small_cell_takes_the_next_smallest_with_it(engine: Engine) -> None:
    # 3 + 12 + 40 = 55 is known: without B, A is 55 - 52
    check(
        engine,
        """
        row | people | hidden
        A   | 3      | small
        B   | 12     | complement
        C   | 40     |
        """,
    )


def test_an_empty_cell_covers_nobody(engine: Engine) -> None:
    check(
        engine,
        """
        row | people | hidden
        A   | 3      | small
        B   | 0      |
        C   | 12     | complement
        D   | 40     |
        """,
    )


def test_ten_people_are_shown_and_nine_are_not(engine: Engine) -> None:
    check(
        engine,
        """
        row | people | hidden
        A   | 9      | small
        B   | 9      | small
        C   | 10     |
        """,
    )


def test_hidden_cells_that_are_few_together_take_another(engine: Engine) -> None:
    # "3 people in A and B" is about three people
    check(
        engine,
        """
        row | people | hidden
        A   | 1      | small
        B   | 2      | small
        C   | 30     |
        D   | 12     | complement
        """,
    )


ONES = "row | people | hidden\n" + "\n".join(f"{letter} | 1 | small" for letter in "ABCDEFGHIJ")


def test_where_nobody_is_left_to_cover_empty_cells_stay(engine: Engine) -> None:
    check(engine, "row | people | hidden\nA | 3 | small\nB | 0 |")


def test_a_hidden_cell_can_hold_what_the_others_leave(engine: Engine) -> None:
    # of 11 people in two rows one is in the other: 10 could be here; of 10 people 9 could
    check(engine, "row | people | hidden\nA | 5 | small\nB | 6 | small\nC | 30 |")
    check(engine, "row | people | hidden\nA | 5 | small\nB | 5 | small\nC | 30 | complement")


def test_a_part_goes_before_a_total_of_as_many_people(engine: Engine) -> None:
    # who is in two columns is one person of the row
    check(
        engine,
        """
        row | column | people | hidden
        q   | 1      | 3      | small
        q   | 2      | 12     | complement
        q   |        | 12     |
        """,
    )


def test_ten_rows_with_ten_people_tell_that_each_has_one(engine: Engine) -> None:
    # their rows can be counted, so one of them could be 10 - 9 at most
    check(engine, ONES + "\nK | 30 |\nL | 20 | complement")


def test_without_rows_to_count_ten_people_could_be_in_one_cell(engine: Engine) -> None:
    check(engine, ONES + "\nK | 30 |\nL | 20 |", at_least=0)


def test_equal_cells_go_in_the_order_of_their_key(engine: Engine) -> None:
    check(engine, "row | people | hidden\nC | 20 | \nB | 20 | complement\nA | 3 | small")


def test_rows_and_columns_take_turns_until_nothing_is_given_away(engine: Engine) -> None:
    # Row p: p1 is hidden alone, p2 goes. Columns: q1 goes with p1, r2 with p2. Rows again: q2 goes with q1, r1 with r2.
    check(
        engine,
        """
        row | column | people | hidden
        p   | 1      | 3      | small
        p   | 2      | 15     | complement
        p   | 3      | 40     |
        q   | 1      | 20     | complement
        q   | 2      | 25     | complement
        q   | 3      | 50     |
        r   | 1      | 30     | complement
        r   | 2      | 11     | complement
        r   | 3      | 60     |
        p   |        | 58     |
        q   |        | 95     |
        r   |        | 101    |
            | 1      | 53     |
            | 2      | 51     |
            | 3      | 150    |
        """,
    )


def test_a_hidden_total_takes_its_parts_along(engine: Engine) -> None:
    # Row s: 4 people. Of the totals r has the fewest and goes too; with it r1 and r2. Column 2 then hides r2 alone: q2
    # goes, and q1 with q2.
    check(
        engine,
        """
        row | column | people | hidden
        q   | 1      | 40     | complement
        q   | 2      | 35     | complement
        q   | 3      | 60     |
        r   | 1      | 20     | complement
        r   | 2      | 30     | complement
        s   | 1      | 4      | small
        q   |        | 135    |
        r   |        | 50     | complement
        s   |        | 4      | small
            | 1      | 64     |
            | 2      | 65     |
            | 3      | 60     |
        """,
    )


def test_where_no_part_is_left_the_total_goes(engine: Engine) -> None:
    # Row q hides q2 with q1; column 1 r1 with q1, column 2 t2 with q2. Row r has nothing but r1, which its total would
    # tell: that goes; row t hides t1 with t2. Of the totals q goes with r, and takes q3, which takes t3.
    check(
        engine,
        """
        row | column | people | hidden
        q   | 1      | 5      | small
        q   | 2      | 20     | complement
        q   | 3      | 22     | complement
        r   | 1      | 12     | complement
        t   | 1      | 50     | complement
        t   | 2      | 60     | complement
        t   | 3      | 70     | complement
        q   |        | 47     | complement
        r   |        | 12     | complement
        t   |        | 180    |
            | 1      | 67     |
            | 2      | 80     |
            | 3      | 92     |
        """,
    )


def test_what_two_publications_tell_together(engine: Engine) -> None:
    """`then` is what an earlier one had, and `was` why it was hidden there."""
    expected = cells(
        engine.spark,
        """
        row | then | was        | people | hidden
        A   | 15   |            | 18     | difference
        B   | 18   |            | 15     | difference
        C   | 15   |            | 15     |
        D   | 15   |            | 25     |
        E   | 8    | small      | 12     |
        F   | 12   |            | 9      | small
        G   | 20   | complement | 20     | difference
        H   | 20   | complement | 30     |
        I   |      |            | 10     |
        J   | 12   |            | 10     | difference
        K   | 10   |            | 12     | difference
        """,
    )
    then = expected.selectExpr("grid", "row", "column", "then AS people", "was AS hidden").where("people IS NOT NULL")
    expected = expected.drop("then", "was")
    assert_rows(hide(engine, expected, [then]), expected, key=["row"])
    # the oldest counts as well as the last
    assert_rows(hide(engine, expected, [then, then.where("row = 'C'")]), expected, key=["row"])


def test_a_cell_that_everybody_has_seen_covers_least(engine: Engine) -> None:
    expected = cells(
        engine.spark,
        """
        row | then | people | hidden
        A   | 14   | 3      | small
        B   | 12   | 12     |
        C   | 20   | 40     | complement
        """,
    )
    then = expected.selectExpr("grid", "row", "column", "then AS people", "CAST(NULL AS string) AS hidden")
    expected = expected.drop("then")
    assert_rows(hide(engine, expected, [then]), expected, key=["row"])
    # one of them is enough, whatever another had
    other = then.where("row = 'B'").selectExpr("grid", "row", "column", "40L AS people", "hidden")
    assert_rows(hide(engine, expected, [then, other]), expected, key=["row"])


def test_what_only_an_earlier_publication_has_covers_nobody(engine: Engine) -> None:
    expected = cells(engine.spark, "row | people | hidden\nA | 3 | small\nB | 12 | complement\nC | 40 |")
    gone = cells(engine.spark, "row | people | hidden\nD | 15 |").select("grid", "row", "column", "people", "hidden")
    assert_rows(hide(engine, expected, [gone]), expected, key=["row"])


def test_the_same_figures_twice_hide_the_same(engine: Engine) -> None:
    """Also where the second has other reasons: what covered a small cell goes on covering it."""
    first = disclosure.hide(random_grids(engine.spark, range(20)), [], RULES, engine.keep)
    again = disclosure.hide(random_grids(engine.spark, range(20)), [first], RULES, engine.keep)
    hidden = [
        {tuple(row) for row in judged.where("hidden IS NOT NULL").select(*CELL).collect()} for judged in (first, again)
    ]
    assert hidden[0] == hidden[1] != set()


def test_without_end_there_is_no_export(engine: Engine, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(disclosure, "MAX_PASSES", 1)
    with pytest.raises(CheckError, match="after 1 passes"):
        hide(engine, random_grids(engine.spark, range(20)))


def random_grids(spark: SparkSession, seeds: range, change: int = 0) -> DataFrame:
    """Tables of up to seven rows and seven columns, with many small cells and some empty ones; one grid per seed."""
    rows = [(str(seed), *cell) for seed in seeds for cell in random_grid(seed, change)]
    names = ("grid", "row", "column", "people", "at_least")
    types = (pa.string(), pa.string(), pa.string(), pa.int64(), pa.int64())
    columns = zip(*rows, strict=True)
    arrays = [pa.array(values, type_) for values, type_ in zip(columns, types, strict=True)]
    return spark.createDataFrame(pa.table(dict(zip(names, arrays, strict=True))))


def random_grid(seed: int, change: int) -> Iterator[tuple[str | None, str | None, int, int]]:
    chance = random.Random(seed)
    most = chance.choice([12, 30, 60])
    names = [f"{place}" for place in range(1, 8)]
    rows, columns = names[: chance.randint(1, 7)], names[: chance.randint(1, 7)]
    inside = {(row, column): chance.randint(1, most) for row in rows for column in columns if chance.random() < 0.7}
    later = random.Random(seed + change)
    inside = {cell: people + (later.randint(0, 6) if change else 0) for cell, people in inside.items()}
    at_least = chance.randint(0, 1)
    for (row, column), people in inside.items():
        yield row, column, people, at_least
    for row in rows:
        if of_row := sum(people for cell, people in inside.items() if cell[0] == row):
            yield row, None, of_row, 1
    for column in columns:
        if of_column := sum(people for cell, people in inside.items() if cell[1] == column):
            yield None, column, of_column, 1


def test_nobody_can_work_out_a_hidden_cell_line_by_line(engine: Engine) -> None:
    """Whatever the table: nothing small is shown, and subtraction, line after line, leads to no hidden cell."""
    judged = disclosure.hide(random_grids(engine.spark, range(200)), [], RULES, engine.keep).collect()
    assert not [row for row in judged if row["hidden"] is None and row["people"] < RULES.threshold]
    grids: dict[str, dict[Cell, tuple[int, str | None]]] = {}
    for row in judged:
        grids.setdefault(row["grid"], {})[row["row"], row["column"]] = row["people"], row["hidden"]
    assert len(grids) > 190
    covered = 0
    for grid in grids.values():
        hidden = {cell for cell, (_, reason) in grid.items() if reason}
        lines = list(lines_of(grid))
        for total, parts in lines:
            unknown = [cell for cell in parts if cell in hidden]
            if unknown and total not in hidden and (len(unknown) < len(parts) or total in grid):
                assert len(unknown) > 1
                assert sum(grid[cell][0] for cell in unknown) >= RULES.threshold
                covered += 1
        assert not solved(lines, hidden)
    assert covered > 200


def lines_of(grid: Iterable[Cell]) -> Iterator[Line]:
    """Every total with its parts; the grand total is in no table, and known to everybody."""
    for row in {row for row, _ in grid}:
        yield (row, None), [cell for cell in grid if cell[0] == row and cell[1] is not None]
    for column in {column for _, column in grid}:
        yield (None, column), [cell for cell in grid if cell[1] == column and cell[0] is not None]


def solved(lines: list[Line], hidden: set[Cell]) -> set[Cell]:
    """What a reader finds who takes every line with one unknown, again and again.

    Where all of the totals are hidden, nothing of the table is shown, and the grand total tells what it tells.
    """
    lines = [(total, parts) for total, parts in lines if total != (None, None) or not hidden.issuperset(parts)]
    unknown = set(hidden)
    while True:
        alone = [left for total, parts in lines if len(left := unknown.intersection([total, *parts])) == 1]
        if not alone:
            return hidden - unknown
        unknown.difference_update(*alone)


def test_no_cell_is_shown_twice_with_a_small_difference(engine: Engine) -> None:
    first = disclosure.hide(random_grids(engine.spark, range(60)), [], RULES, engine.keep)
    second = disclosure.hide(random_grids(engine.spark, range(60), change=1000), [first], RULES, engine.keep)
    before = {tuple(row[name] for name in CELL): row["people"] for row in first.where("hidden IS NULL").collect()}
    shown = {tuple(row[name] for name in CELL): row["people"] for row in second.where("hidden IS NULL").collect()}
    changes = [abs(people - before[cell]) for cell, people in shown.items() if cell in before]
    assert len(changes) > 50
    assert not [change for change in changes if 0 < change < RULES.threshold]


@pytest.mark.parametrize("partitions", [1, 3, 7])
def test_the_order_of_the_rows_does_not_matter(engine: Engine, partitions: int) -> None:
    expected = disclosure.hide(random_grids(engine.spark, range(10)), [], RULES, engine.keep)
    shuffled = random_grids(engine.spark, range(10)).orderBy("people", "column", "row").repartition(partitions)
    assert_rows(disclosure.hide(shuffled, [], RULES, engine.keep), expected, key=CELL)


def test_the_example_shows_every_rule_with_its_default() -> None:
    example = Path(__file__).parents[1] / "conf" / "export.toml"
    raw = config.tomllib.loads(example.read_text(encoding="utf-8"))
    assert raw == Rules().as_json()
    assert resolve(raw) == resolve({}) == Rules()
    for threshold in (2, 5, 1000):
        assert resolve({"threshold": threshold}) == Rules(threshold=threshold)


def test_all_faults_of_the_rules_come_at_once() -> None:
    with pytest.raises(SettingsError) as error:
        resolve({"threshold": 1, "between_versions": "no", "treshold": 5})
    assert str(error.value).splitlines() == [
        "threshold is 1; use a whole number of people from 2 to 1000.",
        'between_versions is "no"; use true or false.',
        "treshold is not a setting; use threshold, between_versions.",
    ]
    for threshold in (True, 10.0, "10", 0, 1001):
        with pytest.raises(SettingsError):
            resolve({"threshold": threshold})
