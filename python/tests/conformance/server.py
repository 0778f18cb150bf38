"""The server of the scenarios, in a process of its own."""

from __future__ import annotations

import json
import subprocess
import urllib.request
from types import TracebackType

from canonical import compact
from support import FIXTURES, Json, clean_environment, command


class ScenarioServer:
    """Runs as long as the `with` block."""

    def __enter__(self) -> ScenarioServer:
        self._process = subprocess.Popen(
            [*command(), "serve", "--quiet", "--scenarios", str(FIXTURES / "scenarios")],
            env=clean_environment(),
            stdout=subprocess.PIPE,
            text=True,
        )
        assert self._process.stdout is not None
        self.url = self._process.stdout.readline().strip()
        assert self.url.startswith("http://127.0.0.1:"), f"the server did not start: it said {self.url!r}"
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._process.kill()
        self._process.communicate()

    def names(self) -> list[str]:
        names: list[str] = self._exchange("/scenarios")
        return names

    def case(self, name: str, run: str) -> Json:
        """The case with every address and key filled in."""
        return self._exchange(f"/scenarios/{name}@{run}")

    def verdict(self, name: str, run: str, outcome: Json) -> Json:
        return self._exchange(f"/scenarios/{name}@{run}/verdict", compact(outcome))

    def _exchange(self, path: str, body: str | None = None) -> Json:
        data = None if body is None else body.encode()
        request = urllib.request.Request(self.url + path, data, {"Content-Type": "application/json"})
        # No proxy of the environment stands between.
        opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
        with opener.open(request, timeout=60) as answer:
            return json.load(answer)
