from __future__ import annotations

import asyncio
import builtins
from collections.abc import AsyncIterable

from ._base import ClientBase, TaskBase, explain, require, watched
from ._image import ImageBase, decode, to_array
from ._record import public
from ._request import arguments_of
from ._streams import EventStream, ImageStream, ready

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterable
    from typing import Any, TypeVar

    import numpy
    import PIL.Image
    from typing_extensions import Self

    from ._library import native
    from ._typing import RequestLike, Seconds, SizeLike, StrPath
    from ._values import Estimate, Event, Saved, TaskSnapshot

    Result = TypeVar("Result")


async def finish(
    call: native.Call[Any, Result], on_event: Callable[[Event], object] | None = None, *, progress: bool = False
) -> Result:
    """Waits until the call has ended; whatever comes in between (a cancellation, a failing `on_event`) cancels it."""
    if progress:
        from ._progress import TaskBar

        with TaskBar(on_event) as bar:
            return await finish(call, bar.show)
    try:
        while True:
            found = call.poll()
            if found is None:
                await ready(call)
                continue
            ended, value = found
            if ended:
                return value  # type: ignore[no-any-return]
            awaitable: Any = None if on_event is None else on_event(value)
            if hasattr(awaitable, "__await__"):
                await awaitable
    except BaseException as error:
        call.cancel()
        explain(error, call.task_ids)
        raise


@public
class AsyncClient(ClientBase):
    """A client of the service for asyncio.

    >>> async with AsyncClient() as client:
    ...     image = await client.generate("a red fox in the snow", size="16:9")
    ...     await image.save("fox.png")

    A cancelled call stops at once; the task goes on at the service, and the CancelledError has its id as `task_id`.
    (In Python 3.10, that is the error inside the cancelled asyncio.Task; whoever awaits the Task gets another one.)
    A client is bound to no event loop: each call uses the one that it is awaited in.
    """

    async def generate(
        self,
        prompt: RequestLike,
        *,
        size: SizeLike | None = None,
        width: int | None = None,
        height: int | None = None,
        seed: int | None = None,
        use_pre_llm: bool | None = None,
        model: str | None = None,
        timeout: Seconds | None = None,
        on_progress: Callable[[Event], object] | None = None,
        progress: bool = False,
    ) -> AsyncImage:
        """Submits a request, waits for its end and returns the image. Nothing is downloaded yet.

        The parameters and errors are those of `Client.generate`; `on_progress` may be a coroutine function.
        """
        asyncio.get_running_loop()  # Nothing is sent, and paid, where nobody could be told of it.
        wanted = arguments_of(prompt, size, width, height, seed, use_pre_llm, model)
        call = self._native.generate(wanted, timeout, watched(on_progress, progress))
        return AsyncImage(await finish(call, on_progress, progress=progress))

    async def submit(
        self,
        prompt: RequestLike,
        *,
        size: SizeLike | None = None,
        width: int | None = None,
        height: int | None = None,
        seed: int | None = None,
        use_pre_llm: bool | None = None,
        model: str | None = None,
        timeout: Seconds | None = None,
    ) -> AsyncTask:
        """Submits a request and returns its task, without waiting for its end: see `Client.submit`.

        Cancelled while the request is on its way, nobody can say whether the service took it.
        """
        asyncio.get_running_loop()  # Nothing is sent, and paid, where nobody could be told of it.
        wanted = arguments_of(prompt, size, width, height, seed, use_pre_llm, model)
        return AsyncTask(await finish(self._native.submit(wanted, timeout)))

    async def estimate(
        self,
        prompt: RequestLike,
        *,
        size: SizeLike | None = None,
        width: int | None = None,
        height: int | None = None,
        seed: int | None = None,
        use_pre_llm: bool | None = None,
        model: str | None = None,
        timeout: Seconds | None = None,
    ) -> Estimate | None:
        """What a request would probably cost; none where the service has no estimate: see `Client.estimate`."""
        asyncio.get_running_loop()  # Nothing is sent, and paid, where nobody could be told of it.
        wanted = arguments_of(prompt, size, width, height, seed, use_pre_llm, model)
        return await finish(self._native.estimate(wanted, timeout))

    def task(self, id: str) -> AsyncTask:
        """The task with this id, whoever submitted it. Nothing is sent, and nothing is awaited.

        Raises `InvalidRequestError` when the text cannot be an id.
        """
        return AsyncTask(self._native.task(id))

    def generate_many(
        self, requests: Iterable[RequestLike] | AsyncIterable[RequestLike], *, progress: bool = False
    ) -> ImageStream[AsyncImage]:
        """Generates many images, `max_in_flight` at a time, and yields each as it is done: see `Client.generate_many`.

        >>> async with client.generate_many(prompts) as stream:
        ...     async for generated in stream:
        ...         await generated.unwrap().save(f"{generated.index}.png")

        `requests` may be an asynchronous iterable too. Leaving the ``async with``, or `aclose`, stops the work at
        once; so does dropping the stream. A cancelled ``anext`` loses nothing: the next one yields what was done.
        """
        return ImageStream(self._native, requests, AsyncImage, progress=progress)

    async def aclose(self) -> None:
        """Ends the use of this client. Its tasks and images can still be used."""
        self._open = None

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *error: object) -> None:
        await self.aclose()


