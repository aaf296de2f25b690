"""Numbers with a fraction, as they come out of a delivered table on either engine."""

from __future__ import annotations

from pathlib import Path

import pyarrow as pa
from deltalake import write_deltalake

from zorgstat.behandelindex.classes import rank_postcodes
from zorgstat.behandelindex.tables import SES_WOA
from zorgstat.io.engine import Engine
from zorgstat.io.store import Store


def test_a_score_is_read_to_its_last_bit_whatever_else_is_in_its_file(engine: Engine, tmp_path: Path) -> None:
    """Where all scores of a file are one, or NaN, the lowest and the highest that Delta's log tells are one too."""
    score, none = 1.4599380034659077, float("nan")
    files = [{"1000": score}, {"2000": score, "3000": 5.0}, {"4000": none, "5000": 5.0, "6000": 5.0}, {"7000": none}]
    for file in files:
        rows = pa.table({"postcode4": list(file), "score": list(file.values()), "more": [1] * len(file)})
        write_deltalake(str(tmp_path / SES_WOA.name), rows, mode="append")
    frames, faults = Store(engine, str(tmp_path)).read_pinned([SES_WOA], {SES_WOA.name: len(files) - 1})
    assert faults == []
    read = {row["postcode4"]: row["score"] for row in frames[SES_WOA.name].collect()}
    assert {code: repr(number) for code, number in read.items()} == {
        code: repr(number) for file in files for code, number in file.items()
    }
    ranked = {row["postcode4"]: row["ses_class"] for row in rank_postcodes(frames[SES_WOA.name]).collect()}
    assert ranked == {"1000": 1, "2000": 2, "3000": 2, "5000": 2, "6000": 3}
