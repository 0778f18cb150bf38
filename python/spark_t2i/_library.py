"""The native part: loaded once, checked against this package, and stopped before the interpreter ends."""

from __future__ import annotations

import atexit
import sys

from . import __version__

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any


def _refuse_sub_interpreters() -> None:
    try:
        current: Any = __import__("_interpreters" if sys.version_info >= (3, 13) else "_xxsubinterpreters").get_current()
    except ModuleNotFoundError:
        return
    try:
        number = int(current)
    except TypeError:
        number = int(current[0])  # A pair, since Python 3.13.
    if number != 0:
        raise ImportError(
            "spark_t2i cannot be used in a sub-interpreter: its native part belongs to the main interpreter of a "
            "process; use threads, or processes"
        )


# Before the native part is loaded: it would take the first interpreter that loads it for the only one.
_refuse_sub_interpreters()

from . import _native as native  # noqa: E402

__all__ = ["native"]

if native.__version__ != __version__:
    raise ImportError(
        f"spark_t2i {__version__} found its native part in version {native.__version__}: "
        "two installations are mixed; install spark-t2i again"
    )

# Its threads must not call into an interpreter that is going away.
atexit.register(native.shut_down)
