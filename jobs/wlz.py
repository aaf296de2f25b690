"""The Wlz quarterly statement for spark-submit and for a Databricks job; the same run as `zorgstat wlz run`.

    spark-submit --packages io.delta:delta-spark_4.2_2.13:4.4.0 --py-files dist/zorgstat.zip \\
        jobs/wlz.py conf/wlz/2023-2.toml --input ROOT --output ROOT
"""

from zorgstat.io import job
from zorgstat.wlz.pipeline import WLZ

job.submitted(WLZ, __doc__)
