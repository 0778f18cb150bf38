from __future__ import annotations

from enum import Enum

from ._record import public

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing_extensions import Self


class _Word(str, Enum):
    """A word of the service or of this client. A word that this version does not know yet is kept as it came."""

    # These two as in `enum.StrEnum`, which Python 3.10 does not have.
    def __str__(self) -> str:
        return str.__str__(self)

    def __format__(self, format_spec: str) -> str:
        return str.__format__(self, format_spec)

    @classmethod
    def _missing_(cls, value: object) -> Self | None:
        if not isinstance(value, str):
            return None
        # Kept in no table: a server could fill it with any number of words.
        unknown = str.__new__(cls, value)
        unknown._name_ = "UNKNOWN"
        unknown._value_ = str(value)
        return unknown

    @property
    def is_known(self) -> bool:
        """Whether this version of the package knows the word; an unknown one is equal to its text."""
        return self._value_ in type(self)._value2member_map_


@public
class Status(_Word):
    """The state of a task. The words that servers use for one state (``pending``, ``in_queue``, …) are one here."""

    QUEUED = "queued"
    """It waits its turn."""
    RUNNING = "running"
    """It is being generated."""
    COMPLETED = "completed"
    """Done, with output."""
    FAILED = "failed"
    """Done, without output."""

    @property
    def is_terminal(self) -> bool:
        """Whether the task has ended and will not change any more; an unknown word is no end."""
        return self in ("completed", "failed")


@public
class EventKind(_Word):
    """What happened to a task while it was waited for."""

    SUBMITTED = "submitted"
    """The service took it."""
    QUEUED = "queued"
    """It waits its turn."""
    RUNNING = "running"
    """It is being generated."""
    RETRYING = "retrying"
    """It could not be asked for; the next try follows after a delay."""
    COMPLETED = "completed"
    """It is done."""
    FAILED = "failed"
    """It failed, or the waiting did: see the kind of the error."""


@public
class Charged(_Word):
    """Whether what failed was charged."""

    NO = "no"
    """Certainly not."""
    YES = "yes"
    """Certainly."""
    UNKNOWN = "unknown"
    """Nobody on this side can say."""


@public
class ErrorKind(_Word):
    """What kind of thing went wrong: the same kinds with the same names in every language and on the command line."""

    INVALID_REQUEST = "invalid_request"
    """The request breaks a rule: found before anything was sent, or by the service (400, 422)."""
    AUTHENTICATION = "authentication"
    """The key is missing, malformed or refused (401)."""
    PERMISSION = "permission"
    """The key may not do this (403)."""
    INSUFFICIENT_BALANCE = "insufficient_balance"
    """The account has too little balance (402 or a balance code)."""
    RATE_LIMITED = "rate_limited"
    """Too many requests (429), beyond the retries."""
    TIMEOUT = "timeout"
    """A deadline passed. The task goes on."""
    CONNECTION = "connection"
    """No connection, or a service that cannot answer now (5xx), beyond the retries."""
    PROTOCOL = "protocol"
    """An answer that cannot be understood."""
    NOT_FOUND = "not_found"
    """No such task, or no such endpoint."""
    TASK_FAILED = "task_failed"
    """The task ended without an image."""
    OUTCOME_UNKNOWN = "outcome_unknown"
    """A submit of which nobody can say whether the service took (and charged) it."""
    DOWNLOAD = "download"
    """The image could not be fetched, or is not what it should be."""
    IO = "io"
    """A file could not be read or written."""
    CANCELLED = "cancelled"
    """Cancelled by the caller. The task, if there is one, goes on."""
    INTERNAL = "internal"
    """A bug of ours."""
