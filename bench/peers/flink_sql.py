"""PyFlink as its documentation says: SQL over JSON topics, and the HOP window functions.

Windows: 1m hopping by 10 s, and 5m hopping by 30 s. Flink gives out a window when it closes, not while it fills: what
is in Redis is up to ten seconds, and thirty, behind. It runs in the JVM that PyFlink starts, at its default parallelism
(a task for each core), and reads to the offsets that it found at its start. Flink has no Redis sink, and handing rows
to Python one by one is slow (a millisecond each): they go by a topic, as they would between services, and are written
from there. The clock runs from the moment the job is running, a moment before its first record. The CPU is that of
Python and the JVM. The counts are taken from the windows: an event is in six of a minute.
"""

import json
import os
import subprocess
import sys
import time
from collections import Counter
from pathlib import Path

from confluent_kafka import Consumer, TopicPartition
from confluent_kafka.admin import AdminClient, NewTopic
from kit import GROUP, KAFKA, STREAMS, TOPICS, Stopwatch, store, write_counts
from pyflink.table import EnvironmentSettings, TableEnvironment

CONNECTOR = "org.apache.flink:flink-sql-connector-kafka:5.0.0-2.2"
EVENTS_TABLE = f"""
    CREATE TABLE events (
        ts BIGINT,
        campaign_id STRING,
        channel STRING,
        topic STRING METADATA VIRTUAL,
        happened AS TO_TIMESTAMP_LTZ(ts, 3),
        WATERMARK FOR happened AS happened - INTERVAL '10' SECOND
    ) WITH (
        'connector' = 'kafka',
        'topic' = '{";".join(TOPICS)}',
        'properties.bootstrap.servers' = '{KAFKA}',
        'scan.startup.mode' = 'earliest-offset',
        'scan.bounded.mode' = 'latest-offset',
        'format' = 'json'
    )"""
ROWS = f"{GROUP}-rows"
ROWS_TABLE = f"""
    CREATE TABLE found (
        window_name STRING, campaign_id STRING, channel STRING, {", ".join(f"{s} BIGINT" for s in STREAMS)}
    ) WITH (
        'connector' = 'kafka', 'topic' = '{ROWS}', 'properties.bootstrap.servers' = '{KAFKA}', 'format' = 'json'
    )"""
WINDOWS = {"1m": "INTERVAL '10' SECOND, INTERVAL '1' MINUTE", "5m": "INTERVAL '30' SECOND, INTERVAL '5' MINUTE"}


def connector() -> Path:
    """The jar, beside the packages of this environment."""
    home = Path(sys.prefix) / "jars"
    _, name, version = CONNECTOR.split(":")
    jar = home / f"{name}-{version}.jar"
    if not jar.exists():
        copy = ["mvn", "-B", "-q", "dependency:copy", f"-Dartifact={CONNECTOR}", f"-DoutputDirectory={home}"]
        subprocess.run(copy, check=True, timeout=300, stdout=sys.stderr)
    return jar


def jvm_cpu_s() -> float:
    """The CPU seconds of the processes that this one started, which is the JVM."""
    total = 0
    for stat in Path("/proc").glob("[0-9]*/stat"):
        try:
            fields = stat.read_text().rpartition(")")[2].split()
        except OSError:
            continue  # It ended meanwhile.
        if int(fields[1]) == os.getpid():
            total += int(fields[11]) + int(fields[12])
    return total / os.sysconf("SC_CLK_TCK")


def query(name: str) -> str:
    """The rows of one window."""
    columns = ", ".join(f"COUNT(*) FILTER (WHERE topic = '{topic}')" for topic in TOPICS)
    hop = f"HOP(TABLE events, DESCRIPTOR(happened), {WINDOWS[name]})"
    keys = "campaign_id, channel"
    return f"SELECT '{name}', {keys}, {columns} FROM TABLE({hop}) GROUP BY window_start, window_end, {keys}"  # noqa: S608


def write(rows: list[dict[str, str | int]]) -> None:
    """Write rows to Redis, and count those of the minute."""
    store.hset(
        "peer:kpi", mapping={f"{r['window_name']}:{r['campaign_id']}|{r['channel']}": json.dumps(r) for r in rows}
    )
    for row in rows:
        if row["window_name"] == "1m":
            for stream in STREAMS:
                sixfold[f"{row['campaign_id']}:{stream}"] += int(row[stream])


admin = AdminClient({"bootstrap.servers": KAFKA})
admin.create_topics([NewTopic(ROWS, 1, 1)])[ROWS].result()
reader = Consumer({"bootstrap.servers": KAFKA, "group.id": GROUP, "enable.auto.commit": False})
rows_partition = TopicPartition(ROWS, 0, 0)
reader.assign([rows_partition])
tables = TableEnvironment.create(EnvironmentSettings.in_streaming_mode())
tables.get_config().set("pipeline.jars", connector().as_uri())
tables.execute_sql(EVENTS_TABLE)
tables.execute_sql(ROWS_TABLE)
watch, sixfold, read, end = Stopwatch(), Counter[str](), 0, None
job = tables.execute_sql("INSERT INTO found " + " UNION ALL ".join(map(query, WINDOWS))).get_job_client()
while job.get_job_status().result().name in {"INITIALIZING", "CREATED"}:
    time.sleep(0.005)
watch.start()
finished = job.get_job_execution_result()
used = time.process_time() + jvm_cpu_s()
while end is None or read < end:
    messages = reader.consume(2000, timeout=0.1)
    if messages:
        read += len(messages)
        write([json.loads(m.value()) for m in messages])
    elif end is None and finished.done():
        finished.result()  # Raises what the job failed of.
        _, end = reader.get_watermark_offsets(rows_partition)
truth = {name: total // 6 for name, total in sixfold.items() if total}
watch.done(sum(truth.values()), cpu_s=time.process_time() + jvm_cpu_s() - used)
write_counts(truth)
