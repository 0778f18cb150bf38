"""The process that is measured: a loop as one writes it by hand, with httpx or aiohttp, or this package.

`bench_waiting.py` starts it. It says a line when the measured part begins, and what came of it when that ends.
"""

from __future__ import annotations

import asyncio
import json
import os
import resource
import sys
import time
from abc import ABC, abstractmethod
from collections.abc import Callable
from typing import TypedDict

PROMPT = "a red fox in the snow"
# Any key will do: it goes to this machine only.
KEY = "bench-waiting"
HEADERS = {"Authorization": f"Bearer {KEY}"}
BODY = {"model": "spark_t2i_3_0", "input": [{"params": {"prompt": PROMPT}}]}
CREATE = "/model/v1/generation"
TASK = "/model/v1/generation/task/"


class Job(TypedDict):
    """What the process is to do."""

    contender: str
    url: str
    tasks: int
    # Seconds between two looks at a task; None for the package's own polling.
    interval: float | None
    poll_cost: float
    # Seconds over which the first tasks begin, and those after which it is measured.
    spread: float
    warm_up: float
    # The measured part ends after so many completions, and after so many seconds at the latest.
    completions: int
    limit: float


class Done(TypedDict):
    """What came of it."""

    seconds: float
    completed: int
    failed: int
    first_failure: str | None
    cpu_seconds: float
    resident_before: int
    peak: int


class Contender(ABC):
    """Something that submits a task and waits for its end."""

    @abstractmethod
    async def one(self) -> None: ...


class Httpx(Contender):
    def __init__(self, job: Job) -> None:
        import httpx

        assert job["interval"] is not None
        self._interval = job["interval"]
        # Its own limit of 100 connections stays: without it, it takes more CPU.
        # Whoever waits for one of them is not given up, however long it takes.
        timeout = httpx.Timeout(30, pool=None)
        self._http = httpx.AsyncClient(base_url=job["url"], headers=HEADERS, timeout=timeout)

    async def one(self) -> None:
        answer = await self._http.post(CREATE, json=BODY)
        answer.raise_for_status()
        task = answer.json()
        while task["status"] not in ("completed", "failed"):
            await asyncio.sleep(self._interval)
            answer = await self._http.get(TASK + task["id"])
            answer.raise_for_status()
            task = answer.json()
        if task["status"] == "failed":
            raise RuntimeError("the task failed")


class Aiohttp(Contender):
    def __init__(self, job: Job) -> None:
        import aiohttp

        assert job["interval"] is not None
        self._interval = job["interval"]
        self._http = aiohttp.ClientSession(
            job["url"], headers=HEADERS, raise_for_status=True, timeout=aiohttp.ClientTimeout(30)
        )

    async def one(self) -> None:
        async with self._http.post(CREATE, json=BODY) as answer:
            task = await answer.json()
        while task["status"] not in ("completed", "failed"):
            await asyncio.sleep(self._interval)
            async with self._http.get(TASK + task["id"]) as answer:
                task = await answer.json()
        if task["status"] == "failed":
            raise RuntimeError("the task failed")


class SparkT2i(Contender):
    def __init__(self, job: Job) -> None:
        import spark_t2i

        self._client = spark_t2i.AsyncClient(
            api_key=KEY,
            base_url=job["url"],
            poll_interval=job["interval"],
            poll_cost=job["poll_cost"],
            max_requests_per_second=0,
        )

    async def one(self) -> None:
        await self._client.generate(PROMPT)


CONTENDERS: dict[str, Callable[[Job], Contender]] = {"httpx": Httpx, "aiohttp": Aiohttp, "spark_t2i": SparkT2i}


class Outcomes:
    def __init__(self) -> None:
        self.completed = 0
        self.failed = 0
        self.first_failure: str | None = None


async def keep_waiting(contender: Contender, outcomes: Outcomes, delay: float) -> None:
    await asyncio.sleep(delay)
    while True:
        try:
            await contender.one()
            outcomes.completed += 1
        except Exception as error:
            outcomes.failed += 1
            outcomes.first_failure = outcomes.first_failure or repr(error)
            # Where something is wrong, no storm of requests is to be measured.
            await asyncio.sleep(1)


def cpu_seconds() -> float:
    """Of all threads of this process, the system's part included."""
    usage = resource.getrusage(resource.RUSAGE_SELF)
    return usage.ru_utime + usage.ru_stime


def peak_bytes() -> int:
    unit = 1 if sys.platform == "darwin" else 1024
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * unit


async def measure(job: Job) -> Done:
    contender, outcomes = CONTENDERS[job["contender"]](job), Outcomes()
    before = peak_bytes()
    tasks = [
        asyncio.ensure_future(keep_waiting(contender, outcomes, job["spread"] * number / job["tasks"]))
        for number in range(job["tasks"])
    ]
    await asyncio.sleep(job["warm_up"])
    begin, cpu, completed = time.monotonic(), cpu_seconds(), outcomes.completed
    print("measuring", flush=True)
    while outcomes.completed - completed < job["completions"] and time.monotonic() - begin < job["limit"]:
        # So seldom that the looking costs next to nothing.
        await asyncio.sleep(0.05)
    assert not any(task.done() for task in tasks)
    return {
        "seconds": time.monotonic() - begin,
        "completed": outcomes.completed - completed,
        "failed": outcomes.failed,
        "first_failure": outcomes.first_failure,
        "cpu_seconds": cpu_seconds() - cpu,
        "resident_before": before,
        "peak": peak_bytes(),
    }


async def main() -> None:
    job: Job = json.loads(sys.argv[1])
    print(json.dumps(await measure(job)), flush=True)
    # Thousands of tasks under way need not be ended one by one.
    os._exit(0)


if __name__ == "__main__":
    asyncio.run(main())
