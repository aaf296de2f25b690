"""Two runs beside each other: a case worked by hand, what is told of small baskets, and sums that add up."""

from __future__ import annotations

import random
from collections.abc import Mapping
from fractions import Fraction
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from pyspark.sql import DataFrame, SparkSession
from pyspark.sql import functions as F

from tests.support import assert_rows, frame
from zorgstat.behandelindex import compare, compare_summary, intervals, practice_index
from zorgstat.behandelindex.settings import Settings
from zorgstat.behandelindex.tables import CORRECTION_FACTORS, OUTCOMES, PRACTICE_BASKETS, PRACTICE_INDEX

EXPLAINED = """practice_agb string, basket_id int, combinations_before bigint, combinations_after bigint, change double,
    own_mean double, mix double, national_mean double"""

BASKETS_BEFORE = """
    practice_agb | basket_id | combinations | practice_mean | national_mean | basket_index | weight | weighted_index
    04000001     | 1         | 30           | 3             | 2             | 1.5          | 0.75   | 1.125
    04000001     | 2         | 10           | 5             | 10            | 0.5          | 0.25   | 0.125
    04000002     | 4         | 16           | 4             | 2             | 2            | 1      | 2
    04000003     | 1         | 16           | 2             | 2             | 1            | 1      | 1
    04000004     | 1         | 9            | 2             | 2             | 1            | 1      | 1
"""
BASKETS_AFTER = """
    practice_agb | basket_id | combinations | practice_mean | national_mean | basket_index | weight | weighted_index
    04000001     | 1         | 20           | 4             | 2             | 2            | 0.5    | 1
    04000001     | 3         | 20           | 4             | 4             | 1            | 0.5    | 0.5
    04000002     | 4         | 16           | 4             | 4             | 1            | 1      | 1
    04000003     | 1         | 32           | 2             | 2             | 1            | 1      | 1
    04000005     | 1         | 12           | 2             | 2             | 1            | 1      | 1
"""
# 1 has another basket, and more treatments in the one it kept; 2 gives the same while the country doubled; 3 only grew;
# 4 went, 5 came.
INDEX_BEFORE = """
    practice_agb | combinations | treatments | index | index_rounded | ci_lower | ci_upper
    04000001     | 40           | 140        | 125   | 125           | 121      | 129
    04000002     | 16           | 64         | 200   | 200           | 194      | 206
    04000003     | 16           | 32         | 100   | 100           | 94       | 106
    04000004     | 9            | 18         | 100   | 100           |          |
"""
INDEX_AFTER = """
    practice_agb | combinations | treatments | index | index_rounded | ci_lower | ci_upper
    04000001     | 40           | 160        | 150   | 150           | 146      | 154
    04000002     | 16           | 64         | 100   | 100           | 94       | 106
    04000003     | 32           | 64         | 100   | 100           | 96       | 104
    04000005     | 12           | 24         | 100   | 100           | 92       | 108
"""
OUTCOMES_BEFORE = "uzovi | outcome | records\n 0101 | mandate | 5\n 0101 | counted | 254"
OUTCOMES_AFTER = "uzovi | outcome | records\n 0101 | credit | 2\n 0101 | counted | 300\n 0102 | counted | 12"
FACTORS = """
    lower | upper | sd   | factor
    10    | 60    | {sd} | {factor}
    60    |       | {sd} | 1
"""


def run(spark: SparkSession, baskets: str, index: str, outcomes: str, sd: float, factor: int) -> dict[str, DataFrame]:
    return {
        "practice_baskets": frame(spark, PRACTICE_BASKETS, baskets),
        "practice_index": frame(spark, PRACTICE_INDEX, index),
        "outcomes": frame(spark, OUTCOMES, outcomes),
        "correction_factors": frame(spark, CORRECTION_FACTORS, FACTORS.format(sd=sd, factor=factor)),
    }


@pytest.fixture(scope="module")
def before(spark: SparkSession) -> dict[str, DataFrame]:
    return run(spark, BASKETS_BEFORE, INDEX_BEFORE, OUTCOMES_BEFORE, 12.5, 4)


