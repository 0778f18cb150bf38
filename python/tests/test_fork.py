"""Row 30: a process that forks with a client in use: both sides go on, and both end."""

from __future__ import annotations

import sys

import pytest
from support import KEY, Json, report_of

from spark_t2i.testing import Emulator

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="there is no fork")

HEAD = """
import asyncio, json, os, sys, threading, time, warnings
warnings.simplefilter("ignore", DeprecationWarning)
import spark_t2i

def status_of(pid, seconds=20):
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        done, status = os.waitpid(pid, os.WNOHANG)
        if done:
            return os.waitstatus_to_exitcode(status)
        time.sleep(0.01)
    os.kill(pid, 9)
    os.waitpid(pid, 0)
    return "hung"

def child(work):
    # Ends as any process does: with its handlers of exit, and by the interpreter's own end.
    sys.stdout.flush()
    pid = os.fork()
    if pid == 0:
        work()
        sys.exit(0)
    return pid
"""


def both_sides(script: str, emulator: Emulator, slow: Emulator) -> Json:
    return report_of(HEAD + script, slow.url, SPARK_T2I_API_KEY=KEY, SPARK_T2I_BASE_URL=emulator.url)


@pytest.mark.parametrize("used", [False, True], ids=["made", "used"])
def test_a_client_made_before(emulator: Emulator, slow_emulator: Emulator, used: bool) -> None:
    script = f"""
client = spark_t2i.Client(poll_interval=0.05)
if {used}:
    client.generate("a red fox").bytes()

reader, writer = os.pipe()
def work():
    image = client.generate("a red fox")
    assert image.bytes().startswith(b"\\x89PNG")
    os.write(writer, image.task_id.encode())
statuses = [status_of(child(work)) for _ in range(3)]
os.close(writer)
ids = os.read(reader, 1000)
after = [client.generate("a red fox").task_id for _ in range(3)]
print(json.dumps({{"statuses": statuses, "bytes": len(ids), "after": after}}))
"""
    report = both_sides(script, emulator, slow_emulator)
    assert report["statuses"] == [0, 0, 0]
    assert report["bytes"] > 0
    assert len(set(report["after"])) == 3


def test_a_client_in_the_middle_of_a_call(emulator: Emulator, slow_emulator: Emulator) -> None:
    script = """
client = spark_t2i.Client(poll_interval=0.05)
slow = spark_t2i.Client(base_url=sys.argv[1], poll_interval=0.05)
ends = []
def in_vain():
    try:
        slow.generate("a red fox", timeout=3)
    except spark_t2i.DeadlineExceededError as error:
        ends.append(error.task_id)
threads = [threading.Thread(target=in_vain) for _ in range(4)]
for thread in threads:
    thread.start()
while slow.stats().waiting < 4:
    time.sleep(0.01)
def work():
    assert client.generate("a red fox").task_id
    try:
        slow.generate("a red fox", timeout=0.3)
    except spark_t2i.DeadlineExceededError:
        return
    os._exit(7)
statuses = [status_of(child(work)) for _ in range(3)]
for thread in threads:
    thread.join(20)
print(json.dumps({"statuses": statuses, "ends": ends, "after": client.generate("a red fox").task_id}))
"""
    report = both_sides(script, emulator, slow_emulator)
    assert report["statuses"] == [0, 0, 0]
    assert len(report["ends"]) == 4 and all(report["ends"]), "what was under way in the parent did not end well"
    assert report["after"]


def test_both_sides_at_the_same_time(emulator: Emulator, slow_emulator: Emulator) -> None:
    script = """
client = spark_t2i.Client(poll_interval=0.05)
client.generate("a red fox")
def work():
    for _ in range(5):
        client.generate("a red fox")
children = [child(work) for _ in range(4)]
ids = {client.generate("a red fox").task_id for _ in range(10)}
print(json.dumps({"statuses": [status_of(pid) for pid in children], "ids": len(ids)}))
"""
    report = both_sides(script, emulator, slow_emulator)
    assert report == {"statuses": [0, 0, 0, 0], "ids": 10}


def test_a_child_of_a_child(emulator: Emulator, slow_emulator: Emulator) -> None:
    script = """
client = spark_t2i.Client(poll_interval=0.05)
client.generate("a red fox")
def grandchild():
    client.generate("a red fox")
def work():
    client.generate("a red fox")
    if status_of(child(grandchild)) != 0:
        os._exit(7)
    client.generate("a red fox")
print(json.dumps({"status": status_of(child(work)), "after": client.generate("a red fox").task_id}))
"""
    report = both_sides(script, emulator, slow_emulator)
    assert report["status"] == 0 and report["after"]


def test_multiprocessing(emulator: Emulator, slow_emulator: Emulator) -> None:
    script = """
import multiprocessing
client = spark_t2i.Client(poll_interval=0.05)
task = client.submit("a red fox")
first = task.wait()
def one(number):
    return client.generate(f"a red fox, number {number}")
with multiprocessing.get_context("fork").Pool(3) as pool:
    images = pool.map(one, range(12))
    pool.close()
    pool.join()
# They come back by pickle.
ids = {image.task_id for image in images}
print(json.dumps({"ids": len(ids), "same": client.task(images[0].task_id).wait() == images[0], "first": len(first.bytes())}))
"""
    report = both_sides(script, emulator, slow_emulator)
    assert (report["ids"], report["same"]) == (12, True)
    assert report["first"] > 0


def test_asyncio_on_both_sides(emulator: Emulator, slow_emulator: Emulator) -> None:
    script = """
client = spark_t2i.AsyncClient(poll_interval=0.05)
async def some():
    return [image.task_id for image in await asyncio.gather(*(client.generate("a red fox") for _ in range(5)))]
before = asyncio.run(some())
def work():
    assert len(asyncio.run(some())) == 5
statuses = [status_of(child(work)) for _ in range(2)]
print(json.dumps({"statuses": statuses, "after": len(set(before + asyncio.run(some())))}))
"""
    report = both_sides(script, emulator, slow_emulator)
    assert report == {"statuses": [0, 0], "after": 10}


def test_an_emulator_stays_with_the_parent(emulator: Emulator, slow_emulator: Emulator) -> None:
    script = """
from spark_t2i.testing import Emulator
mine = Emulator(latency=0.05)
client = mine.client(poll_interval=0.05)
client.generate("a red fox")
status = status_of(child(lambda: client.generate("a red fox")))
after = client.generate("a red fox").task_id
print(json.dumps({"status": status, "created": mine.stats().tasks.created, "after": after}))
mine.stop()
"""
    report = both_sides(script, emulator, slow_emulator)
    assert (report["status"], report["created"]) == (0, 3)


def test_logging_on_both_sides(emulator: Emulator, slow_emulator: Emulator) -> None:
    script = """
import logging, io
stream = io.StringIO()
logging.basicConfig(level=logging.INFO, stream=stream)
client = spark_t2i.Client(poll_interval=0.05)
client.generate("a red fox")
def work():
    stream.truncate(0)
    client.generate("a red fox")
    os._exit(0 if stream.getvalue().count("task submitted") == 1 else 7)
status = status_of(child(work))
client.generate("a red fox")
print(json.dumps({"status": status, "submitted": stream.getvalue().count("task submitted")}))
"""
    report = both_sides(script, emulator, slow_emulator)
    assert report == {"status": 0, "submitted": 2}
