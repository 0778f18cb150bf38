"""Progress bars of tqdm, which is imported by whoever asks for one and by nobody else."""

from __future__ import annotations

from collections.abc import Sized

from ._base import require

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any

    from tqdm import tqdm
    from typing_extensions import Self

    from ._generated import Generated
    from ._values import Event


def _bar(**options: Any) -> tqdm[Any]:
    require("progress", "tqdm")
    from tqdm.auto import tqdm

    return tqdm(**options)


class _Bar:
    def __init__(self, bar: tqdm[Any]) -> None:
        self._bar = bar

    def close(self) -> None:
        self._bar.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *error: object) -> None:
        self.close()


class TaskBar(_Bar):
    """How far one task is; hands each event on to `on_event`."""

    def __init__(self, on_event: Callable[[Event], object] | None) -> None:
        super().__init__(_bar(total=1.0, bar_format="{desc:<9} {percentage:3.0f}%|{bar}| {elapsed}"))
        self._on_event = on_event

    def show(self, event: Event) -> object:
        self._bar.set_description_str(str(event.kind), refresh=False)
        progress = 1.0 if event.kind == "completed" else event.progress
        if progress is not None:
            self._bar.n = progress
        self._bar.refresh()
        return None if self._on_event is None else self._on_event(event)


class ManyBar(_Bar):
    """How many of many requests have ended."""

    def __init__(self, requests: object) -> None:
        total = len(requests) if isinstance(requests, Sized) else None
        super().__init__(_bar(total=total, unit="image"))
        self._failed = 0

    def show(self, generated: Generated[Any]) -> None:
        if generated.error is not None:
            self._failed += 1
            self._bar.set_postfix_str(f"{self._failed} failed", refresh=False)
        self._bar.update()