@pytest.fixture(scope="module")
def after(spark: SparkSession) -> dict[str, DataFrame]:
    return run(spark, BASKETS_AFTER, INDEX_AFTER, OUTCOMES_AFTER, 15, 5)


def compared(before: Mapping[str, DataFrame], after: Mapping[str, DataFrame], most: int = 10) -> dict[str, Any]:
    queries = compare_summary.queries(before, after, most)
    found = {name: query.collect() for name, query in queries.items()}
    # Bands come in order, all else in any.
    return compare_summary.figures({name: rows if "bands" in name else rows[::-1] for name, rows in found.items()})


@pytest.mark.parametrize(
    ("ci_lower", "ci_upper", "side"),
    [(92, 99, "below"), (92, 100, "around"), (100, 108, "around"), (101, 109, "above")],
)
def test_an_interval_that_ends_at_100_lies_around_it(
    spark: SparkSession, ci_lower: int, ci_upper: int, side: str
) -> None:
    index = frame(spark, PRACTICE_INDEX, f"{INDEX}\n04000001 | 11 | 100 | 100 | {ci_lower} | {ci_upper}")
    [row] = compare.compare_practices({"practice_index": index}, {"practice_index": index}).collect()
    assert (row["side_before"], row["side_after"]) == (side, side)


def test_what_a_basket_adds_to_the_change(
    spark: SparkSession, before: dict[str, DataFrame], after: dict[str, DataFrame]
) -> None:
    # 100 * (weight * (basket_index - 1) after, less the same before). Practice 1:
    # basket 1: 0.5 * (2 - 1) - 0.75 * (1.5 - 1) = 0.5 - 0.375 = 0.125. Own mean: weight half-way 0.625, times one
    #   treatment more of 2: 0.3125. Mix: a quarter less, of an index half-way 1.75, so 0.75 above 1: -0.1875.
    # basket 2: nothing - 0.25 * (0.5 - 1) = 0.125: it went, and lay below 100. All mix.
    # basket 3: 0.5 * (1 - 1) - nothing = 0: it has half of the patients, and they get what others get.
    # Together 25 points: the index went from 125 to 150.
    # Practice 2: 1 * (1 - 1) - 1 * (2 - 1) = -1; its own mean stays 4, 1/2 becomes 1/4: 4 * -1/4 = -1, all national.
    # Practice 3 grew, 4 and 5 are in one run only (here as if the rest of them had no basket): all of index 100.
    expected = frame(
        spark,
        EXPLAINED,
        """
        practice_agb | basket_id | combinations_before | combinations_after | change | own_mean | mix    | national_mean
        04000001     | 1         | 30                  | 20                 | 12.5   | 31.25    | -18.75 | 0
        04000001     | 2         | 10                  | 0                  | 12.5   | 0        | 12.5   | 0
        04000001     | 3         | 0                   | 20                 | 0      | 0        | 0      | 0
        04000002     | 4         | 16                  | 16                 | -100   | 0        | 0      | -100
        04000003     | 1         | 16                  | 32                 | 0      | 0        | 0      | 0
        04000004     | 1         | 9                   | 0                  | 0      | 0        | 0      | 0
        04000005     | 1         | 0                   | 12                 | 0      | 0        | 0      | 0
        """,
    )
    actual = compare.explain_changes(before["practice_baskets"], after["practice_baskets"])
    assert_rows(actual, expected, key=["practice_agb", "basket_id"])


