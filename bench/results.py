"""What a bench found: medians and ratios, the file they are kept in, the tables on the screen.

A file bench/results/<date>-<claims>.json (<date>-start.json, <date>-wlz-<claims>.json; the last of a day stays) holds:

    claims, is_start, rounds, settings (file), made (moment, UTC)
    machine       cores, memory_mb, cpu, system
    versions      python, zorgstat, spark, delta, deltalake, sail, duckdb, java
    measurements  every run: engine, round, wall_seconds (is_start: to the first figure), cpu_seconds, peak_mb,
                  phases (phase -> seconds; none if is_start), conf (settings of Spark)
    engines       engine -> medians of those, wall_min, wall_max, ratio (to DuckDB's median in this file)
    spark_phases  phase -> seconds (median), and of the run with the event log rows_read, shuffle_mb, spill_mb
    bars          engine -> at_most (times DuckDB), held

The phases are those that the command tells of itself, between `start` (of process and engine) and `stop` (its end).
"""

from __future__ import annotations

import json
import os
import platform
import re
import subprocess
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime, timezone
from importlib import metadata
from pathlib import Path
from statistics import median
from typing import Any

import psutil  # type: ignore[import-untyped]

from bench.eventlog import Work

YARDSTICK = "duckdb"
PACKAGES = {"spark": "pyspark", "delta": "delta-spark", "sail": "pysail"}

Result = dict[str, Any]


@dataclass(frozen=True)
class Measurement:
    engine: str
    round: int
    wall_seconds: float
    cpu_seconds: float
    peak_mb: float
    phases: dict[str, float]
    conf: dict[str, str]


def build(measured: Sequence[Measurement], work: Mapping[str, Work], bars: Mapping[str, float], **given: Any) -> Result:
    """In: work (of Spark, by phase), bars (engine -> times DuckDB), given (claims, is_start, rounds, settings)."""
    engines = summarise(measured)
    phases = engines["spark"]["phases"] if work else {}
    return {
        **given,
        "made": datetime.now(timezone.utc).isoformat(timespec="seconds"),
        "machine": machine(),
        "versions": versions(),
        "measurements": [asdict(one) for one in measured],
        "engines": engines,
        "spark_phases": {
            phase: {"seconds": seconds, **asdict(work.get(phase, Work()))} for phase, seconds in phases.items()
        },
        "bars": {
            engine: {"at_most": times, "held": engines[engine]["ratio"] <= times}
            for engine, times in bars.items()
            if "ratio" in engines.get(engine, {})
        },
    }


def summarise(measured: Sequence[Measurement]) -> dict[str, dict[str, Any]]:
    """Engine -> medians and ratio."""
    engines: dict[str, dict[str, Any]] = {}
    for engine in dict.fromkeys(one.engine for one in measured):
        runs = [one for one in measured if one.engine == engine]
        walls = [one.wall_seconds for one in runs]
        engines[engine] = {
            "wall_seconds": round(median(walls), 2),
            "wall_min": min(walls),
            "wall_max": max(walls),
            "cpu_seconds": round(median(one.cpu_seconds for one in runs), 2),
            "peak_mb": median(one.peak_mb for one in runs),
            "phases": {phase: round(median(one.phases[phase] for one in runs), 2) for phase in runs[0].phases},
        }
    if YARDSTICK in engines:
        for figures in engines.values():
            figures["ratio"] = round(figures["wall_seconds"] / engines[YARDSTICK]["wall_seconds"], 2)
    return engines


def machine() -> dict[str, Any]:
    cpu = Path("/proc/cpuinfo")
    models = re.findall(r"^model name\s*: (.+)$", cpu.read_text(), re.MULTILINE) if cpu.exists() else []
    return {
        "cores": os.cpu_count(),
        "memory_mb": round(psutil.virtual_memory().total / 1e6),
        "cpu": models[0] if models else platform.processor(),
        "system": f"{platform.system()} {platform.release()} {platform.machine()}",
    }


def versions() -> dict[str, str]:
    names = ("zorgstat", "spark", "delta", "deltalake", "sail", "duckdb")
    installed = {name: metadata.version(PACKAGES.get(name, name)) for name in names}
    return {"python": platform.python_version(), **installed, "java": java_version()}


def java_version() -> str:
    """Of the Java that Spark takes: that of JAVA_HOME, or else of the path. Empty: none runs."""
    java = Path(os.environ["JAVA_HOME"], "bin", "java") if os.environ.get("JAVA_HOME") else "java"
    try:
        told = subprocess.run([java, "-version"], capture_output=True, text=True, check=True).stderr
    except (OSError, subprocess.CalledProcessError):
        return ""
    return next(iter(re.findall(r'version "([^"]+)"', told)), "unknown")


def store(result: Result, folder: Path, name: str) -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / f"{result['made'][:10]}-{name}.json"
    path.write_text(json.dumps(result, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")
    return path


def describe(result: Result) -> str:
    """The tables on the screen."""
    until = "first figure" if result["is_start"] else "median"
    rows = [["engine", until, "from", "to", "CPU", "peak MB", "times DuckDB"]]
    for engine, figures in result["engines"].items():
        seconds = (figures[name] for name in ("wall_seconds", "wall_min", "wall_max", "cpu_seconds"))
        ratio = f"{figures['ratio']:.2f}" if "ratio" in figures else ""
        rows.append([engine, *(f"{value:.1f}" for value in seconds), f"{figures['peak_mb']:,.0f}", ratio])
    parts = [f"{result['settings']}, {result['claims']:,} claims, {result['rounds']} of each, seconds", table(rows)]
    for engine, figures in result["engines"].items():
        work = result["spark_phases"] if engine == "spark" else {}
        rows = [[f"{engine}, phase", "seconds", *(["rows read", "shuffle MB", "spill MB"] if work else [])]]
        for phase, seconds in figures["phases"].items():
            done = (f"{work[phase][name]:,.0f}" for name in ("rows_read", "shuffle_mb", "spill_mb")) if work else ()
            rows.append([phase, f"{seconds:.1f}", *done])
        parts += [table(rows)] if figures["phases"] else []
    parts += [
        f"{engine}: at most {bar['at_most']:g} times DuckDB: {'held' if bar['held'] else 'NOT HELD'}"
        for engine, bar in result["bars"].items()
    ]
    return "\n\n".join(parts)


def table(rows: Sequence[Sequence[str]]) -> str:
    """The first column to the left, numbers to the right."""
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    lines = ("   ".join([row[0].ljust(widths[0]), *map(str.rjust, row[1:], widths[1:])]).rstrip() for row in rows)
    return "\n".join(f"  {line}" for line in lines)
