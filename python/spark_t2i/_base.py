"""What the client for threads and the one for asyncio share."""

from __future__ import annotations

import os
import sys

from ._errors import SparkT2iError
from ._library import native

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from typing import Any, Literal, NoReturn, TypeVar

    from typing_extensions import Self

    from ._enums import Status
    from ._typing import Seconds, StrPath
    from ._values import Event, Stats, TaskSnapshot

    Result = TypeVar("Result")


def finish(
    call: native.Call[Any, Result], on_event: Callable[[Event], object] | None = None, *, progress: bool = False
) -> Result:
    """Blocks until the call has ended; whatever comes in between (Ctrl-C, a failing `on_event`) cancels it."""
    if progress:
        from ._progress import TaskBar

        with TaskBar(on_event) as bar:
            return finish(call, bar.show)
    try:
        return call.result(on_event)
    except BaseException as error:
        call.cancel()
        explain(error, call.task_ids)
        raise


def explain(error: BaseException, task_ids: list[str]) -> None:
    """Tells whoever catches what has stopped a call how its tasks go on; our own errors tell it themselves."""
    if isinstance(error, SparkT2iError):
        return
    if not isinstance(error, Exception):
        # KeyboardInterrupt and CancelledError stay what they are: frameworks tell them by their class.
        error.task_id = task_ids[0] if task_ids else None  # type: ignore[attr-defined]
        error.task_ids = task_ids  # type: ignore[attr-defined]
    if task_ids and sys.version_info >= (3, 11):
        go_on = f"task {task_ids[0]} goes on" if len(task_ids) == 1 else f"tasks {', '.join(task_ids)} go on"
        error.add_note(f'{go_on} at the service; client.task("{task_ids[0]}").wait() takes it up again')


def watched(on_progress: object, progress: bool) -> bool:
    """Whether a call shall tell its events; a missing tqdm is noticed here, before anything is sent and paid."""
    if progress:
        require("progress", "tqdm")
    return progress or on_progress is not None


def require(extra: str, *modules: str) -> None:
    """Asks for modules that this package does not depend on, before anything is fetched for them."""
    for module in modules:
        try:
            __import__(module)
        except ModuleNotFoundError:
            package = {"PIL": "Pillow"}.get(module, module)
            message = f"this needs {package}: pip install spark-t2i[{extra}]"
            raise ModuleNotFoundError(message, name=module) from None


class Handle:
    """Something that stands for a thing of a client: a copy of it is the same thing."""

    def __copy__(self) -> Self:
        return self

    def __deepcopy__(self, memo: object) -> Self:
        return self


