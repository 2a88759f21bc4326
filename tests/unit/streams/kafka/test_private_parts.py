"""What is touched of Faust, aiokafka and aiohttp that has no public name, and the versions on which that was proved.

A new version of one of them: look whether each name below still means the same, run ``make faults RUNS=10``, and put
its number here.
"""

from __future__ import annotations

import inspect
from importlib.metadata import version

import aiohttp.web_protocol
import aiohttp.web_server
import aiokafka.consumer
import aiokafka.consumer.fetcher
import aiokafka.consumer.group_coordinator
import faust.app.base
import faust.transport.consumer
import faust.transport.drivers.aiokafka
import mode.worker
import pytest

PROVED = {"faust-streaming": "0.15.3", "mode-streaming": "0.7.1", "aiokafka": "0.14.0", "aiohttp": "3.14"}
TOUCHED = {
    faust.app.base.App: ("_create_directories", "_crash"),
    faust.transport.consumer.Consumer: (
        "_add_gap", "_new_offset", "_acked", "_acked_index", "_read_offset", "_committed_offset",
    ),
    faust.transport.consumer.ThreadDelegateConsumer: ("_new_consumer_thread", "_thread", "_getmany"),
    faust.transport.drivers.aiokafka.AIOKafkaConsumerThread: (
        "_create_worker_consumer", "_fetch_records", "_ensure_consumer", "_consumer",
    ),
    mode.worker.Worker: ("_schedule_shutdown",),
    aiokafka.consumer.AIOKafkaConsumer: (
        "_isolation_level", "_fetch_max_wait_ms", "_fetcher", "_coordinator", "_subscription", "_closed",
    ),
    aiokafka.consumer.fetcher.Fetcher: ("_proc_fetch_request", "_prefetch_backoff", "_fetch_task"),
    aiokafka.consumer.fetcher.PartitionRecords: (
        "_unpack_records", "_records", "_tp", "_isolation_level", "_aborted_producers", "_consume_aborted_up_to",
        "_contains_abort_marker",
    ),
    aiohttp.web_server.Server: ("_connections",),
    aiohttp.web_protocol.RequestHandler: ("_request_in_progress", "_request_count", "_current_request"),
}  # fmt: skip


@pytest.mark.parametrize("name", PROVED)
def test_the_installed_version_is_one_on_which_it_was_proved(name: str) -> None:
    assert version(name).startswith(PROVED[name]), f"{name} {version(name)} is not proved: see this module's head"


@pytest.mark.parametrize("owner", TOUCHED, ids=lambda owner: owner.__qualname__)
def test_each_private_name_is_still_there(owner: type) -> None:
    source = "".join(inspect.getsource(one) for one in owner.__mro__ if one.__module__ != "builtins")
    assert [name for name in TOUCHED[owner] if name not in source] == []


def test_the_fetcher_still_names_the_two_classes_that_are_put_in_their_place() -> None:
    names = aiokafka.consumer.fetcher.Fetcher._proc_fetch_request.__code__.co_names
    assert {"MemoryRecords", "PartitionRecords"} <= set(names)
