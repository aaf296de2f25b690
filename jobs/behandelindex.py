"""The Behandelindex for spark-submit and for a Databricks job; the same run as `zorgstat behandelindex run`.

    spark-submit --packages io.delta:delta-spark_4.2_2.13:4.4.0 --py-files dist/zorgstat.zip \\
        jobs/behandelindex.py conf/behandelindex/2023-3.toml --input ROOT --output ROOT
"""

from zorgstat.behandelindex.pipeline import BEHANDELINDEX
from zorgstat.io import job

job.submitted(BEHANDELINDEX, __doc__)
