"""What asyncio iterates over. Classes, as a cancelled ``anext`` ends an asynchronous generator and loses its items."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterable, AsyncIterator
from itertools import islice
from time import monotonic
from weakref import WeakKeyDictionary

from ._base import explain
from ._generated import Generated, ImageT_co
from ._library import native
from ._request import PATIENCE, arguments_of_item, source_of

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator
    from typing import Any, Generic, TypeVar

    from typing_extensions import Self

    from ._progress import ManyBar
    from ._typing import RequestLike
    from ._values import Event

    Item_co = TypeVar("Item_co", covariant=True)
else:
    from ._generated import Generic

    Item_co = "Item_co"


_bells: WeakKeyDictionary[asyncio.AbstractEventLoop, native.Bell] = WeakKeyDictionary()


def _bell_of(loop: asyncio.AbstractEventLoop) -> native.Bell:
    """How the native part tells those who wait in this loop; by no pipe where loops watch none, as on Windows."""
    try:
        return _bells[loop]
    except KeyError:
        pass
    try:
        bell = native.Bell(True)
        loop.add_reader(bell.fileno(), bell.ring)
    except (NotImplementedError, OSError):
        bell = native.Bell(False)
    _bells[loop] = bell
    return bell


async def ready(source: native.Call[Any, Any] | native.Many, *others: asyncio.Future[Any]) -> None:
    """Waits until `source` has something, or one of the others is done."""
    loop = asyncio.get_running_loop()
    future: asyncio.Future[None] = loop.create_future()
    source.wake(_bell_of(loop), loop, future)
    if others:
        await asyncio.wait((future, *others), return_when=asyncio.FIRST_COMPLETED)
    else:
        await future


class _Stream(Generic[Item_co]):
    _advancing = False

    def __aiter__(self) -> Self:
        return self

    async def __anext__(self) -> Item_co:
        if self._advancing:
            raise RuntimeError(
                "this stream is being advanced already: only one task at a time can wait for its next item"
            )
        self._advancing = True
        try:
            return await self._next()
        finally:
            self._advancing = False

    async def _next(self) -> Item_co:
        raise NotImplementedError

    async def aclose(self) -> None:
        """Stops the work at once; what is asked for afterwards has ended."""
        raise NotImplementedError

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *error: object) -> None:
        await self.aclose()


class EventStream(_Stream["Event"]):
    """What happens to a task, as it happens; the last event is its end."""

    def __init__(self, call: native.Call[Event, None]) -> None:
        self._call: native.Call[Event, None] | None = call

    async def _next(self) -> Event:
        while self._call is not None:
            try:
                found = self._call.poll()
                if found is None:
                    await ready(self._call)
                    continue
            except asyncio.CancelledError as error:
                explain(error, self._call.task_ids)
                raise
            except BaseException:
                await self.aclose()
                raise
            ended, event = found
            if not ended:
                return event  # type: ignore[no-any-return]
            self._call = None
        raise StopAsyncIteration

    async def aclose(self) -> None:
        """Stops the watching; the task goes on at the service."""
        call, self._call = self._call, None
        if call is not None:
            call.cancel()


class ImageStream(_Stream[Generated[ImageT_co]]):
    """What becomes of many requests, in the order in which they are done."""

    def __init__(
        self,
        client: native.Client,
        requests: Iterable[RequestLike] | AsyncIterable[RequestLike],
        image: Callable[[native.Image], ImageT_co],
        *,
        progress: bool,
    ) -> None:
        self._many: native.Many | None = client.many()
        self._room = client.max_in_flight
        self._image = image
        self._taken = 0
        self._in_flight: dict[int, RequestLike] = {}
        self._source: Iterator[RequestLike] | AsyncIterator[RequestLike] | None = (
            aiter(requests) if isinstance(requests, AsyncIterable) else iter(source_of(requests))
        )
        self._pull: asyncio.Future[tuple[RequestLike, ...]] | None = None
        self._bar: ManyBar | None = None
        if progress:
            from ._progress import ManyBar

            self._bar = ManyBar(requests)

    async def _next(self) -> Generated[ImageT_co]:
        try:
            generated = await self._next_done()
        except asyncio.CancelledError as error:
            explain(error, [] if self._many is None else self._many.task_ids)
            raise
        except BaseException:
            await self.aclose()
            raise
        if self._bar is not None:
            self._bar.show(generated)
        return generated

    async def _next_done(self) -> Generated[ImageT_co]:
        while (many := self._many) is not None:
            await self._fill(many)
            found = many.poll()
            if found is not None:
                index, image, error = found[1]
                return Generated(
                    index, self._in_flight.pop(index), None if image is None else self._image(image), error
                )
            if not self._in_flight and self._pull is None:
                if self._source is None:
                    break
                continue
            # A cancellation of this waiting leaves the pull running: what it brings is for the next one.
            await ready(many, *([] if self._pull is None else [self._pull]))
        raise StopAsyncIteration

    async def _fill(self, many: native.Many) -> None:
        """Takes what the source has now, as far as there is room and it does not keep back what is done."""
        begin = monotonic()
        while self._source is not None and len(self._in_flight) < self._room and monotonic() - begin < PATIENCE:
            if isinstance(self._source, AsyncIterator):
                if self._pull is None:
                    self._pull = asyncio.ensure_future(_first_of(self._source))
                    await asyncio.sleep(0)
                if not self._pull.done():
                    break
                pull, self._pull = self._pull, None
                taken = pull.result()
            else:
                taken = tuple(islice(self._source, 1))
            if not taken:
                self._source = None
                break
            index, self._taken = self._taken, self._taken + 1
            many.add(index, arguments_of_item(index, taken[0]))
            self._in_flight[index] = taken[0]

    async def aclose(self) -> None:
        """Stops submitting and waiting; tasks that were submitted go on at the service."""
        many, self._many = self._many, None
        if many is not None:
            many.cancel()
        if self._bar is not None:
            self._bar.close()
        pull, self._pull = self._pull, None
        if pull is not None:
            pull.cancel()
            # Its exception, if it has one, is nobody's any more.
            await asyncio.gather(pull, return_exceptions=True)


async def _first_of(source: AsyncIterator[RequestLike]) -> tuple[RequestLike, ...]:
    async for request in source:
        return (request,)
    return ()
