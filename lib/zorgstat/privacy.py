"""Citizen numbers: what is one, and how it travels inside a run.

After the first step a person is the number itself as an integer, inside the run only: no output, message, file name or
statistic holds it (docs/decisions/0003-people-inside-a-run.md).
"""

from __future__ import annotations

from pyspark.sql import Column
from pyspark.sql import functions as F

BSN_LENGTH = 9
BSN_WEIGHTS = (9, 8, 7, 6, 5, 4, 3, 2, -1)


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
    """A citizen number as it travels inside a run (int); null unless it is nine digits."""
    return digits(bsn, BSN_LENGTH)


def passes_eleven_test(person: Column) -> Column:
    """Does 9 d1 + 8 d2 + ... + 2 d8 - d9 divide by 11? Not for 000000000, and not for null."""
    weighted = [
        weight * (F.floor(person / F.lit(10 ** (BSN_LENGTH - 1 - place))) % 10)
        for place, weight in enumerate(BSN_WEIGHTS)
    ]
    total = sum(weighted[1:], weighted[0])
    return F.coalesce((person > 0) & (total % 11 == 0), F.lit(False))