def test_figures_worked_by_hand(before: dict[str, DataFrame], after: dict[str, DataFrame]) -> None:
    figures = compared(before, after)
    assert figures["records"] == {
        "mandate": {"before": 5, "after": 0},
        "credit": {"before": 0, "after": 2},
        "counted": {"before": 254, "after": 312},
    }
    assert figures["totals"] == {
        "practices": {"before": 4, "after": 4},
        "combinations": {"before": 81, "after": 100},
        "treatments": {"before": 254, "after": 312},
        "sd": {"before": 12.5, "after": 15.0},
    }
    assert figures["correction_factors"][0] == {"lower": 10, "upper": 60, "before": 4, "after": 5}
    # Of the 81 before, 72 are of practices in both runs: who knows that knows the 9 of the one that went.
    assert figures["presence"] == {
        "both": {"practices": 3, "combinations_before": None, "combinations_after": 88},
        "appeared": {"practices": 1, "combinations_before": 0, "combinations_after": 12},
        "disappeared": {"practices": 1, "combinations_before": None, "combinations_after": 0},
    }
    assert figures["appeared"] == [{"practice_agb": "04000005", "combinations": 12, "index_rounded": 100}]
    assert figures["disappeared"] == [{"practice_agb": "04000004", "combinations": None, "index_rounded": None}]
    assert [row for row in figures["index_changes"] if row["practices"]] == [
        {"from": None, "to": -20, "practices": 1, "with_interval": 1},
        {"from": 0, "to": 0, "practices": 1, "with_interval": 1},
        {"from": 20, "to": None, "practices": 1, "with_interval": 1},
    ]
    assert (figures["index_rounded_changed"], figures["with_interval"], figures["side_changed"]) == (2, 3, 1)
    assert {(row["before"], row["after"]): row["practices"] for row in figures["sides"]} == {
        ("above", "above"): 1,
        ("above", "around"): 1,
        ("around", "around"): 1,
    }
    assert [(row["practice_agb"], row["change"], row["own_mean"], row["mix"]) for row in figures["moved"]] == [
        ("04000002", -100, 0, 0),
        ("04000001", 25, 31.25, -6.25),
    ]
    assert [row["practice_agb"] for row in compared(before, after, most=1)["moved"]] == ["04000002"]


def test_small_baskets_are_named_without_figures(before: dict[str, DataFrame], after: dict[str, DataFrame]) -> None:
    """Of practice 1 the baskets 2 and 3 are each in one run only; together with the third they would tell of it."""
    doubled = compare_summary.describe(compared(before, after))
    start = next(place for place, line in enumerate(doubled) if line.strip().startswith("04000001"))
    practice, *baskets = [" ".join(line.split()) for line in doubled[start : start + 5]]
    assert practice == "04000001 125.00 -> 150.00, 40 combinations +25.00 +31.25 -6.25 0.00"
    assert baskets == [
        "1: M 0-17, pathology 1, insurance 1, ses 1 +12.50 +31.25 -18.75 0.00",
        "2: M 0-17, pathology 1, insurance 1, ses 2 fewer than 10",
        "3: M 0-17, pathology 1, insurance 1, ses 3 fewer than 10",
        "2 without figures, together +12.50 0.00 +12.50 0.00",
    ]


def test_a_large_basket_that_is_withheld_is_not_called_small(
    before: dict[str, DataFrame], after: dict[str, DataFrame]
) -> None:
    """And where no basket is told, all of them together are the practice: once is enough."""
    figures = compared(before, after)
    [practice] = [row for row in figures["moved"] if row["practice_agb"] == "04000001"]
    practice["named_baskets"][1]["is_small"] = False
    practice["other_baskets"]["baskets"] = practice["baskets"]
    lines = [" ".join(line.split()) for line in compare_summary.describe(figures)]
    assert "2: M 0-17, pathology 1, insurance 1, ses 2 not shown" in lines
    assert not [line for line in lines if "without figures, together" in line]


def test_a_side_has_changed_where_there_is_an_interval_before_and_after(
    before: dict[str, DataFrame], after: dict[str, DataFrame]
) -> None:
    index = after["practice_index"]
    bounds = {
        name: F.when(F.col("practice_agb") != "04000003", F.col(name)).alias(name) for name in ("ci_lower", "ci_upper")
    }
    figures = compared(before, {**after, "practice_index": index.withColumns(bounds)})
    assert (figures["with_interval"], figures["side_changed"]) == (2, 1)


