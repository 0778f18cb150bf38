"""The whole service inside this process: for tests and demos, with no key and no network.

>>> from spark_t2i.testing import Emulator
>>> with Emulator(latency="50ms") as emulator, emulator.client() as client:
...     client.generate("a red fox in the snow").save("fox.png")
...     print(emulator.stats().charges.total)

For pytest there are the fixtures `spark_t2i_emulator` and `spark_t2i_client`: see `spark_t2i.pytest_plugin`.
"""

from __future__ import annotations

import os

from ._client import Client
from ._library import native
from ._record import record
from ._values import LagStats

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable
    from decimal import Decimal
    from typing import Any

    from typing_extensions import Self, Unpack

    from ._aio import AsyncClient
    from ._typing import ClientOptions, Seconds, StrPath

__all__ = [
    "ChargeCounts",
    "Emulator",
    "EmulatorStats",
    "PollCounts",
    "RequestCounts",
    "TaskCounts",
]


@record
class TaskCounts:
    """Tasks by their state at the moment of asking."""

    created: int
    """All that were created, the restored ones among them."""
    restored: int
    """Those that come from the state file of an earlier run."""
    queued: int
    """Those that wait."""
    running: int
    """Those that are being generated."""
    completed: int
    """Those that ended with an image."""
    failed: int
    """Those that ended without one."""


@record
class ChargeCounts:
    """Charges: each task is charged when it is created, so that a request sent twice shows here."""

    count: int
    """How many."""
    total: Decimal
    """Their exact sum in USD."""


@record
class RequestCounts:
    """Requests by kind, refused ones among them."""

    create: int
    """To create a task."""
    estimate: int
    """To estimate a cost."""
    status: int
    """To read a task."""
    image: int
    """To fetch an image."""
    catalogue: int
    """To find models and read their descriptions."""
    other: int
    """Anything else."""


@record
class PollCounts:
    """Status requests per task."""

    mean: float
    """On average over all tasks; 0 when there is no task."""
    max: int
    """Of the task that was asked for most."""
    told: float | None
    """On average over the tasks whose end was told; None when there is none."""


@record
class EmulatorStats:
    """What an emulator has seen so far."""

    tasks: TaskCounts
    """The tasks, by their state now."""
    charges: ChargeCounts
    """What was charged."""
    requests: RequestCounts
    """The requests that arrived."""
    refused: dict[int, int]
    """Answers with an error status, by that status."""
    faults: dict[str, int]
    """How often each fault struck, by its name."""
    polls_per_task: PollCounts
    """Status requests per task."""
    downloads: int
    """Images that were sent, whole or in part."""
    lag_seconds: LagStats
    """How long clients did not know that their task had ended."""


class Emulator:
    """The service's API on a free port of this machine, painting abstract pictures; it runs from its construction on.

    Every test may have its own: it starts in milliseconds. It stops with `stop`, or at the end of its ``with``.
    """

    def __init__(
        self,
        *,
        latency: str | Seconds = "2s",
        failure_rate: float = 0.0,
        rate_limit: float | None = None,
        price: str | Decimal | None = None,
        api_key: str | None = None,
        seed: int | None = None,
        progress: bool = True,
        faults: Iterable[str] = (),
        state: StrPath | None = None,
        addr: str | None = None,
    ) -> None:
        """Starts an emulator.

        latency: how long tasks take: seconds, a ``timedelta``, ``"500ms"``, ``"lognormal:12s:0.25"`` (median and
            spread), or the path of a file of recorded seconds.
        failure_rate: the part of the tasks that fail, 0 to 1, with the code 003001095.
        rate_limit: requests a second, 0.001 to 1000000; those beyond are answered with 429. Default: no limit.
        price: what an image costs in USD, exactly. Default: 0.035714285714.
        api_key: the one key that is accepted. Default: any.
        seed: makes latencies, failures and faults the same at every run.
        progress: whether running tasks tell how much is done.
        faults: what goes wrong on purpose: ``"NAME[:PROBABILITY][@KIND]"``, such as ``"http-503:0.2"`` or
            ``"reset-after-accept@create"``; the README of the project has the list.
        state: a file for tasks that outlive a restart. Default: none.
        addr: where to listen. Default: a free port of 127.0.0.1.

        Raises `InvalidRequestError` for an option that cannot be.
        """
        if isinstance(price, float):
            raise TypeError(f"price is money, and exact: give '{price}' as a text or a Decimal")
        self._key = api_key or "emulator"
        self._native = native.Emulator(
            {
                "latency": latency,
                "failure_rate": failure_rate,
                "rate_limit": rate_limit,
                "price": None if price is None else str(price),
                "api_key": api_key,
                "seed": seed,
                "progress": progress,
                "faults": [faults] if isinstance(faults, str) else list(faults),
                "state": None if state is None else os.fspath(state),
                "addr": addr,
            }
        )

    @property
    def url(self) -> str:
        """The base URL for clients."""
        return self._native.url

    @property
    def api_key(self) -> str:
        """A key that it accepts."""
        return self._key

    @property
    def faults(self) -> tuple[str, ...]:
        """What goes wrong on purpose at present."""
        return tuple(self._native.faults())

    def set_faults(self, *faults: str) -> None:
        """Lets these things go wrong from now on, and no others; names as in the constructor.

        Raises `InvalidRequestError` for a name that is no fault.
        """
        self._native.set_faults(list(faults))

    def clear_faults(self) -> None:
        """Lets nothing go wrong any more."""
        self._native.set_faults([])

    def stats(self) -> EmulatorStats:
        """What it has seen so far; goes through every task."""
        import json
        from decimal import Decimal

        seen = json.loads(self._native.stats())
        charges = seen["charges"]
        return EmulatorStats(
            tasks=TaskCounts(*_fields(TaskCounts, seen["tasks"])),
            charges=ChargeCounts(charges["count"], Decimal(charges["total"])),
            requests=RequestCounts(*_fields(RequestCounts, seen["requests"])),
            refused={int(status): count for status, count in seen["refused"].items()},
            faults=seen["faults"],
            polls_per_task=PollCounts(*_fields(PollCounts, seen["polls_per_task"])),
            downloads=seen["downloads"],
            lag_seconds=LagStats(*_fields(LagStats, seen["lag_seconds"])),
        )

    def client(self, **options: Unpack[ClientOptions]) -> Client:
        """A client of this emulator, with these options of `Client`."""
        options.setdefault("base_url", self.url)
        options.setdefault("api_key", self.api_key)
        return Client(**options)

    def async_client(self, **options: Unpack[ClientOptions]) -> AsyncClient:
        """An asyncio client of this emulator, with these options of `AsyncClient`."""
        from ._aio import AsyncClient

        options.setdefault("base_url", self.url)
        options.setdefault("api_key", self.api_key)
        return AsyncClient(**options)

    def stop(self) -> None:
        """Stops it: connections are closed, and its counters stay readable."""
        self._native.stop()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *error: object) -> None:
        self.stop()

    def __repr__(self) -> str:
        return f"Emulator(url={self.url!r})"


def _fields(cls: Any, values: dict[str, Any]) -> list[Any]:
    # By name: the order of a JSON object says nothing.
    return [values[name] for name in cls.__match_args__]
