#!/bin/sh
# What is installed for a version of Spark: requirements.lock, or that with another pyspark in it. Usage: lock.sh 4.2
cd "$(dirname "$0")/../.." || exit 1
other=conf/setup/spark-$1.lock
if [ -f "$other" ]; then
    awk '/^pyspark==/ {left = 2} left-- > 0 {next} {print}' requirements.lock
    cat "$other"
elif grep -q "^pyspark==$1\\." requirements.lock; then
    cat requirements.lock
else
    echo "SPARK is $1; use 4.2 or 4.1." >&2
    exit 2
fi
