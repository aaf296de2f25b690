"""What a pipeline is to the life of a run (`io.run`): tables, settings, rules, and what must hold of its figures."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

from pyspark.sql import Column, DataFrame, Row, SparkSession

from zorgstat.checks import Finding
from zorgstat.partitions import Keep
from zorgstat.tables import Table

Frames = Mapping[str, DataFrame]


class Settings(Protocol):
    """What one report chooses, whatever the pipeline."""

    @property
    def year(self) -> int: ...

    @property
    def number(self) -> int:
        """Which report of the year: `report_version` in `runs`; the quarter for wlz."""

    @property
    def stamps(self) -> Mapping[str, Any]:
        """What every output row carries of the settings, by column; the run is added to it."""

    @property
    def without_effect(self) -> Sequence[str]:
        """Keys that choose something for what is not in the report: most often a typing error."""

    def as_json(self) -> dict[str, Any]:
        """Every setting under the names of the file, such that `resolve` gives these settings again."""


BEFORE_AND_AFTER = ("before", "after")  # the sides of a comparison


@dataclass(frozen=True)
class Comparison:
    """What a pipeline has to say of two of its runs beside each other; the three are as those of `Pipeline`.

    `queries` gets the stored outputs of the run before and of the one after, by name, and how many of what moved most
    to look up.
    """

    queries: Callable[[Frames, Frames, int], dict[str, DataFrame]]
    figures: Callable[[Mapping[str, list[Row]]], dict[str, Any]]
    describe: Callable[[Mapping[str, Any]], list[str]]


@dataclass(frozen=True)
class Pipeline:
    """One national statistic.

    `main_input` is the table whose rows are counted and told. `synth` makes input tables by name, from the number of
    claims, a seed and a year. `remarks` are findings (`checks.Finding`) on inputs and settings, as rows. `build` gives
    the outputs by name, without the columns of the run. Of the stored outputs `measures` are aggregates by table and
    `more_measures` frames of one row; `judge` gets their values, and the rows of the main input. `queries` are looked
    up for `figures`, the few numbers that a person wants to see, and `describe` puts those into lines of text.
    `comparison` does the same for two runs.
    """

    name: str
    inputs: tuple[Table, ...]
    outputs: tuple[Table, ...]
    main_input: Table
    resolve: Callable[[Mapping[str, Any]], Settings]
    build: Callable[[Frames, Any, Keep], dict[str, DataFrame]]
    remarks: Callable[[Frames, Any], DataFrame]
    measures: Callable[[], Mapping[str, list[Column]]]
    more_measures: Callable[[Frames], list[DataFrame]]
    judge: Callable[[Mapping[str, Any], int], list[Finding]]
    queries: Callable[[Frames], dict[str, DataFrame]]
    figures: Callable[[Mapping[str, list[Row]]], dict[str, Any]]
    describe: Callable[[Any, Mapping[str, Any]], list[str]]
    comparison: Comparison
    synth: Callable[[SparkSession, int, int, int], dict[str, DataFrame]]
