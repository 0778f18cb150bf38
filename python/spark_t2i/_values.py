"""What the service and the client tell: values that do not change."""

from __future__ import annotations

from ._errors import InvalidRequestError
from ._record import public, record, set_fields

TYPE_CHECKING = False
if TYPE_CHECKING:
    from datetime import datetime
    from decimal import Decimal
    from pathlib import Path

    from ._enums import EventKind, Status
    from ._errors import SparkT2iError
    from ._typing import StrPath


def _time(unix_seconds: float | None) -> datetime | None:
    """The moment in UTC; none where there is none, or where the number is no time that Python can tell."""
    if unix_seconds is None:
        return None
    from datetime import datetime, timezone

    try:
        return datetime.fromtimestamp(unix_seconds, timezone.utc)
    except (OverflowError, OSError, ValueError):
        return None


@public
@record
class Usage:
    """What a task used and cost. Money is exact: as the service wrote it, never a binary fraction."""

    cost: Decimal | None
    """The total cost in USD."""
    discount: Decimal | None
    """The discount, as the service gave it."""
    input_tokens: int | None
    """Tokens that went in."""
    output_tokens: int | None
    """Tokens that came out."""
    total_tokens: int | None
    """All tokens."""


@public
@record
class Content:
    """One generated thing."""

    type: str | None
    """What it is: ``"image"``."""
    url: str | None
    """Where it can be fetched. Such addresses may expire."""
    size: int | None
    """The size of the file in bytes."""
    job_id: str | None
    """The identifier of the job behind the task."""


@public
@record
class Output:
    """One element of a task's output."""

    content: tuple[Content, ...]
    """What was generated."""


@public
@record
class ServerError:
    """The reason that the service gave for a failure."""

    code: str | None
    """The nine digits of the code; none where there was none, or one of another form (it stands in the message)."""
    message: str
    """What happened, in the service's words."""


@public
@record
class Metadata:
    """The service's own times of a task, in Unix seconds with a fraction; the properties give them in UTC."""

    in_queue_unix: float | None
    """When it was queued."""
    upload_unix: float | None
    """When the image was stored."""
    completed_unix: float | None
    """When it was completed."""

    @property
    def in_queue_at(self) -> datetime | None:
        """When it was queued, in UTC."""
        return _time(self.in_queue_unix)

    @property
    def upload_at(self) -> datetime | None:
        """When the image was stored, in UTC."""
        return _time(self.upload_unix)

    @property
    def completed_at(self) -> datetime | None:
        """When it was completed, in UTC."""
        return _time(self.completed_unix)


@public
@record
class TaskSnapshot:
    """What one answer of the service said about a task.

    A field that the service did not send, or that cannot be read, is none; `raw` has the whole answer.
    """

    id: str | None
    """The identifier; none where the answer has none."""
    status: Status
    """The state."""
    model: str | None
    """The model."""
    created_unix: int | None
    """When the task was created, in Unix seconds."""
    progress: float | None
    """How much is done, 0.0 to 1.0."""
    output: tuple[Output, ...]
    """The results, of a completed task."""
    usage: Usage | None
    """What it cost, of a completed task."""
    error: ServerError | None
    """Why it failed."""
    metadata: Metadata
    """The service's own times."""
    raw: str
    """The answer's JSON text, with every field that this package does not know. Not shown by ``repr``."""

    @property
    def created_at(self) -> datetime | None:
        """When the task was created, in UTC."""
        return _time(self.created_unix)


@public
@record
class Estimate:
    """What a request would probably cost, as the service estimates it."""

    cost: Decimal
    """The cost, exactly as the service gave it."""
    currency: str | None
    """The currency, such as ``"USD"``."""
    discount: Decimal | None
    """The discount, as the service gave it."""
    billing_model: str | None
    """How the model is billed."""
    model: str | None
    """The model."""
    sample_count: int | None
    """How many earlier tasks the estimate rests on."""
    updated_unix_ms: int | None
    """When it was made, in Unix milliseconds."""
    raw: str
    """The answer's JSON text. Not shown by ``repr``."""

    @property
    def updated_at(self) -> datetime | None:
        """When it was made, in UTC."""
        return None if self.updated_unix_ms is None else _time(self.updated_unix_ms / 1000)


