"""Chance without a generator: a hash of seed, purpose and number, so that layout and engine do not matter."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass

from pyspark.sql import Column
from pyspark.sql import functions as F


@dataclass(frozen=True)
class Draws:
    """Draws of one seed. The purpose keeps draws apart: sex says nothing about age."""

    seed: int

    def number(self, purpose: str, key: str, below: int) -> Column:
        """A whole number from 0 up to, not including, `below`; the same for the same seed, purpose and key."""
        return F.pmod(F.xxhash64(F.lit(self._hash(purpose)), F.col(key)), F.lit(below))

    def plain(self, purpose: str, key: int) -> int:
        """A number of 64 bits outside Spark, for what is decided once per practice."""
        return self._hash(f"{purpose}/{key}")

    def _hash(self, purpose: str) -> int:
        digest = hashlib.blake2b(f"{self.seed}/{purpose}".encode(), digest_size=8).digest()
        return int.from_bytes(digest, "big", signed=True)


def pick(values: Sequence[object], index: Column, type: str = "string") -> Column:
    """The value at a place in a list; one literal in the plan however long the list, so no join is needed.

    Values become text on the way and hold no comma.
    """
    listed = F.split(F.lit(",".join(str(value) for value in values)), ",")
    return F.get(listed if type == "string" else listed.cast(f"array<{type}>"), index.cast("int"))


def spread(weights: Sequence[int], slots: int) -> list[int]:
    """Which entry each of a number of equal slots stands for, so that entries get slots by weight."""
    total, entry, reached, filled = sum(weights), 0, weights[0], []
    for slot in range(slots):
        while reached * 2 * slots <= (2 * slot + 1) * total:
            entry += 1
            reached += weights[entry]
        filled.append(entry)
    return filled
