"""What Spark did in each phase of a run, from its event log: one JSON object per line."""

from __future__ import annotations

import json
from bisect import bisect_right
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

# Spark 4 packs and splits its event log unless told otherwise.
CONF = {"spark.eventLog.enabled": "true", "spark.eventLog.compress": "false", "spark.eventLog.rolling.enabled": "false"}


@dataclass
class Work:
    rows_read: int = 0  # of files; of a kept frame, which is packed, a pack counts as one
    shuffle_mb: float = 0.0  # written
    spill_mb: float = 0.0  # to disk


def by_phase(events: Iterable[str], begins: Sequence[tuple[str, float]]) -> dict[str, Work]:
    """The tasks of a log, summed over the phase in which each was launched.

    In: begins (phase, seconds since the epoch; in order). Tasks before the first phase belong to it.
    """
    work = {phase: Work() for phase, _ in begins}
    moments = [moment for _, moment in begins]
    for line in events:
        if '"SparkListenerTaskEnd"' not in line:  # plans and settings, most of the log
            continue
        event = json.loads(line)
        metrics = event.get("Task Metrics")
        if metrics is None:  # it failed
            continue
        place = bisect_right(moments, event["Task Info"]["Launch Time"] / 1e3) - 1
        phase = work[begins[max(place, 0)][0]]
        phase.rows_read += metrics["Input Metrics"]["Records Read"]
        phase.shuffle_mb += metrics["Shuffle Write Metrics"]["Shuffle Bytes Written"] / 1e6
        phase.spill_mb += metrics["Disk Bytes Spilled"] / 1e6
    return work
