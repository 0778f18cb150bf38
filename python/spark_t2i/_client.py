from __future__ import annotations

from time import monotonic

from ._base import ClientBase, TaskBase, explain, finish, watched
from ._generated import Generated
from ._image import Image
from ._record import public
from ._request import PATIENCE, arguments_of, arguments_of_item, source_of

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Generator, Iterable
    from typing import TypeVar

    from typing_extensions import Self

    from ._library import native
    from ._typing import RequestLike, Seconds, SizeLike
    from ._values import Estimate, Event, TaskSnapshot

    Item = TypeVar("Item")


@public
class Client(ClientBase):
    """A client of the service. Its calls block; several threads may use it at once.

    >>> with Client() as client:
    ...     client.generate("a red fox in the snow", size="16:9").save("fox.png")

    One client for a program is enough: connections, the limit of requests, and what was learned about how long tasks
    take are its own. Ctrl-C stops a call at once; the task goes on at the service, and the KeyboardInterrupt has its
    id as `task_id`.
    """

    def generate(
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
    ) -> Image:
        """Submits a request, waits for its end and returns the image. Nothing is downloaded yet.

        prompt: 1 to 800 characters in Chinese or English, at most 120 recommended; or a `Request`, or a mapping of
            the specification's parameters, with no other parameter beside it.
        size: a preset such as ``"16:9-2k"``, ``"2560x1440"`` or ``(2560, 1440)``, in place of `width` and `height`.
        width, height: pixels, both or none; default 1328 × 1328. The area lies in 512×512 to 2048×2048, the ratio in
            1:3 to 3:1.
        seed: -1 for a random image (the default), or 1 to 2**63 - 1 for one that can be had again.
        use_pre_llm: whether the service expands the prompt first; its default is true.
        model: another model than ``"spark_t2i_3_0"``.
        timeout: for the whole, in place of the client's `wait_timeout`.
        on_progress: called with each `Event` in this thread; what it raises cancels the call and comes out of it.
        progress: shows a bar (``pip install spark-t2i[progress]``).

        Raises what `submit` and `Task.wait` raise.
        """
        wanted = arguments_of(prompt, size, width, height, seed, use_pre_llm, model)
        call = self._native.generate(wanted, timeout, watched(on_progress, progress))
        return Image(finish(call, on_progress, progress=progress))

    def submit(
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
    ) -> Task:
        """Submits a request and returns its task, without waiting for its end. The parameters are `generate`'s.

        Raises `InvalidRequestError` before anything is sent; `OutcomeUnknownError` when the service may have taken
        the request but no id came back (it is not repeated then); `AuthenticationError`, `PermissionDeniedError`,
        `InsufficientBalanceError`; `RateLimitedError` and `ConnectionFailedError` beyond the retries; `NotFoundError`
        for a wrong base URL; `DeadlineExceededError`.
        """
        wanted = arguments_of(prompt, size, width, height, seed, use_pre_llm, model)
        return Task(finish(self._native.submit(wanted, timeout)))

    def estimate(
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
        """What a request would probably cost; none where the service has no estimate. Nothing is charged.

        The parameters are `generate`'s, the errors `submit`'s, but never `OutcomeUnknownError`.
        """
        wanted = arguments_of(prompt, size, width, height, seed, use_pre_llm, model)
        return finish(self._native.estimate(wanted, timeout))

    def task(self, id: str) -> Task:
        """The task with this id, whoever submitted it. Nothing is sent.

        Raises `InvalidRequestError` when the text cannot be an id.
        """
        return Task(self._native.task(id))

    def generate_many(
        self, requests: Iterable[RequestLike], *, progress: bool = False
    ) -> Generator[Generated[Image], None, None]:
        """Generates many images, `max_in_flight` at a time, and yields each as it is done.

        requests: prompts, `Request`s or mappings; taken one by one as there is room, so that a generator need not
            know its end. They may be mixed.
        progress: shows a bar (``pip install spark-t2i[progress]``).

        Nothing is lost: a request that fails is a `Generated` with an `error`. Only what is no request at all raises
        a TypeError, as does what `requests` itself raises; the work is then cancelled. Closing the iterator, or
        dropping it, stops submitting and waiting at once; tasks that were submitted go on at the service.
        """
        generated = _generate_many(self._native, source_of(requests))
        return _with_bar(generated, requests) if progress else generated

    def close(self) -> None:
        """Ends the use of this client. Its tasks and images can still be used."""
        self._open = None

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *error: object) -> None:
        self.close()