@public
@record
class Event:
    """Something that happened to a task while it was waited for. The last one is completed or failed."""

    kind: EventKind
    """What happened."""
    task_id: str
    """The task."""
    elapsed_seconds: float
    """How long the task has been known here: since its submit, or since the waiting began."""
    progress: float | None
    """How much is done, 0.0 to 1.0, of a running task, where the service tells it."""
    delay_seconds: float | None
    """How long until the next try, of a retry."""
    error: SparkT2iError | None
    """Why the task could not be asked for (retrying), or why it or the waiting failed (failed)."""
    snapshot: TaskSnapshot | None
    """What the service said of a completed task."""

    @property
    def is_terminal(self) -> bool:
        """Whether this is the last event."""
        return self.kind in ("completed", "failed")


@public
@record
class Saved:
    """A file that was saved: whole, checked and synced."""

    path: Path
    """Where it is."""
    bytes: int
    """Its length in bytes."""
    format: str
    """What it is by its own signature, such as ``"png"``."""
    width: int | None
    """Pixels from left to right, where its head tells them (PNG)."""
    height: int | None
    """Pixels from top to bottom, where its head tells them (PNG)."""

    def __init__(self, path: StrPath, bytes: int, format: str, width: int | None, height: int | None) -> None:
        # Imported by whoever saves a file, and by nobody else.
        from pathlib import Path

        set_fields(self, path=Path(path), bytes=bytes, format=format, width=width, height=height)

    def __fspath__(self) -> str:
        return str(self.path)


@public
@record
class Violation:
    """A rule of the specification that a request breaks."""

    code: str | None
    """The nine digits of the code; none for an unknown parameter, which the specification has no code for."""
    field: str
    """The parameter, or ``"size"`` where width and height only together break the rule, or ``"parameters"``."""
    message: str
    """What is wrong, for people."""


@public
@record
class ParameterWarning:
    """Something allowed that probably gives a poor image."""

    field: str
    """The parameter."""
    message: str
    """What may go wrong, for people."""


@public
@record
class Report:
    """The verdict on a request; true where no rule is broken."""

    violations: tuple[Violation, ...]
    """The broken rules, every one of them; none in a valid request."""
    warnings: tuple[ParameterWarning, ...]
    """Advice that keeps nobody from sending."""

    @property
    def valid(self) -> bool:
        """Whether no rule is broken."""
        return not self.violations

    def __bool__(self) -> bool:
        return self.valid

    def raise_if_invalid(self) -> None:
        """Raises `InvalidRequestError` with every violation, if there is one; the same that sending would raise."""
        if self.valid:
            return
        message = "; ".join(violation.message for violation in self.violations)
        code = next((violation.code for violation in self.violations if violation.code), None)
        error = InvalidRequestError(f"{message} (code {code})" if code else message)
        error.message, error.code, error.violations = message, code, self.violations
        raise error


@public
@record
class LagStats:
    """How late completions were noticed, in seconds."""

    count: int
    """Over how many completions."""
    mean: float | None
    """The mean; none where there is none."""
    p95: float | None
    """What 95 of 100 stayed within, to within 3 %."""


@public
@record
class Stats:
    """What a client has done since it was made."""

    create_requests: int
    """Requests sent to create a task, repetitions included."""
    status_requests: int
    """Requests sent to read a task."""
    estimate_requests: int
    """Requests sent to estimate a cost."""
    download_requests: int
    """Requests sent to image hosts, redirects and resumptions included."""
    retries: int
    """How many of all these repeated one that had failed."""
    submitted: int
    """Tasks created."""
    outcomes_unknown: int
    """Submits of which nobody can say whether the service took them."""
    completed: int
    """Tasks seen completed."""
    failed: int
    """Tasks seen failed."""
    waiting: int
    """Waits under way now."""
    queued: int
    """Tasks waited for now that were last seen queued."""
    running: int
    """Tasks waited for now that were last seen running."""
    lag_seconds: LagStats
    """How late completions were noticed, over those that the service dated and whose date can be believed."""
    poll_price: float
    """What a request for the state of a task is worth at present, in seconds of lag: `poll_cost`, or more while
    `max_requests_per_second` does not allow as many as that would be worth."""
    requests_per_second_allowed: float | None
    """Requests a second that may be sent at present: `max_requests_per_second`, or less after a 429; none: no limit."""
    requests_per_second_used: float
    """Requests a second that were sent over about the last second."""
    downloaded_bytes: int
    """Bytes of images received."""
    cost: Decimal
    """The exact sum of what all tasks seen ended have cost, in USD; every task counts once."""

    @property
    def requests(self) -> int:
        """All requests to the service and to image hosts."""
        return self.create_requests + self.status_requests + self.estimate_requests + self.download_requests
