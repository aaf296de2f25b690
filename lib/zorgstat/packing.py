"""Small whole numbers side by side in one bigint.

Rows that are told apart by one bigint are counted by hash, and move as 8 bytes; the largest of several values in the
order of others is a plain maximum, where a struct would have to be sorted (docs/performance.md).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date

from pyspark.sql import Column
from pyspark.sql import functions as F

DAY = 22  # bits of a day, as `day_number` counts them
LAST_DAY = (date.max - date.min).days


@dataclass(frozen=True)
class Packing:
    """A number of so many bits by name, the first the most significant; null comes before 0.

    A number of n bits is from 0 to 2^n - 2. Numbers beyond that spoil the others: who packs knows their range.
    """

    bits: Mapping[str, int]

    def __post_init__(self) -> None:
        if sum(self.bits.values()) > 63:
            raise ValueError(f"{sum(self.bits.values())} bits do not fit in a bigint.")

    def pack(self, **numbers: Column) -> Column:
        """The bigint that holds one number for every name; what is not given is null."""
        packed = F.lit(0).cast("bigint")
        for name, bits in self.bits.items():
            packed = F.shiftleft(packed, bits)
            if name in numbers:
                packed = packed.bitwiseOR(F.coalesce(numbers[name].cast("bigint") + 1, F.lit(0).cast("bigint")))
        return packed

    def unpack(self, packed: Column, name: str) -> Column:
        """The number (int) that was packed under this name; null of null."""
        names = list(self.bits)
        below = sum(self.bits[lower] for lower in names[names.index(name) + 1 :])
        place = F.shiftright(packed, below).bitwiseAND(F.lit((1 << self.bits[name]) - 1).cast("bigint"))
        return F.nullif(place, F.lit(0).cast("bigint")).cast("int") - 1


def literal(day: date) -> Column:
    """Any day. By `F.lit(day)` Spark takes days before 15 October 1582 for others, and fails before the year 1000."""
    return F.lit(day.isoformat()).cast("date")


def calendar_day(day: Column) -> Column:
    """Days before the year 1 and after 9999 become the first and the last: engines can hold them, and count wrong.

    Such a day is the `infinity` of other programs.
    """
    first, last = literal(date.min), literal(date.max)
    return F.when(day < first, first).when(day > last, last).otherwise(day)


def day_number(day: Column) -> Column:
    """Days since the first of year 1, of a `calendar_day`."""
    return F.datediff(calendar_day(day), literal(date.min))


def day_of(number: Column) -> Column:
    """The day of a `day_number`."""
    return F.date_from_unix_date(number + (date.min - date(1970, 1, 1)).days)
