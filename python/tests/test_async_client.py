"""The asyncio client: at once, on every loop, loop after loop, and with a loop that goes away."""

from __future__ import annotations

import asyncio
import gc
import os
import sys
import threading
import time
from collections.abc import AsyncGenerator, Awaitable, Callable
from contextlib import asynccontextmanager
from typing import Any

import anyio
import pytest
from support import KEY, QUICK, until

import spark_t2i
from spark_t2i import AsyncClient, Status
from spark_t2i.testing import Emulator

if sys.platform != "win32":
    import uvloop

FOX = "a red fox in the snow"

Main = Callable[[], Awaitable[None]]


def by_asyncio(main: Main) -> None:
    async def run() -> None:
        await main()

    asyncio.run(run())


def by_uvloop(main: Main) -> None:
    async def run() -> None:
        assert type(asyncio.get_running_loop()).__module__.startswith("uvloop")
        await main()

    uvloop.run(run())


def by_anyio(main: Main) -> None:
    anyio.run(main, backend="asyncio")


LOOPS = [by_asyncio, by_anyio] + ([by_uvloop] if sys.platform != "win32" else [])
every_loop = pytest.mark.parametrize("run", LOOPS)


@asynccontextmanager
async def made(emulator: Emulator, **options: Any) -> AsyncGenerator[AsyncClient, None]:
    async with AsyncClient(api_key=KEY, base_url=emulator.url, **QUICK, **options) as client:
        yield client


@every_loop
def test_the_whole_of_it(emulator: Emulator, run: Callable[[Main], None]) -> None:
    async def main() -> None:
        async with made(emulator) as client:
            image = await client.generate(FOX, size="16:9", seed=7)
            assert image.task_id and (await image.bytes()).startswith(b"\x89PNG")
            task = await client.submit(FOX)
            assert (await task.refresh()).id == task.id
            assert [event async for event in task.events()][-1].is_terminal
            assert (await task.wait()).task_id == task.id
            assert task.status is Status.COMPLETED and len(task.images) == 1
            assert (await client.task(task.id).wait()).task_id == task.id
            assert await client.estimate(FOX) is not None
            found = [generated async for generated in client.generate_many([FOX, FOX])]
            assert {generated.index for generated in found} == {0, 1}
            with pytest.raises(spark_t2i.InvalidRequestError):
                await client.submit(" ")

    run(main)


@every_loop
def test_a_hundred_at_once(emulator: Emulator, run: Callable[[Main], None]) -> None:
    async def main() -> None:
        async with made(emulator) as client:
            images = await asyncio.gather(*(client.generate(FOX) for _ in range(100)))
            assert len({image.task_id for image in images}) == 100
            assert client.stats().submitted == client.stats().completed == 100

    run(main)


@every_loop
def test_the_loop_goes_on_meanwhile(slow_emulator: Emulator, run: Callable[[Main], None]) -> None:
    async def main() -> None:
        async with made(slow_emulator) as client:
            work = asyncio.ensure_future(client.generate(FOX))
            ticks = 0
            end = time.monotonic() + 0.5
            while time.monotonic() < end:
                await asyncio.sleep(0.005)
                ticks += 1
            assert ticks > 10, "something blocked the loop"
            work.cancel()
            with pytest.raises(asyncio.CancelledError):
                await work

    run(main)


def test_one_client_over_many_loops(emulator: Emulator) -> None:
    client = AsyncClient(api_key=KEY, base_url=emulator.url, **QUICK)

    async def one() -> str:
        return (await client.generate(FOX)).task_id

    assert len({asyncio.run(one()) for _ in range(20)}) == 20
    asyncio.run(client.aclose())


@pytest.mark.skipif(not os.path.isdir("/proc/self/fd"), reason="nothing tells which files are open")
def test_a_loop_that_is_gone_leaves_nothing_open(emulator: Emulator) -> None:
    client = AsyncClient(api_key=KEY, base_url=emulator.url, **QUICK)

    async def one() -> None:
        await client.generate(FOX)

    def open_files() -> int:
        gc.collect()
        return len(os.listdir("/proc/self/fd"))

    asyncio.run(one())
    before = open_files()
    for _ in range(20):
        asyncio.run(one())
    # Connections come and go.
    assert open_files() < before + 10
    asyncio.run(client.aclose())


