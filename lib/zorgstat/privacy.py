"""Citizen numbers: what is one, and how a person travels inside a run.

After the first step a person is a number that means nothing outside the run: the bsn, mapped one to one by a key that
is drawn for the run and kept nowhere (docs/decisions/0003-people-inside-a-run.md). The key is a frame of one row, of
which plans and event logs show the columns, since a literal would stand there itself.
"""

from __future__ import annotations

import secrets

from pyspark.sql import Column, DataFrame
from pyspark.sql import functions as F

from zorgstat.tables import Column as TableColumn
from zorgstat.tables import Table

BSN_LENGTH = 9
BSN_WEIGHTS = (9, 8, 7, 6, 5, 4, 3, 2, -1)
# Numbers of people begin where those of citizens end: none can be taken for a bsn. Products stay within a bigint.
FIRST = 10**BSN_LENGTH
PRIME = 1_000_000_007

PERSON_KEY = Table(
    "person_key",
    "What a person's number is made with in this run: one row, never stored.",
    columns=(
        TableColumn("person_factor", "bigint", "1 to PRIME - 1"),
        TableColumn("person_shift", "bigint", "0 to PRIME - 1"),
        TableColumn("person_inverse", "bigint", "of the factor, modulo PRIME"),
    ),
)


def draw_key() -> tuple[int, int, int]:
    """A row of `PERSON_KEY`."""
    factor = 1 + secrets.randbelow(PRIME - 1)
    return factor, secrets.randbelow(PRIME), pow(factor, -1, PRIME)


def with_key(rows: DataFrame, person_key: DataFrame) -> DataFrame:
    """The rows with the columns of `PERSON_KEY`, by which people are named. In: person_key (one row)."""
    return F.broadcast(person_key).join(rows)


def digits(text: Column, length: int) -> Column:
    """The number (int) that a text of exactly so many digits 0-9 stands for; null for any other text.

    A cast also takes signs and spaces around a number for granted. There is no room for them when the number itself
    needs every place; a smaller one is written back and compared.
    """
    number = text.try_cast("int")
    return F.when(number >= 10 ** (length - 1), F.when(F.length(text) == length, number)).when(
        (number >= 0) & (F.lpad(number.cast("string"), length, "0") == text), number
    )


def person(bsn: Column) -> Column:
    """A citizen number as it travels inside a run (int, above all bsn); null unless it is nine digits.

    For a frame that has the columns of `PERSON_KEY`.
    """
    mapped = F.col("person_factor") * digits(bsn, BSN_LENGTH) + F.col("person_shift")
    number: Column = (mapped % PRIME + FIRST).cast("int")
    return number


def citizen(person: Column) -> Column:
    """The number (bigint) that a bsn stands for: `person` undone, for the eleven test. Null for who is no person."""
    return F.when(person >= FIRST, F.col("person_inverse") * (person - FIRST - F.col("person_shift") + PRIME) % PRIME)


def stranger(bsn: Column) -> Column:
    """A text that is not nine digits, so that equal ones can be told from others (null for nine digits, and for null).

    It may still be somebody's number with a digit lost, so it is a digest, made with the key.
    """
    key = F.concat_ws(":", F.col("person_factor").cast("string"), F.col("person_shift").cast("string"))
    return F.when(digits(bsn, BSN_LENGTH).isNull() & bsn.isNotNull(), F.sha2(F.concat_ws(":", key, bsn), 256))


def keyed_hash(bsn: Column) -> Column:
    """A bigint that is equal for equal citizen numbers and hardly ever for others.

    For a frame that has the columns of `PERSON_KEY`. The key comes last: before the number it would be nothing but the
    seed of its hash, and one number that is guessed right would give that away.
    """
    return F.xxhash64(bsn, *PERSON_KEY.names)


def name_people(records: DataFrame) -> DataFrame:
    """Puts person and stranger in the place of bsn and the key. Two records are of one bsn when both are the same."""
    others = [name for name in records.columns if name not in ("bsn", *PERSON_KEY.names)]
    bsn = F.col("bsn")
    return records.select(*others, person(bsn).alias("person"), stranger(bsn).alias("stranger"))


def passes_eleven_test(number: Column) -> Column:
    """Does 9 d1 + 8 d2 + ... + 2 d8 - d9 divide by 11? Not for 000000000, and not for null."""
    weighted = [
        weight * (F.floor(number / F.lit(10 ** (BSN_LENGTH - 1 - place))) % 10)
        for place, weight in enumerate(BSN_WEIGHTS)
    ]
    total = sum(weighted[1:], weighted[0])
    return F.coalesce((number > 0) & (total % 11 == 0), F.lit(False))
