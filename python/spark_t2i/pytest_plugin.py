"""Fixtures for pytest, loaded by it wherever spark-t2i is installed.

>>> def test_my_program(spark_t2i_emulator):
...     my_program.main()                                     # its own Client() goes to the emulator
...     assert spark_t2i_emulator.stats().charges.count == 1

>>> @pytest.mark.spark_t2i(faults=["http-503:0.5"], seed=7)
... def test_my_program_in_bad_weather(spark_t2i_emulator): ...
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

# Every pytest session imports this file: the emulator is loaded by the first test that uses it.
if TYPE_CHECKING:
    from collections.abc import Iterator

    from ._client import Client
    from .testing import Emulator


def pytest_configure(config: pytest.Config) -> None:
    config.addinivalue_line(
        "markers",
        "spark_t2i(latency=0.05, failure_rate=0.0, faults=[], ...): how the emulator of this test behaves; "
        "the options of spark_t2i.testing.Emulator.",
    )


@pytest.fixture
def spark_t2i_emulator(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> Iterator[Emulator]:
    """An emulator for this test, to which every client goes that is told nothing else.

    Tasks take 50 ms, unless the marker ``spark_t2i`` says otherwise. SPARK_T2I_BASE_URL and SPARK_T2I_API_KEY are set.
    """
    from .testing import Emulator

    marker = request.node.get_closest_marker("spark_t2i")
    options: dict[str, Any] = {"latency": 0.05}
    if marker is not None:
        options.update(marker.kwargs)
    with Emulator(**options) as emulator:
        monkeypatch.setenv("SPARK_T2I_BASE_URL", emulator.url)
        monkeypatch.setenv("SPARK_T2I_API_KEY", emulator.api_key)
        yield emulator


@pytest.fixture
def spark_t2i_client(spark_t2i_emulator: Emulator) -> Iterator[Client]:
    """A client of this test's emulator."""
    with spark_t2i_emulator.client() as client:
        yield client
