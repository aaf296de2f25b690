"""The bench: a pipeline on Spark and on Sail beside the same in DuckDB, on one machine, turn and turn about.

    python -m bench.run [--pipeline wlz] [--claims 5000000 20000000] [--rounds 3] [--engines sail] [--bar spark=6]
    python -m bench.run [--pipeline wlz] --start

Each run is a fresh process, from the command to the published outputs in an empty folder. No time is told before all
engines gave the same figures, to the last bit. `--start` measures the time to the first figure on the screen instead,
with 1,000 claims. meter.py tells how things are measured, results.py what is kept of them. Spark's work per phase is
that of one more run, with its event log, which does not count for the times.

Exit code 1: figures differ, a command failed or a bar is not held; 2: the command line; 130: Ctrl-C.
"""

from __future__ import annotations

import argparse
import json
import os
import re
import shutil
import sys
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from bench import compare, eventlog, meter, results
from bench.results import YARDSTICK, Measurement
from zorgstat.io.names import PIPELINES
from zorgstat.io.session import ENGINES

ROOT = Path(__file__).parents[1]
COMMAND = str(Path(sys.executable).parent / "zorgstat")
START_CLAIMS = 1_000
WHOLE = ".whole"  # written into a folder of claims when all of it is there


@dataclass(frozen=True)
class Case:
    """What is measured of a pipeline: the report with most work, and how folders and files of it begin."""

    settings: str
    prefix: str


CASES = {
    "behandelindex": Case("conf/behandelindex/2023-3.toml", ""),
    "wlz": Case("conf/wlz/2023-2.toml", "wlz-"),
}


class FiguresDiffer(Exception):
    """Two engines gave different figures."""


@dataclass(frozen=True)
class Bench:
    """One size: where its claims are, and how each engine is run on them."""

    pipeline: str
    claims: int
    folder: Path
    is_start: bool

    def measure(self, engines: Sequence[str], rounds: int) -> list[Measurement]:
        """Raises FiguresDiffer after the first round."""
        measured = []
        for number in range(1, rounds + 1):
            with self.scratch() as scratch:
                outputs = {engine: scratch / engine for engine in engines}
                for engine, output in outputs.items():
                    say(f"{self.pipeline}, {self.claims:,} claims, round {number} of {rounds}: {engine}")
                    ran = self.run(engine, output, self.conf(engine))
                    measured.append(self.measurement(engine, number, ran))
                    if number > 1:  # those of the first round are compared when all are there
                        shutil.rmtree(output)
                if number == 1:
                    compare_all(self.pipeline, outputs)
        return measured

    def profile(self) -> dict[str, eventlog.Work]:
        """What Spark did by phase, in one more run."""
        say(f"{self.pipeline}, {self.claims:,} claims, once more with Spark's event log")
        with self.scratch() as scratch:
            log = scratch / "log"
            log.mkdir()
            conf = {**self.conf("spark"), **eventlog.CONF, "spark.eventLog.dir": log.as_uri()}
            ran = self.run("spark", scratch / "spark", conf)
            [file] = log.iterdir()
            with file.open(encoding="utf-8") as events:
                return eventlog.by_phase(events, begins_of(ran))

    def run(self, engine: str, output: Path, conf: Mapping[str, str]) -> meter.Ran:
        output.mkdir()
        roots = [str(ROOT / CASES[self.pipeline].settings), "--input", str(self.folder), "--output", str(output)]
        if engine == YARDSTICK:
            module = ["-m", f"bench.{self.pipeline}_duckdb"]
            return meter.run([sys.executable, *module, *roots, "--threads", str(os.cpu_count())], follow)
        options = ["--engine", engine, *(word for pair in conf.items() for word in ("--conf", "=".join(pair)))]
        if not self.is_start:  # JSON comes at the very end, figures for people as soon as they are there
            options.append("--json")
        return meter.run([COMMAND, self.pipeline, "run", *roots, *options], follow)

    def conf(self, engine: str) -> dict[str, str]:
        if engine != "spark":
            return {}
        return {"spark.driver.memory": "4g" if self.claims >= 40_000_000 else "2g"}

    def measurement(self, engine: str, number: int, ran: meter.Ran) -> Measurement:
        return Measurement(
            engine,
            number,
            wall_seconds=round(ran.output[0].at - ran.started if self.is_start else ran.wall_seconds, 2),
            cpu_seconds=round(ran.cpu_seconds, 2),
            peak_mb=round(ran.peak_mb),
            phases={} if self.is_start else phases_of(ran),
            conf=self.conf(engine),
        )

    @contextmanager
    def scratch(self) -> Iterator[Path]:
        """A folder on the disk of the claims, for as long as it is needed."""
        with tempfile.TemporaryDirectory(prefix="output-", dir=self.folder.parent) as name:
            yield Path(name).resolve()


def begins_of(ran: meter.Ran) -> list[tuple[str, float]]:
    """The phases of a command zorgstat and when they began, from its lines: `behandelindex 2023-3 [  4.2 s] build`."""
    told = [(re.search(r"\[ *[\d.]+ s\] (.+)$", line.text), line.at) for line in ran.messages]
    return [("start", ran.started), *((found[1], at) for found, at in told if found)]


