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


BELOW = {Size.DEMO: 1_000_000, Size.LITTLE: 32_000_000}  # bytes of Parquet, of which a claim has 15 with its people


def of_tables(root: str, tables: Iterable[str]) -> Size:
    """By the files of these tables; where delta-rs cannot tell, national."""
    paths = [table_path(root, table) for table in tables]
    try:
        sizes = [delta_rs.size(path) for path in paths]
    except Exception:  # whoever reads the table tells what is wrong with it
        return Size.NATIONAL
    if None in sizes:
        return Size.NATIONAL
    total = sum(size for size in sizes if size)
    return next((size for size, most in BELOW.items() if total < most), Size.NATIONAL)


def of_claims(claims: int) -> Size:
    """By the number of claims that are to be made up: of a demo that is work too, more than generated code takes."""
    return Size.LITTLE if claims < 2_000_000 else Size.NATIONAL
