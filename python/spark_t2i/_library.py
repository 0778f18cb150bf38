"""The native part: loaded once, checked against this package, and stopped before the interpreter ends."""

from __future__ import annotations

import atexit

from . import __version__
from . import _native as native

__all__ = ["native"]

if native.__version__ != __version__:
    raise ImportError(
        f"spark_t2i {__version__} found its native part in version {native.__version__}: "
        "two installations are mixed; install spark-t2i again"
    )

# Its threads must not call into an interpreter that is going away.
atexit.register(native.shut_down)