@public
class AsyncTask(TaskBase):
    """A task of the service, for asyncio; made by `AsyncClient.submit` and `AsyncClient.task`.

    Dropping it changes nothing at the service: the task goes on, and `AsyncClient.task` finds it again by its id.
    Tasks are compared and hashed by their ids.
    """

    @property
    def images(self) -> list[AsyncImage]:
        """The images of a task last seen completed; none of any other."""
        return [AsyncImage(image) for image in self._native.images()]

    async def wait(
        self,
        *,
        timeout: Seconds | None = None,
        on_progress: Callable[[Event], object] | None = None,
        progress: bool = False,
    ) -> AsyncImage:
        """Waits until the task has ended, and returns its (first) image: see `Task.wait`.

        `on_progress` may be a coroutine function.
        """
        call = self._native.wait(timeout, watched(on_progress, progress))
        return AsyncImage(await finish(call, on_progress, progress=progress))

    def events(self, *, timeout: Seconds | None = None) -> EventStream:
        """What happens to the task, as it happens: see `Task.events`.

        >>> async for event in task.events():
        ...     print(event.kind, event.progress)

        A cancelled ``anext`` loses nothing. ``async with``, or `aclose`, stops the watching at once.
        """
        return EventStream(self._native.events(timeout))

    async def refresh(self, *, timeout: Seconds | None = None) -> TaskSnapshot:
        """Asks the service once for the state of the task: see `Task.refresh`."""
        return await finish(self._native.refresh(timeout))


@public
class AsyncImage(ImageBase):
    """A finished image at the service, for asyncio. Nothing is downloaded before `bytes`, `save` or `open`.

    Images are compared and hashed by task and address; a pickled one keeps all that is known of it, without a client.
    In a notebook it shows itself.
    """

    async def bytes(self, *, timeout: Seconds | None = None) -> builtins.bytes:
        """Fetches the image into memory: see `Image.bytes`."""
        return await finish(self._native.bytes(timeout))

    async def save(
        self,
        path: StrPath,
        *,
        overwrite: bool = False,
        add_extension: bool = False,
        timeout: Seconds | None = None,
    ) -> Saved:
        """Fetches the image into a file, which is whole or absent: see `Image.save`."""
        return await finish(self._native.save(path, overwrite, add_extension, timeout))

    async def open(self) -> PIL.Image.Image:
        """Fetches the image and decodes it with Pillow, in a thread: see `Image.open`."""
        require("images", "PIL")
        return await asyncio.to_thread(decode, await self.bytes())

    async def to_numpy(self) -> numpy.ndarray[Any, numpy.dtype[numpy.uint8]]:
        """Fetches the image into an array (height, width, channels) of uint8: see `Image.to_numpy`."""
        require("images", "PIL", "numpy")
        data = await self.bytes()
        return await asyncio.to_thread(lambda: to_array(decode(data)))
