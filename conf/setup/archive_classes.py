"""Keeps the classes that a run of Spark loads as Java has them in memory: every later start takes half the time.

One small run with everything in it; Java writes the archive when it ends. An archive that does not fit (another Java,
other jars) is passed over by Java, so nothing depends on it.
"""

import sys
import tempfile
from pathlib import Path

from zorgstat.behandelindex import synth
from zorgstat.behandelindex.pipeline import BEHANDELINDEX
from zorgstat.behandelindex.settings import Settings
from zorgstat.io import run, session
from zorgstat.io.size import Size
from zorgstat.io.spark import LIGHT_JAVA, class_archive
from zorgstat.io.store import Store

CLAIMS, SEED = 1000, 1
PATIENCE = 120  # seconds for Java to write it

archive = class_archive()
archive.unlink(missing_ok=True)
java = f"{LIGHT_JAVA} -XX:ArchiveClassesAtExit={archive} -Xlog:disable"
settings = Settings()
with tempfile.TemporaryDirectory() as folder:
    with session.start("spark", {"spark.driver.extraJavaOptions": java}, Size.LITTLE) as engine:
        gateway = engine.spark.sparkContext._gateway
        inputs, outputs = str(Path(folder, "in")), str(Path(folder, "out"))
        for name, frame in synth.tables(engine.spark, CLAIMS, SEED, settings.report.year).items():
            Store(engine, inputs).replace(frame, name)
        run.execute(BEHANDELINDEX, engine, settings, inputs, outputs, report=lambda phase: None)
    gateway.shutdown()
    gateway.proc.stdin.close()
    gateway.proc.wait(PATIENCE)
if not archive.exists():
    print("Java kept no archive of classes; Spark will start as before.", file=sys.stderr)
