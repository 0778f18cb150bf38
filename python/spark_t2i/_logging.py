"""Hands the log records of the native part to the logger ``spark_t2i``, if the program has imported ``logging``."""

from __future__ import annotations

import logging

# The native part asks it how much is wanted.
logger = logging.getLogger("spark_t2i")
# A library says nothing unless it is asked to.
logger.addHandler(logging.NullHandler())


def emit(level: int, target: str, message: str) -> None:
    """Logs a record whose logger is named by the target: ``spark_t2i::submit`` is ``spark_t2i.submit``,
    ``spark_t2i_emulator::fault`` is ``spark_t2i.emulator.fault``."""
    named = logging.getLogger(target.replace("::", ".").replace("spark_t2i_", "spark_t2i.", 1))
    if named.isEnabledFor(level):
        # Made by hand: it was not logged from any line of Python that could be looked up.
        named.handle(named.makeRecord(named.name, level, target, 0, message, (), None))
