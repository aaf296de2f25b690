"""How many people there are, and who is who: clients first, then holders of a budget, then applicants."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from pyspark.sql import Column, DataFrame, SparkSession
from pyspark.sql import functions as F

from zorgstat.draws import Draws, bsn

MONTHS_OF_CARE = 16  # of the 24 that there are, per client
RECORDS_PER_LINE = 1.0425  # with what is taken back, corrected and sent twice
PEOPLE_PER_FILE = 2_000_000


@dataclass(frozen=True)
class Population:
    """Numbers of people; everybody is insured."""

    lines: int  # months of care that were claimed
    clients: int
    holders: int
    applicants: int
    insured: int

    @classmethod
    def of_claims(cls, claims: int) -> Population:
        lines = max(1, round(claims / RECORDS_PER_LINE))
        clients = -(-lines // MONTHS_OF_CARE)
        holders = max(400, clients // 4)
        return cls(lines, clients, holders, holders // 2, max(5 * clients, clients + 2 * holders))

    def people(self, spark: SparkSession, first: int, count: int, draws: Draws) -> DataFrame:
        """Out: person (number), bsn; so many from a number on."""
        files = max(1, count // PEOPLE_PER_FILE)
        numbers = spark.range(first, first + count, 1, files).withColumnRenamed("id", "person")
        return numbers.select("person", bsn(self.insured, draws).alias("bsn"))

    def holders_of_budgets(self, spark: SparkSession, draws: Draws) -> DataFrame:
        return self.people(spark, self.clients, self.holders, draws)

    def new_applicants(self, spark: SparkSession, draws: Draws) -> DataFrame:
        return self.people(spark, self.clients + self.holders, self.applicants, draws)


def day(origin: date, days: Column) -> Column:
    return F.date_add(F.lit(origin), days.cast("int"))
