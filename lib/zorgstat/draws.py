"""Chance without a generator: a hash of seed, purpose and number, so that layout and engine do not matter.

Whole numbers throughout: doubles could differ in their last bit from engine to engine. Shifts rather than remainders,
which Spark takes for nullable: that made the generated code too long for the JVM to compile.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from functools import reduce

from pyspark.sql import Column
from pyspark.sql import functions as F

BSN_STEP = 7_368_787  # a prime: walks through all numbers without meeting one twice


@dataclass(frozen=True)
class Draws:
    """Draws of one seed. The purpose keeps draws apart: sex says nothing about age."""

    seed: int

    def number(self, purpose: str, key: str, below: int) -> Column:
        """A whole number from 0 up to, not including, `below` (at most 2^31); the same for the same key."""
        bits = F.shiftrightunsigned(F.xxhash64(F.lit(self.plain(purpose)), F.col(key)), 33)
        return F.shiftright(bits * below, 31).cast("int")

    def plain(self, purpose: str) -> int:
        """A number of 64 bits, for what is decided outside Spark."""
        digest = hashlib.blake2b(f"{self.seed}/{purpose}".encode(), digest_size=8).digest()
        return int.from_bytes(digest, "big", signed=True)


def pick(values: Sequence[int | str], index: Column) -> Column:
    """The value at a place in a list; one literal in the plan however long the list, so no join is needed.

    Written as one text, since thousands of literals take Spark seconds to analyse. Texts in it hold no comma.
    """
    listed = F.split(F.lit(",".join(str(value) for value in values)), ",")
    if isinstance(values[0], str):
        return F.coalesce(F.get(listed, index), F.lit(""))  # never null; this way Spark knows
    return F.coalesce(F.get(listed.cast("array<int>"), index), F.lit(0))


def spread(weights: Sequence[int], slots: int) -> list[int]:
    """Which entry each of a number of equal slots stands for, so that entries get slots by weight."""
    total, entry, reached, filled = sum(weights), 0, weights[0], []
    for slot in range(slots):
        while reached * 2 * slots <= (2 * slot + 1) * total:
            entry += 1
            reached += weights[entry]
        filled.append(entry)
    return filled


def bsn(total: int, draws: Draws) -> Column:
    """For `person` (0, 1, ...; total of them): nine digits that pass the 11-test, from 999999999 down.

    Numbers that begin with 9 are not given out; more than nine million people need lower ones too, which may be
    somebody's.
    Of the ten eighth digits at most one needs a 10 as the ninth, so seven digits have nine good endings each.
    """
    room = max(9_000_000, 9 * 1000 * -(-total // 9000))
    scattered = (F.col("person") * BSN_STEP + draws.plain("bsn") % room) % room
    place = (scattered / 9).cast("int")
    choice = (scattered - place * 9).cast("int")
    seven = F.lit(9_999_999) - place
    cut = [_floor(seven, 10**places) for places in range(8)]  # without its last places
    weighed = reduce(Column.__add__, [(3 + digit) * (cut[digit] - 10 * cut[digit + 1]) for digit in range(7)])
    impossible = _remainder((10 - _remainder(weighed)) * 6)
    eighth = F.when(choice < impossible, choice).otherwise(choice + 1)
    ninth = _remainder(weighed + 2 * eighth)
    return F.concat((seven * 10 + eighth).cast("string"), ninth.cast("string"))


def _floor(number: Column, by: int) -> Column:
    return (number / by).cast("int")


def _remainder(number: Column) -> Column:
    """Of a division by eleven; not null, so that Spark knows."""
    return number - 11 * _floor(number, 11)
