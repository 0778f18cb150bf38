"""Every scenario, by `Client` and by `AsyncClient`: the contract is `tests/conformance/README.md`."""

from __future__ import annotations

import asyncio
import contextlib
import itertools
import logging
import os
import traceback
from collections.abc import Generator, Iterator
from concurrent.futures import ThreadPoolExecutor, wait

import async_runner
import pytest
import sync_runner
from case import Case
from server import ScenarioServer
from support import FIXTURES, Json

NAMES = sorted(path.stem for path in (FIXTURES / "scenarios").glob("*.json"))
CLIENTS = ("Client", "AsyncClient")
AT_ONCE = 16
# The least level that there is.
FINEST = 1


class Log(logging.Handler):
    """Everything that is logged, with all that a record holds."""

    def __init__(self) -> None:
        super().__init__(FINEST)
        self.lines: list[str] = []

    def emit(self, record: logging.LogRecord) -> None:
        self.lines.append(f"{record.getMessage()} {record.__dict__}")


class Runs:
    """All runs with one client."""

    def __init__(self) -> None:
        self.verdicts: dict[str, Json] = {}
        self.troubles: dict[str, str] = {}
        self.keys: dict[str, str] = {}
        self.log: list[str] = []


@pytest.fixture(scope="session")
def scenario_server() -> Iterator[ScenarioServer]:
    with ScenarioServer() as server:
        yield server


@pytest.fixture(scope="session", params=CLIENTS)
def runs(request: pytest.FixtureRequest, scenario_server: ScenarioServer) -> Runs:
    """They pass beside one another, so they are run before the first of them is asked for."""
    client: str = request.param
    asked = {name for name in NAMES for item in request.session.items if f"[{client}-{name}]" in item.nodeid}
    names = [name for name in NAMES if name in asked] or NAMES
    run, log, runs = f"{client}-{os.getpid()}", Log(), Runs()
    logger = logging.getLogger("spark_t2i")
    level = logger.level
    logger.addHandler(log)
    logger.setLevel(FINEST)
    try:
        if client == "Client":
            by_threads(scenario_server, names, run, runs)
        else:
            asyncio.run(by_one_loop(scenario_server, names, run, runs))
    finally:
        logger.removeHandler(log)
        logger.setLevel(level)
    runs.log = log.lines
    return runs


@contextlib.contextmanager
def one(server: ScenarioServer, name: str, run: str, runs: Runs) -> Generator[Case, None, None]:
    """The case, whose failure is kept for its own test."""
    try:
        with contextlib.closing(Case(server.case(name, run))) as case:
            runs.keys[name] = case.key
            yield case
    except Exception:
        runs.troubles[name] = traceback.format_exc()


def by_threads(server: ScenarioServer, names: list[str], run: str, runs: Runs) -> None:
    cancelled = [name for name in names if "-cancelled" in name]

    def make(name: str) -> None:
        with one(server, name, run, runs) as case:
            assert (case.cancel_after is not None) == (name in cancelled), "the main thread must know by the name"
            runs.verdicts[name] = server.verdict(name, run, sync_runner.run(case))

    with ThreadPoolExecutor(AT_ONCE) as pool:
        others = [pool.submit(make, name) for name in names if name not in cancelled]
        # Only the main thread is told of a Ctrl-C: the others go on.
        for name in cancelled:
            make(name)
        wait(others)


async def by_one_loop(server: ScenarioServer, names: list[str], run: str, runs: Runs) -> None:
    places = asyncio.Semaphore(AT_ONCE)

    async def make(name: str) -> None:
        async with places:
            said = await asyncio.to_thread(server.case, name, run)
            with contextlib.closing(Case(said)) as case:
                runs.keys[name] = case.key
                outcome = await async_runner.run(case)
            runs.verdicts[name] = await asyncio.to_thread(server.verdict, name, run, outcome)

    async def kept(name: str) -> None:
        try:
            await make(name)
        except Exception:
            runs.troubles[name] = traceback.format_exc()

    await asyncio.gather(*map(kept, names))


def test_the_server_has_every_scenario(scenario_server: ScenarioServer) -> None:
    assert scenario_server.names() == NAMES
    assert len(NAMES) >= 156


@pytest.mark.parametrize("name", NAMES)
def test_scenario(name: str, runs: Runs, scenario_server: ScenarioServer) -> None:
    assert name not in runs.troubles, f"the runner itself failed:\n{runs.troubles.get(name)}"
    verdict = runs.verdicts[name]
    if verdict["passed"] is not True:
        about = scenario_server.case(name, "to-show")["about"]
        differences = "\n  ".join(verdict["differences"])
        requests = "\n  ".join(map(str, verdict.get("requests", ())))
        pytest.fail(f"{name}: {about}\n  {differences}\nrequests:\n  {requests}", pytrace=False)


def test_no_key_is_in_any_log(runs: Runs) -> None:
    assert len(set(runs.keys.values())) >= len(runs.keys) - 2, "the keys are to be unlike any other text"
    assert len(runs.log) > len(runs.keys), "next to nothing was logged, which shows nothing"
    found = [
        (name, line) for (name, key), line in itertools.product(runs.keys.items(), runs.log) if key and key in line
    ]
    assert not found
