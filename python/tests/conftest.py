"""Emulators that the tests share, and the figures that they took."""

from __future__ import annotations

import signal
from collections.abc import Callable, Iterator

import pytest
from support import KEY, QUICK, Server

import spark_t2i
from spark_t2i.testing import Emulator

pytest_plugins = ["pytester"]

# A shell that starts something in its background has it ignore Ctrl-C, for which some tests would wait for ever.
if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
    signal.signal(signal.SIGINT, signal.default_int_handler)

MEASURED = pytest.StashKey[dict[str, str]]()


@pytest.fixture(autouse=True)
def no_settings_of_a_developer(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("SPARK_T2I_API_KEY", "SPARK_T2I_BASE_URL"):
        monkeypatch.delenv(name, raising=False)


@pytest.fixture(scope="session")
def emulator() -> Iterator[Emulator]:
    """Tasks take 50 ms."""
    with Emulator(latency=0.05) as emulator:
        yield emulator


@pytest.fixture(scope="session")
def slow_emulator() -> Iterator[Emulator]:
    """Tasks never end, as far as a test can tell."""
    with Emulator(latency=3600.0) as emulator:
        yield emulator


@pytest.fixture
def client(emulator: Emulator) -> Iterator[spark_t2i.Client]:
    with spark_t2i.Client(api_key=KEY, base_url=emulator.url, **QUICK) as client:
        yield client


@pytest.fixture
def slow_client(slow_emulator: Emulator) -> Iterator[spark_t2i.Client]:
    with spark_t2i.Client(api_key=KEY, base_url=slow_emulator.url, **QUICK) as client:
        yield client


@pytest.fixture(scope="session")
def server() -> Iterator[Server]:
    """Answers everything in the same way."""
    server = Server()
    yield server
    server.stop()


@pytest.fixture(scope="session")
def measured(pytestconfig: pytest.Config) -> Callable[[str, str], None]:
    """Keeps a figure, which is shown when all tests are through."""

    def keep(what: str, figure: str) -> None:
        pytestconfig.stash.setdefault(MEASURED, {})[what] = figure

    return keep


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter, config: pytest.Config) -> None:
    figures = config.stash.get(MEASURED, None)
    if figures:
        terminalreporter.section("measured")
        for what, figure in figures.items():
            terminalreporter.line(f"{what}: {figure}")
