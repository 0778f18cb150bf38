"""Every case of decoding, by answers of a local server, through both clients."""

from __future__ import annotations

import asyncio
import base64
from collections.abc import Callable

import pytest
from canonical import compact, of_error, of_estimate, of_task, same
from support import KEY, Json, Server, cases, text

from spark_t2i import AsyncClient, Client, Estimate, ErrorKind, SparkT2iError, TaskSnapshot

CASES = cases("decoding")
# No case names it, so that what is decoded as the id is never taken for what was asked for.
ASKED = "asked-for"

Answer = TaskSnapshot | Estimate | None


def of_kind(kind: str) -> list[Json]:
    found = [case for case in CASES if case["kind"] == kind]
    assert found
    return found


def name_of(case: Json) -> str:
    name: str = case["name"]
    return name


def refresh(url: str) -> TaskSnapshot:
    with Client(api_key=KEY, base_url=url, max_retries=0) as client:
        return client.task(ASKED).refresh()


def estimate(url: str) -> Estimate | None:
    with Client(api_key=KEY, base_url=url, max_retries=0) as client:
        return client.estimate("a red fox")


def submit(url: str) -> TaskSnapshot:
    with Client(api_key=KEY, base_url=url, max_retries=0) as client:
        task = client.submit("a red fox")
        assert task.snapshot is not None and task.snapshot.id == task.id
        return task.snapshot


async def refresh_async(url: str) -> TaskSnapshot:
    async with AsyncClient(api_key=KEY, base_url=url, max_retries=0) as client:
        return await client.task(ASKED).refresh()


async def estimate_async(url: str) -> Estimate | None:
    async with AsyncClient(api_key=KEY, base_url=url, max_retries=0) as client:
        return await client.estimate("a red fox")


async def submit_async(url: str) -> TaskSnapshot:
    async with AsyncClient(api_key=KEY, base_url=url, max_retries=0) as client:
        task = await client.submit("a red fox")
        assert task.snapshot is not None and task.snapshot.id == task.id
        return task.snapshot


Call = Callable[[str], Answer]

REFRESH: dict[str, Call] = {"Client": refresh, "AsyncClient": lambda url: asyncio.run(refresh_async(url))}
ESTIMATE: dict[str, Call] = {"Client": estimate, "AsyncClient": lambda url: asyncio.run(estimate_async(url))}
SUBMIT: dict[str, Call] = {"Client": submit, "AsyncClient": lambda url: asyncio.run(submit_async(url))}

both = pytest.mark.parametrize("by", ["Client", "AsyncClient"])


def answer(server: Server, case: Json) -> None:
    encoded = case.get("body_base64")
    server.status = case.get("http_status", 200)
    server.body = text(case["body"]).encode() if encoded is None else base64.b64decode(encoded)


def refused(call: Call, url: str, case: Json) -> SparkT2iError:
    with pytest.raises(SparkT2iError) as caught:
        call(url)
        pytest.fail(f"{case['name']} was understood: {case['why']}")
    return caught.value


def check(case: Json, form: Json) -> None:
    about = f"{case['name']}: {case['why']}"
    assert same(form, case["expected"]), f"{about}\n{form}\n{case['expected']}"
    for part in case.get("canonical_contains", ()):
        assert part in compact(form), about


@both
@pytest.mark.parametrize("case", of_kind("task"), ids=name_of)
def test_task(server: Server, case: Json, by: str) -> None:
    answer(server, case)
    expected: Json = case["expected"]
    if "unreadable" in expected:
        error = refused(REFRESH[by], server.url, case)
        assert error.kind is ErrorKind.PROTOCOL
        assert error.task_id == ASKED
        return
    snapshot = REFRESH[by](server.url)
    assert isinstance(snapshot, TaskSnapshot)
    # A task that was asked for is the one that was asked for: the id of the answer shows in a submit alone.
    assert snapshot.id == ASKED
    check(case, of_task(snapshot) | {"id": expected["id"]})


@both
@pytest.mark.parametrize("case", of_kind("task"), ids=name_of)
def test_the_id_of_a_task(server: Server, case: Json, by: str) -> None:
    answer(server, case)
    expected: Json = case["expected"]
    if expected.get("id") is None:
        # Whatever the reason: without an id there is no task.
        error = refused(SUBMIT[by], server.url, case)
        assert error.task_id is None
        return
    snapshot = SUBMIT[by](server.url)
    assert isinstance(snapshot, TaskSnapshot)
    check(case, of_task(snapshot))


@both
@pytest.mark.parametrize("case", of_kind("estimate"), ids=name_of)
def test_estimate(server: Server, case: Json, by: str) -> None:
    answer(server, case)
    if case["expected"] is not None and "unreadable" in case["expected"]:
        assert refused(ESTIMATE[by], server.url, case).kind is ErrorKind.PROTOCOL
        return
    found = ESTIMATE[by](server.url)
    assert found is None or isinstance(found, Estimate)
    check(case, of_estimate(found))


@both
@pytest.mark.parametrize("case", of_kind("rejection"), ids=name_of)
def test_rejection(server: Server, case: Json, by: str) -> None:
    answer(server, case)
    check(case, of_error(refused(ESTIMATE[by], server.url, case)))
