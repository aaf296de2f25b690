"""What a run came to, as text that a person can read: a funnel that adds up, the size, the spread, the factors."""

from __future__ import annotations

from zorgstat.behandelindex.tables import OUTPUTS
from zorgstat.io.run import Result
from zorgstat.periods import ReportVersion

WIDTH = 26


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


def _line(name: str, value: str, share: str = "") -> str:
    return f"  {name:<{WIDTH}} {value:>14}{share}".rstrip()


def _left(name: str, value: str) -> str:
    return f"  {name:<{WIDTH}} {value}"


def _day(day: object) -> str:
    return f"{day:%-d %B %Y}"


def _band(band: dict[str, int | None]) -> str:
    lower, upper = (band["lower"] or 0) + 1, band["upper"]
    return f"{lower}-{upper}" if upper else f"{lower}+"