def test_practices_of_one_run_in_lines(before: dict[str, DataFrame], after: dict[str, DataFrame]) -> None:
    lines = [" ".join(line.split()) for line in compare_summary.describe(compared(before, after))]
    start = lines.index("practices in one run or both")
    assert lines[start + 1 : start + 6] == [
        "in both 3 combinations not shown -> 88",
        "appeared 1 combinations 12",
        "04000005 12 combinations, index 100",
        "disappeared 1 combinations not shown",
        "04000004 fewer than 10 combinations",
    ]


INDEX = "practice_agb | combinations | index | index_rounded | ci_lower | ci_upper"


def test_of_practices_as_large_the_first_by_code_is_listed(spark: SparkSession) -> None:
    large = "04000002 | 20 | 90 | 90 | 80 | 100\n04000001 | 20 | 90 | 90 | 80 | 100"
    gone = frame(spark, PRACTICE_INDEX, f"{INDEX}\n{large}")
    practices = compare.compare_practices({"practice_index": gone}, {"practice_index": gone.where("false")})
    assert [row["practice_agb"] for row in compare.list_unmatched(practices, 1).collect()] == ["04000001"]


def test_of_practices_that_moved_as_far_the_first_by_code_is_told(spark: SparkSession) -> None:
    before, after = (
        {"practice_index": frame(spark, PRACTICE_INDEX, f"{INDEX}\n04000002 | {up}\n04000001 | {down}")}
        for up, down in (
            ("20 | 100 | 100 | 95 | 105", "20 | 100 | 100 | 95 | 105"),
            ("20 | 110 | 110 | 105 | 115", "20 | 90 | 90 | 85 | 95"),
        )
    )
    [row] = compare.find_moved(compare.compare_practices(before, after), 1).collect()
    assert (row["practice_agb"], row["change"]) == ("04000001", -10)


def test_a_practice_without_an_interval_in_one_of_the_runs_is_not_among_those_that_moved(spark: SparkSession) -> None:
    small, grown = (
        {"practice_index": frame(spark, PRACTICE_INDEX, f"{INDEX}\n04000001 | {row}")}
        for row in ("10 | 100 | 100 | |", "11 | 150 | 150 | 142 | 158")
    )
    for sides in ((small, grown), (grown, small)):
        assert compare.find_moved(compare.compare_practices(*sides), 10).collect() == []


@pytest.mark.parametrize(
    ("sizes", "most", "hidden"),
    [
        ([], 10, False),
        ([12], 10, False),  # nothing is left when it is subtracted
        ([9], 10, True),
        ([40, 9], 10, True),  # 49 - 40
        ([40, 9, 9], 10, True),  # 18 of two with at most 9 each
        ([1] * 12, 10, True),  # 12 of twelve with at least 1 each
        ([5, 5, 5], 10, False),  # 15 of three: each may have 1 to 9
        ([40, 40, 5], 2, True),  # one is left, not listed
        ([40, 30, 5], 1, False),  # 35 of two that are not listed, none more than 40
        ([40, 6, 6], 1, False),  # 12 of two: each may have 1 to 11
        ([40, 6, 5], 1, True),
        ([10, 10, 9], 1, True),  # 19 of two, none more than 10: a 10 and a 9
    ],
)
def test_a_sum_that_gives_a_small_practice_away(sizes: list[int], most: int, hidden: bool) -> None:
    listed = [size if size >= 10 else None for size in sizes[:most]]
    assert compare.gives_away(len(sizes), sum(sizes), listed) == hidden


