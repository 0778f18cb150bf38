from __future__ import annotations

from ._enums import Charged, ErrorKind
from ._record import public

TYPE_CHECKING = False
if TYPE_CHECKING:
    from ._values import Violation


@public
class SparkT2iError(Exception):
    """What goes wrong in this package; there is one subclass for each `kind`.

    It never holds the key, and what comes from outside is made harmless for a terminal before it gets in. Its text is
    the message with the code and the task's id. It can be pickled and copied with all its fields.
    """

    kind: ErrorKind = ErrorKind.INTERNAL
    """The kind; of an error newer than this package, the text of its kind."""
    message: str
    """What happened, to what, and what to do next: one line for people, with no promise on its wording."""
    code: str | None = None
    """The nine digits of the specification's code, such as ``"003001002"``."""
    violations: tuple[Violation, ...] = ()
    """Every rule that the request breaks."""
    http_status: int | None = None
    """The status of the HTTP answer that told the error."""
    task_id: str | None = None
    """The task, from the moment that its id is known: ``client.task(error.task_id).wait()`` takes it up again."""
    retryable: bool = False
    """Whether the same call may succeed later without anything being changed, and without paying twice."""
    charged: Charged = Charged.UNKNOWN
    """Whether it was charged."""
    retry_after_seconds: float | None = None
    """How long the service asked to wait before the next try."""
    body: str | None = None
    """The body of the answer that could not be understood, cut to 4 KiB: it may hold the id of a task."""
    cause: str | None = None
    """The causes, outermost first, in one line."""

    def __init__(self, message: str = "") -> None:
        super().__init__(message)
        self.message = message


@public
class InvalidRequestError(SparkT2iError, ValueError):
    """The request breaks a rule: found before anything was sent, or by the service (400, 422).

    `violations` has every broken rule, not only the first.
    """

    kind = ErrorKind.INVALID_REQUEST
    charged = Charged.NO


@public
class AuthenticationError(SparkT2iError):
    """The key is missing, malformed or refused (401)."""

    kind = ErrorKind.AUTHENTICATION
    charged = Charged.NO


@public
class PermissionDeniedError(SparkT2iError):
    """The key may not do this (403)."""

    kind = ErrorKind.PERMISSION
    charged = Charged.NO


@public
class InsufficientBalanceError(SparkT2iError):
    """The account has too little balance (402 or a balance code)."""

    kind = ErrorKind.INSUFFICIENT_BALANCE
    charged = Charged.NO


@public
class RateLimitedError(SparkT2iError):
    """Too many requests (429), beyond the retries."""

    kind = ErrorKind.RATE_LIMITED
    retryable = True
    charged = Charged.NO


@public
class DeadlineExceededError(SparkT2iError, TimeoutError):
    """A deadline passed. The task goes on at the service."""

    kind = ErrorKind.TIMEOUT
    retryable = True


@public
class ConnectionFailedError(SparkT2iError, ConnectionError):
    """No connection, or a service that cannot answer now (5xx), beyond the retries."""

    kind = ErrorKind.CONNECTION
    retryable = True
    charged = Charged.NO


@public
class ProtocolError(SparkT2iError):
    """An answer that cannot be understood; its beginning is in `body`."""

    kind = ErrorKind.PROTOCOL
    charged = Charged.NO


@public
class NotFoundError(SparkT2iError):
    """No such task, after a grace of 10 s, or no such endpoint: a wrong base URL."""

    kind = ErrorKind.NOT_FOUND
    charged = Charged.NO


@public
class TaskFailedError(SparkT2iError):
    """The task ended without an image; `code` is the service's reason."""

    kind = ErrorKind.TASK_FAILED


@public
class OutcomeUnknownError(SparkT2iError):
    """A submit of which nobody can say whether the service took (and charged) it. It was not sent again."""

    kind = ErrorKind.OUTCOME_UNKNOWN


@public
class DownloadError(SparkT2iError):
    """The image could not be fetched, or is not what it should be. It is paid for: fetch it by `task_id`."""

    kind = ErrorKind.DOWNLOAD
    retryable = True
    charged = Charged.YES


@public
class FileError(SparkT2iError, OSError):
    """A file could not be read or written, or exists already."""

    kind = ErrorKind.IO
    charged = Charged.NO


@public
class CallCancelledError(SparkT2iError):
    """The call was cancelled. The task, if there is one, goes on at the service."""

    kind = ErrorKind.CANCELLED
    retryable = True


@public
class InternalError(SparkT2iError):
    """A bug of ours, or an error of a kind that this version does not know."""


_CLASS_OF: dict[str, type[SparkT2iError]] = {cls.kind: cls for cls in SparkT2iError.__subclasses__()}


def make(
    text: str,
    kind: str,
    message: str,
    code: str | None,
    violations: tuple[Violation, ...],
    http_status: int | None,
    task_id: str | None,
    retryable: bool,
    charged: str,
    retry_after_seconds: float | None,
    body: str | None,
    cause: str | None,
) -> SparkT2iError:
    """The error of the native part that these fields describe; `text` is what ``str()`` gives."""
    error = _CLASS_OF.get(kind, InternalError)(text)
    error.kind = ErrorKind(kind)
    error.message = message
    error.code = code
    error.violations = violations
    error.http_status = http_status
    error.task_id = task_id
    error.retryable = retryable
    error.charged = Charged(charged)
    error.retry_after_seconds = retry_after_seconds
    error.body = body
    error.cause = cause
    return error
