"""What a run came to, as text that a person can read: a funnel that adds up, the size, the spread, the factors."""

from __future__ import annotations

from zorgstat.behandelindex.tables import OUTPUTS
from zorgstat.io.layout import Change, Layout
from zorgstat.io.run import Result
from zorgstat.periods import ReportVersion

WIDTH = 26
SIZES = ("version", "rows", "files", "bytes")


def summarise(result: Result) -> str:
    report = ReportVersion(result.report_year, result.report_version)
    records = sum(result.records.values())
    lines = [
        f"Behandelindex {report.year}, version {report.version}: treatments from {_day(report.period_start)} to "
        f"{_day(report.period_end)}, claims received until {_day(report.claim_cutoff)}",
        "",
        _line("records read", f"{records:,}"),
        *[_line(f"  {name}", f"{count:,}", f"{count / records:8.2%}") for name, count in result.records.items()],
        "",
        _line("practices", f"{result.practices:,}"),
        _line("combinations", f"{result.combinations:,}"),
        _line("treatments", f"{result.treatments:,}"),
        _line("spread of the indices", f"{result.sd:.2f}"),
        "",
        _line("combinations of a practice", "".join(f"{_band(band):>9}" for band in result.correction_factors)),
        _line("correction factor", "".join(f"{'± ' + str(band['factor']):>9}" for band in result.correction_factors)),
        "",
    ]
    if result.findings:
        held = sum(1 for finding in result.findings if finding.count == 0)
        lines.append(_left("checks", f"{held} of {len(result.findings)} without a remark"))
        lines += [_left(f"  {finding.severity}", finding.detail) for finding in result.findings if finding.count]
    lines += [
        _left(result.status, result.run_id),
        _left("in", f"{result.output} (tables {', '.join(table.name for table in OUTPUTS)})"),
        _left("time", ", ".join(f"{phase} {seconds:.1f} s" for phase, seconds in result.seconds.items())),
    ]
    return "\n".join(lines)


def describe_layout(table: str, layout: Layout) -> str:
    lies = "not laid out by person" if layout.since is None else f"laid out by person in version {layout.since}"
    return "\n".join([f"{table}: {lies}", *[_line(name, f"{getattr(layout, name):,}") for name in SIZES]])


def describe_change(change: Change) -> str:
    before, after = change.before, change.after
    if before == after:
        return f"{describe_layout(change.table, after)}\n  Nothing was done."
    lines = [
        f"{change.table}: laid out by person in {change.seconds:.1f} s",
        *[_line(name, f"{getattr(before, name):,}", f"  ->{getattr(after, name):>14,}") for name in SIZES],
        f"  Version {before.version} can still be read; its {before.bytes:,} bytes stay on disk until VACUUM.",
    ]
    if change.was_in_log:
        lines.append("  Nothing kept bsn out of Delta's log. From now on none comes in; what it held is still there.")
    lines.append(
        "  A run gives the same figures; a person's claims reach it together. What that saves: docs/performance.md"
    )
    return "\n".join(lines)


def _line(name: str, value: str, share: str = "") -> str:
    return f"  {name:<{WIDTH}} {value:>14}{share}".rstrip()


def _left(name: str, value: str) -> str:
    return f"  {name:<{WIDTH}} {value}"


def _day(day: object) -> str:
    return f"{day:%-d %B %Y}"


def _band(band: dict[str, int | None]) -> str:
    lower, upper = (band["lower"] or 0) + 1, band["upper"]
    return f"{lower}-{upper}" if upper else f"{lower}+"