def test_what_is_left_over_tells_of_no_few_patients(spark: SparkSession) -> None:
    # 1: three large baskets, and a rest of 9 in the second run: the third is not told, so the rest is larger. 2: a rest
    # of 10 in both. 3: no rest. 4: the small one adds most, the first large one covers it. 5: a tie goes by basket_id,
    # the fourth is not named.
    ranked = frame(
        spark,
        EXPLAINED + ", place int, is_told boolean",
        """
        practice_agb | basket_id | combinations_before | combinations_after | change | place | is_told
        04000001     | 1         | 20                  | 20                 | -9     | 1     | true
        04000001     | 2         | 20                  | 10                 | 8      | 2     | true
        04000001     | 3         | 10                  | 20                 | 7      | 3     | false
        04000001     | 4         | 10                  | 9                  | 6      | 4     | false
        04000002     | 1         | 20                  | 20                 | 9      | 1     | true
        04000002     | 2         | 5                   | 9                  | 8      | 2     | false
        04000002     | 3         | 5                   | 1                  | 7      | 3     | false
        04000003     | 1         | 10                  | 10                 | 1      | 1     | true
        04000004     | 1         | 11                  | 11                 | 1      | 2     | false
        04000004     | 2         | 1                   | 1                  | 2      | 1     | false
        04000005     | 1         | 20                  | 20                 | 1      | 1     | true
        04000005     | 2         | 20                  | 20                 | -1     | 2     | true
        04000005     | 3         | 20                  | 20                 | 1      | 3     | true
        04000005     | 4         | 20                  | 20                 | -1     | 4     | false
        """,
    )
    actual = compare.rank_baskets(ranked.drop("place", "is_told"))
    assert_rows(actual, ranked, key=["practice_agb", "basket_id"])


def test_changes_fall_in_bins(spark: SparkSession) -> None:
    """A border belongs to the bin away from 0, also when its double lies a hair below it."""
    expected = {0.0: 0, 1e-12: 0, 0.5: 1, -0.5: -1, 1.0: 2, 9.7 - 4.7: 3, -5.0: -3, 19.99: 4, 20.0: 5, -300.0: -5}
    for change, bin_ in expected.items():
        practices = spark.createDataFrame(
            [(change, "both", True), (change, "both", False)], "change double, presence string, has_interval boolean"
        )
        assert [tuple(row) for row in compare.count_changes(practices).collect()] == [(bin_, 2, 1)], change


def test_equal_runs_differ_in_nothing(before: dict[str, DataFrame]) -> None:
    figures = compared(before, before)
    assert figures["presence"]["both"]["practices"] == 4
    assert {row["practices"] for row in figures["index_changes"] if (row["from"], row["to"]) != (0, 0)} == {0}
    assert (figures["index_rounded_changed"], figures["side_changed"], figures["moved"]) == (0, 0, [])
    assert all(pair["before"] == pair["after"] for pair in figures["totals"].values())
    lines = compare_summary.describe(figures)
    assert lines[-1] == "no index moved of the 3 practices with an interval in both runs"
    assert not [line for line in lines if "correction factor" in line]


def test_baskets_add_up_to_the_change(spark: SparkSession) -> None:
    """Whatever the two runs hold: over the baskets of a practice, and over own mean, mix and national mean."""

    @settings(max_examples=3, deadline=None, derandomize=True, suppress_health_check=list(HealthCheck))
    @given(st.integers(0, 10_000))
    def hold(seed: int) -> None:
        chance = random.Random(seed)
        runs = [country(spark, chance) for _ in range(2)]
        figures = compared(*runs, most=1000)
        assert len(figures["moved"]) > 20
        for practice in figures["moved"]:
            parts = sum(practice[part] for part in ("own_mean", "mix", "national_mean"))
            assert parts == pytest.approx(practice["change"], abs=1e-9)
            named = [basket for basket in practice["named_baskets"] if basket["is_told"]]
            told = [*named, *filter(None, [practice["other_baskets"]])]
            for part in ("change", "own_mean", "mix", "national_mean"):
                assert sum(basket[part] for basket in told) == pytest.approx(practice[part], abs=1e-9)
            for basket in practice["named_baskets"]:
                sizes = [basket[f"combinations_{side}"] for side in ("before", "after")]
                assert min(sizes) >= 10 if basket["is_told"] else sizes == [None, None]

    hold()


