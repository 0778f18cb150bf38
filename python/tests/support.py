"""What several tests need: the fixtures, a server, other Python processes, and what the system tells of this one."""

from __future__ import annotations

import http.server
import json
import os
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, TypedDict

FIXTURES = Path(__file__).resolve().parents[2] / "tests" / "fixtures"

# JSON as it is read.
Json = Any

KEY = "key-of-the-tests-9f2c"


class Quick(TypedDict):
    """Options of a client."""

    poll_interval: float
    max_requests_per_second: float


# They need no patience: without a limit no test waits for its turn.
QUICK: Quick = {"poll_interval": 0.05, "max_requests_per_second": 0}


def text(pieces: Json) -> str:
    """A text of a fixture, which may be in pieces."""
    if isinstance(pieces, str):
        return pieces
    return "".join(piece if isinstance(piece, str) else piece["text"] * piece["times"] for piece in pieces)


def cases(folder: str) -> list[Json]:
    """All cases of a folder of fixtures."""
    files = sorted((FIXTURES / folder).glob("*.json"))
    found = [case for file in files for case in json.loads(file.read_text("utf-8"))["cases"]]
    assert found, f"{FIXTURES / folder} holds no cases"
    return found


def command() -> list[str]:
    """The command that the wheel installed."""
    script = Path(sys.executable).with_name("spark-t2i.exe" if sys.platform == "win32" else "spark-t2i")
    return [str(script)] if script.exists() else [sys.executable, "-m", "spark_t2i"]


class Server:
    """A server on loopback that gives every request the same answer, which may be changed at any time."""

    def __init__(self) -> None:
        self.status = 200
        self.body = b"{}"
        self.bodies: list[bytes] = []
        outer = self

        class Handler(http.server.BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"
            # Head and body are two writes: without this, the second waits for an acknowledgement.
            disable_nagle_algorithm = True

            def answer(self) -> None:
                outer.bodies.append(self.rfile.read(int(self.headers.get("Content-Length", 0))))
                self.send_response(outer.status)
                self.send_header("Content-Type", "application/json")
                self.send_header("Content-Length", str(len(outer.body)))
                self.end_headers()
                try:
                    self.wfile.write(outer.body)
                except ConnectionError:
                    self.close_connection = True

            def do_GET(self) -> None:
                self.answer()

            def do_POST(self) -> None:
                self.answer()

            def log_message(self, format: str, *args: object) -> None:
                pass

        self._server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.05,), daemon=True)
        self._thread.start()
        self.url = f"http://127.0.0.1:{self._server.server_address[1]}"

    def stop(self) -> None:
        self._server.shutdown()
        self._thread.join()
        self._server.server_close()


def run_python(
    script: str, *arguments: str, timeout: float = 60, **environment: str
) -> subprocess.CompletedProcess[str]:
    """Runs a script in a new interpreter, which is killed if it hangs."""
    return subprocess.run(
        [sys.executable, "-c", script, *arguments],
        env=clean_environment(**environment),
        capture_output=True,
        text=True,
        encoding="utf-8",
        timeout=timeout,
        check=False,
    )


def report_of(script: str, *arguments: str, timeout: float = 60, **environment: str) -> Json:
    """Runs a script in a new interpreter, and reads the one line of JSON that it prints last."""
    done = run_python(script, *arguments, timeout=timeout, **environment)
    assert done.returncode == 0, f"exit code {done.returncode}\n{done.stdout}\n{done.stderr}"
    lines = done.stdout.splitlines()
    assert lines, f"the script printed nothing\n{done.stderr}"
    return json.loads(lines[-1])


def clean_environment(**more: str) -> dict[str, str]:
    """The environment without what a developer may have set."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("SPARK_T2I_", "PYTHON"))}
    return kept | {"PYTHONUTF8": "1"} | more


def until(condition: Callable[[], object], what: str, seconds: float = 20) -> None:
    """Waits for something that must come about."""
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end, f"{what}: not within {seconds} s"
        time.sleep(0.01)


def prompts(count: int) -> Iterator[str]:
    return (f"a red fox in the snow, number {number}" for number in range(count))
