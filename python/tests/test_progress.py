"""What is told on the way: callbacks, events, bars."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from typing import Any

import pytest
from support import KEY, QUICK, run_python

import spark_t2i
from spark_t2i import AsyncClient, Client, Event, EventKind
from spark_t2i.testing import Emulator

FOX = "a red fox in the snow"


@pytest.fixture(scope="module")
def telling() -> Iterator[Emulator]:
    """So long that some of the progress is seen."""
    with Emulator(latency=0.6) as emulator:
        yield emulator


@pytest.fixture
def client(telling: Emulator) -> Iterator[Client]:
    with Client(api_key=KEY, base_url=telling.url, **QUICK) as client:
        yield client


def check(events: list[Event], task_id: str, submitted_here: bool) -> None:
    kinds = [event.kind for event in events]
    assert kinds[-1] is EventKind.COMPLETED and events[-1].snapshot is not None
    assert (kinds[0] is EventKind.SUBMITTED) is submitted_here
    assert [event.is_terminal for event in events].count(True) == 1 and events[-1].is_terminal
    assert {event.task_id for event in events} == {task_id}
    elapsed = [event.elapsed_seconds for event in events]
    assert elapsed == sorted(elapsed) and elapsed[-1] > 0
    progress = [event.progress for event in events if event.kind is EventKind.RUNNING and event.progress is not None]
    assert progress and progress == sorted(progress) and 0 <= progress[0] and progress[-1] <= 1


def test_generate_calls_back(client: Client) -> None:
    events: list[Event] = []
    image = client.generate(FOX, on_progress=events.append)
    check(events, image.task_id, submitted_here=True)


def test_wait_calls_back(client: Client) -> None:
    events: list[Event] = []
    task = client.submit(FOX)
    task.wait(on_progress=events.append)
    check(events, task.id, submitted_here=True)
    events.clear()
    client.task(client.submit(FOX).id).wait(on_progress=events.append)
    check(events, events[0].task_id, submitted_here=False)


def test_events(client: Client) -> None:
    task = client.submit(FOX)
    events = task.events()
    assert iter(events) is events
    check(list(events), task.id, submitted_here=True)
    assert next(events, None) is None


def test_events_asynchronously(telling: Emulator) -> None:
    async def main() -> None:
        async with AsyncClient(api_key=KEY, base_url=telling.url, **QUICK) as client:
            task = await client.submit(FOX)
            check([event async for event in task.events()], task.id, submitted_here=True)
            events: list[Event] = []
            image = await client.generate(FOX, on_progress=events.append)
            check(events, image.task_id, submitted_here=True)
            events.clear()
            task = await client.submit(FOX)
            await task.wait(on_progress=events.append)
            check(events, task.id, submitted_here=True)

    asyncio.run(main())


class OfTheCallback(Exception):
    pass


def fails(event: Event) -> None:
    raise OfTheCallback(event.task_id)


def test_what_a_callback_raises_ends_the_call(client: Client) -> None:
    with pytest.raises(OfTheCallback):
        client.generate(FOX, on_progress=fails)
    assert client.stats().waiting == 0, "the waiting went on without its caller"
    assert client.generate(FOX).task_id


def test_what_a_callback_raises_ends_the_call_asynchronously(telling: Emulator) -> None:
    async def main() -> None:
        async with AsyncClient(api_key=KEY, base_url=telling.url, **QUICK) as client:
            with pytest.raises(OfTheCallback):
                await client.generate(FOX, on_progress=fails)
            assert client.stats().waiting == 0

    asyncio.run(main())


def test_a_callback_may_use_the_client(client: Client) -> None:
    costs: list[Any] = []
    client.generate(FOX, on_progress=lambda event: costs.append(client.task(event.task_id).refresh().status))
    assert costs


def test_events_that_are_left_end_the_waiting(client: Client) -> None:
    for event in client.submit(FOX).events():
        assert event.kind is EventKind.SUBMITTED
        break
    assert client.stats().waiting == 0


def test_events_end_with_what_went_wrong(slow_client: Client) -> None:
    task = slow_client.submit(FOX)
    *_, last = task.events(timeout=0.3)
    assert last.kind is EventKind.FAILED and last.is_terminal
    assert isinstance(last.error, spark_t2i.DeadlineExceededError) and last.error.task_id == task.id


def test_a_bar_of_tqdm(client: Client, capsys: pytest.CaptureFixture[str]) -> None:
    image = client.generate(FOX, progress=True)
    shown = capsys.readouterr()
    assert shown.out == ""
    assert "100%" in shown.err
    assert image.task_id in shown.err or "completed" in shown.err
    client.submit(FOX).wait(progress=True)
    assert "100%" in capsys.readouterr().err


def test_a_bar_of_tqdm_over_many(client: Client, capsys: pytest.CaptureFixture[str]) -> None:
    assert len(list(client.generate_many([FOX] * 3, progress=True))) == 3
    assert "3/3" in capsys.readouterr().err


def test_a_bar_of_tqdm_asynchronously(telling: Emulator, capsys: pytest.CaptureFixture[str]) -> None:
    async def main() -> None:
        async with AsyncClient(api_key=KEY, base_url=telling.url, **QUICK) as client:
            await client.generate(FOX, progress=True)

    asyncio.run(main())
    assert "100%" in capsys.readouterr().err


def test_without_a_bar_nothing_is_printed(client: Client, capfd: pytest.CaptureFixture[str]) -> None:
    client.generate(FOX)
    list(client.generate_many([FOX]))
    assert capfd.readouterr() == ("", "")


def test_without_tqdm_a_bar_is_an_error_that_names_it(telling: Emulator) -> None:
    script = """
import sys
sys.modules["tqdm"] = sys.modules["tqdm.auto"] = None
import spark_t2i
client = spark_t2i.Client(poll_interval=0.05)
try:
    client.generate("a red fox", progress=True)
except ImportError as error:
    print(error)
print(client.stats().submitted)
"""
    done = run_python(script, SPARK_T2I_API_KEY=KEY, SPARK_T2I_BASE_URL=telling.url)
    assert (done.returncode, done.stderr) == (0, "")
    message, submitted = done.stdout.splitlines()
    assert "needs tqdm: pip install" in message
    assert submitted == "0", "it paid before it said so"
