"""The pipelines by name."""

from __future__ import annotations

from zorgstat.behandelindex.pipeline import BEHANDELINDEX
from zorgstat.wlz.pipeline import WLZ

PIPELINES = {pipeline.name: pipeline for pipeline in (BEHANDELINDEX, WLZ)}
