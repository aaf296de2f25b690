"""Several small queries at once: each leaves most cores idle."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor, wait
from typing import Any, TypeVar

from pyspark.sql import DataFrame

Name = TypeVar("Name")
In = TypeVar("In")
Out = TypeVar("Out")
TO_HEAR = 0.2  # seconds


def in_parallel(work: Callable[[In], Out], items: Sequence[In]) -> list[Out]:
    """The results in the order of the items."""
    with ThreadPoolExecutor(max_workers=max(1, len(items))) as pool:
        asked = [pool.submit(work, item) for item in items]
        while wait(asked, timeout=TO_HEAR).not_done:
            pass  # beside Sail a thread that waits without an end does not hear of Ctrl-C
        return [one.result() for one in asked]


def by_name(work: Callable[[In], Out], items: Mapping[Name, In]) -> dict[Name, Out]:
    """The result for every item, under its name."""
    return dict(zip(items, in_parallel(work, list(items.values())), strict=True))


def only_row(frame: DataFrame) -> dict[str, Any]:
    return frame.collect()[0].asDict()
