"""The value classes: frozen, compared by value, shown, copied, pickled, matched."""

from __future__ import annotations

import copy
import pickle
from datetime import datetime, timezone
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from spark_t2i import (
    Content,
    Estimate,
    Event,
    EventKind,
    LagStats,
    Metadata,
    Output,
    ParameterWarning,
    Report,
    Request,
    Saved,
    ServerError,
    Stats,
    Status,
    TaskSnapshot,
    Usage,
    Violation,
)

USAGE = Usage(Decimal("0.035714285714"), Decimal("0.70"), 12, 4096, 4108)
CONTENT = Content("image", "https://images.example/fox.png", 1834221, "job-1")
METADATA = Metadata(1780633394.5, None, 1780633403.25)
SNAPSHOT = TaskSnapshot(
    "t-1", Status.COMPLETED, "spark_t2i_3_0", 1780633394, 1.0, (Output((CONTENT,)),), USAGE, None, METADATA, '{"id":1}'
)
ESTIMATE = Estimate(Decimal("0.0357"), "USD", None, "per_image", "spark_t2i_3_0", 4, 1780633394064, "{}")
LAG = LagStats(2, 0.25, 0.5)
STATS = Stats(1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, LAG, 0.1, None, 1.5, 1000, Decimal("0.0357"))
VIOLATION = Violation("003001002", "prompt", "too long")
WARNING = ParameterWarning("negative_prompt", "is not known")

# Each with the names of its fields in order.
VALUES: list[tuple[Any, str]] = [
    (USAGE, "cost discount input_tokens output_tokens total_tokens"),
    (CONTENT, "type url size job_id"),
    (Output((CONTENT,)), "content"),
    (ServerError("003001095", "it broke"), "code message"),
    (METADATA, "in_queue_unix upload_unix completed_unix"),
    (SNAPSHOT, "id status model created_unix progress output usage error metadata raw"),
    (ESTIMATE, "cost currency discount billing_model model sample_count updated_unix_ms raw"),
    (
        Event(EventKind.COMPLETED, "t-1", 1.5, 1.0, None, None, SNAPSHOT),
        "kind task_id elapsed_seconds progress delay_seconds error snapshot",
    ),
    (Saved("out/fox.png", 1834221, "png", 1328, 1328), "path bytes format width height"),
    (VIOLATION, "code field message"),
    (WARNING, "field message"),
    (Report((VIOLATION,), (WARNING,)), "violations warnings"),
    (LAG, "count mean p95"),
    (
        STATS,
        "create_requests status_requests estimate_requests download_requests retries submitted outcomes_unknown "
        "completed failed waiting queued running lag_seconds poll_price requests_per_second_allowed "
        "requests_per_second_used downloaded_bytes cost",
    ),
    (Request("a red fox", width=2560, height=1440, seed=42), "prompt"),
]

every = pytest.mark.parametrize(("value", "names"), VALUES, ids=lambda part: type(part).__name__)


@every
def test_match_args_are_the_fields_in_order(value: Any, names: str) -> None:
    given = type(value).__match_args__
    assert given[: len(names.split())] == tuple(names.split())
    assert isinstance(value, Request) or len(given) == len(names.split())


@every
def test_it_is_frozen(value: Any, names: str) -> None:
    name = names.split()[0]
    before = getattr(value, name)
    with pytest.raises(AttributeError):
        setattr(value, name, before)
    with pytest.raises(AttributeError):
        delattr(value, name)
    with pytest.raises(AttributeError):
        value.of_my_own = 1
    assert getattr(value, name) == before
    assert not hasattr(value, "__dict__"), "it has no slots"


@every
def test_copies_are_equal_and_of_the_same_hash(value: Any, names: str) -> None:
    pickled = [pickle.loads(pickle.dumps(value, protocol)) for protocol in range(2, 6)]
    for other in [*pickled, copy.copy(value), copy.deepcopy(value)]:
        assert type(other) is type(value)
        assert other == value and not other != value
        assert hash(other) == hash(value)
        assert repr(other) == repr(value)
    assert len({value, *pickled}) == 1


