"""What a case says, in the words of the package: its options and parameters, and the folder of its files."""

from __future__ import annotations

import tempfile
import zlib
from pathlib import Path
from typing import Literal, TypedDict, cast

from support import Json

import spark_t2i


class Options(TypedDict, total=False):
    """What a case may set of the options of a client."""

    api_key: str
    base_url: str
    ca_bundle: Path
    connect_timeout: float
    request_timeout: float
    wait_timeout: float
    poll_interval: float
    max_retries: int
    max_requests_per_second: float
    max_in_flight: int
    headers: dict[str, str]
    user_agent_suffix: str
    on_outcome_unknown: Literal["fail", "resubmit"]


class Case:
    """One run of a case, with a folder of its own."""

    def __init__(self, said: Json) -> None:
        self.call: Json = said["call"]
        self.key: str = said["options"]["api_key"]
        self._said: Json = said["options"]
        self._place = tempfile.TemporaryDirectory(prefix="spark-t2i-")
        self.folder = Path(self._place.name) / "folder"
        self.folder.mkdir()

    def close(self) -> None:
        self._place.cleanup()

    @property
    def word(self) -> str:
        word: str = self.call["do"]
        return word

    @property
    def task_id(self) -> str | None:
        """Of a task that is known by its id; otherwise one is submitted."""
        task_id: str | None = self.call.get("task_id")
        return task_id

    @property
    def copies(self) -> int | None:
        copies: int | None = self.call.get("copies")
        return copies

    @property
    def cancel_after(self) -> float | None:
        seconds: float | None = self.call.get("cancel_after_seconds")
        return seconds

    @property
    def target(self) -> Path:
        return self.folder / str(self.call["file"])

    @property
    def overwrite(self) -> bool:
        return self.call.get("overwrite") is True

    def options(self) -> Options:
        """Every option has the name of the fixture, but for its unit."""
        options: dict[str, Json] = {name.removesuffix("_seconds"): value for name, value in self._said.items()}
        if "ca_bundle_pem" in options:
            # Outside of the folder that is looked at in the end.
            bundle = Path(self._place.name) / "bundle.pem"
            bundle.write_text(options.pop("ca_bundle_pem"))
            options["ca_bundle"] = bundle
        unknown = options.keys() - Options.__annotations__.keys()
        assert not unknown, f"no such option: {unknown}"
        return cast(Options, options)

    def request(self) -> spark_t2i.Request:
        return request(self.call["parameters"])

    def requests(self) -> list[spark_t2i.Request]:
        return [request(parameters) for parameters in self.call["requests"]]

    def prepare(self) -> None:
        """What stands in the way of a file."""
        existing = self.call.get("existing")
        if isinstance(existing, str):
            self.target.write_text(existing)
        elif existing is not None:
            self.target.mkdir()

    def files(self) -> Json:
        """What is in the folder now."""
        return [
            {
                "name": path.name,
                "bytes": path.stat().st_size if path.is_file() else None,
                "crc32": zlib.crc32(path.read_bytes()) if path.is_file() else None,
            }
            for path in sorted(self.folder.iterdir())
        ]


def request(parameters: Json) -> spark_t2i.Request:
    """The typed request: what is wrong with it is for the client to find."""
    others = dict(parameters)
    return spark_t2i.Request(others.pop("prompt"), **others)
