# Databricks notebook source
# MAGIC %md
# MAGIC # Behandelindex: a look at one published version
# MAGIC Reads the current run of a report version. The figures come from the tables; the rules are in
# MAGIC `lib/zorgstat/behandelindex`. Parameters are widgets on Databricks, elsewhere the environment variables
# MAGIC `ZORGSTAT_ROOT`, `ZORGSTAT_YEAR`, `ZORGSTAT_VERSION` and `ZORGSTAT_PRACTICE`. The notebook needs a session with
# MAGIC Delta, named `spark`; where there is none it starts one: `python notebooks/behandelindex.py`.

# COMMAND ----------

import atexit
import os
from contextlib import ExitStack

from pyspark.sql import DataFrame, Window
from pyspark.sql import functions as F

from zorgstat import codes
from zorgstat.behandelindex.selection import OUTCOME_NAMES
from zorgstat.behandelindex.tables import NATIONAL_BASKETS, OUTCOMES, PRACTICE_BASKETS, PRACTICE_INDEX
from zorgstat.io import session
from zorgstat.io.publication import published
from zorgstat.io.spark import SparkEngine
from zorgstat.io.store import Store
from zorgstat.periods import ReportVersion

display = globals().get("display", DataFrame.show)


def parameter(name, default):
    if "dbutils" in globals():
        dbutils.widgets.text(name, default)
        return dbutils.widgets.get(name)
    return os.environ.get(f"ZORGSTAT_{name.upper()}", default)


root = parameter("root", "demo/output")
year = int(parameter("year", "2023"))
version = int(parameter("version", "3"))
practice = parameter("practice", "")  # empty: the one with the most combinations

# COMMAND ----------

until_the_end = ExitStack()
atexit.register(until_the_end.close)
engine = SparkEngine("spark", spark) if "spark" in globals() else until_the_end.enter_context(session.start())
store = Store(engine, root)
outcomes, national_baskets, practice_baskets, practice_index = (
    published(store, table, year, version) for table in (OUTCOMES, NATIONAL_BASKETS, PRACTICE_BASKETS, PRACTICE_INDEX)
)

# COMMAND ----------

# MAGIC %md
# MAGIC ## The funnel of outcomes
# MAGIC Every record has the first outcome that applies. `reached` are the records that no earlier rule took away.

# COMMAND ----------

place = F.array_position(F.array(*[F.lit(name) for name in OUTCOME_NAMES]), F.col("outcome"))
funnel = outcomes.groupBy("outcome").agg(F.sum("records").alias("records")).withColumn("place", place)
display(
    funnel.select(
        "outcome",
        "records",
        F.sum("records").over(Window.orderBy(F.desc("place"))).alias("reached"),
        F.round(100 * F.col("records") / F.sum("records").over(Window.partitionBy()), 2).alias("percent"),
        "place",
    )
    .orderBy("place")
    .drop("place")
)

# COMMAND ----------

# MAGIC %md
# MAGIC ## The distribution of the indices
# MAGIC Percentiles first, for practices that have an interval and for those that are too small for one. Then a
# MAGIC histogram of the practices with an interval, in bins of five points.

# COMMAND ----------

percents = (0, 5, 25, 50, 75, 95, 100)
percentiles = F.percentile("index", [percent / 100 for percent in percents])
has_interval = F.col("correction_factor").isNotNull()
display(
    practice_index.groupBy(has_interval.alias("has_interval"))
    .agg(F.count("index").alias("practices"), percentiles.alias("index"))
    .select(
        "has_interval",
        "practices",
        *[F.round(F.col("index")[place], 1).alias(f"p{percent}") for place, percent in enumerate(percents)],
    )
    .orderBy("has_interval")
)

# COMMAND ----------

bin_start = (F.floor(F.col("index") / 5) * 5).alias("index_from")
display(
    practice_index.where(has_interval)
    .groupBy(bin_start)
    .agg(F.count("index").alias("practices"), F.sum("combinations").alias("combinations"))
    .orderBy("index_from")
)

# COMMAND ----------

# MAGIC %md
# MAGIC ## The intervals
# MAGIC How many practices have their whole interval below 100, around it or above it, by the width of the interval.

# COMMAND ----------

display(
    practice_index.groupBy("correction_factor")
    .agg(
        F.count("index").alias("practices"),
        F.min("combinations").alias("fewest_combinations"),
        F.max("combinations").alias("most_combinations"),
        F.count_if(F.col("ci_upper") < 100).alias("below_100"),
        F.count_if((F.col("ci_lower") <= 100) & (F.col("ci_upper") >= 100)).alias("around_100"),
        F.count_if(F.col("ci_lower") > 100).alias("above_100"),
        F.count_if("small_baskets_matter").alias("small_baskets_matter"),
    )
    .orderBy(F.desc_nulls_first("correction_factor"))
)

# COMMAND ----------

# MAGIC %md
# MAGIC ## One practice, explained by its baskets
# MAGIC `moves` is what a basket adds to 100 or takes from it, in index points; over all baskets of a practice they
# MAGIC add up to its index - 100. Shown are the fifteen that move most.

# COMMAND ----------

largest = practice_index.orderBy(F.desc("combinations"), "practice_agb").limit(1)
chosen = practice_index.where(F.col("practice_agb") == practice) if practice else largest
display(chosen.drop("report_year", "report_version", "run_id"))

# COMMAND ----------

day = ReportVersion(year, version).period_end
class_names = {
    "age_class": [f"{row['first']}-{row['last']}" for row in codes.rows("age_classes", day)],
    "pathology_class": [f"xx{row['first']:>02}-xx{row['last']:>02}" for row in codes.rows("pathology_ranges", day)],
    "insurance_class": ["Bzv", "supplementary low", "supplementary high"],
    "ses_class": ["low", "middle", "high"],
}
named = [
    F.element_at(F.array(*[F.lit(name) for name in names]), F.col(column)).alias(column.removesuffix("_class"))
    for column, names in class_names.items()
]
moves = 100 * (F.col("weighted_index") - F.col("weight"))
display(
    practice_baskets.join(chosen.select("practice_agb"), "practice_agb")
    .join(national_baskets.select("basket_id", "sex", *class_names, "is_small"), "basket_id")
    .select(
        "basket_id",
        "sex",
        *named,
        "combinations",
        "treatments",
        F.round("practice_mean", 2).alias("practice_mean"),
        F.round("national_mean", 2).alias("national_mean"),
        moves.alias("moves"),
        "is_small",
    )
    .orderBy(F.desc(F.abs("moves")), "basket_id")
    .limit(15)
)
