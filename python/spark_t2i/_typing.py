"""Names for annotations; nothing here is needed to run the package."""

from __future__ import annotations

import os
from collections.abc import Mapping
from datetime import timedelta
from typing import TYPE_CHECKING, Literal, TypedDict, Union

if TYPE_CHECKING:
    from ._request import Request

Seconds = float | timedelta
"""A duration: a number of seconds, or a ``timedelta``."""

StrPath = str | os.PathLike[str]
"""A path."""

SizeLike = str | tuple[int, int]
"""A size: ``"16:9-2k"`` (a preset), ``"2560x1440"``, or ``(2560, 1440)``, in pixels."""

RequestLike = Union[str, "Request", Mapping[str, object]]
"""What can be generated: a prompt, a `Request`, or the parameters of the specification by name."""


class ClientOptions(TypedDict, total=False):
    """The keyword arguments of `Client` and `AsyncClient`."""

    api_key: str | None
    base_url: str | None
    connect_timeout: Seconds | None
    request_timeout: Seconds | None
    wait_timeout: Seconds | None
    max_retries: int | None
    max_requests_per_second: float | None
    poll_cost: float | None
    poll_interval: Seconds | None
    latency_profile: StrPath | None
    max_in_flight: int | None
    headers: Mapping[str, str] | None
    proxy: str | None
    ca_bundle: StrPath | None
    user_agent_suffix: str | None
    on_outcome_unknown: Literal["fail", "resubmit"] | None
