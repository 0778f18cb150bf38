"""Row 31: clients that come and go, and 10 000 calls on one: memory, threads and files come back to where they were."""

from __future__ import annotations

import sys
from collections.abc import Callable

import pytest
from support import KEY, report_of

from spark_t2i.testing import Emulator

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="only Linux tells it in this way")

HEAD = """
import asyncio, gc, json, os, sys, time
from concurrent.futures import ThreadPoolExecutor
import spark_t2i
OPTIONS = {"poll_interval": 0.02, "max_requests_per_second": 0}
def resident():
    gc.collect()
    with open("/proc/self/statm") as file:
        return int(file.read().split()[1]) * os.sysconf("SC_PAGE_SIZE")
def threads():
    return len(os.listdir("/proc/self/task"))
def files():
    return len(os.listdir("/proc/self/fd"))
def settled(count, most):
    # What is let go of ends soon, but not in the same moment.
    end = time.monotonic() + 10
    while count() > most and time.monotonic() < end:
        time.sleep(0.05)
    return count()
"""

CLIENTS = """
def one():
    client = spark_t2i.Client(**OPTIONS)
    client.generate("a red fox").bytes()
    if closing:
        client.close()
async def one_async():
    client = spark_t2i.AsyncClient(**OPTIONS)
    await client.generate("a red fox")
    if closing:
        await client.aclose()
closing = sys.argv[1] == "closed"
for _ in range(3):
    one()
    asyncio.run(one_async())
time.sleep(0.5)
gc.collect()
before = [threads(), files()]
for _ in range(50):
    one()
for _ in range(10):
    asyncio.run(one_async())
gc.collect()
after = [settled(threads, before[0]), settled(files, before[1])]
print(json.dumps({"before": before, "after": after}))
"""


@pytest.mark.parametrize("how", ["closed", "dropped"])
def test_50_clients_come_and_go(emulator: Emulator, how: str) -> None:
    report = report_of(HEAD + CLIENTS, how, SPARK_T2I_API_KEY=KEY, SPARK_T2I_BASE_URL=emulator.url)
    assert report["after"][0] <= report["before"][0], f"threads: {report}"
    # One connection that is kept for a next call is no leak; one a client would be.
    assert report["after"][1] <= report["before"][1] + 3, f"files: {report}"


CALLS = """
client = spark_t2i.Client(**OPTIONS)
def one(number):
    client.generate("a red fox").task_id
taken = []
with ThreadPoolExecutor(32) as pool:
    for part in range(5):
        list(pool.map(one, range(2000)))
        taken.append(resident())
        if part == 0:
            before = [threads(), files()]
    after = [settled(threads, before[0]), settled(files, before[1])]
stats = client.stats()
print(json.dumps({"resident": taken, "completed": stats.completed, "before": before, "after": after}))
"""

# An id that is remembered by its hash is some ten bytes, a call that is not let go of is a kilobyte.
GROWTH = 4_000_000


def test_10_000_calls_on_one_client(emulator: Emulator, measured: Callable[[str, str], None]) -> None:
    report = report_of(HEAD + CALLS, SPARK_T2I_API_KEY=KEY, SPARK_T2I_BASE_URL=emulator.url, timeout=240)
    assert report["completed"] == 10_000
    growth = report["resident"][-1] - report["resident"][0]
    measured("memory after 10 000 calls over that after 2 000", f"{growth / 1e6:+.1f} MB")
    assert growth < GROWTH, report["resident"]
    assert report["after"][0] <= report["before"][0] and report["after"][1] <= report["before"][1] + 3, report


MANY = """
async def main():
    client = spark_t2i.AsyncClient(max_in_flight=64, **OPTIONS)
    taken = []
    async def cancelled():
        work = asyncio.ensure_future(client.generate("a red fox"))
        await asyncio.sleep(0)
        work.cancel()
        try:
            await work
        except asyncio.CancelledError:
            pass
    for part in range(4):
        async for generated in client.generate_many("a red fox" for _ in range(500)):
            generated.unwrap()
        await asyncio.gather(*(client.generate("a red fox", on_progress=lambda event: None) for _ in range(100)))
        for _ in range(100):
            await cancelled()
        taken.append(resident())
    print(json.dumps(taken))
asyncio.run(main())
"""


def test_what_is_cancelled_or_watched_is_let_go_of(emulator: Emulator) -> None:
    taken = report_of(HEAD + MANY, SPARK_T2I_API_KEY=KEY, SPARK_T2I_BASE_URL=emulator.url, timeout=120)
    assert taken[-1] - taken[0] < GROWTH, taken
