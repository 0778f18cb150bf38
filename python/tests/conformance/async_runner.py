"""The call of a case by `AsyncClient`."""

from __future__ import annotations

import asyncio
import time
import zlib
from collections.abc import Awaitable, Callable

from canonical import of_error, of_estimate, of_event, of_image, of_stats, of_task
from case import Case
from support import Json

from spark_t2i import AsyncClient, AsyncTask, SparkT2iError


async def run(case: Case) -> Json:
    """Makes the call, and tells what came of it as the judge wants it."""
    begin = time.monotonic()
    outcome: Json
    try:
        client = AsyncClient(**case.options())
    except SparkT2iError as error:
        outcome = {"error": of_error(error)}
    else:
        async with client:
            if case.copies is None:
                outcome = await once(client, case)
            else:
                copies = (once(client, case) for _ in range(case.copies))
                outcome = {"each": await asyncio.gather(*copies)}
            outcome["stats"] = of_stats(client.stats())
    return outcome | {"seconds": time.monotonic() - begin, "folder": case.files()}


async def once(client: AsyncClient, case: Case) -> Json:
    work = asyncio.ensure_future(CALLS[case.word](client, case))
    if case.cancel_after is not None:
        await asyncio.wait({work}, timeout=case.cancel_after)
        work.cancel()
    try:
        return {"result": await work}
    except SparkT2iError as error:
        return {"error": of_error(error)}
    except asyncio.CancelledError:
        if case.cancel_after is None:
            raise
        return {"cancelled": True}


async def the_task(client: AsyncClient, case: Case) -> AsyncTask:
    return await client.submit(case.request()) if case.task_id is None else client.task(case.task_id)


async def submit(client: AsyncClient, case: Case) -> Json:
    task = await client.submit(case.request())
    return {"task_id": task.id, "status": None if task.status is None else task.status.value}


async def generate(client: AsyncClient, case: Case) -> Json:
    return of_image(await client.generate(case.request()))


async def wait(client: AsyncClient, case: Case) -> Json:
    return of_image(await (await the_task(client, case)).wait())


async def refresh(client: AsyncClient, case: Case) -> Json:
    return of_task(await (await the_task(client, case)).refresh())


async def estimate(client: AsyncClient, case: Case) -> Json:
    return of_estimate(await client.estimate(case.request()))


async def events(client: AsyncClient, case: Case) -> Json:
    return [of_event(event) async for event in (await the_task(client, case)).events()]


async def generate_many(client: AsyncClient, case: Case) -> Json:
    every = [generated async for generated in client.generate_many(case.requests())]
    return [
        {"index": generated.index, "result": of_image(generated.image)}
        if generated.image is not None
        else {"index": generated.index, "error": None if generated.error is None else of_error(generated.error)}
        for generated in sorted(every, key=lambda generated: generated.index)
    ]


async def fetch(client: AsyncClient, case: Case) -> Json:
    content = await (await (await the_task(client, case)).wait()).bytes()
    return {"bytes": len(content), "crc32": zlib.crc32(content)}


async def save(client: AsyncClient, case: Case) -> Json:
    case.prepare()
    image = await (await the_task(client, case)).wait()
    saved = await image.save(case.target, overwrite=case.overwrite)
    return {"file": saved.path.name, "bytes": saved.bytes}


CALLS: dict[str, Callable[[AsyncClient, Case], Awaitable[Json]]] = {
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
