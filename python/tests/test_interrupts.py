"""Row 30: Ctrl-C ends every blocking call, cancelling every await, and both say which task goes on."""

from __future__ import annotations

import asyncio
import sys
import time
from collections.abc import AsyncGenerator, Awaitable, Callable, Iterator
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path

import pytest
from support import KEY, QUICK, Json, report_of, until

import spark_t2i
from spark_t2i import AsyncClient, AsyncImage
from spark_t2i.testing import Emulator

FOX = "a red fox in the snow"
# The promise is 100 ms; this is for a machine that does other things too.
LIMIT = 1.0

# Calls that have a task whose id is known, and calls that have none.
WITH_TASK = ["generate", "wait", "refresh", "events", "bytes", "save", "wait_progress", "generate_progress", "generate_many"]
WITHOUT_TASK = ["submit", "estimate"]


@pytest.fixture(scope="module")
def hanging() -> Iterator[Emulator]:
    """Tasks are soon done, but what comes after that never ends."""
    with Emulator(latency=0.05, faults=["hang-in-body@image", "hang-after-accept@estimate"]) as emulator:
        yield emulator


@pytest.fixture(scope="module")
def deaf() -> Iterator[Emulator]:
    """Takes what it is told, and answers nothing."""
    with Emulator(latency=0.05, faults=["hang-after-accept@create"]) as emulator:
        yield emulator


@pytest.fixture(scope="module")
def silent() -> Iterator[Emulator]:
    """Says nothing of the tasks that it took."""
    with Emulator(latency=0.05, faults=["hang-after-accept@status"]) as emulator:
        yield emulator


INTERRUPTED = """
import json, os, signal, sys, tempfile, threading, time
import spark_t2i
slow, hanging, deaf, silent, folder = sys.argv[1:]

def client(url):
    return spark_t2i.Client(api_key="k", base_url=url, poll_interval=0.05, max_requests_per_second=0)

def image():
    return client(hanging).generate("a red fox")

# Each makes what there is before; then comes the call, and what tells that it is under way.
def waiting(call):
    c = client(slow)
    return call(c), lambda: c.stats().waiting

def on_task(call):
    c = client(slow)
    task = c.submit("a red fox")
    return call(task), lambda: c.stats().waiting

def submit():
    c = client(deaf)
    return lambda: c.submit("a red fox"), lambda: c.stats().create_requests

def refresh():
    c = client(silent)
    task = c.submit("a red fox")
    return task.refresh, lambda: c.stats().status_requests

def estimate():
    c = client(hanging)
    return lambda: c.estimate("a red fox"), lambda: c.stats().estimate_requests

def download(call):
    c = client(hanging)
    image = c.generate("a red fox")
    return call(image), lambda: c.stats().downloaded_bytes

ignore = lambda event: None
calls = {
    "generate": lambda: waiting(lambda c: lambda: c.generate("a red fox")),
    "generate_progress": lambda: waiting(lambda c: lambda: c.generate("a red fox", on_progress=ignore)),
    "generate_many": lambda: waiting(lambda c: lambda: list(c.generate_many(["a", "b"]))),
    "wait": lambda: on_task(lambda task: task.wait),
    "wait_progress": lambda: on_task(lambda task: lambda: task.wait(on_progress=ignore)),
    "events": lambda: on_task(lambda task: lambda: list(task.events())),
    "submit": submit,
    "refresh": refresh,
    "estimate": estimate,
    "bytes": lambda: download(lambda image: image.bytes),
    "save": lambda: download(lambda image: lambda: image.save(os.path.join(folder, "fox.png"))),
}
reports = {}
for name, make in calls.items():
    call, under_way = make()
    sent = []
    def interrupt():
        while not under_way():
            time.sleep(0.01)
        time.sleep(0.15)
        sent.append(time.monotonic())
        os.kill(os.getpid(), signal.SIGINT)
    thread = threading.Thread(target=interrupt, daemon=True)
    report = {"type": None}
    try:
        thread.start()
        call()
        thread.join()
    except KeyboardInterrupt as error:
        report = {
            "seconds": time.monotonic() - sent[0],
            "type": type(error).__name__,
            "task_id": getattr(error, "task_id", "no attribute"),
            "task_ids": getattr(error, "task_ids", []),
            "notes": getattr(error, "__notes__", []),
        }
    except BaseException as error:
        report = {"type": repr(error)}
        try:
            thread.join()
        except KeyboardInterrupt:
            pass
    reports[name] = report
# Nothing is broken by it.
reports["afterwards"] = client(hanging).generate("a red fox").task_id
print(json.dumps(reports))
"""


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("interrupted")


@pytest.fixture(scope="module")
def interrupted(slow_emulator: Emulator, hanging: Emulator, deaf: Emulator, silent: Emulator, place: Path) -> Json:
    if sys.platform == "win32":
        pytest.skip("there is no SIGINT to send to oneself")
    return report_of(INTERRUPTED, slow_emulator.url, hanging.url, deaf.url, silent.url, str(place))


@pytest.mark.parametrize("call", WITH_TASK + WITHOUT_TASK)
def test_ctrl_c(interrupted: Json, call: str) -> None:
    report = interrupted[call]
    assert report["type"] == "KeyboardInterrupt"
    assert report["seconds"] < LIMIT
    if call in WITHOUT_TASK:
        assert report["task_id"] is None
        return
    assert isinstance(report["task_id"], str)
    if sys.version_info >= (3, 11):
        [note] = report["notes"]
        assert all(task_id in note for task_id in report["task_ids"])
        assert f'client.task("{report["task_id"]}").wait()' in note


