"""Many threads on one client, and interpreters within the interpreter."""

from __future__ import annotations

import sys
import threading
import time
from collections import Counter
from concurrent.futures import ThreadPoolExecutor

from support import KEY, QUICK, report_of, run_python

import spark_t2i
from spark_t2i import Client
from spark_t2i.testing import Emulator

FOX = "a red fox in the snow"


def test_64_threads_on_one_client(client: Client) -> None:
    start = threading.Barrier(64)

    def one(number: int) -> tuple[str, int | None]:
        start.wait()
        image = client.generate(FOX, width=512 + 8 * number, height=1024)
        return image.task_id, image.width

    with ThreadPoolExecutor(64) as pool:
        found = list(pool.map(one, range(64)))
    assert len({task_id for task_id, _ in found}) == 64
    assert [width for _, width in found] == [512 + 8 * number for number in range(64)], "answers were mixed up"
    assert client.stats().submitted == client.stats().completed == 64


def test_everything_at_once_from_threads(client: Client) -> None:
    def all_of_it() -> str:
        task = client.submit(FOX)
        kinds = [event.kind.value for event in task.events()]
        assert client.estimate(FOX) is not None
        assert task.refresh().status == "completed"
        assert [generated.error for generated in client.generate_many([FOX])] == [None]
        assert task.wait().bytes().startswith(b"\x89PNG")
        return kinds[-1]

    with ThreadPoolExecutor(16) as pool:
        assert Counter(pool.map(lambda _: all_of_it(), range(32))) == {"completed": 32}


def test_a_blocking_call_lets_others_run(slow_client: Client) -> None:
    worker = threading.Thread(target=lambda: wait_in_vain(slow_client), daemon=True)
    worker.start()
    ticks, end = 0, time.monotonic() + 0.5
    while time.monotonic() < end:
        time.sleep(0.005)
        ticks += 1
    assert ticks > 10, "the blocking call held the interpreter"
    worker.join(10)
    assert not worker.is_alive()


def wait_in_vain(client: Client) -> None:
    try:
        client.generate(FOX, timeout=1)
    except spark_t2i.DeadlineExceededError:
        pass


def test_a_task_and_an_image_of_another_thread(client: Client) -> None:
    task = client.submit(FOX)
    with ThreadPoolExecutor(4) as pool:
        images = list(pool.map(lambda _: task.wait(), range(4)))
        contents = list(pool.map(lambda image: image.bytes(), images))
    assert len(set(contents)) == 1 and {image.task_id for image in images} == {task.id}


def test_closing_beside_calls_in_flight(slow_emulator: Emulator) -> None:
    client = Client(api_key=KEY, base_url=slow_emulator.url, **QUICK)
    ends: list[BaseException] = []

    def one() -> None:
        try:
            client.generate(FOX, timeout=5)
        except BaseException as error:
            ends.append(error)

    threads = [threading.Thread(target=one) for _ in range(8)]
    for thread in threads:
        thread.start()
    while client.stats().waiting < 8:
        time.sleep(0.01)
    client.close()
    for thread in threads:
        thread.join(20)
    # Whether a close ends them or lets them end, each of them comes to an end that it can explain.
    assert len(ends) == 8
    assert {isinstance(end, (spark_t2i.SparkT2iError, RuntimeError)) for end in ends} == {True}


SUB_INTERPRETER = """
import sys
try:
    import _interpreters as interpreters  # 3.13
except ImportError:
    import _xxsubinterpreters as interpreters
script = '''
try:
    import spark_t2i
    spark_t2i.Client(api_key="k", base_url="http://127.0.0.1:9")
except ImportError as error:
    with open(PATH, "w") as file:
        file.write(str(error))
'''
import tempfile, os, json
path = os.path.join(tempfile.mkdtemp(), "said")
import spark_t2i
interpreter = interpreters.create()
interpreters.run_string(interpreter, script.replace("PATH", repr(path)))
interpreters.destroy(interpreter)
said = open(path).read() if os.path.exists(path) else None
os.path.exists(path) and os.remove(path)
os.rmdir(os.path.dirname(path))
# The main interpreter goes on as before.
client = spark_t2i.Client(poll_interval=0.05)
print(json.dumps({"said": said, "id": client.generate("a red fox").task_id}))
"""


def test_a_sub_interpreter_is_refused_and_told_why(emulator: Emulator) -> None:
    report = report_of(SUB_INTERPRETER, SPARK_T2I_API_KEY=KEY, SPARK_T2I_BASE_URL=emulator.url)
    assert report["said"] is not None, "a sub-interpreter was let in"
    assert "interpreter" in report["said"]
    assert report["id"]


def test_a_second_import_is_the_same_module(emulator: Emulator) -> None:
    script = """
import sys, spark_t2i
first = spark_t2i.Client
for name in [name for name in sys.modules if name.split(".")[0] == "spark_t2i" and not name.endswith("_native")]:
    del sys.modules[name]
import spark_t2i
print(spark_t2i.Client(poll_interval=0.05).generate("a red fox").task_id != "")
"""
    done = run_python(script, SPARK_T2I_API_KEY=KEY, SPARK_T2I_BASE_URL=emulator.url)
    assert (done.returncode, done.stdout.strip()) == (0, "True"), done.stderr


def test_import_is_free_of_threads() -> None:
    if sys.platform != "linux":
        return
    script = "import spark_t2i, os; print(len(os.listdir('/proc/self/task')))"
    assert run_python(script).stdout.strip() == "1"
