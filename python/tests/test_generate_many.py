"""Many images: a lazy source, so many at a time, in order of completion, and nothing left over."""

from __future__ import annotations

import asyncio
import gc
from collections.abc import AsyncIterator, Iterator, Mapping

import pytest
from support import KEY, QUICK, prompts, until

import spark_t2i
from spark_t2i import AsyncClient, Client, Request
from spark_t2i.testing import Emulator

FOX = "a red fox in the snow"


class Source:
    """Counts how many were taken."""

    def __init__(self, count: int) -> None:
        self.taken = 0
        self._prompts = prompts(count)

    def __iter__(self) -> Iterator[str]:
        for prompt in self._prompts:
            self.taken += 1
            yield prompt

    async def __aiter__(self) -> AsyncIterator[str]:
        for prompt in self._prompts:
            await asyncio.sleep(0)
            self.taken += 1
            yield prompt


def test_each_request_has_one_answer(client: Client) -> None:
    given = list(prompts(20))
    found = list(client.generate_many(given))
    assert sorted(generated.index for generated in found) == list(range(20))
    for generated in found:
        assert generated.request == given[generated.index]
        assert generated.error is None and generated.image is not None
        assert generated.unwrap() is generated.image
    assert len({generated.unwrap().task_id for generated in found}) == 20
    assert client.stats().submitted == 20


def test_requests_of_every_form(client: Client) -> None:
    requests: list[str | Request | Mapping[str, object]]
    requests = [FOX, Request(FOX, width=512, height=768), {"prompt": FOX, "width": 768, "height": 512}]
    found = sorted(client.generate_many(requests), key=lambda generated: generated.index)
    sizes = [(generated.unwrap().width, generated.unwrap().height) for generated in found]
    assert sizes[1:] == [(512, 768), (768, 512)]
    assert [generated.request for generated in found] == requests


def test_what_is_wrong_with_one_stops_no_other(client: Client) -> None:
    found = sorted(client.generate_many([FOX, " ", FOX]), key=lambda generated: generated.index)
    assert [generated.error is None for generated in found] == [True, False, True]
    with pytest.raises(spark_t2i.InvalidRequestError) as caught:
        found[1].unwrap()
    assert caught.value is found[1].error and found[1].image is None


def test_the_source_is_read_as_needed(emulator: Emulator) -> None:
    source = Source(1000)
    with Client(api_key=KEY, base_url=emulator.url, max_in_flight=4, **QUICK) as client:
        many = client.generate_many(source)
        assert source.taken == 0, "nothing is read before the first image is asked for"
        for number in range(1, 11):
            next(many)
            assert source.taken <= number + 4
            assert client.stats().submitted <= number + 4
        many.close()
        assert source.taken <= 14


def test_images_come_in_order_of_completion() -> None:
    # A failed create needs no time, whatever stands before it.
    with Emulator(latency=0.5) as emulator, Client(api_key=KEY, base_url=emulator.url, **QUICK) as client:
        found = [generated.index for generated in client.generate_many([FOX, FOX, " "])]
    assert found[0] == 2 and sorted(found) == [0, 1, 2]


def test_closing_stops_the_work(slow_emulator: Emulator) -> None:
    with Client(api_key=KEY, base_url=slow_emulator.url, max_in_flight=8, **QUICK) as client:
        # One that ends at once, so that there is something to stop at: it is the last for which there is a place.
        many = client.generate_many([*prompts(7), " ", *prompts(100)])
        assert next(many).index == 7
        until(lambda: client.stats().waiting == 7, "the others are under way")
        many.close()
        until(lambda: client.stats().waiting == 0, "nobody waits any more", 2)
        submitted = client.stats().submitted
        assert submitted <= 9
        with pytest.raises(StopIteration):
            next(many)
        assert client.stats().submitted == submitted


def test_leaving_the_loop_stops_the_work(slow_emulator: Emulator) -> None:
    with Client(api_key=KEY, base_url=slow_emulator.url, max_in_flight=8, **QUICK) as client:
        for generated in client.generate_many([*prompts(7), " ", *prompts(100)]):
            assert generated.index == 7
            break
        gc.collect()
        until(lambda: client.stats().waiting == 0, "nobody waits any more", 2)


class OfTheSource(Exception):
    pass


def broken() -> Iterator[str]:
    yield from prompts(2)
    raise OfTheSource


def test_what_the_source_raises_comes_out(client: Client) -> None:
    many, found = client.generate_many(broken()), 0
    with pytest.raises(OfTheSource):
        for _ in many:
            found += 1
    assert found <= 2
    until(lambda: client.stats().waiting == 0, "nobody waits any more", 2)


@pytest.mark.parametrize("requests", [[7], [None], [FOX, object()]], ids=str)
def test_what_is_no_request(client: Client, requests: list[str]) -> None:
    with pytest.raises(TypeError):
        list(client.generate_many(requests))


def test_one_text_is_no_list_of_requests(client: Client) -> None:
    # Every letter would be a prompt, and paid for.
    with pytest.raises(TypeError):
        list(client.generate_many(FOX))
    assert client.stats().submitted == 0


def test_none_at_all(client: Client) -> None:
    assert list(client.generate_many([])) == []


def test_asynchronously_from_any_source(emulator: Emulator) -> None:
    async def main() -> None:
        async with AsyncClient(api_key=KEY, base_url=emulator.url, max_in_flight=4, **QUICK) as client:
            for source in (list(prompts(10)), prompts(10), Source(10).__aiter__()):
                found = [generated async for generated in client.generate_many(source)]
                assert sorted(generated.index for generated in found) == list(range(10))
                assert all(generated.unwrap().task_id for generated in found)
            lazy = Source(1000)
            many = client.generate_many(lazy.__aiter__())
            for number in range(1, 6):
                await anext(many)
                assert lazy.taken <= number + 5
            await many.aclose()
            assert client.stats().waiting == 0

    asyncio.run(main())


def test_asynchronously_leaving_stops_the_work(slow_emulator: Emulator) -> None:
    async def main() -> None:
        async with AsyncClient(api_key=KEY, base_url=slow_emulator.url, max_in_flight=8, **QUICK) as client:
            many = client.generate_many([*prompts(7), " ", *prompts(100)])
            assert (await anext(many)).index == 7
            await many.aclose()
            assert client.stats().waiting == 0
            assert client.stats().submitted <= 9

    asyncio.run(main())
