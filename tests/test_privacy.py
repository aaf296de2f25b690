"""What is a citizen number, and what is merely digits."""

from __future__ import annotations

import re

import pyarrow as pa
import pytest
from pyspark.sql import SparkSession
from pyspark.sql import functions as F

from tests.support import assert_rows, frame
from zorgstat import arrow, privacy
from zorgstat.privacy import PERSON_KEY


def test_eleven_test(spark: SparkSession) -> None:
    # 9 d1 + 8 d2 + ... + 2 d8 - d9: 111222333 gives 9+8+7+12+10+8+9+6-3 = 66, and 900000016 gives 81+2-6 = 77.
    expected = frame(
        spark,
        "person int, passes boolean",
        """
        person    | passes
        111222333 | true
        123456782 | true
        900000016 | true
        900000090 | true
        12        | true
        111222334 | false
        111223233 | false
        900000061 | false
        900000017 | false
        999999999 | false
        1         | false
        0         | false
                  | false
        """,
    )
    actual = expected.select("person", privacy.passes_eleven_test(F.col("person")).alias("passes"))
    assert_rows(actual, expected, key=["person"])


def test_digits_are_exactly_so_many_of_0_to_9(spark: SparkSession) -> None:
    read_as: dict[str | None, tuple[int | None, int | None]] = {  # text: as 4 digits, as 9 digits
        "1234": (1234, None),
        "0012": (12, None),
        "0000": (0, None),
        "111222333": (None, 111222333),
        "000000012": (None, 12),
        "999999999": (None, 999999999),
        "": (None, None),
        None: (None, None),
    }
    others = ["123", "12345", "99999999999", "12a", "12a4", "12.3", "1e03", "0x1F", "123L", "+123", "-123"]
    spaced = [" 123", "123 ", "1 23", "\t123", "123\n", "123\u00a0", " 1234", "1234 ", "-00000012", "+00000012"]
    elsewhere = ["\uff11\uff12\uff13\uff14", "\u0661\u0662\u0663\u0664"]  # full-width and Arabic digits
    read_as |= {text: (None, None) for text in (*others, *spaced, *elsewhere)}
    expected = spark.createDataFrame(
        pa.table(
            {
                "text": pa.array(read_as, pa.string()),
                "four": pa.array([four for four, _ in read_as.values()], pa.int32()),
                "nine": pa.array([nine for _, nine in read_as.values()], pa.int32()),
            }
        )
    )
    text = F.col("text")
    actual = expected.select("text", privacy.digits(text, 4).alias("four"), privacy.digits(text, 9).alias("nine"))
    assert_rows(actual, expected, key=["text"])


def test_a_person_is_another_number_in_every_run_and_never_a_bsn(spark: SparkSession) -> None:
    """One to one, undone by the key of the run alone; a text that is not nine digits is a stranger."""
    bsns = ["000000000", "000000012", "111222333", "900000016", "999999999", "12345678", " 11122233", "", None]
    rows = spark.createDataFrame([(bsn,) for bsn in bsns], "bsn string")
    runs = []
    for _ in range(2):
        key = arrow.frame(spark, [privacy.draw_key()], PERSON_KEY.schema)
        named = key.crossJoin(rows).select(
            "bsn",
            privacy.person(F.col("bsn")).alias("person"),
            privacy.stranger(F.col("bsn")).alias("stranger"),
            privacy.citizen(privacy.person(F.col("bsn"))).alias("citizen"),
        )
        runs.append({row["bsn"]: row for row in named.collect()})
    for run in runs:
        for bsn in bsns[:5]:
            assert run[bsn]["citizen"] == int(bsn or "")
            assert run[bsn]["person"] >= 10**9
            assert run[bsn]["stranger"] is None
        assert len({run[bsn]["person"] for bsn in bsns[:5]}) == 5
        assert all(run[bsn]["person"] is None for bsn in bsns[5:])
        assert len({run[bsn]["stranger"] for bsn in bsns[5:8]}) == 3
        assert run[None]["stranger"] is None
    assert all(runs[0][bsn]["person"] != runs[1][bsn]["person"] for bsn in bsns[1:5])
    assert all(runs[0][bsn]["stranger"] != runs[1][bsn]["stranger"] for bsn in bsns[5:8])


def test_the_first_number_of_people_is_a_person_too(spark: SparkSession) -> None:
    """A key by which 111222333 becomes it: below it numbers could be those of citizens."""
    shift = privacy.PRIME - 111222333
    key = arrow.frame(spark, [(1, shift, 1)], PERSON_KEY.schema)
    person = privacy.person(F.col("bsn"))
    rows = key.crossJoin(spark.createDataFrame([("111222333",)], "bsn string"))
    assert [tuple(row) for row in rows.select(person, privacy.citizen(person)).collect()] == [(10**9, 111222333)]


@pytest.mark.parametrize(("place", "key"), [(0, (1, 0, 1)), (-1, (10**9 + 6, 10**9 + 6, 10**9 + 6))])
def test_every_key_can_be_undone(monkeypatch: pytest.MonkeyPatch, place: int, key: tuple[int, int, int]) -> None:
    """The lowest and the highest that can be drawn: by a factor of 0 all would be one person."""
    monkeypatch.setattr(privacy.secrets, "randbelow", lambda n: range(n)[place])
    assert privacy.draw_key() == key


def test_the_key_stands_in_no_plan(spark: SparkSession) -> None:
    key = privacy.draw_key()
    rows = spark.createDataFrame([("111222333",)], "bsn string")
    named = privacy.name_people(arrow.frame(spark, [key], PERSON_KEY.schema).crossJoin(rows))
    plan = named._jdf.queryExecution().toString()
    assert "person_factor" in plan
    assert not any(str(number) in plan for number in key)


def test_the_key_is_the_last_part_of_a_hash(spark: SparkSession) -> None:
    """xxhash64 takes each part with the hash of those before as its seed: a key in front is a seed like any number."""
    hashed = str(privacy.keyed_hash(F.col("bsn")))
    assert re.findall(r"\w+", hashed)[-4:] == ["bsn", *PERSON_KEY.names]