@every
def test_it_is_equal_to_nothing_else(value: Any, names: str) -> None:
    fields = tuple(getattr(value, name) for name in type(value).__match_args__)
    assert value != fields
    assert value != None  # noqa: E711
    assert [value != other for other, _ in VALUES].count(False) == 1


@every
def test_repr_names_the_class_and_the_fields(value: Any, names: str) -> None:
    shown = repr(value)
    assert shown.startswith(type(value).__name__ + "(") and shown.endswith(")")
    assert f"{names.split()[0]}=" in shown or isinstance(value, Request)
    assert " object at 0x" not in shown


def test_each_field_counts_when_compared() -> None:
    assert Usage(Decimal(1), None, 1, 2, 3) != Usage(Decimal(1), None, 1, 2, 4)
    assert Usage(Decimal("1.0"), None, 1, 2, 3) == Usage(Decimal(1), None, 1, 2, 3)
    assert Request("a fox", seed=1) != Request("a fox", seed=2)
    assert Request("a fox") != Request("a fox", use_pre_llm=True)
    assert Request("a fox", size=(1024, 1024)) == Request("a fox", width=1024, height=1024)


def test_patterns_take_values_apart() -> None:
    match SNAPSHOT:
        case TaskSnapshot("t-1", Status.COMPLETED, output=(Output((Content("image", url),)),), usage=Usage(cost)):
            assert url == "https://images.example/fox.png"
            assert cost == Decimal("0.035714285714")
        case _:
            pytest.fail("nothing matched")
    match Event(EventKind.RUNNING, "t-1", 2.0, 0.5, None, None, None):
        case Event(EventKind.RUNNING, progress=float(progress)):
            assert progress == 0.5
        case _:
            pytest.fail("nothing matched")


def test_money_is_decimal_to_the_last_digit() -> None:
    assert str(USAGE.cost) == "0.035714285714"
    assert str(USAGE.discount) == "0.70"
    assert str(pickle.loads(pickle.dumps(USAGE)).discount) == "0.70"


def test_times_are_datetimes_in_utc() -> None:
    assert METADATA.in_queue_at == datetime(2026, 6, 5, 4, 23, 14, 500_000, tzinfo=timezone.utc)
    assert METADATA.upload_at is None
    assert METADATA.completed_at is not None and METADATA.completed_at.utcoffset() is not None
    assert SNAPSHOT.created_at == datetime(2026, 6, 5, 4, 23, 14, tzinfo=timezone.utc)
    assert ESTIMATE.updated_at == datetime(2026, 6, 5, 4, 23, 14, 64_000, tzinfo=timezone.utc)


@pytest.mark.parametrize("seconds", [1e18, -1e18, float("inf"), float("nan"), 2**62])
def test_a_time_beyond_the_calendar_is_none_and_no_exception(seconds: float) -> None:
    assert Metadata(seconds, None, None).in_queue_at is None


def test_a_saved_path_is_a_path() -> None:
    saved = Saved("out/fox.png", 10, "png", None, None)
    assert saved.path == Path("out/fox.png")
    assert isinstance(saved.path, Path)


def test_a_report_is_as_true_as_it_is_valid() -> None:
    assert Report((), (WARNING,)) and Report((), (WARNING,)).valid
    assert not Report((VIOLATION,), ()) and not Report((VIOLATION,), ()).valid


def test_stats_add_up() -> None:
    assert STATS.requests == 1 + 2 + 3 + 4


def test_an_event_knows_whether_it_is_the_last() -> None:
    terminal = {kind for kind in EventKind if Event(kind, "t-1", 0.0, None, None, None, None).is_terminal}
    assert terminal == {EventKind.COMPLETED, EventKind.FAILED}
