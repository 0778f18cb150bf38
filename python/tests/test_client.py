"""What the blocking client does when all goes well, and what it says of wrong arguments."""

from __future__ import annotations

import json
import pickle
from datetime import timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from support import KEY, QUICK, Json, Server

import spark_t2i
from spark_t2i import Client, Request, Status
from spark_t2i.testing import Emulator

FOX = "a red fox in the snow"


def sent_by(server: Server, client: Client, *arguments: Any, **parameters: Any) -> Json:
    """What a submit puts on the wire."""
    server.status = 200
    server.body = b'{"id":"t-1","status":"queued"}'
    client.submit(*arguments, **parameters)
    body = json.loads(server.bodies[-1])
    return body["input"][0]["params"] | {"model": body["model"]}


def test_generate(client: Client) -> None:
    image = client.generate(FOX, width=1024, height=512, seed=42, use_pre_llm=False)
    assert (image.width, image.height) == (1024, 512)
    assert image.url is not None and image.url.startswith("http://127.0.0.1:")
    assert image.cost == Decimal("0.035714285714") and image.usage is not None
    assert image.snapshot.status is Status.COMPLETED and image.snapshot.id == image.task_id
    assert client.stats().submitted == client.stats().completed == 1
    assert client.stats().cost == image.cost


def test_submit_then_wait(client: Client) -> None:
    task = client.submit(FOX)
    assert task.status in (Status.QUEUED, Status.RUNNING)
    assert task.images == [] and task.lag_seconds is None
    image = task.wait()
    assert client.task(task.id) == task and task.snapshot is not None
    assert task.snapshot.status is Status.COMPLETED
    assert [other.url for other in task.images] == [image.url]
    assert task.raw is not None and task.raw == task.snapshot.raw
    assert json.loads(task.raw)["id"] == task.id == image.task_id
    assert task.lag_seconds is None or task.lag_seconds >= 0


def test_a_task_is_found_again_by_its_id(client: Client, emulator: Emulator) -> None:
    task = client.submit(FOX)
    with Client(api_key=KEY, base_url=emulator.url, **QUICK) as another:
        same = another.task(task.id)
        assert (same.id, same.status, same.snapshot, same.raw) == (task.id, None, None, None)
        assert another.stats().requests == 0, "nothing is sent before it is needed"
        assert same == task and hash(same) == hash(task) and {same} == {task}
        assert same.refresh().id == task.id
        assert same.wait().task_id == task.id
    assert client.task("another") != task and task != task.id


def test_a_task_is_shown_and_cannot_be_pickled(client: Client) -> None:
    task = client.task("t-1")
    assert "t-1" in repr(task) and "Task" in repr(task)
    with pytest.raises(TypeError, match=r"client\.task\("):
        pickle.dumps(task)


def test_an_estimate(client: Client) -> None:
    estimate = client.estimate(FOX)
    assert estimate is not None and estimate.cost == Decimal("0.035714285714")
    assert json.loads(estimate.raw)["data"]["cost"] == "0.035714285714"


@pytest.mark.parametrize(
    ("parameters", "expected"),
    [
        ({"size": (1024, 512)}, {"width": 1024, "height": 512}),
        ({"size": "1024x512"}, {"width": 1024, "height": 512}),
        ({"size": "16:9-2k"}, {"width": 2560, "height": 1440}),
        ({"width": 1024, "height": 512}, {"width": 1024, "height": 512}),
        ({"seed": -1}, {"seed": -1}),
        ({"use_pre_llm": False}, {"use_pre_llm": False}),
        ({}, {}),
    ],
    ids=str,
)
def test_parameters_on_the_wire(server: Server, parameters: dict[str, Any], expected: Json) -> None:
    expected = {"prompt": FOX, "model": "spark_t2i_3_0"} | expected
    with Client(api_key=KEY, base_url=server.url) as client:
        assert sent_by(server, client, FOX, **parameters) == expected
        assert sent_by(server, client, Request(FOX, **parameters)) == expected
        if "size" not in parameters:
            assert sent_by(server, client, {"prompt": FOX} | parameters) == expected


def test_the_model_may_be_another(server: Server) -> None:
    with Client(api_key=KEY, base_url=server.url) as client:
        assert sent_by(server, client, FOX, model="spark_t2i_4_0")["model"] == "spark_t2i_4_0"
        assert sent_by(server, client, Request(FOX, model="spark_t2i_4_0"))["model"] == "spark_t2i_4_0"


@pytest.mark.parametrize("prompt", [Request(FOX), {"prompt": FOX}], ids=["Request", "Mapping"])
@pytest.mark.parametrize("more", [{"seed": 1}, {"size": "16:9"}, {"use_pre_llm": False}, {"model": "m"}], ids=str)
def test_a_whole_request_takes_no_more_parameters(client: Client, prompt: Any, more: dict[str, Any]) -> None:
    for call in (client.generate, client.submit, client.estimate):
        with pytest.raises(TypeError):
            call(prompt, **more)
    assert client.stats().requests == 0