def test_a_basket_is_measured_against_100(spark: SparkSession) -> None:
    """Exactly, in fractions: baskets of whatever size, in one run or both, above, below and at the national mean."""

    @settings(max_examples=4, deadline=None, derandomize=True, suppress_health_check=list(HealthCheck))
    @given(st.integers(0, 10_000))
    def hold(seed: int) -> None:
        chance = random.Random(seed)
        held = [{f"0400{place:04d}": practice(chance, place % 3 == 0) for place in range(60)} for _ in range(2)]
        frames = [spark.createDataFrame(rows_of(practices), PRACTICE_BASKETS_TYPES) for practices in held]
        explained = compare.explain_changes(*frames)
        found = explained.collect()
        assert len(found) == sum(len(held[0][agb].keys() | held[1][agb].keys()) for agb in held[0])
        for row in found:
            sides = [side[row["practice_agb"]] for side in held]
            before, after = (contribution(side, row["basket_id"]) for side in sides)
            room = 1e-9 * max(1.0, *(100 * float(index(side)) for side in sides))
            assert row["change"] == pytest.approx(float(after - before), abs=room)
            assert row["own_mean"] + row["mix"] + row["national_mean"] == pytest.approx(row["change"], abs=room)
            if before == after == 0:  # it has patients, and they get what others get
                assert row["change"] == pytest.approx(0, abs=room)
                assert row["mix"] == pytest.approx(0, abs=room)
            if len([side for side in sides if row["basket_id"] in side]) == 1:
                assert row["own_mean"] == row["national_mean"] == 0
        for sums in compare.add_up(explained).collect():
            agb = sums["practice_agb"]
            change = 100 * (index(held[1][agb]) - index(held[0][agb]))
            room = 1e-9 * max(1.0, *(100 * float(index(side[agb])) for side in held))
            assert sums["change"] == pytest.approx(float(change), abs=room)

    hold()


Basket = tuple[int, int, Fraction]  # combinations, treatments, national mean
PRACTICE_BASKETS_TYPES = """practice_agb string, basket_id int, combinations bigint, practice_mean double,
    national_mean double, basket_index double, weight double, weighted_index double"""


def practice(chance: random.Random, is_average: bool) -> dict[int, Basket]:
    """Baskets of one patient and of a million; of an average practice every one at the national mean."""
    held = {}
    for basket in chance.sample(range(1, 9), chance.randint(1, 8)):
        combinations = chance.choice([1, 9, 10, chance.randint(1, 100), 1_000_000])
        treatments = combinations * chance.choice([1, 3, 40]) + chance.randint(0, 5)
        mean = Fraction(treatments, combinations)
        held[basket] = (combinations, treatments, mean * (1 if is_average else chance.choice([1, Fraction(1, 7), 3])))
    return held


def index(practice: Mapping[int, Basket]) -> Fraction:
    """Times 1: treatments of every basket over its national mean, over all combinations."""
    means = sum((treatments / national for _, treatments, national in practice.values()), Fraction(0))
    return means / sum(combinations for combinations, _, _ in practice.values())


def contribution(practice: Mapping[int, Basket], basket: int) -> Fraction:
    if basket not in practice:
        return Fraction(0)
    combinations, treatments, national = practice[basket]
    weight = Fraction(combinations, sum(of_one for of_one, _, _ in practice.values()))
    return 100 * weight * (treatments / combinations / national - 1)


def rows_of(practices: Mapping[str, Mapping[int, Basket]]) -> list[tuple[Any, ...]]:
    rows = []
    for agb, held in practices.items():
        of_all = sum(combinations for combinations, _, _ in held.values())
        for basket, (combinations, treatments, national) in held.items():
            mean, weight = treatments / combinations, combinations / of_all
            basket_index = mean / float(national)
            rows.append((agb, basket, combinations, mean, float(national), basket_index, weight, weight * basket_index))
    return rows


