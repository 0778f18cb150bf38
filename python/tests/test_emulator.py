"""`spark_t2i.testing.Emulator`: what users test their own programs with."""

from __future__ import annotations

import asyncio
from datetime import timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from support import QUICK

import spark_t2i
from spark_t2i.testing import Emulator

FOX = "a red fox in the snow"


def test_it_counts() -> None:
    with Emulator(latency=0.05, price="0.25") as emulator:
        with emulator.client(**QUICK) as client:
            client.generate(FOX).bytes()
            client.submit(FOX)
            client.estimate(FOX)
        stats = emulator.stats()
    assert (stats.tasks.created, stats.tasks.completed) == (2, 1) or stats.tasks.completed == 2
    assert (stats.charges.count, stats.charges.total) == (2, Decimal("0.50"))
    assert type(stats.charges.total) is Decimal
    assert (stats.requests.create, stats.requests.estimate, stats.requests.image) == (2, 1, 1)
    assert stats.requests.status >= 1 and stats.downloads == 1
    assert stats.polls_per_task.max >= 1 and stats.polls_per_task.mean > 0
    assert stats.polls_per_task.told == stats.requests.status
    assert stats.lag_seconds.count == 1 and stats.lag_seconds.mean is not None
    assert stats.refused == {} and stats.faults == {}
    assert "EmulatorStats(" in repr(stats) and stats == stats


def test_its_clients_need_no_key() -> None:
    async def main(emulator: Emulator) -> None:
        async with emulator.async_client(**QUICK) as client:
            assert (await client.generate(FOX)).task_id

    with Emulator(latency=0.05) as emulator:
        assert emulator.url.startswith("http://127.0.0.1:")
        assert repr(emulator.url.rsplit(":", 1)[1]) in repr(emulator) or emulator.url in repr(emulator)
        asyncio.run(main(emulator))


def test_it_takes_no_other_key_than_its_own() -> None:
    with Emulator(latency=0.05, api_key="the-right-one") as emulator:
        with spark_t2i.Client(api_key="a-wrong-one", base_url=emulator.url) as client:
            with pytest.raises(spark_t2i.AuthenticationError):
                client.submit(FOX)
        with emulator.client() as client:
            assert client.submit(FOX).id
        assert emulator.stats().refused == {401: 1}


@pytest.mark.parametrize("latency", ["100ms", 0.1, timedelta(milliseconds=100), "lognormal:100ms:0.1"], ids=str)
def test_a_latency_of_every_form(latency: Any) -> None:
    with Emulator(latency=latency) as emulator, emulator.client(**QUICK) as client:
        assert client.generate(FOX).task_id


def test_faults_come_and_go() -> None:
    with Emulator(latency=0.05, faults=["http-500@estimate"]) as emulator:
        client = emulator.client(max_retries=0)
        assert [fault.split(":")[0].split("@")[0] for fault in emulator.faults] == ["http-500"]
        with pytest.raises(spark_t2i.ConnectionFailedError):
            client.estimate(FOX)
        emulator.set_faults("http-402@estimate", "http-403:0.5@status")
        assert len(emulator.faults) == 2
        with pytest.raises(spark_t2i.InsufficientBalanceError):
            client.estimate(FOX)
        emulator.clear_faults()
        assert list(emulator.faults) == []
        assert client.estimate(FOX) is not None
        assert emulator.stats().faults == {"http-500": 1, "http-402": 1}
        client.close()


@pytest.mark.parametrize("options", [{"faults": ["no-such"]}, {"latency": "soon"}, {"failure_rate": 2}, {"price": "x"}])
def test_wrong_options_are_refused(options: dict[str, Any]) -> None:
    with pytest.raises((ValueError, spark_t2i.SparkT2iError)):
        Emulator(**options)


def test_wrong_faults_change_nothing() -> None:
    with Emulator(faults=["http-500"]) as emulator:
        before = list(emulator.faults)
        with pytest.raises((ValueError, spark_t2i.SparkT2iError), match="no-such"):
            emulator.set_faults("no-such")
        assert list(emulator.faults) == before


def test_failing_tasks() -> None:
    with Emulator(latency=0.05, failure_rate=1.0) as emulator, emulator.client(**QUICK) as client:
        with pytest.raises(spark_t2i.TaskFailedError) as caught:
            client.generate(FOX)
        assert caught.value.task_id and caught.value.code
        assert client.stats().failed == 1


def test_a_rate_limit() -> None:
    with Emulator(latency=0.05, rate_limit=1) as emulator:
        with emulator.client(max_retries=0, max_requests_per_second=0) as client:
            with pytest.raises(spark_t2i.RateLimitedError) as caught:
                for _ in range(20):
                    client.estimate(FOX)
        assert caught.value.retryable and caught.value.retry_after_seconds is not None
        assert emulator.stats().refused[429] >= 1


def test_a_seed_draws_the_same_again() -> None:
    def failures() -> list[bool]:
        with Emulator(latency=0.02, failure_rate=0.5, seed=7) as emulator:
            with emulator.client(max_in_flight=1, **QUICK) as client:
                return [generated.error is None for generated in client.generate_many([FOX] * 12)]

    first = failures()
    assert first == failures()
    assert len(set(first)) == 2


def test_a_state_file_outlives_it(tmp_path: Path) -> None:
    with Emulator(latency=0.05, state=tmp_path / "tasks.jsonl") as emulator, emulator.client(**QUICK) as client:
        task_id = client.generate(FOX).task_id
    with Emulator(latency=0.05, state=tmp_path / "tasks.jsonl") as emulator, emulator.client(**QUICK) as client:
        assert client.task(task_id).wait().task_id == task_id
        assert emulator.stats().tasks.restored == 1


def test_it_stops() -> None:
    emulator = Emulator(latency=0.05)
    client = emulator.client(max_retries=0)
    emulator.stop()
    emulator.stop()
    with pytest.raises(spark_t2i.ConnectionFailedError):
        client.estimate(FOX)
    client.close()


def test_an_address_of_ones_own() -> None:
    with Emulator(addr="127.0.0.1:0") as first:
        address = first.url.removeprefix("http://")
        with pytest.raises(spark_t2i.SparkT2iError):
            Emulator(addr=address)


def test_several_at_once_and_one_after_another() -> None:
    emulators = [Emulator(latency=0.05) for _ in range(10)]
    assert len({emulator.url for emulator in emulators}) == 10
    for emulator in emulators:
        with emulator.client(**QUICK) as client:
            client.generate(FOX)
        assert emulator.stats().tasks.created == 1
        emulator.stop()


def test_the_progress_is_told_only_if_it_is_to_be() -> None:
    for progress in (True, False):
        with Emulator(latency=0.5, progress=progress) as emulator, emulator.client(**QUICK) as client:
            told = [event.progress for event in client.submit(FOX).events() if event.kind == "running"]
        assert any(value is not None for value in told) is progress
