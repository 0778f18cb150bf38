"""The client of ``spark_t2i_3_0``, a text-to-image service: send a prompt, get an image.

>>> from spark_t2i import Client
>>> with Client() as client:                                    # the key is in SPARK_T2I_API_KEY
...     image = client.generate("a red fox in the snow", size="16:9-2k", seed=42)
...     image.save("fox.png")

=================================  ====================================================================
`Client`, `AsyncClient`            generate, submit, estimate, generate_many; for threads and for asyncio
`Task`, `AsyncTask`                a task at the service: wait, watch, look; taken up again by its id
`Image`, `AsyncImage`              a finished image: bytes, save, open, to_numpy
`Request`, `validate`, `Report`    what to generate, and whether it keeps the rules
`SparkT2iError`                    what goes wrong; one subclass for each kind
`spark_t2i.testing.Emulator`       the whole service inside this process, for tests and demos
=================================  ====================================================================
"""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from ._aio import AsyncClient, AsyncImage, AsyncTask
    from ._client import Client, Task
    from ._enums import Charged, ErrorKind, EventKind, Status
    from ._errors import (
        AuthenticationError,
        CallCancelledError,
        ConnectionFailedError,
        DeadlineExceededError,
        DownloadError,
        FileError,
        InsufficientBalanceError,
        InternalError,
        InvalidRequestError,
        NotFoundError,
        OutcomeUnknownError,
        PermissionDeniedError,
        ProtocolError,
        RateLimitedError,
        SparkT2iError,
        TaskFailedError,
    )
    from ._generated import Generated
    from ._image import Image
    from ._request import Request, validate
    from ._typing import ClientOptions, RequestLike, Seconds, SizeLike, StrPath
    from ._values import (
        Content,
        Estimate,
        Event,
        LagStats,
        Metadata,
        Output,
        ParameterWarning,
        Report,
        Saved,
        ServerError,
        Stats,
        TaskSnapshot,
        Usage,
        Violation,
    )

__version__ = "0.1.0"

__all__ = [
    "AsyncClient",
    "AsyncImage",
    "AsyncTask",
    "AuthenticationError",
    "CallCancelledError",
    "Charged",
    "Client",
    "ClientOptions",
    "ConnectionFailedError",
    "Content",
    "DeadlineExceededError",
    "DownloadError",
    "ErrorKind",
    "Estimate",
    "Event",
    "EventKind",
    "FileError",
    "Generated",
    "Image",
    "InsufficientBalanceError",
    "InternalError",
    "InvalidRequestError",
    "LagStats",
    "Metadata",
    "NotFoundError",
    "OutcomeUnknownError",
    "Output",
    "ParameterWarning",
    "PermissionDeniedError",
    "ProtocolError",
    "RateLimitedError",
    "Report",
    "Request",
    "RequestLike",
    "Saved",
    "Seconds",
    "ServerError",
    "SizeLike",
    "SparkT2iError",
    "Stats",
    "Status",
    "StrPath",
    "Task",
    "TaskFailedError",
    "TaskSnapshot",
    "Usage",
    "Violation",
    "__version__",
    "validate",
]

# Every name is loaded when it is first asked for: pytest imports this package for its plugin in every session, and a
# program that only reads pickled results needs neither the native part nor asyncio.
_MODULE_OF = {
    **dict.fromkeys(("AsyncClient", "AsyncImage", "AsyncTask"), "_aio"),
    **dict.fromkeys(("Client", "Task"), "_client"),
    **dict.fromkeys(("Charged", "ErrorKind", "EventKind", "Status"), "_enums"),
    **dict.fromkeys((name for name in __all__ if name.endswith("Error") and name != "ServerError"), "_errors"),
    **dict.fromkeys(("ClientOptions", "RequestLike", "Seconds", "SizeLike", "StrPath"), "_typing"),
    **dict.fromkeys(("Request", "validate"), "_request"),
    "Generated": "_generated",
    "Image": "_image",
}


def __getattr__(name: str) -> object:
    if name not in __all__:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    module = __import__(f"{__name__}.{_MODULE_OF.get(name, '_values')}", fromlist=[name])
    value: object = getattr(module, name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