def test_a_loop_that_watches_no_files(emulator: Emulator, monkeypatch: pytest.MonkeyPatch) -> None:
    def add_reader(*_: object) -> None:
        raise NotImplementedError  # As the loops of Windows do.

    async def main() -> None:
        async with made(emulator) as client:
            images = await asyncio.gather(*(client.generate(FOX) for _ in range(5)))
            assert len({image.task_id for image in images}) == 5

    loop = asyncio.new_event_loop()
    monkeypatch.setattr(loop, "add_reader", add_reader)
    try:
        loop.run_until_complete(main())
    finally:
        loop.close()


def test_one_client_in_loops_of_several_threads(emulator: Emulator) -> None:
    client = AsyncClient(api_key=KEY, base_url=emulator.url, **QUICK)
    found: list[str] = []

    async def some() -> None:
        found.extend(image.task_id for image in await asyncio.gather(*(client.generate(FOX) for _ in range(5))))

    threads = [threading.Thread(target=lambda: asyncio.run(some())) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(set(found)) == 40
    asyncio.run(client.aclose())


def close(work: list[Any]) -> None:
    for task in work:
        task.get_coro().close()


def test_a_loop_that_is_closed_with_work_in_flight(slow_emulator: Emulator, emulator: Emulator) -> None:
    troubles: list[str] = []
    client = AsyncClient(api_key=KEY, base_url=slow_emulator.url, **QUICK)
    loop = asyncio.new_event_loop()
    loop.set_exception_handler(lambda _, context: troubles.append(str(context)))
    work: list[Any] = [loop.create_task(client.generate(FOX)) for _ in range(10)]
    while client.stats().submitted < 10:
        loop.run_until_complete(asyncio.sleep(0.02))
    loop.close()

    # Whatever is told to the closed loop from now on is told to nobody.
    async def others() -> None:
        async with made(emulator) as another:
            await asyncio.gather(*(another.generate(FOX) for _ in range(5)))

    asyncio.run(others())
    close(work)
    # That they are pending is said by asyncio itself, which we would not hear of otherwise.
    del work
    gc.collect()
    until(lambda: client.stats().waiting == 0, "nobody waits for a coroutine that is gone", 5)
    assert all("was destroyed but it is pending" in trouble for trouble in troubles), troubles
    asyncio.run(client.aclose())


@every_loop
def test_timeouts_of_asyncio(slow_emulator: Emulator, run: Callable[[Main], None]) -> None:
    async def main() -> None:
        async with made(slow_emulator) as client:
            with pytest.raises(asyncio.TimeoutError):
                await asyncio.wait_for(client.generate(FOX), 0.2)
            assert client.stats().waiting == 0

    run(main)


def test_scopes_of_anyio_cancel(slow_emulator: Emulator) -> None:
    async def main() -> None:
        async with made(slow_emulator) as client:
            with anyio.move_on_after(0.2) as scope:
                await client.generate(FOX)
            assert scope.cancelled_caught
            async with anyio.create_task_group() as group:
                group.start_soon(client.generate, FOX)
                await anyio.sleep(0.2)
                group.cancel_scope.cancel()
            assert client.stats().waiting == 0

    anyio.run(main)


def test_what_is_not_awaited_sends_nothing(emulator: Emulator) -> None:
    async def main() -> None:
        async with made(emulator) as client:
            client.generate(FOX).close()
            await asyncio.sleep(0.1)
            assert client.stats().requests == 0

    asyncio.run(main())


def test_a_closed_client(emulator: Emulator) -> None:
    async def main() -> None:
        async with made(emulator) as client:
            await client.generate(FOX)
        await client.aclose()
        with pytest.raises(RuntimeError, match="the client is closed"):
            await client.generate(FOX)

    asyncio.run(main())


def test_outside_of_asyncio_it_says_so(emulator: Emulator) -> None:
    client = AsyncClient(api_key=KEY, base_url=emulator.url)
    with pytest.raises(RuntimeError):
        client.generate(FOX).send(None)
    assert client.stats().requests == 0