def test_ctrl_c_breaks_nothing_and_leaves_no_file(interrupted: Json, place: Path) -> None:
    assert interrupted["afterwards"]
    assert list(place.iterdir()) == []


def test_how_soon_ctrl_c_is_noticed(interrupted: Json, measured: Callable[[str, str], None]) -> None:
    seconds = {name: report["seconds"] for name, report in interrupted.items() if name != "afterwards"}
    slowest = max(seconds, key=lambda name: seconds[name])
    measured("Ctrl-C to KeyboardInterrupt, at most", f"{1000 * seconds[slowest]:.0f} ms ({slowest})")
    assert seconds[slowest] < LIMIT


def test_a_handler_of_the_program_runs_and_the_call_goes_on(hanging: Emulator) -> None:
    if sys.platform == "win32":
        pytest.skip("there is no SIGALRM")
    script = """
import json, signal, sys, time
import spark_t2i
seen = []
signal.signal(signal.SIGALRM, lambda *_: seen.append(time.monotonic()))
signal.setitimer(signal.ITIMER_REAL, 0.2)
begin = time.monotonic()
client = spark_t2i.Client(api_key="k", base_url=sys.argv[1], poll_interval=0.8)
client.generate("a red fox")
print(json.dumps({"seen": [when - begin for when in seen], "seconds": time.monotonic() - begin}))
"""
    report = report_of(script, hanging.url)
    assert report["seconds"] > 0.5, "the call was too short to show anything"
    assert len(report["seen"]) == 1 and report["seen"][0] < report["seconds"] - 0.1


class Cancelled:
    """What an await was ended with, and how soon."""

    def __init__(self, seconds: float, error: BaseException) -> None:
        self.seconds = seconds
        self.task_id: object = getattr(error, "task_id", "no attribute")
        self.notes: list[str] = getattr(error, "__notes__", [])


async def cancelled(work: Awaitable[object], under_way: Callable[[], object]) -> Cancelled:
    seen: list[BaseException] = []

    async def keeping() -> None:
        try:
            await work
        except BaseException as error:
            seen.append(error)
            raise

    task = asyncio.ensure_future(keeping())
    while not under_way():
        await asyncio.sleep(0.01)
    await asyncio.sleep(0.1)
    begin = time.monotonic()
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert type(seen[0]) is asyncio.CancelledError
    return Cancelled(time.monotonic() - begin, seen[0])


async def all_events(task: spark_t2i.AsyncTask) -> list[spark_t2i.Event]:
    async with task.events() as events:
        return [event async for event in events]


async def all_of_many(client: AsyncClient) -> list[object]:
    async with client.generate_many([FOX, FOX]) as many:
        return [generated async for generated in many]


def test_cancelling(
    slow_emulator: Emulator,
    hanging: Emulator,
    deaf: Emulator,
    silent: Emulator,
    tmp_path: Path,
    measured: Callable[[str, str], None],
) -> None:
    @asynccontextmanager
    async def made(emulator: Emulator) -> AsyncGenerator[AsyncClient, None]:
        async with AsyncClient(api_key=KEY, base_url=emulator.url, **QUICK) as client:
            yield client

    async def main() -> dict[str, Cancelled]:
        async with AsyncExitStack() as stack:
            slow, halting, mute, quiet = [
                await stack.enter_async_context(made(emulator)) for emulator in (slow_emulator, hanging, deaf, silent)
            ]
            asked = await quiet.submit(FOX)
            image: AsyncImage = await halting.generate(FOX)
            task = await slow.submit(FOX)
            ends = {
                "generate": await cancelled(slow.generate(FOX), lambda: slow.stats().waiting),
                "generate_progress": await cancelled(
                    slow.generate(FOX, on_progress=lambda _: None), lambda: slow.stats().waiting
                ),
                "wait": await cancelled(task.wait(), lambda: slow.stats().waiting),
                "wait_progress": await cancelled(task.wait(on_progress=lambda _: None), lambda: slow.stats().waiting),
                "events": await cancelled(all_events(task), lambda: slow.stats().waiting),
                "generate_many": await cancelled(all_of_many(slow), lambda: slow.stats().waiting),
                "submit": await cancelled(mute.submit(FOX), lambda: mute.stats().create_requests),
                "refresh": await cancelled(asked.refresh(), lambda: quiet.stats().status_requests),
                "estimate": await cancelled(halting.estimate(FOX), lambda: halting.stats().estimate_requests),
                "bytes": await cancelled(image.bytes(), lambda: halting.stats().download_requests),
                "save": await cancelled(image.save(tmp_path / "fox.png"), lambda: True),
            }
            assert slow.stats().waiting == 0
            assert (await halting.generate(FOX)).task_id, "nothing is broken by it"
            return ends

    ends = asyncio.run(main())
    assert ends.keys() == {*WITH_TASK, *WITHOUT_TASK}
    slowest = max(ends, key=lambda name: ends[name].seconds)
    measured("cancelling an await, at most", f"{1000 * ends[slowest].seconds:.0f} ms ({slowest})")
    for name, end in ends.items():
        assert end.seconds < LIMIT, name
        if name in WITHOUT_TASK:
            assert end.task_id is None, name
            continue
        assert isinstance(end.task_id, str), f"{name}: {end.task_id!r}"
        if sys.version_info >= (3, 11):
            assert any(f'client.task("{end.task_id}").wait()' in note for note in end.notes), name
    # The remains of a file are taken away by the one who wrote it, at once but not in the same moment.
    until(lambda: list(tmp_path.iterdir()) == [], "no file is left", 5)
