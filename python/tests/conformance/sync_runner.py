"""The call of a case by `Client`."""

from __future__ import annotations

import signal
import time
import zlib
from collections.abc import Callable, Generator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager

from canonical import of_error, of_estimate, of_event, of_image, of_stats, of_task
from case import Case
from support import Json

from spark_t2i import Client, SparkT2iError, Task


def run(case: Case) -> Json:
    """Makes the call, and tells what came of it as the judge wants it. One that is cancelled needs the main thread."""
    begin = time.monotonic()
    outcome: Json
    try:
        client = Client(**case.options())
    except SparkT2iError as error:
        outcome = {"error": of_error(error)}
    else:
        with client:
            if case.copies is None:
                outcome = once(client, case)
            else:
                with ThreadPoolExecutor(case.copies) as pool:
                    outcome = {"each": list(pool.map(lambda _: once(client, case), range(case.copies)))}
            outcome["stats"] = of_stats(client.stats())
    return outcome | {"seconds": time.monotonic() - begin, "folder": case.files()}


def once(client: Client, case: Case) -> Json:
    try:
        if case.cancel_after is None:
            return {"result": CALLS[case.word](client, case)}
        with interrupted_after(case.cancel_after):
            return {"result": CALLS[case.word](client, case)}
    except SparkT2iError as error:
        return {"error": of_error(error)}
    except KeyboardInterrupt:
        if case.cancel_after is None:
            raise
        return {"cancelled": True}


@contextmanager
def interrupted_after(seconds: float) -> Generator[None, None, None]:
    """A real Ctrl-C, as far as the process can tell."""
    before = signal.signal(signal.SIGALRM, lambda *_: signal.raise_signal(signal.SIGINT))
    signal.setitimer(signal.ITIMER_REAL, seconds)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)


def the_task(client: Client, case: Case) -> Task:
    return client.submit(case.request()) if case.task_id is None else client.task(case.task_id)


def submit(client: Client, case: Case) -> Json:
    task = client.submit(case.request())
    return {"task_id": task.id, "status": None if task.status is None else task.status.value}


def generate(client: Client, case: Case) -> Json:
    return of_image(client.generate(case.request()))


def wait(client: Client, case: Case) -> Json:
    return of_image(the_task(client, case).wait())


def refresh(client: Client, case: Case) -> Json:
    return of_task(the_task(client, case).refresh())


def estimate(client: Client, case: Case) -> Json:
    return of_estimate(client.estimate(case.request()))


def events(client: Client, case: Case) -> Json:
    return [of_event(event) for event in the_task(client, case).events()]


def generate_many(client: Client, case: Case) -> Json:
    every = sorted(client.generate_many(case.requests()), key=lambda generated: generated.index)
    return [
        {"index": generated.index, "result": of_image(generated.image)}
        if generated.image is not None
        else {"index": generated.index, "error": None if generated.error is None else of_error(generated.error)}
        for generated in every
    ]


def fetch(client: Client, case: Case) -> Json:
    content = the_task(client, case).wait().bytes()
    return {"bytes": len(content), "crc32": zlib.crc32(content)}


def save(client: Client, case: Case) -> Json:
    case.prepare()
    saved = the_task(client, case).wait().save(case.target, overwrite=case.overwrite)
    return {"file": saved.path.name, "bytes": saved.bytes}


CALLS: dict[str, Callable[[Client, Case], Json]] = {
    "submit": submit,
    "generate": generate,
    "wait": wait,
    "refresh": refresh,
    "estimate": estimate,
    "events": events,
    "generate_many": generate_many,
    "bytes": fetch,
    "save": save,
}
