"""Whole numbers by division, half away from zero, without decimals or doubles."""

from __future__ import annotations

from pyspark.sql import Column
from pyspark.sql import functions as F

CENTS = 100


def divide(number: Column, by: int) -> Column:
    """A bigint divided by an even number and rounded once, half away from zero: -2 by 4 gives -1.

    `div` cuts off towards zero, so half of the divisor is added on the side of the number. Decimals would have another
    scale on another engine, doubles skip whole numbers. Room: what is added up (`Column.adds_up`) is below 2^62.
    """
    if by <= 0 or by % 2:
        raise ValueError(f"{by} has no half that is a whole number.")
    half = F.when(number < 0, -(by // 2)).otherwise(by // 2).cast("bigint")
    return F.call_function("div", number + half, F.lit(by).cast("bigint"))


def euros(cents: Column) -> Column:
    return divide(cents, CENTS)
