"""Row 30: an interpreter that ends with 100 tasks in flight: at once, with its own exit code, and without a word."""

from __future__ import annotations

import subprocess
import sys
import time
from collections.abc import Callable

import pytest
from support import KEY, clean_environment

from spark_t2i.testing import Emulator

# The promise of the table of faults. Python itself takes some 30 ms.
LIMIT = 1.0

HEAD = """
import asyncio, atexit, sys, threading, time
import spark_t2i
OPTIONS = {"poll_interval": 0.5, "max_requests_per_second": 0, "max_in_flight": 100}
def daemon(work):
    threading.Thread(target=work, daemon=True).start()
def under_way(client):
    while client.stats().waiting < 100:
        time.sleep(0.01)
def the_end():
    print(time.time(), flush=True)
"""

SCRIPTS = {
    "threads": """
client = spark_t2i.Client(**OPTIONS)
for _ in range(100):
    daemon(lambda: client.generate("a red fox"))
under_way(client)
the_end()
""",
    "threads that watch": """
client = spark_t2i.Client(**OPTIONS)
for _ in range(100):
    daemon(lambda: client.generate("a red fox", on_progress=lambda event: None))
under_way(client)
the_end()
""",
    "generate_many": """
client = spark_t2i.Client(**OPTIONS)
many = client.generate_many("a red fox" + " " * number for number in range(1000))
daemon(lambda: next(many))
under_way(client)
the_end()
""",
    "generate_many, left alone": """
client = spark_t2i.Client(**OPTIONS)
many = client.generate_many(["a red fox"] * 99 + [" "] + ["a red fox"] * 1000)
assert next(many).index == 99
while client.stats().waiting < 99:
    time.sleep(0.01)
the_end()
""",
    "asyncio": """
async def main():
    client = spark_t2i.AsyncClient(**OPTIONS)
    tasks = [asyncio.ensure_future(client.generate("a red fox")) for _ in range(100)]
    while client.stats().waiting < 100:
        await asyncio.sleep(0.01)
asyncio.run(main())
the_end()
""",
    "asyncio, in a thread": """
client = spark_t2i.AsyncClient(**OPTIONS)
async def main():
    await asyncio.gather(*(client.generate("a red fox") for _ in range(100)))
daemon(lambda: asyncio.run(main()))
under_way(client)
the_end()
""",
    "an emulator": """
from spark_t2i.testing import Emulator
emulator = Emulator(latency=3600.0)
client = emulator.client(**OPTIONS)
for _ in range(100):
    daemon(lambda: client.generate("a red fox"))
under_way(client)
the_end()
""",
    "logging": """
import logging
logging.basicConfig(level=1, filename="/dev/null")
client = spark_t2i.Client(**OPTIONS)
for _ in range(100):
    daemon(lambda: client.generate("a red fox"))
under_way(client)
the_end()
""",
    "handlers of exit that use it": """
client = spark_t2i.Client(**OPTIONS)
atexit.register(client.stats)
for _ in range(100):
    daemon(lambda: client.generate("a red fox"))
under_way(client)
the_end()
""",
}


def ended(script: str, emulator: Emulator) -> tuple[int, str, float]:
    """Exit code, what was said, and the seconds between the script's end and the process's."""
    process = subprocess.Popen(
        [sys.executable, "-c", HEAD + script],
        env=clean_environment(SPARK_T2I_API_KEY=KEY, SPARK_T2I_BASE_URL=emulator.url),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    try:
        assert process.stdout is not None and process.stderr is not None
        end = process.stdout.readline()
        process.wait(30)
        seconds = time.time() - float(end) if end else float("nan")
        return process.returncode, process.stderr.read(), seconds
    finally:
        process.kill()
        process.communicate()


@pytest.mark.parametrize("name", SCRIPTS)
def test_exit_with_100_in_flight(slow_emulator: Emulator, name: str, measured: Callable[[str, str], None]) -> None:
    code, said, seconds = ended(SCRIPTS[name], slow_emulator)
    assert (code, said) == (0, "")
    measured(f"exit with 100 in flight, {name}", f"{1000 * seconds:.0f} ms")
    assert seconds < LIMIT


def test_the_exit_code_is_the_programs(slow_emulator: Emulator) -> None:
    script = SCRIPTS["threads"] + "sys.exit(3)\n"
    code, said, seconds = ended(script, slow_emulator)
    assert (code, said) == (3, "")
    assert seconds < LIMIT


def test_an_error_of_the_program_is_shown_as_ever(slow_emulator: Emulator) -> None:
    code, said, seconds = ended(SCRIPTS["threads"] + "raise LookupError('of the program')\n", slow_emulator)
    assert code == 1
    assert said.splitlines()[-1] == "LookupError: of the program"
    assert seconds < LIMIT
