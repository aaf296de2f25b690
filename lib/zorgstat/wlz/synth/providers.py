"""Providers, the largest first: those that took each other's place, and those that stopped sending."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from pyspark.sql import DataFrame, SparkSession

from zorgstat import arrow
from zorgstat.draws import Draws, spread
from zorgstat.wlz.synth.organisations import SLOTS as ZORGKANTOOR_SLOTS
from zorgstat.wlz.tables import PROVIDERS

COUNT, LARGEST, SLOTS = 2000, 10, 8192
AGB_STEP, AGB_OFFSET, MOST = 61_803, 10_007, 1_000_000
NEVER, END = 99, 24  # months, counted from January of T-1


@dataclass(frozen=True)
class Provider:
    """`agb` is written until `renamed_from`, `agb_after` from then on; no care begins in the months of the gap."""

    agb: str
    agb_after: str
    home: int  # place among the slots of zorgkantoren
    renamed_from: int = NEVER
    gap_from: int = NEVER
    gap_to: int = NEVER
    is_registered_after: bool = True


def providers(draws: Draws) -> list[Provider]:
    """By size. Large ones stand for what can happen: silent in each quarter of T, gone, renamed, or both."""
    listed = []
    for rank in range(COUNT):
        chance = draws.plain(f"provider {rank}") % 100_000
        home = draws.plain(f"home {rank}") % ZORGKANTOOR_SLOTS
        usual = Provider(agb(rank), agb(rank), home)
        renamed = replace(usual, agb_after=agb(COUNT + rank), renamed_from=12 + chance % 12)
        first_month = 12 + 3 * (chance % 4)
        if rank in (1, 2, 3, 4):  # silent in the first, second, third, fourth quarter of T
            listed.append(replace(usual, gap_from=9 + 3 * rank, gap_to=12 + 3 * rank))
        elif rank == 5:  # gone from October T-1: nothing in four quarters when it comes to the last one of T
            listed.append(replace(usual, gap_from=9, gap_to=END))
        elif rank == 6:
            listed.append(replace(renamed, renamed_from=12))
        elif rank == 7:  # renamed and silent: missing under the new code
            listed.append(replace(renamed, renamed_from=12, gap_from=15, gap_to=18))
        elif rank == 8:  # renamed to a code that the register does not know
            listed.append(replace(renamed, is_registered_after=False))
        elif chance < 1_000:
            listed.append(replace(usual, gap_from=first_month, gap_to=first_month + 3))
        elif chance < 3_000:
            listed.append(renamed)
        else:
            listed.append(usual)
    return listed


def agb(number: int) -> str:
    return f"75{(number * AGB_STEP + AGB_OFFSET) % MOST:06d}"


def by_size(count: int) -> list[int]:
    """The rank of the provider of each of `SLOTS` clients in turn; the first few have one to two percent each."""
    return spread([(4_000_000 if rank < LARGEST else 1_000_000) // (rank + 50) for rank in range(count)], SLOTS)


def register(spark: SparkSession, listed: Sequence[Provider]) -> DataFrame:
    """With a chain of two: the provider that was renamed first did so by way of a third code."""
    rows, between = [], agb(2 * COUNT)
    for rank, provider in enumerate(listed):
        is_renamed = provider.agb != provider.agb_after
        heir = (between if rank == 6 else provider.agb_after) if is_renamed else None
        rows.append((provider.agb, f"Zorgaanbieder {provider.agb[2:]}", heir))
        if is_renamed and provider.is_registered_after:
            rows.append((provider.agb_after, f"Zorgaanbieder {provider.agb_after[2:]}", None))
    rows.append((between, f"Zorgaanbieder {between[2:]}", listed[6].agb_after))
    return arrow.frame(spark, rows, PROVIDERS.schema).coalesce(1)