@public
class Task(TaskBase):
    """A task of the service: its id and what was last seen of it; made by `Client.submit` and `Client.task`.

    Dropping it changes nothing at the service: the task goes on, and `Client.task` finds it again by its id. Tasks are
    compared and hashed by their ids.
    """

    @property
    def images(self) -> list[Image]:
        """The images of a task last seen completed; none of any other."""
        return [Image(image) for image in self._native.images()]

    def wait(
        self,
        *,
        timeout: Seconds | None = None,
        on_progress: Callable[[Event], object] | None = None,
        progress: bool = False,
    ) -> Image:
        """Waits until the task has ended, and returns its (first) image.

        timeout: in place of the client's `wait_timeout`.
        on_progress: called with each `Event` in this thread; what it raises ends the wait and comes out of it.
        progress: shows a bar (``pip install spark-t2i[progress]``).

        Raises `TaskFailedError` with the service's code; `DeadlineExceededError` (the task goes on); `NotFoundError`
        after a grace of 10 s; `AuthenticationError`, `PermissionDeniedError` and `InsufficientBalanceError` at once.
        Each has the task's id.
        """
        call = self._native.wait(timeout, watched(on_progress, progress))
        return Image(finish(call, on_progress, progress=progress))

    def events(self, *, timeout: Seconds | None = None) -> Generator[Event, None, None]:
        """What happens to the task, as it happens. The last event is its end: completed, or failed with an error.

        `timeout` stands in place of the client's `wait_timeout`; when it has passed, that is the failure. Closing the
        iterator, or dropping it, stops the watching.
        """
        return _each(self._native.events(timeout))

    def refresh(self, *, timeout: Seconds | None = None) -> TaskSnapshot:
        """Asks the service once for the state of the task (and again after a failure that may pass).

        Raises `NotFoundError`, `AuthenticationError`, `PermissionDeniedError`, `ConnectionFailedError`,
        `RateLimitedError`, `ProtocolError` or `DeadlineExceededError`; a failed task is none of these, it is a state.
        """
        return finish(self._native.refresh(timeout))


def _each(call: native.Call[Item, None]) -> Generator[Item, None, None]:
    try:
        while True:
            try:
                item = call.next()
            except StopIteration:
                return
            except BaseException as error:
                explain(error, call.task_ids)
                raise
            yield item
    finally:
        call.cancel()


def _generate_many(client: native.Client, requests: Iterable[RequestLike]) -> Generator[Generated[Image], None, None]:
    many, room = client.many(), client.max_in_flight
    in_flight: dict[int, RequestLike] = {}
    source = enumerate(requests)
    more = True
    try:
        while more or in_flight:
            found, begin = None, monotonic()
            while more and len(in_flight) < room and found is None:
                taken = next(source, None)
                if taken is None:
                    more = False
                    break
                index, request = taken
                many.add(index, arguments_of_item(index, request))
                in_flight[index] = request
                # A slow source shall not keep back what is done.
                if monotonic() - begin > PATIENCE:
                    found = many.poll()
            if found is not None or in_flight:
                index, image, failure = many.next() if found is None else found[1]
                yield Generated(index, in_flight.pop(index), None if image is None else Image(image), failure)
    except KeyboardInterrupt as error:
        explain(error, many.task_ids)
        raise
    finally:
        many.cancel()


def _with_bar(
    many: Generator[Generated[Image], None, None], requests: object
) -> Generator[Generated[Image], None, None]:
    from ._progress import ManyBar

    with ManyBar(requests) as bar:
        try:
            for generated in many:
                bar.show(generated)
                yield generated
        finally:
            many.close()
