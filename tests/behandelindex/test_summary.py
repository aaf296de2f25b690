"""What a version came to, as a person reads it."""

from __future__ import annotations

from pyspark.sql import SparkSession

from tests.support import frame
from zorgstat.behandelindex import summary
from zorgstat.behandelindex.settings import Settings
from zorgstat.behandelindex.tables import CORRECTION_FACTORS, OUTCOMES, PRACTICE_INDEX

# In no order: neither outcomes nor bands lie in that of the summary.
TABLES = {
    "practice_index": (
        PRACTICE_INDEX,
        """
        practice_agb | combinations | treatments
        04000001     | 40           | 1200
        04000002     | 30           | 300
        """,
    ),
    "outcomes": (
        OUTCOMES,
        """
        uzovi | outcome | records
        0102  | counted | 500
        0101  | counted | 1000
        0101  | netted  | 100
        0103  | mandate | 400
        """,
    ),
    "correction_factors": (
        CORRECTION_FACTORS,
        """
        lower | upper | sd   | factor
        60    |       | 12.5 | 1
        10    | 60    | 12.5 | 3
        """,
    ),
}


def test_a_version_in_lines(spark: SparkSession) -> None:
    outputs = {name: frame(spark, table, text) for name, (table, text) in TABLES.items()}
    found = {name: query.collect() for name, query in summary.queries(outputs).items()}
    lines = [" ".join(line.split()) for line in summary.describe(Settings(), summary.figures(found))]
    assert lines == [
        "Behandelindex 2023, version 3: treatments from 1 January 2023 to 31 December 2023, claims received until "
        "29 February 2024",
        "",
        "records read 2,000",
        "mandate 400 20.00%",
        "netted 100 5.00%",
        "counted 1,500 75.00%",
        "",
        "practices 2",
        "combinations 70",
        "treatments 1,500",
        "spread of the indices 12.50",
        "",
        "combinations of a practice 11-60 61+",
        "correction factor ± 3 ± 1",
        "",
    ]
