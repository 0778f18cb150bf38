"""The command line: ``spark-t2i``, or ``python -m spark_t2i``."""

from __future__ import annotations

import signal
import sys


def main() -> int:
    """Runs the command line with the arguments of this process, and returns its exit code."""
    from ._library import native

    # Ctrl-C means to the command what it means to a program without Python: the commands that wait look after it.
    signal.signal(signal.SIGINT, signal.SIG_DFL)
    return native.run_command_line(sys.argv)


if __name__ == "__main__":
    sys.exit(main())
