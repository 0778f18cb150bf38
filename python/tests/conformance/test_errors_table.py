"""`errors.json`: every kind and every code, by the same names."""

from __future__ import annotations

import copy
import json
import pickle

import pytest
from support import FIXTURES, KEY, Json, Server

import spark_t2i
from spark_t2i import Charged, ErrorKind, SparkT2iError, _errors

TABLE = json.loads((FIXTURES / "errors.json").read_text("utf-8"))

CLASSES: dict[str, tuple[type[SparkT2iError], type[Exception] | None]] = {
    "invalid_request": (spark_t2i.InvalidRequestError, ValueError),
    "authentication": (spark_t2i.AuthenticationError, None),
    "permission": (spark_t2i.PermissionDeniedError, None),
    "insufficient_balance": (spark_t2i.InsufficientBalanceError, None),
    "rate_limited": (spark_t2i.RateLimitedError, None),
    "timeout": (spark_t2i.DeadlineExceededError, TimeoutError),
    "connection": (spark_t2i.ConnectionFailedError, ConnectionError),
    "protocol": (spark_t2i.ProtocolError, None),
    "not_found": (spark_t2i.NotFoundError, None),
    "task_failed": (spark_t2i.TaskFailedError, None),
    "outcome_unknown": (spark_t2i.OutcomeUnknownError, None),
    "download": (spark_t2i.DownloadError, None),
    "io": (spark_t2i.FileError, OSError),
    "cancelled": (spark_t2i.CallCancelledError, None),
    "internal": (spark_t2i.InternalError, None),
}


def kind_of(row: Json) -> str:
    kind: str = row["kind"]
    return kind


def made(row: Json) -> SparkT2iError:
    """As the native part makes it."""
    violation = spark_t2i.Violation("003001002", "prompt", "too long")
    return _errors.make(
        "it went wrong (task t-1)",
        row["kind"],
        "it went wrong",
        "003001095",
        (violation,),
        418,
        "t-1",
        row["retryable"],
        row["charged"],
        1.5,
        "the body",
        "a cause: another",
    )


FIELDS = "kind message code violations http_status task_id retryable charged retry_after_seconds body cause".split()


def test_the_kinds_are_those_of_the_table() -> None:
    assert [kind.value for kind in ErrorKind] == [row["kind"] for row in TABLE["kinds"]]
    assert [kind.name for kind in ErrorKind] == [row["kind"].upper() for row in TABLE["kinds"]]
    assert CLASSES.keys() == {row["kind"] for row in TABLE["kinds"]}


def test_every_kind_has_a_class_of_its_own() -> None:
    assert len({kind for kind, _ in CLASSES.values()}) == len(TABLE["kinds"])
    assert {kind for kind, _ in CLASSES.values()} == set(SparkT2iError.__subclasses__())


@pytest.mark.parametrize("row", TABLE["kinds"], ids=kind_of)
def test_kind(row: Json) -> None:
    error = made(row)
    expected, builtin = CLASSES[row["kind"]]
    assert type(error) is expected
    assert builtin is None or isinstance(error, builtin)
    assert error.kind is ErrorKind(row["kind"])
    assert error.kind == row["kind"] and error.kind.is_known
    assert error.retryable is row["retryable"]
    assert error.charged is Charged(row["charged"])
    assert str(error) == "it went wrong (task t-1)"
    assert (error.message, error.code, error.http_status, error.task_id) == ("it went wrong", "003001095", 418, "t-1")
    assert (error.retry_after_seconds, error.body, error.cause) == (1.5, "the body", "a cause: another")
    assert error.violations == (spark_t2i.Violation("003001002", "prompt", "too long"),)


@pytest.mark.parametrize("row", TABLE["kinds"], ids=kind_of)
def test_a_copy_keeps_every_field(row: Json) -> None:
    error = made(row)
    copies: list[SparkT2iError] = [pickle.loads(pickle.dumps(error, protocol)) for protocol in range(2, 6)]
    for other in [*copies, copy.copy(error), copy.deepcopy(error)]:
        assert type(other) is type(error)
        assert [getattr(other, name) for name in FIELDS] == [getattr(error, name) for name in FIELDS]
        assert (str(other), repr(other)) == (str(error), repr(error))


def test_a_kind_of_a_later_version_is_internal_and_keeps_its_name() -> None:
    error = made({"kind": "quota", "retryable": True, "charged": "maybe"})
    assert type(error) is spark_t2i.InternalError
    assert (error.kind, error.kind.value, error.kind.name, error.kind.is_known) == ("quota", "quota", "UNKNOWN", False)
    assert (error.charged, error.charged.is_known) == ("maybe", False)
    again: SparkT2iError = pickle.loads(pickle.dumps(error))
    assert (again.kind, again.charged) == ("quota", "maybe")


@pytest.mark.parametrize("row", TABLE["codes"], ids=lambda row: str(row["code"]))
@pytest.mark.parametrize("form", ["number", "code"])
def test_code(server: Server, row: Json, form: str) -> None:
    server.status = 400
    server.body = json.dumps({"error": {"code": row[form]}}).encode()
    with spark_t2i.Client(api_key=KEY, base_url=server.url, max_retries=0) as client:
        with pytest.raises(SparkT2iError) as caught:
            client.estimate("a red fox")
    assert caught.value.code == row["code"]
    assert row["description"] in caught.value.message
