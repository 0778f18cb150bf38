"""How long `import spark_t2i` takes, in fresh interpreters: what `-X importtime` tells.

The package loads what it needs when it is first used: `spark_t2i._client` is what `from spark_t2i import Client` costs, the
native part included.

python bench_import.py [--runs 30] [--json] [MODULE ...]
"""

from __future__ import annotations

import argparse
import json
import re
import statistics
import subprocess
import sys

TARGET = 15.0
# "import time: self [us] | cumulative | imported package"
LINE = re.compile(r"import time:\s*(\d+) \|\s*(\d+) \|( *)(\S+)")


def import_milliseconds(module: str) -> tuple[float, list[tuple[float, str]]]:
    """The whole of it, and the parts that took longest by themselves."""
    script = [sys.executable, "-X", "importtime", "-c", f"import {module}"]
    done = subprocess.run(script, capture_output=True, text=True, check=False)
    if done.returncode != 0:
        raise SystemExit(done.stderr.splitlines()[-1])
    lines = [match for line in done.stderr.splitlines() if (match := LINE.match(line))]
    [at] = [number for number, match in enumerate(lines) if match[4] == module and match[3] == " "]
    # What it imports stands before it, deeper, back to the last line of its own depth.
    inner = []
    for match in reversed(lines[:at]):
        if match[3] == " ":
            break
        inner.append(match)
    parts = sorted(((int(match[1]) / 1000, match[4]) for match in [lines[at], *inner]), reverse=True)
    # A module of a package comes after the package, which is on a line of its own.
    whole = [match for match in lines if match[3] == " " and f"{module}.".startswith(f"{match[4]}.")]
    return sum(int(match[2]) for match in whole) / 1000, parts


def main() -> None:
    parser = argparse.ArgumentParser(description="How long an import takes.")
    parser.add_argument("modules", nargs="*", default=["spark_t2i", "spark_t2i._client"], metavar="MODULE")
    parser.add_argument("--runs", type=int, default=30)
    parser.add_argument("--json", action="store_true", help="print JSON in place of a table")
    arguments = parser.parse_args()
    report = []
    for module in arguments.modules:
        # The first run writes the byte code and is not counted.
        import_milliseconds(module)
        runs = [import_milliseconds(module) for _ in range(arguments.runs)]
        times = [time for time, _ in runs]
        best = min(runs, key=lambda run: run[0])
        report.append(
            {
                "module": module,
                "runs": arguments.runs,
                "best_milliseconds": best[0],
                "median_milliseconds": statistics.median(times),
                "worst_milliseconds": max(times),
                "target_milliseconds": TARGET if module.startswith("spark_t2i") else None,
                "longest_parts": [{"module": name, "milliseconds": time} for time, name in best[1][:5]],
            }
        )
    if arguments.json:
        print(json.dumps(report, indent=2))
        return
    print(f"{'import':<20}  {'best':>9}  {'median':>9}  {'worst':>9}  target")
    for row in report:
        figures = "  ".join(
            f"{row[name]:>6.2f} ms" for name in ("best_milliseconds", "median_milliseconds", "worst_milliseconds")
        )
        target = f"< {row['target_milliseconds']:.0f} ms" if row["target_milliseconds"] else ""
        print(f"{row['module']:<20}  {figures}  {target}".rstrip())
        for part in row["longest_parts"]:
            print(f"  {part['module']:<20}  {part['milliseconds']:>7.2f} ms by itself")


if __name__ == "__main__":
    main()
