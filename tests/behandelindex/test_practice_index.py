"""A practice against the national means, with and without small baskets: method 1.4, steps 3 to 5."""

from __future__ import annotations

from pyspark.sql import DataFrame, SparkSession
from pyspark.sql import functions as F

from tests.support import assert_rows, frame
from zorgstat.behandelindex import practice_index

COMPARED = """practice_agb string, basket_id int, combinations bigint, patients bigint, treatments bigint,
    national_mean double, is_small boolean"""


def index(compared: DataFrame) -> DataFrame:
    """In: as `COMPARED`, where the patients of a practice add up."""
    baskets = compared.withColumn("practice", F.col("practice_agb"))
    patients = baskets.groupBy("practice").agg(F.sum("patients").alias("patients"))
    return practice_index.index_practices(baskets.drop("patients"), patients)


def test_index_and_weight_of_a_basket(spark: SparkSession) -> None:
    # Practice 1 gives 3 treatments where the country gives 2; three quarters of its combinations are in basket 1.
    practice_baskets = frame(
        spark,
        "practice int, basket_id int, combinations bigint, treatments bigint",
        """
        practice | basket_id | combinations | treatments
        1        | 1         | 6            | 18
        1        | 2         | 2            | 10
        2        | 1         | 6            | 6
        """,
    )
    national = frame(
        spark,
        "basket_id int, national_mean double, is_small boolean",
        """
        basket_id | national_mean | is_small
        1         | 2             | false
        2         | 10            | true
        """,
    )
    expected = frame(
        spark,
        """practice int, basket_id int, practice_mean double, national_mean double, basket_index double, weight double,
           weighted_index double, is_small boolean""",
        """
        practice | basket_id | practice_mean | national_mean | basket_index | weight | weighted_index | is_small
        1        | 1         | 3             | 2             | 1.5          | 0.75   | 1.125          | false
        1        | 2         | 5             | 10            | 0.5          | 0.25   | 0.125          | true
        2        | 1         | 1             | 2             | 0.5          | 1      | 0.5            | false
        """,
    )
    compared = practice_index.compare_baskets(practice_baskets, national)
    assert_rows(compared, expected, key=["practice", "basket_id"])


def test_index_of_a_practice(spark: SparkSession) -> None:
    # 1: 100 * (0.75 * 3/2 + 0.25 * 5/10) = 125, expected 6*2 + 2*10 treatments; without the small basket 100 * 3/2.
    # 2: half of what the country gives. 3: exactly that.
    compared = frame(
        spark,
        COMPARED,
        """
        practice_agb | basket_id | combinations | patients | treatments | national_mean | is_small
        04000001     | 1         | 6            | 6        | 18         | 2             | false
        04000001     | 2         | 2            | 1        | 10         | 10            | true
        04000002     | 1         | 6            | 6        | 6          | 2             | false
        04000003     | 1         | 5            | 5        | 10         | 2             | false
        04000003     | 3         | 1            | 0        | 4          | 4             | false
        """,
    )
    expected = frame(
        spark,
        """practice_agb string, combinations bigint, patients bigint, treatments bigint, expected_treatments double,
           index double, index_excl_small double""",
        """
        practice_agb | combinations | patients | treatments | expected_treatments | index | index_excl_small
        04000001     | 8            | 7        | 28         | 32                  | 125   | 150
        04000002     | 6            | 6        | 6          | 12                  | 50    | 50
        04000003     | 6            | 5        | 14         | 14                  | 100   | 100
        """,
    )
    assert_rows(index(compared), expected, key=["practice_agb"])


def test_an_index_on_the_half_goes_up(spark: SparkSession) -> None:
    # 1 and 2: 92.5 and 93.5, exact in doubles. 3: 92.5, by three thirds that add up to a hair less than 1.
    # 4: 92.49. 5: 0.5.
    compared = frame(
        spark,
        COMPARED,
        """
        practice_agb | basket_id | combinations | treatments | national_mean | is_small
        04000001     | 1         | 200          | 185        | 1             | false
        04000002     | 1         | 200          | 187        | 1             | false
        04000003     | 1         | 37           | 36         | 1             | false
        04000003     | 2         | 1            | 1          | 3             | false
        04000003     | 3         | 1            | 1          | 3             | false
        04000003     | 4         | 1            | 1          | 3             | false
        04000004     | 1         | 10000        | 9249       | 1             | false
        04000005     | 1         | 200          | 1          | 1             | false
        """,
    )
    expected = frame(
        spark,
        "practice_agb string, index_rounded int, index_excl_small_rounded int",
        """
        practice_agb | index_rounded | index_excl_small_rounded
        04000001     | 93            | 93
        04000002     | 94            | 94
        04000003     | 93            | 93
        04000004     | 92            | 92
        04000005     | 1             | 1
        """,
    )
    actual = index(compared.withColumn("patients", F.col("combinations")))
    assert_rows(actual, expected, key=["practice_agb"])


def test_small_baskets_matter_when_the_rounded_index_moves(spark: SparkSession) -> None:
    # 1: no small basket. 2: 100.4 and 100 are both 100. 3: 100.5 is 101, without it 100. 4: small baskets only.
    compared = frame(
        spark,
        COMPARED,
        """
        practice_agb | basket_id | combinations | patients | treatments | national_mean | is_small
        04000001     | 1         | 10           | 10       | 12         | 1             | false
        04000002     | 1         | 248          | 248      | 248        | 1             | false
        04000002     | 2         | 2            | 2        | 3          | 1             | true
        04000003     | 1         | 198          | 198      | 198        | 1             | false
        04000003     | 2         | 2            | 2        | 3          | 1             | true
        04000004     | 2         | 2            | 2        | 3          | 1             | true
        """,
    )
    expected = frame(
        spark,
        """practice_agb string, index double, index_rounded int, index_excl_small double, index_excl_small_rounded int,
           small_baskets_matter boolean""",
        """
        practice_agb | index | index_rounded | index_excl_small | index_excl_small_rounded | small_baskets_matter
        04000001     | 120   | 120           | 120              | 120                      | false
        04000002     | 100.4 | 100           | 100              | 100                      | false
        04000003     | 100.5 | 101           | 100              | 100                      | true
        04000004     | 150   | 150           |                  |                          | true
        """,
    )
    assert_rows(index(compared), expected, key=["practice_agb"])