class ClientBase(Handle):
    def __init__(
        self,
        *,
        api_key: str | None = None,
        base_url: str | None = None,
        connect_timeout: Seconds | None = None,
        request_timeout: Seconds | None = None,
        wait_timeout: Seconds | None = None,
        max_retries: int | None = None,
        max_requests_per_second: float | None = None,
        poll_cost: float | None = None,
        poll_interval: Seconds | None = None,
        latency_profile: StrPath | None = None,
        max_in_flight: int | None = None,
        headers: Mapping[str, str] | None = None,
        proxy: str | None = None,
        ca_bundle: StrPath | None = None,
        user_agent_suffix: str | None = None,
        on_outcome_unknown: Literal["fail", "resubmit"] | None = None,
    ) -> None:
        """Makes a client; nothing is sent. None stands for the default; durations are seconds or a ``timedelta``.

        api_key: the key, sent to the base URL's origin and nowhere else. Default: the variable SPARK_T2I_API_KEY.
        base_url: where the service is: https, or http to this very machine. Default: the variable
            SPARK_T2I_BASE_URL, else the service's own address.
        connect_timeout: for making a connection, 10 s.
        request_timeout: for one attempt of a request, its answer's body included, 30 s.
        wait_timeout: for the whole of a call, retries and bodies included, 600 s; a call's own `timeout` replaces it.
        max_retries: how often a call is repeated after a failure that certainly did no harm, 4.
        max_requests_per_second: to the service, downloads apart, 50; 0 for no limit.
        poll_cost: what a request for the state of a task is worth, in seconds of noticing its end later, above 0; 0.1.
            The client learns how long tasks take and asks when an end is likely.
        poll_interval: asks at this fixed interval instead, 10 ms at least. Default: none.
        latency_profile: a file in which what was learned outlives the client: no prompts, no ids. Default: none.
        max_in_flight: how many requests of `generate_many` are under way at once, 64.
        headers: further headers for every request to the service, never for image hosts.
        proxy: such as ``"http://proxy.example:3128"``. Default: the system's.
        ca_bundle: a file of PEM certificates to trust besides the platform's.
        user_agent_suffix: what to add to the User-Agent, such as ``"my-program/1.2"``.
        on_outcome_unknown: what to do with a submit of which nobody can say whether the service took it: ``"fail"``
            (the default) raises `OutcomeUnknownError`, so that nothing is paid twice; ``"resubmit"`` sends it again.

        Raises `AuthenticationError` for a missing or malformed key, `InvalidRequestError` for a setting that cannot
        be, `FileError` for a certificate file that cannot be read.
        """
        self._base_url = base_url
        self._open: native.Client | None = native.Client(
            {
                "api_key": api_key,
                "base_url": base_url,
                "connect_timeout": connect_timeout,
                "request_timeout": request_timeout,
                "wait_timeout": wait_timeout,
                "max_retries": max_retries,
                "max_requests_per_second": max_requests_per_second,
                "poll_cost": poll_cost,
                "poll_interval": poll_interval,
                "latency_profile": None if latency_profile is None else os.fspath(latency_profile),
                "max_in_flight": max_in_flight,
                "headers": None if headers is None else dict(headers),
                "proxy": proxy,
                "ca_bundle": None if ca_bundle is None else os.fspath(ca_bundle),
                "user_agent_suffix": user_agent_suffix,
                "on_outcome_unknown": on_outcome_unknown,
            }
        )

    def stats(self) -> Stats:
        """What this client has done so far: requests, tasks, lag, the exact sum of their cost."""
        return self._native.stats()

    @property
    def _native(self) -> native.Client:
        if self._open is None:
            raise RuntimeError("the client is closed")
        return self._open

    def __repr__(self) -> str:
        # Never the key: what is shown ends up in logs.
        shown = "" if self._base_url is None else f"base_url={self._base_url!r}"
        return f"{'<closed> ' if self._open is None else ''}{type(self).__name__}({shown})"

    def __reduce__(self) -> NoReturn:
        name = type(self).__name__
        raise TypeError(f"a {name} cannot be pickled: it holds connections and a key; make one in the other process")


class TaskBase(Handle):
    def __init__(self, task: native.Task) -> None:
        self._native = task

    @property
    def id(self) -> str:
        """The id: it finds the task again in any process and any language."""
        return self._native.id

    @property
    def status(self) -> Status | None:
        """The state last seen; none as long as the service was never asked."""
        snapshot = self._native.snapshot()
        return None if snapshot is None else snapshot.status

    @property
    def snapshot(self) -> TaskSnapshot | None:
        """What the service last said of the task; none as long as it was never asked."""
        return self._native.snapshot()

    @property
    def raw(self) -> str | None:
        """The JSON text of what the service last said, with every field that this package does not know."""
        snapshot = self._native.snapshot()
        return None if snapshot is None else snapshot.raw

    @property
    def lag_seconds(self) -> float | None:
        """How long the service had completed the task before a wait noticed, in seconds.

        None as long as it was not waited for to its end, and where the service's times are not known well enough.
        """
        return self._native.lag_seconds

    def __repr__(self) -> str:
        status = self.status
        return f"{type(self).__name__}(id={self.id!r}, status={None if status is None else str(status)!r})"

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, TaskBase):
            return NotImplemented
        return self.id == other.id

    def __hash__(self) -> int:
        return hash(self.id)

    def __reduce__(self) -> NoReturn:
        name = type(self).__name__
        raise TypeError(f"a {name} cannot be pickled: it holds a client; pickle task.id and use client.task(id) there")
