"""What waiting costs with 1 000 tasks in flight: this package beside loops written by hand with httpx and with aiohttp.

    pip install -r requirements.txt
    python bench_waiting.py [--json]

Each runs in a process of its own, whose CPU time is taken, against an emulator of its own, whose counters tell the lag
and the requests. Missed targets are no failure: another machine is slower.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import urllib.request
from dataclasses import asdict, dataclass
from pathlib import Path
from types import TracebackType
from typing import Any

from contenders import Done, Job

LATENCY = "lognormal:12s:0.25"
MEDIAN = 12.0
INTERVAL = 3.0
TASKS = 1000
# Completions that are measured, for each task in flight.
COMPLETIONS = 3
# Seconds of lag that a request is worth to our own polling: so much that it sends no more than the loops do. (At the
# default of 0.1 it sends some more, and is told sooner.)
POLL_COST = 0.135
# One median to spread the tasks, which must not go in step, and one more to learn from them.
WARM_UP = 2 * MEDIAN
LIMIT = 5 * MEDIAN

CPU_TARGET = 0.4
LAG_TARGET = 0.4

SUBJECTS: dict[str, tuple[str, float | None]] = {
    "httpx": ("httpx", INTERVAL),
    "aiohttp": ("aiohttp", INTERVAL),
    "spark_t2i, 3 s": ("spark_t2i", INTERVAL),
    "spark_t2i": ("spark_t2i", None),
}


class Server:
    """The emulator in a process of its own."""

    def __init__(self, command: list[str]) -> None:
        self._command = command

    def __enter__(self) -> Server:
        arguments = ["serve", "--quiet", "--latency", LATENCY, "--no-progress"]
        self._process = subprocess.Popen([*self._command, *arguments], stdout=subprocess.PIPE, text=True)
        assert self._process.stdout is not None
        self.url = self._process.stdout.readline().strip()
        if not self.url.startswith("http://127.0.0.1:"):
            raise SystemExit(f"the emulator did not start: it said {self.url!r}")
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._process.kill()
        self._process.communicate()

    def stats(self) -> dict[str, Any]:
        opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
        with opener.open(f"{self.url}/_emulator/stats", timeout=10) as answer:
            stats: dict[str, Any] = json.load(answer)
        return stats


@dataclass(frozen=True)
class Figures:
    cpu_milliseconds_per_task: float
    status_requests_per_task: float
    mean_lag_seconds: float
    # The warm-up included.
    p95_lag_seconds: float
    completed: int
    failed: int
    seconds: float
    resident_before_bytes: int
    peak_resident_bytes: int

    @staticmethod
    def of(done: Done, before: dict[str, Any], after: dict[str, Any]) -> Figures:
        # With as many tasks under way before as after, requests and ends of the same time belong together; and the lags
        # told in it are those told until its end without those until its begin.
        lag, earlier = after["lag_seconds"], before["lag_seconds"]
        told = lag["count"] - earlier["count"]
        lags = lag["mean"] * lag["count"] - (earlier["mean"] or 0) * earlier["count"]
        return Figures(
            cpu_milliseconds_per_task=1000 * done["cpu_seconds"] / done["completed"],
            status_requests_per_task=(after["requests"]["status"] - before["requests"]["status"]) / told,
            mean_lag_seconds=lags / told,
            p95_lag_seconds=lag["p95"],
            completed=done["completed"],
            failed=done["failed"],
            seconds=done["seconds"],
            resident_before_bytes=done["resident_before"],
            peak_resident_bytes=done["peak"],
        )


def measure(name: str, tasks: int, command: list[str]) -> Figures:
    contender, interval = SUBJECTS[name]
    with Server(command) as server:
        job: Job = {
            "contender": contender,
            "url": server.url,
            "tasks": tasks,
            "interval": interval,
            "poll_cost": POLL_COST,
            "spread": MEDIAN,
            "warm_up": WARM_UP,
            "completions": COMPLETIONS * tasks,
            "limit": LIMIT,
        }
        script = Path(__file__).with_name("contenders.py")
        load = subprocess.Popen([sys.executable, str(script), json.dumps(job)], stdout=subprocess.PIPE, text=True)
        try:
            assert load.stdout is not None
            line = load.stdout.readline()
            if line != "measuring\n":
                raise SystemExit(f"{name} did not begin: it said {line!r}")
            before = server.stats()
            done: Done = json.loads(load.stdout.readline())
            after = server.stats()
        finally:
            load.kill()
            load.communicate()
    if done["failed"]:
        print(f"{name}: {done['failed']} tasks failed; the first: {done['first_failure']}", file=sys.stderr)
    return Figures.of(done, before, after)


@dataclass(frozen=True)
class Ratios:
    """Over the better one of the loops."""

    cpu: float
    lag: float
    requests: float

    @staticmethod
    def of(figures: dict[str, Figures]) -> Ratios:
        httpx, aiohttp, equal, own = (figures[name] for name in SUBJECTS)
        better = min(httpx, aiohttp, key=lambda loop: loop.cpu_milliseconds_per_task)
        return Ratios(
            cpu=equal.cpu_milliseconds_per_task / better.cpu_milliseconds_per_task,
            lag=own.mean_lag_seconds / better.mean_lag_seconds,
            requests=own.status_requests_per_task / better.status_requests_per_task,
        )


def table(tasks: int, figures: dict[str, Figures], ratios: Ratios | None) -> str:
    def row(name: str, cells: list[str], target: str = "") -> str:
        return "  ".join([f"{name:<34}", *(f"{cell:>14}" for cell in cells), f"{target:>9}"]).rstrip()

    every = list(figures.values())
    lines = [
        row(f"{tasks} tasks in flight, {LATENCY}", list(figures), "target"),
        row("CPU a task", [f"{each.cpu_milliseconds_per_task:.2f} ms" for each in every]),
        row("requests for the state a task", [f"{each.status_requests_per_task:.2f}" for each in every]),
        row("mean lag", [f"{each.mean_lag_seconds:.2f} s" for each in every]),
        row("95th percentile, with the warm-up", [f"{each.p95_lag_seconds:.2f} s" for each in every]),
        row("memory, the most", [f"{each.peak_resident_bytes / 1e6:.0f} MB" for each in every]),
        row("  before the first task", [f"{each.resident_before_bytes / 1e6:.0f} MB" for each in every]),
        row("completed, and failed", [f"{each.completed}, {each.failed}" for each in every]),
        row("it took", [f"{each.seconds:.1f} s" for each in every]),
    ]
    if ratios is not None:
        lines += [
            "",
            row("over the better loop", ["", "", "spark_t2i, 3 s", "spark_t2i"], "target"),
            row("CPU a task", ["", "", f"{ratios.cpu:.2f}", ""], f"<= {CPU_TARGET}"),
            row("mean lag", ["", "", "", f"{ratios.lag:.2f}"], f"<= {LAG_TARGET}"),
            row("requests for the state", ["", "", "", f"{ratios.requests:.2f}"], "<= 1"),
        ]
    return "\n".join(lines)


def main() -> None:
    parser = argparse.ArgumentParser(description="What waiting costs, beside loops written by hand.")
    parser.add_argument("--tasks", type=int, default=TASKS, help=f"in flight (the targets are for {TASKS})")
    parser.add_argument("--only", action="append", choices=list(SUBJECTS), help="leave the others out; may be repeated")
    parser.add_argument("--command", help="the spark-t2i that serves; otherwise the one of the package")
    parser.add_argument("--json", action="store_true", help="print JSON in place of a table")
    arguments = parser.parse_args()
    command = [arguments.command] if arguments.command else [sys.executable, "-m", "spark_t2i"]
    figures: dict[str, Figures] = {}
    for name in arguments.only or SUBJECTS:
        print(f"{arguments.tasks} tasks in flight, by {name} …", file=sys.stderr)
        figures[name] = measure(name, arguments.tasks, command)
    ratios = Ratios.of(figures) if len(figures) == len(SUBJECTS) else None
    if arguments.json:
        targets = {"cpu": CPU_TARGET, "lag": LAG_TARGET, "requests": 1.0}
        print(
            json.dumps(
                {
                    "tasks": arguments.tasks,
                    "latency": LATENCY,
                    "interval_seconds": INTERVAL,
                    "contenders": {name: asdict(each) for name, each in figures.items()},
                    "ratios": None if ratios is None else asdict(ratios),
                    "targets": targets if arguments.tasks == TASKS else None,
                },
                indent=2,
            )
        )
    else:
        print(table(arguments.tasks, figures, ratios))


if __name__ == "__main__":
    main()
