"""The command line: ``spark-t2i``, or ``python -m spark_t2i``."""

from __future__ import annotations

import sys


def main() -> int:
    """Runs the command line with the arguments of this process and returns its exit code."""
    from ._library import native

    return native.run_command_line(sys.argv[1:])


if __name__ == "__main__":
    sys.exit(main())
