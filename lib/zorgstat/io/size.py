"""How much a command reads, by which Spark is started: what pays for a national year is a waste for a demo."""

from __future__ import annotations

from collections.abc import Iterable
from enum import Enum

from zorgstat.io import delta_rs
from zorgstat.io.paths import table_path


class Size(Enum):
    """What is national may also be more, or unknown."""

    DEMO = "demo"
    LITTLE = "little"
    NATIONAL = "national"


BELOW_BYTES = {Size.DEMO: 1_000_000, Size.LITTLE: 32_000_000}  # of Parquet: some 15 for each claim with its people
BELOW_CLAIMS = {Size.DEMO: 65_000, Size.LITTLE: 2_000_000}


def of_tables(root: str, tables: Iterable[str]) -> Size:
    """By the files of these tables; where delta-rs cannot tell, national."""
    try:
        sizes = [delta_rs.size(table_path(root, table)) for table in tables]
    except Exception:  # whoever reads the table tells what is wrong with it
        return Size.NATIONAL
    known = [size for size in sizes if size is not None]
    return _of(sum(known), BELOW_BYTES) if len(known) == len(sizes) else Size.NATIONAL


def of_claims(claims: int) -> Size:
    """By the number of claims that are to be made up."""
    return _of(claims, BELOW_CLAIMS)


def _of(number: int, below: dict[Size, int]) -> Size:
    return next((size for size, most in below.items() if number < most), Size.NATIONAL)
