from __future__ import annotations

from collections.abc import Mapping

from ._library import native
from ._record import fields_of, public, record, set_fields

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, TypeVar

    from typing_extensions import Self

    from ._typing import RequestLike, SizeLike
    from ._values import Report

    Source = TypeVar("Source")


@public
@record
class Request:
    """One image to be generated: the parameters of the specification. Only what is set is sent.

    A value like any other: it is compared, hashed and pickled by its fields, and ``copy.replace(request, seed=7)``
    (Python 3.13) changes some of them. Nothing is checked before `validate` or sending.
    """

    prompt: str
    """What the image shows, in Chinese or English: 1 to 800 characters, at most 120 recommended. Sent as given."""
    width: int | None
    """Pixels from left to right; the service's default is 1328. Only together with the height."""
    height: int | None
    """Pixels from top to bottom; the service's default is 1328. Only together with the width."""
    seed: int | None
    """-1 (the service's default) for a random image, or 1 to 2**63 - 1: the same seed with the same parameters very
    probably gives a consistent image."""
    use_pre_llm: bool | None
    """Whether the service expands the prompt first; its default is true. Recommended for short prompts."""
    model: str | None
    """The model; none for ``"spark_t2i_3_0"``."""

    __match_args__ = ("prompt",)

    def __init__(
        self,
        prompt: str,
        *,
        size: SizeLike | None = None,
        width: int | None = None,
        height: int | None = None,
        seed: int | None = None,
        use_pre_llm: bool | None = None,
        model: str | None = None,
    ) -> None:
        """A request with this prompt; what is not given is left to the service.

        `size` is a preset such as ``"16:9-2k"``, a text ``"2560x1440"`` or a pair ``(2560, 1440)``, and stands in
        place of `width` and `height`. Width × height lies in 512×512 to 2048×2048, and the ratio in 1:3 to 3:1.

        Raises `InvalidRequestError` when a text names no size, and `TypeError` when the size is given twice.
        """
        if size is not None:
            width, height = _sides(size, width, height)
        set_fields(self, prompt=prompt, width=width, height=height, seed=seed, use_pre_llm=use_pre_llm, model=model)

    def validate(self) -> Report:
        """Checks the request by the rules of the specification; nothing is sent. Every violation is reported."""
        return native.validate(_parameters(self))

    def __replace__(self, /, **changes: Any) -> Self:
        kept = fields_of(self)
        if "size" in changes:
            del kept["width"], kept["height"]
        return type(self)(**{**kept, **changes})


def validate(parameters: Mapping[str, object] | str | Request) -> Report:
    """Checks parameters by the rules of the specification; nothing is sent.

    `parameters` are a `Request`, a mapping such as ``{"prompt": "a fox", "seed": 42}`` with values of any type, or a
    JSON text of such an object. A name that is no parameter of the specification is a violation too.

    >>> validate({"prompt": "a fox", "seed": 0}).violations[0].code
    '003001004'
    """
    if isinstance(parameters, str):
        # Half a surrogate pair stands in JSON as an escape, and gets the verdict on that.
        return native.validate(parameters.encode("utf-8", "backslashreplace").decode())
    if isinstance(parameters, Request):
        return parameters.validate()
    if isinstance(parameters, Mapping):
        return native.validate(dict(parameters))
    raise TypeError(f"parameters are a mapping, a JSON text or a Request, not {type(parameters).__name__}")


def arguments_of(
    prompt: RequestLike,
    size: SizeLike | None = None,
    width: int | None = None,
    height: int | None = None,
    seed: int | None = None,
    use_pre_llm: bool | None = None,
    model: str | None = None,
) -> tuple[dict[str, object], str | None]:
    """The parameters and the model that a call asks for, as the native part takes them.

    A value of a wrong type goes through: the core says what is wrong with it, in the same words in every language.
    """
    if isinstance(prompt, (Request, Mapping)):
        others = (size, width, height, seed, use_pre_llm, model)
        if any(other is not None for other in others):
            kind = "Request" if isinstance(prompt, Request) else "mapping of parameters"
            raise TypeError(f"a {kind} says everything: put the other parameters into it")
        if isinstance(prompt, Request):
            return _parameters(prompt), prompt.model
        return dict(prompt), None
    if size is not None:
        width, height = _sides(size, width, height)
    return dict(prompt=prompt, use_pre_llm=use_pre_llm, seed=seed, width=width, height=height), model


# Seconds that many requests are taken from their source before it is seen what has become of those taken before.
PATIENCE = 0.02


def source_of(requests: Source) -> Source:
    """Refuses what is one request, of which every letter or name would be a request, and paid for."""
    given: object = requests
    if isinstance(given, (str, bytes, Request, Mapping)):
        kind = type(given).__name__  # pyright: ignore[reportUnknownArgumentType, reportUnknownMemberType]
        raise TypeError(f"generate_many takes many requests, not one {kind}: put it into a list")
    return requests


def arguments_of_item(index: int, item: RequestLike) -> tuple[dict[str, object], str | None]:
    """The same for one of many requests, where a value of another type is a mistake in the program."""
    if not isinstance(item, (str, Request, Mapping)):
        raise TypeError(f"request {index} is of type {type(item).__name__}, not a str, a Request or a mapping")
    return arguments_of(item)


def _parameters(request: Request) -> dict[str, object]:
    parameters = fields_of(request)
    # It stands beside the parameters, not among them.
    del parameters["model"]
    return parameters


def _sides(size: SizeLike, width: int | None, height: int | None) -> tuple[int, int]:
    if width is not None or height is not None:
        raise TypeError("size stands in place of width and height: give one or the other")
    if isinstance(size, str):
        return native.size(size)
    try:
        width, height = size
    except (TypeError, ValueError):
        raise TypeError(f'size is a text such as "16:9-2k" or a pair (width, height), not {size!r}') from None
    return width, height