def test_no_small_practice_of_one_run_is_given_away(spark: SparkSession) -> None:
    """To a reader who subtracts all that he is told, and knows by which rule numbers are hidden."""

    chosen = [(1, 2, 8, 9, 10, 11, 12, 30), (1,), (9,), (1, 40), (9, 10)]  # as few or as many as so many can have
    sizes = st.sampled_from(chosen).flatmap(lambda of: st.lists(st.sampled_from(of), max_size=13))

    @settings(max_examples=50, deadline=None, derandomize=True, suppress_health_check=list(HealthCheck))
    @given(sizes, sizes, sizes, st.integers(1, 12))
    def hold(gone: list[int], come: list[int], stayed: list[int], most: int) -> None:
        runs = [indices(spark, {"G": gone, "S": stayed}), indices(spark, {"C": come, "S": stayed})]
        practices = compare.compare_practices(*[{"practice_index": run} for run in runs])
        told = compare_summary.presence(
            {
                "presence": compare.count_presence(practices).collect(),
                "unmatched": compare.list_unmatched(practices, most).collect(),
            }
        )
        for name, side, sizes in (("disappeared", "before", gone), ("appeared", "after", come)):
            size, total = f"combinations_{side}", sum(sizes) + sum(stayed)
            known = [row["combinations"] for row in told[name]]
            assert known == [one if one >= 10 else None for one in sorted(sizes, reverse=True)[:most]]
            assert all((row["index_rounded"] is None) == (row["combinations"] is None) for row in told[name])
            sums = {told["presence"][name][size]}
            if stayed:  # without them the total of a run is the sum
                in_both = told["presence"]["both"][size]
                sums.add(None if in_both is None else total - in_both)
            assert len(sums) == 1  # both are told, or neither
            [sum_] = sums
            assert sum_ in (None, sum(sizes))
            small = [one for one in sizes if one < 10]
            if small:
                assert len(guesses(len(sizes), known, sum_)) >= 9
            if sum_:
                assert sum_ >= 10
                assert not small or sum_ - sum(filter(None, known)) >= 10

    hold()


def guesses(practices: int, known: list[int | None], sum_: int | None) -> set[int]:
    """What a practice that is not told may have; nine numbers are as many as "fewer than 10" leaves open."""
    told = [one for one in known if one is not None]
    others = practices - len(told)
    most = 9 if None in known else min(told, default=9)
    possible = range(sum(told) + others, sum(told) + others * most + 1) if sum_ is None else [sum_]
    found: set[int] = set()
    for guess in possible:
        if compare.gives_away(practices, guess, known) == (sum_ is None):
            left = guess - sum(told)
            found |= set(range(max(1, left - (others - 1) * most), min(most, left - (others - 1)) + 1))
    return found


def indices(spark: SparkSession, sizes: Mapping[str, list[int]]) -> DataFrame:
    """An index of every practice, of so many combinations; names in no order of size."""
    rows = [
        (f"{letter}{place}", size, 100.0, 100, *((98, 102) if size > 10 else (None, None)))
        for letter, of_letter in sizes.items()
        for place, size in enumerate(of_letter)
    ]
    types = "practice_agb string, combinations bigint, index double, index_rounded int, ci_lower int, ci_upper int"
    return spark.createDataFrame(rows, types)


def country(spark: SparkSession, chance: random.Random) -> dict[str, DataFrame]:
    """Thirty practices with some of six baskets, small and large, as the pipeline would compare them."""
    counts = []
    for practice in range(30):
        for basket in chance.sample(range(1, 7), chance.randint(1, 6)):
            combinations = chance.choice([chance.randint(1, 12), chance.randint(10, 90)])
            counts.append((practice, basket, combinations, combinations + chance.randint(0, 400)))
    columns = "practice int, basket_id int, combinations bigint, treatments bigint"
    practice_baskets = spark.createDataFrame(counts, columns)
    national = practice_baskets.groupBy("basket_id").agg(
        (F.sum("treatments") / F.sum("combinations")).alias("national_mean"), F.lit(False).alias("is_small")
    )
    baskets = practice_index.compare_baskets(practice_baskets, national).withColumn(
        "practice_agb", F.format_string("0400%04d", "practice")
    )
    patients = baskets.groupBy("practice").agg(F.sum("combinations").alias("patients"))
    indices = practice_index.index_practices(baskets, patients)
    factors = intervals.correction_factors(intervals.spread(indices), Settings())
    return {
        "practice_baskets": baskets,
        "practice_index": intervals.add_intervals(indices, factors),
        "outcomes": frame(spark, OUTCOMES, OUTCOMES_BEFORE),
        "correction_factors": factors,
    }
