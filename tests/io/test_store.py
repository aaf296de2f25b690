"""Tables written over others keep people out of Delta's log."""

from __future__ import annotations

from pathlib import Path

import pyarrow as pa
from deltalake import DeltaTable, write_deltalake

from zorgstat.io.session import Engine
from zorgstat.io.store import RETENTION, Store


def test_a_replaced_table_has_no_bsn_in_its_log_and_keeps_its_versions(engine: Engine, tmp_path: Path) -> None:
    """Also where somebody else made the table, and Delta would keep the lowest and highest bsn of every file."""
    foreign = tmp_path / "claims"
    write_deltalake(str(foreign), pa.table({"bsn": ["111222333"], "amount": pa.array([1], pa.int32())}))
    made = engine.spark.createDataFrame([("999806294", 2)], "bsn string, amount int")
    store = Store(engine, str(tmp_path))
    for name in ("claims", "enrolments"):
        store.replace(made, name)
        table = DeltaTable(str(tmp_path / name))
        assert table.to_pyarrow_table().to_pylist() == [{"bsn": "999806294", "amount": 2}]
        configuration = table.metadata().configuration
        assert configuration["delta.dataSkippingStatsColumns"] == "amount"
        assert RETENTION.keys() <= configuration.keys()
        logs = [file.read_text() for file in (tmp_path / name / "_delta_log").glob("*.json")]
        assert not any("999806294" in log for log in logs)
