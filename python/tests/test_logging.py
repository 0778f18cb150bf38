"""Logging: into `logging`, under `spark_t2i`, at the level asked for, with no key and no prompt; nothing is printed."""

from __future__ import annotations

import asyncio
import logging

import pytest
from support import KEY, QUICK, run_python

from spark_t2i import AsyncClient, Client
from spark_t2i.testing import Emulator

PROMPT = "a prompt that nobody else is to read"
# More than is recommended, which is warned of.
LONG = PROMPT * 10


def told(caplog: pytest.LogCaptureFixture) -> list[logging.LogRecord]:
    return [record for record in caplog.records if record.name.split(".")[0] == "spark_t2i"]


def test_records_go_to_loggers_of_the_package(client: Client, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO, "spark_t2i")
    task_id = client.generate(PROMPT).task_id
    # They are there when the call returns, and not some time later.
    records = told(caplog)
    assert records
    assert all(record.levelno >= logging.INFO for record in records)
    submitted = [record for record in records if "submitted" in record.getMessage()]
    assert [record.name for record in submitted] == ["spark_t2i.submit"]
    assert task_id in submitted[0].getMessage()
    assert any("completed" in record.getMessage() and task_id in record.getMessage() for record in records)


def test_records_of_the_asyncio_client(emulator: Emulator, caplog: pytest.LogCaptureFixture) -> None:
    async def main() -> str:
        async with AsyncClient(api_key=KEY, base_url=emulator.url, **QUICK) as client:
            return (await client.generate(PROMPT)).task_id

    caplog.set_level(logging.INFO, "spark_t2i")
    task_id = asyncio.run(main())
    assert any(task_id in record.getMessage() for record in told(caplog))


def test_the_level_is_asked_at_each_call(client: Client, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.WARNING, "spark_t2i")
    client.generate(PROMPT)
    assert told(caplog) == []
    caplog.set_level(logging.DEBUG, "spark_t2i")
    client.generate(PROMPT)
    assert told(caplog)
    caplog.clear()
    caplog.set_level(logging.CRITICAL + 1, "spark_t2i")
    client.generate(PROMPT)
    assert told(caplog) == []


def test_warnings_are_warnings(client: Client, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.WARNING, "spark_t2i")
    client.submit(LONG)
    [record] = told(caplog)
    assert record.levelno == logging.WARNING
    assert "are recommended" in record.getMessage()
    assert PROMPT not in record.getMessage()


def test_no_key_and_no_prompt_at_the_finest_level(emulator: Emulator, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(1, "spark_t2i")
    with Client(api_key=KEY, base_url=emulator.url, **QUICK) as client:
        client.generate(PROMPT, on_progress=lambda event: None).bytes()
        client.estimate(PROMPT)
        list(client.generate_many([PROMPT, " "]))
        with pytest.raises(Exception):
            client.task("missing").refresh()
    records = told(caplog)
    assert len(records) >= 4
    for record in records:
        everything = f"{record.getMessage()} {record.__dict__}"
        assert KEY not in everything
        assert PROMPT not in everything


@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")
def test_what_a_handler_raises_breaks_nothing(client: Client, capsys: pytest.CaptureFixture[str]) -> None:
    class Broken(logging.Handler):
        def emit(self, record: logging.LogRecord) -> None:
            raise RuntimeError("the handler is broken")

    logger, handler = logging.getLogger("spark_t2i"), Broken()
    level = logger.level
    logger.addHandler(handler)
    logger.setLevel(logging.DEBUG)
    try:
        assert client.generate(PROMPT).task_id
    finally:
        logger.removeHandler(handler)
        logger.setLevel(level)
    capsys.readouterr()


def test_a_handler_may_use_the_client(client: Client) -> None:
    seen: list[int] = []

    class Asks(logging.Handler):
        def emit(self, record: logging.LogRecord) -> None:
            seen.append(client.stats().submitted)

    logger, handler = logging.getLogger("spark_t2i"), Asks()
    level = logger.level
    logger.addHandler(handler)
    logger.setLevel(logging.INFO)
    try:
        client.generate(PROMPT)
    finally:
        logger.removeHandler(handler)
        logger.setLevel(level)
    assert seen


SILENT = """
import spark_t2i
client = spark_t2i.Client(poll_interval=0.05)
client.generate("a red fox " * 20).bytes()
list(client.generate_many(["a red fox", " "]))
"""


@pytest.mark.parametrize("before", ["", "import logging\n", "import logging; logging.basicConfig()\n"])
def test_nothing_is_printed(emulator: Emulator, before: str) -> None:
    done = run_python(before + SILENT, SPARK_T2I_API_KEY=KEY, SPARK_T2I_BASE_URL=emulator.url)
    assert done.returncode == 0
    assert done.stdout == ""
    # What `logging` prints where nobody set it up is a warning, and that is what was asked for with basicConfig.
    lines = [line for line in done.stderr.splitlines() if "are recommended" not in line]
    assert lines == []
    assert "basicConfig" not in before or done.stderr.startswith("WARNING:spark_t2i")


def test_logging_that_is_imported_later_is_noticed(emulator: Emulator) -> None:
    script = """
import spark_t2i
client = spark_t2i.Client(poll_interval=0.05)
client.generate("a red fox")
import logging, sys
logging.basicConfig(level=logging.INFO, stream=sys.stdout)
client.generate("a red fox")
"""
    done = run_python(script, SPARK_T2I_API_KEY=KEY, SPARK_T2I_BASE_URL=emulator.url)
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.count("task submitted") == 1