@pytest.mark.parametrize("more", [{"width": 512}, {"height": 512}, {"width": 512, "height": 512}], ids=str)
def test_a_size_is_given_once(client: Client, more: dict[str, Any]) -> None:
    with pytest.raises(TypeError):
        client.submit(FOX, size="16:9", **more)
    with pytest.raises(TypeError):
        Request(FOX, size="16:9", **more)


@pytest.mark.parametrize("size", ["16:10-9k", "wide", "0x0", "", "1024", "99999999999999999999x1"])
def test_a_size_that_is_none(client: Client, size: str) -> None:
    with pytest.raises(spark_t2i.InvalidRequestError):
        client.submit(FOX, size=size)
    assert client.stats().requests == 0


@pytest.mark.parametrize("timeout", [0.2, timedelta(milliseconds=200)], ids=["seconds", "timedelta"])
def test_a_deadline_in_seconds_or_as_a_timedelta(
    slow_client: Client, slow_emulator: Emulator, timeout: float | timedelta
) -> None:
    task = slow_client.submit(FOX, timeout=5)
    with pytest.raises(spark_t2i.DeadlineExceededError) as caught:
        task.wait(timeout=timeout)
    assert caught.value.task_id == task.id
    assert isinstance(caught.value, TimeoutError)
    with pytest.raises(spark_t2i.DeadlineExceededError):
        slow_client.generate(FOX, timeout=timeout)
    with Client(api_key=KEY, base_url=slow_emulator.url, wait_timeout=timeout) as impatient:
        with pytest.raises(spark_t2i.DeadlineExceededError):
            impatient.task(task.id).wait()


@pytest.mark.parametrize("timeout", [-1, float("nan"), "10s", timedelta(seconds=-1), b"1"], ids=str)
def test_a_timeout_that_is_none(client: Client, emulator: Emulator, timeout: Any) -> None:
    for call in (client.generate, client.submit, client.estimate):
        with pytest.raises((spark_t2i.InvalidRequestError, TypeError)):
            call(FOX, timeout=timeout)
    with pytest.raises((spark_t2i.InvalidRequestError, TypeError)):
        Client(api_key=KEY, base_url=emulator.url, request_timeout=timeout)
    assert client.stats().requests == 0


def test_settings_come_from_the_environment(emulator: Emulator, monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(spark_t2i.AuthenticationError, match="SPARK_T2I_API_KEY"):
        Client(base_url=emulator.url)
    monkeypatch.setenv("SPARK_T2I_API_KEY", KEY)
    monkeypatch.setenv("SPARK_T2I_BASE_URL", emulator.url)
    with Client(**QUICK) as client:
        assert client.generate(FOX).task_id


def test_options_are_known_by_name_and_checked(tmp_path: Path, emulator: Emulator) -> None:
    wrong: list[dict[str, Any]] = [
        {"max_retries": -1},
        {"max_in_flight": 0},
        {"on_outcome_unknown": "shrug"},
        {"proxy": "no proxy"},
        {"ca_bundle": tmp_path / "missing.pem"},
        {"headers": {"bad header": "x"}},
        {"max_requests_per_second": -1},
    ]
    for options in wrong:
        with pytest.raises((spark_t2i.SparkT2iError, TypeError), match=next(iter(options)).removesuffix("s")):
            Client(api_key=KEY, base_url=emulator.url, **options)
    with pytest.raises(TypeError):
        Client(api_key=KEY, base_url=emulator.url, colour="red")  # type: ignore[call-arg] # pyright: ignore[reportCallIssue]


def test_every_option_is_taken(tmp_path: Path, emulator: Emulator) -> None:
    with Client(
        api_key=KEY,
        base_url=emulator.url,
        connect_timeout=timedelta(seconds=5),
        request_timeout=10,
        wait_timeout=60.5,
        max_retries=1,
        max_requests_per_second=0,
        poll_cost=0.2,
        poll_interval=timedelta(milliseconds=50),
        latency_profile=tmp_path / "profile.json",
        max_in_flight=3,
        headers={"X-Team": "foxes"},
        user_agent_suffix="tests/1",
        on_outcome_unknown="fail",
    ) as client:
        assert client.generate(FOX).task_id


def test_a_client_that_is_closed(emulator: Emulator) -> None:
    client = Client(api_key=KEY, base_url=emulator.url, **QUICK)
    with client as same:
        assert same is client
        task = client.submit(FOX)
    client.close()
    for call in (lambda: client.generate(FOX), lambda: client.task("t"), lambda: client.estimate(FOX)):
        with pytest.raises(RuntimeError, match="the client is closed"):
            call()
    assert task.id


def test_the_key_is_shown_nowhere(emulator: Emulator) -> None:
    with Client(api_key=KEY, base_url=emulator.url) as client:
        task = client.submit(FOX)
        image = task.wait()
        for shown in map(repr, (client, task, image, client.stats(), image.snapshot)):
            assert KEY not in shown
        assert "object at 0x" not in repr(client)


def test_the_version_is_the_one_of_the_package() -> None:
    from importlib.metadata import version

    assert spark_t2i.__version__ == version("spark-t2i")


def test_everything_that_is_public_is_there() -> None:
    for name in spark_t2i.__all__:
        assert getattr(spark_t2i, name) is not None
        assert name in dir(spark_t2i)
    with pytest.raises(AttributeError):
        spark_t2i.no_such_name
