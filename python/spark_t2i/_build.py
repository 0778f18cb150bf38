"""What the native part builds its results with: each by the name that it has there."""

from __future__ import annotations

from decimal import Decimal

from ._enums import EventKind, Status
from ._errors import make as Error
from ._image import AboutImage
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

__all__ = [
    "AboutImage", "Content", "Decimal", "Error", "Estimate", "Event", "EventKind", "LagStats", "Metadata", "Output",
    "ParameterWarning", "Report", "Saved", "ServerError", "Stats", "Status", "TaskSnapshot", "Usage", "Violation",
]