def phases_of(ran: meter.Ran) -> dict[str, float]:
    """Phase -> seconds: those in the JSON that the command printed, and what came before and after them."""
    printed: dict[str, Any] = json.loads(ran.output[-1].text)
    if "seconds" in printed:
        _, (_, first_phase), *_ = begins_of(ran)
        phases = {"start": first_phase - ran.started, **printed["seconds"]}
    else:
        phases = {phase: seconds for phase, seconds in printed.items() if phase != "total"}
    rest = ran.wall_seconds - sum(phases.values())
    phases["stop"] = max(0.0, rest)
    phases["start"] += min(0.0, rest)  # on a busy machine the line of the first phase is read a little late
    return {phase: round(seconds, 2) for phase, seconds in phases.items()}


def compare_all(pipeline: str, outputs: Mapping[str, Path]) -> None:
    first, *others = outputs
    for other in others:
        say(f"comparing the figures of {first} and {other}")
        found = compare.differences(PIPELINES[pipeline], outputs[first], outputs[other])
        if found:
            told = "\n".join(found)
            raise FiguresDiffer(f"{first} (a) and {other} (b) give different figures, so no time is told:\n{told}")


def make_claims(pipeline: str, claims: int, data: Path, engine: str) -> Path:
    """The folder with so many synthetic claims; made once."""
    folder = data.resolve() / f"{CASES[pipeline].prefix}{claims}"
    if not (folder / WHOLE).exists():
        say(f"{pipeline}, {claims:,} claims: making them in {folder}")
        shutil.rmtree(folder, ignore_errors=True)  # what an earlier bench did not finish
        options = ["--output", str(folder), "--claims", str(claims), "--engine", engine]
        meter.run([COMMAND, "synth", pipeline, *options], follow)
        (folder / WHOLE).touch()
    return folder


def say(line: str) -> None:
    print(f"{datetime.now():%H:%M:%S}  {line}", file=sys.stderr, flush=True)


def follow(line: str) -> None:
    """What the running command said last; each line takes the place of the one before."""
    if sys.stderr.isatty():
        print(f"\r\033[K  {line[:100]}\r", end="", file=sys.stderr, flush=True)


def main(arguments: Sequence[str] | None = None) -> int:
    asked = _parse(arguments)
    sizes = [START_CLAIMS] if asked.start else asked.claims
    try:
        found = [_one_size(claims, asked) for claims in sizes]
    except (FiguresDiffer, meter.CommandError) as error:
        print(f"bench: {error}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print("bench: stopped", file=sys.stderr)
        return 130
    return 0 if all(bar["held"] for result in found for bar in result["bars"].values()) else 1


def _one_size(claims: int, asked: argparse.Namespace) -> results.Result:
    """Makes the claims, measures, stores and prints."""
    case = CASES[asked.pipeline]
    folder = make_claims(asked.pipeline, claims, asked.data, asked.synth_engine)
    bench = Bench(asked.pipeline, claims, folder, asked.start)
    measured = bench.measure(asked.engines, asked.rounds)
    work = bench.profile() if "spark" in asked.engines and not asked.start else {}
    given = {"claims": claims, "is_start": asked.start, "rounds": asked.rounds, "settings": case.settings}
    result = results.build(measured, work, dict(asked.bar), **given)
    path = results.store(result, asked.results, f"{case.prefix}{'start' if asked.start else claims}")
    print(f"\n{results.describe(result)}\n\n{path}\n", flush=True)
    return result


def _parse(arguments: Sequence[str] | None) -> argparse.Namespace:
    engines = (YARDSTICK, *ENGINES)
    parser = argparse.ArgumentParser(prog="python -m bench.run", description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--pipeline", choices=CASES, default="behandelindex", help="behandelindex")
    parser.add_argument("--claims", type=int, nargs="+", default=[20_000_000], metavar="N", help="sizes; 20000000")
    parser.add_argument("--rounds", type=int, default=3, metavar="N", help="runs of each engine; 3")
    parser.add_argument("--engines", nargs="+", choices=engines, default=engines)
    parser.add_argument(
        "--bar", type=_bar, action="append", default=[], metavar="ENGINE=TIMES", help="fail above so many times DuckDB"
    )
    parser.add_argument("--start", action="store_true", help="the time to the first figure, instead of the sizes")
    parser.add_argument("--data", type=Path, default=ROOT / "bench" / "data", metavar="FOLDER", help="for the claims")
    parser.add_argument("--results", type=Path, default=ROOT / "bench" / "results", metavar="FOLDER")
    asked = parser.parse_args(arguments)
    asked.engines = [engine for engine in dict.fromkeys(asked.engines) if not (asked.start and engine == YARDSTICK)]
    asked.synth_engine = "spark" if results.java_version() else "sail"
    if "spark" in asked.engines and asked.synth_engine != "spark":
        say("Spark is left out: no Java runs here. It needs Java 17 or 21.")
        asked.engines.remove("spark")
    if not asked.engines or asked.rounds < 1 or min(asked.claims) < START_CLAIMS:
        parser.error("nothing to measure: at least one engine, one round, and 1,000 claims")
    return asked


def _bar(text: str) -> tuple[str, float]:
    engine, _, times = text.partition("=")
    if engine not in ENGINES:
        raise argparse.ArgumentTypeError(f"{text}: write spark=6")
    return engine, float(times)


if __name__ == "__main__":
    sys.exit(main())
