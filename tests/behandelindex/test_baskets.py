"""900 baskets, who is in them, and their national means: method 1.4; docs/method.md, Classes and Figures."""

from __future__ import annotations

from itertools import product

import pyarrow as pa
from pyspark.sql import SparkSession
from pyspark.sql import functions as F

from tests.support import assert_rows, frame
from zorgstat.behandelindex import baskets
from zorgstat.behandelindex.selection import Outcome

CLASSES = {"sex_class": 2, "age_class": 5, "pathology_class": 10, "insurance_class": 3, "ses_class": 3}


def test_every_basket_has_a_number_of_its_own(spark: SparkSession) -> None:
    # The last class turns fastest: 1 is (1, 1, 1, 1, 1), 2 is (1, 1, 1, 1, 2), 900 is (2, 5, 10, 3, 3).
    all_classes = list(product(*[range(1, size + 1) for size in CLASSES.values()]))
    assert (len(all_classes), all_classes[0], all_classes[-1]) == (900, (1, 1, 1, 1, 1), (2, 5, 10, 3, 3))
    columns = {name: [row[place] for row in all_classes] for place, name in enumerate(CLASSES)}
    table = {name: pa.array(values, pa.int32()) for name, values in ({"basket_id": range(1, 901)} | columns).items()}
    expected = spark.createDataFrame(pa.table(table))
    numbered = expected.select(baskets.basket_id().cast("int").alias("basket_id"), *CLASSES)
    assert_rows(numbered, expected, key=["basket_id"])
    read_back = numbered.select("basket_id", *[baskets.class_of(name).alias(name) for name in CLASSES])
    assert_rows(read_back, expected, key=["basket_id"])


def test_baskets_by_the_formula(spark: SparkSession) -> None:
    # 1 + ((((sex-1)*5 + (age-1))*10 + (pathology-1))*3 + (insurance-1))*3 + (ses-1); only what counts is in a basket.
    expected = frame(
        spark,
        """outcome int, sex_class int, age_class int, pathology_class int, insurance_class int, ses_class int,
           basket_id int""",
        """
        outcome | sex_class | age_class | pathology_class | insurance_class | ses_class | basket_id
        20      | 1         | 1         | 1               | 1               | 1         | 1
        20      | 1         | 1         | 1               | 3               | 1         | 7
        20      | 1         | 1         | 2               | 1               | 1         | 10
        20      | 1         | 2         | 1               | 1               | 1         | 91
        20      | 2         | 1         | 1               | 1               | 1         | 451
        20      | 1         | 3         | 5               | 1               | 2         | 218
        20      | 2         | 5         | 10              | 3               | 3         | 900
        19      | 0         | 5         | 10              | 3               | 3         |
        18      | 2         |           | 10              | 3               | 3         |
        """,
    )
    actual = baskets.put_in_baskets(expected.drop("basket_id")).withColumn("basket_id", F.col("basket_id").cast("int"))
    assert_rows(actual, expected, key=["outcome", *CLASSES])


def test_a_patient_counts_once_per_basket_and_practice(spark: SparkSession) -> None:
    # 1: one basket, over two labels and two diagnoses; 2: two baskets; 3: two practices; 4 and 5 share a basket with 1;
    # at practice 2, 5 has a treatment that is not counted besides.
    assert int(Outcome.COUNTED) == 20
    judged = frame(
        spark,
        "person int, practice int, label int, outcome int, basket_id int, records bigint",
        """
        person | practice | label | outcome | basket_id | records
        1      | 1        | 1     | 20      | 218       | 4
        1      | 1        | 1     | 20      | 218       | 2
        1      | 1        | 2     | 20      | 218       | 1
        2      | 1        | 1     | 20      | 218       | 3
        2      | 1        | 1     | 20      | 182       | 5
        3      | 1        | 1     | 20      | 182       | 1
        3      | 2        | 1     | 20      | 182       | 1
        4      | 2        | 2     | 20      | 218       | 2
        5      | 2        | 2     | 20      | 218       | 1
        5      | 2        | 2     | 15      |           | 7
               |          | 9     | 3       |           | 9
        """,
    )
    expected = frame(
        spark,
        "practice int, basket_id int, combinations bigint, treatments bigint",
        """
        practice | basket_id | combinations | treatments
        1        | 182       | 2            | 6
        1        | 218       | 2            | 10
        2        | 182       | 1            | 1
        2        | 218       | 2            | 3
        """,
    )
    patients = frame(spark, "practice int, patients bigint", "practice | patients \n 1 | 3 \n 2 | 3")
    assert_rows(baskets.count_practice_baskets(judged), expected, key=["practice", "basket_id"])
    assert_rows(baskets.count_patients(judged), patients, key=["practice"])


def test_a_basket_of_fewer_than_60_is_small(spark: SparkSession) -> None:
    # The mean is over combinations, not over practices. Baskets 1, 2 and 7 are those of the method's table 4.
    practice_baskets = frame(
        spark,
        "practice int, basket_id int, combinations bigint, treatments bigint",
        """
        practice | basket_id | combinations | treatments
        1        | 1         | 60           | 700
        2        | 1         | 8            | 11
        1        | 2         | 117          | 2312
        1        | 7         | 50           | 940
        2        | 7         | 2            | 3
        1        | 182       | 59           | 59
        1        | 218       | 30           | 45
        2        | 218       | 30           | 30
        2        | 900       | 1            | 7
        """,
    )
    expected = frame(
        spark,
        "basket_id int, sex string, combinations bigint, treatments bigint, national_mean double, is_small boolean",
        """
        basket_id | sex | combinations | treatments | national_mean | is_small
        1         | M   | 68           | 711        | 711/68        | false
        2         | M   | 117          | 2312       | 2312/117      | false
        7         | M   | 52           | 943        | 943/52        | true
        182       | M   | 59           | 59         | 1             | true
        218       | M   | 60           | 75         | 1.25          | false
        900       | V   | 1            | 7          | 7             | true
        """,
    )
    assert_rows(baskets.national_baskets(practice_baskets), expected, key=["basket_id"])
