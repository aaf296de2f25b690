"""What a run came to, and how a table lies, as text that a person can read."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any

from zorgstat import text
from zorgstat.io.layout import Change, Layout
from zorgstat.io.run import Result
from zorgstat.pipelines import Pipeline, Settings

SIZES = ("version", "rows", "files", "bytes")


def summarise(pipeline: Pipeline, settings: Settings, result: Result) -> str:
    lines = pipeline.describe(settings, result.figures)
    if result.findings:
        held = sum(1 for finding in result.findings if finding.count == 0)
        lines.append(text.line("checks", f"{held} of {len(result.findings)} without a remark"))
        lines += [text.line(f"  {finding.severity}", finding.detail) for finding in result.findings if finding.count]
    lines += [
        text.line(result.status, result.run_id),
        text.line("in", f"{result.output} (tables {', '.join(table.name for table in pipeline.outputs)})"),
        text.line("time", ", ".join(f"{phase} {seconds:.1f} s" for phase, seconds in result.seconds.items())),
    ]
    return "\n".join(lines)


def describe_runs(runs: Sequence[Mapping[str, Any]], root: str) -> str:
    if not runs:
        return f"No run was published in {root}."
    rows = [("run", "standing", "published at", "by", "engine")]
    for run in runs:
        at = f"{run['at']:%Y-%m-%d %H:%M}"
        rows.append((run["run_id"], run["standing"], at, f"zorgstat {run['software']}", run.get("engine") or ""))
    return "\n".join(text.align(rows))


def describe_run(run: Mapping[str, Any]) -> str:
    lines = [f"{run['run_id']}: {run['standing']}"]
    if "at" in run:
        lines += [
            text.line("published at", f"{run['at']:%Y-%m-%d %H:%M:%S} UTC"),
            text.line("by", f"zorgstat {run['software']} on {run.get('engine') or 'an engine that it does not tell'}"),
        ]
    if run.get("withdrawn_at"):
        lines.append(text.line("withdrawn at", f"{run['withdrawn_at']:%Y-%m-%d %H:%M:%S} UTC: {run['reason']}"))
    if "inputs" in run:
        lines.append("\ninputs, with the version that was read")
        lines += [text.figure(name, str(version)) for name, version in run["inputs"].items()]
        lines.append("\nsettings")
        lines += [text.line(name, json.dumps(value, ensure_ascii=False)) for name, value in run["settings"].items()]
        lines.append("\noutputs, with rows and checksum")
        lines += [
            text.figure(name, f"{rows:,}", f"  {run['checksums'].get(name, '')}")
            for name, rows in run["row_counts"].items()
        ]
    if run["findings"]:
        lines.append("\nchecks")
    for finding in run["findings"]:
        remark = "holds" if not finding["count"] else f"{finding['severity']} ({finding['count']:,})"
        lines.append(text.line(finding["rule"], f"{remark}: {finding['detail']}"))
    if run["metrics"]:
        lines.append(
            "\nphases               seconds    rows read   MB read  MB written  MB shuffled  MB spilled   tasks"
        )
    for phase in run["metrics"]:
        sizes = [phase[name] for name in ("bytes_read", "bytes_written", "shuffle_bytes", "spill_bytes")]
        megabytes = [None if size is None else size / 1e6 for size in sizes]
        lines.append(
            f"  {phase['phase']:<16} {phase['seconds']:>9.2f} {_or_dash(phase['rows_read'], ',', 12)}"
            f" {_or_dash(megabytes[0], ',.1f', 9)} {_or_dash(megabytes[1], ',.1f', 11)}"
            f" {_or_dash(megabytes[2], ',.1f', 12)} {_or_dash(megabytes[3], ',.1f', 11)}"
            f" {_or_dash(phase['tasks'], ',', 7)}"
        )
    return "\n".join(lines)


def _or_dash(value: float | None, form: str, width: int) -> str:
    return f"{'-' if value is None else format(value, form):>{width}}"


def describe_layout(table: str, layout: Layout) -> str:
    lies = "not laid out by person" if layout.since is None else f"laid out by person in version {layout.since}"
    return "\n".join([f"{table}: {lies}", *[text.figure(name, f"{getattr(layout, name):,}") for name in SIZES]])


def describe_change(change: Change) -> str:
    before, after = change.before, change.after
    if before == after:
        return f"{describe_layout(change.table, after)}\n  Nothing was done."
    lines = [
        f"{change.table}: laid out by person in {change.seconds:.1f} s",
        *[text.figure(name, f"{getattr(before, name):,}", f"  ->{getattr(after, name):>14,}") for name in SIZES],
        f"  Version {before.version} can still be read; its {before.bytes:,} bytes stay on disk until VACUUM.",
    ]
    if change.was_in_log:
        lines.append("  Nothing kept bsn out of Delta's log. From now on none comes in; what it held is still there.")
    lines.append(
        "  A run gives the same figures; a person's claims reach it together. What that saves: docs/performance.md"
    )
    return "\n".join(lines)
