"""Two runs beside each other: what they were made of, and what became of the figures (docs/runs.md).

What a figure means is the pipeline's business: it has a `pipelines.Comparison` of its own.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import Any

from pyspark.sql import DataFrame

from zorgstat import text
from zorgstat.errors import SettingsError
from zorgstat.io import outputs, runs
from zorgstat.io.attempt import Attempt, guard
from zorgstat.io.names import PIPELINES
from zorgstat.io.place import Place
from zorgstat.io.store import is_same_table
from zorgstat.io.together import by_name
from zorgstat.pipelines import BEFORE_AND_AFTER, Pipeline
from zorgstat.tables import RUNS

OF_A_RUN = (
    *("run_id", "pipeline", "report_year", "report_version", "sequence", "standing", "at", "software", "engine"),
    *("withdrawn_at", "reason"),
)
NOT_GIVEN = object()


def compare(place: Place, before: str, after: str, *, most: int = 10, as_json: bool = False) -> int:
    """What changed from one run to another, whatever has become of them since."""

    def work(attempt: Attempt) -> None:
        attempt.outcome = "Nothing was changed."
        store = place.open(attempt)
        rows = store.rows(RUNS)
        both = {
            side: runs.with_standing(rows, run_id)
            for side, run_id in zip(BEFORE_AND_AFTER, (before, after), strict=True)
        }
        pipeline = _pipeline_of_both(both)
        stored = [outputs.of_run(store, pipeline.outputs, run_id) for run_id in (before, after)]
        queries = pipeline.comparison.queries(stored[0], stored[1], most)
        figures = pipeline.comparison.figures(by_name(DataFrame.collect, queries))
        compared = {**compare_runs(both["before"], both["after"]), "figures": figures}
        print(runs.to_json(compared) if as_json else describe(pipeline, compared))

    return guard(work)


def _pipeline_of_both(both: Mapping[str, Mapping[str, Any]]) -> Pipeline:
    names = {run["run_id"]: run["pipeline"] for run in both.values()}
    if len(set(names.values())) > 1:
        which = " and ".join(f"{run_id} of {name}" for run_id, name in names.items())
        raise SettingsError(f"{which}: only runs of one pipeline have figures to compare.")
    return PIPELINES[next(iter(names.values()))]


def compare_runs(before: Mapping[str, Any], after: Mapping[str, Any]) -> dict[str, Any]:
    """What two rows of `runs` (from `runs.with_standing`) say of how the runs were made, and of how much they hold."""
    settings = [dict(_flat(run["settings"])) for run in (before, after)]
    names = list(dict.fromkeys([*settings[0], *settings[1]]))
    pairs = {name: [of.get(name, NOT_GIVEN) for of in settings] for name in names}
    different = {name: pair for name, pair in pairs.items() if pair[0] != pair[1]}
    return {
        **{
            side: {name: run[name] for name in OF_A_RUN if run.get(name) is not None}
            for side, run in zip(BEFORE_AND_AFTER, (before, after), strict=True)
        },
        "settings": {
            "equal": len(pairs) - len(different),
            "different": {
                name: {
                    side: value for side, value in zip(BEFORE_AND_AFTER, pair, strict=True) if value is not NOT_GIVEN
                }
                for name, pair in different.items()
            },
        },
        "inputs": {
            name: {
                "before": before["inputs"].get(name),
                "after": after["inputs"].get(name),
                "same": _what_is_same(*[(run.get("input_identities") or {}).get(name) for run in (before, after)]),
            }
            for name in dict.fromkeys([*before["inputs"], *after["inputs"]])
        },
        "outputs": {
            name: {
                "before": before["row_counts"].get(name),
                "after": after["row_counts"].get(name),
                "same_rows": before["checksums"].get(name) == after["checksums"].get(name) is not None,
            }
            for name in dict.fromkeys([*before["row_counts"], *after["row_counts"]])
        },
    }


def _flat(settings: Mapping[str, Any], above: str = "") -> Iterator[tuple[str, Any]]:
    """Every setting under its full name, such as report.year."""
    for name, value in settings.items():
        if isinstance(value, Mapping):
            yield from _flat(value, f"{above}{name}.")
        else:
            yield f"{above}{name}", value


def _what_is_same(before: str | None, after: str | None) -> str:
    """By the table's own id and the moment of its version: version (the same rows), table or nothing; or unknown."""
    if before is None or after is None:
        return "unknown"
    if before == after:
        return "version"
    return "table" if is_same_table(before, after) else "nothing"


def describe(pipeline: Pipeline, compared: Mapping[str, Any]) -> str:
    return "\n".join(
        [
            *[line for side in BEFORE_AND_AFTER for line in _describe_run(side, compared[side])],
            "",
            *_describe_settings(compared["settings"]),
            "",
            "inputs, with the version that was read",
            *[text.line(name, _describe_input(read)) for name, read in compared["inputs"].items()],
            "",
            text.heading("outputs, rows", "before", "after"),
            *[_describe_output(name, rows) for name, rows in compared["outputs"].items()],
            "",
            *pipeline.comparison.describe(compared["figures"]),
        ]
    )


def _describe_run(side: str, run: Mapping[str, Any]) -> list[str]:
    engine = f" on {run['engine']}" if "engine" in run else ""
    lines = [
        f"{side:<7} {run['run_id']}  {run['standing']}",
        f"{'':<7} published {run['at']:%Y-%m-%d %H:%M} UTC by zorgstat {run['software']}{engine}",
    ]
    if "withdrawn_at" in run:
        lines.append(f"{'':<7} withdrawn {run['withdrawn_at']:%Y-%m-%d %H:%M} UTC: {run['reason']}")
    return lines


def _describe_settings(settings: Mapping[str, Any]) -> list[str]:
    different = settings["different"]
    if not different:
        return [f"settings: all {settings['equal']} are equal"]
    return [
        f"settings that differ ({settings['equal']} are equal)",
        *[text.line(name, _describe_setting(**pair)) for name, pair in different.items()],
    ]


def _describe_setting(before: object = NOT_GIVEN, after: object = NOT_GIVEN) -> str:
    if isinstance(before, list) and isinstance(after, list):
        gone = [f"- {value}" for value in before if value not in after]
        come = [f"+ {value}" for value in after if value not in before]
        if gone or come:  # else only their order is another one
            return ", ".join(gone + come)
    return " -> ".join(
        "not given" if value is NOT_GIVEN else json.dumps(value, ensure_ascii=False) for value in (before, after)
    )


def _describe_input(read: Mapping[str, Any]) -> str:
    if read["same"] == "version":
        return f"{read['before']}, the same"
    versions = " -> ".join("not read" if read[side] is None else str(read[side]) for side in BEFORE_AND_AFTER)
    return versions + {"table": "", "nothing": ", another table", "unknown": ""}[read["same"]]


def _describe_output(name: str, rows: Mapping[str, Any]) -> str:
    before, after = ("-" if rows[side] is None else f"{rows[side]:,}" for side in BEFORE_AND_AFTER)
    return text.figure(name, before, f"{after:>14}{'  the same rows' if rows['same_rows'] else ''}")
