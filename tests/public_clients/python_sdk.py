"""The public Python SDK, unchanged, against the emulator: `python_sdk.py WORKING FAILING`, two base URLs.

The second one's tasks all fail. What is not as expected is an AssertionError, and so an exit status other than 0.
"""

import struct
import sys
import urllib.request

import seaart_sdk as sdk

MODEL = "spark_t2i_3_0"
QUICKLY = (sdk.WithPollInterval(0.05), sdk.WithPollTimeout(60.0))


def body(**parameters):
    return {
        "model": MODEL,
        "moderation": True,
        "input": [{"params": {"prompt": "雪中的红狐", "seed": 42, **parameters}}],
        "metadata": {"trace_id": "t"},
    }


def refusal(call):
    try:
        call()
    except sdk.SeaArtError as error:
        return error
    raise AssertionError("it was not refused")


def catalogue(client):
    found = client.modal.list_models(sdk.ModelSearchParams(query="", limit=2))
    assert [hit["name"] for hit in found.hits] == [MODEL], found
    assert (found.query, found.limit, found.estimated_total_hits) == ("", 2, 1), found
    assert client.modal.search_models(sdk.ModelSearchParams(output="video")).hits == []
    assert client.modal.get_model_skill(MODEL).startswith(f"# {MODEL}\n")


def image(client, create):
    progress = []
    task = client.modal.create(create, sdk.WithHeader("X-Trace-Id", "t"))
    assert task.id and task.model == MODEL and task.error is None, task
    task = task.wait(*QUICKLY, sdk.WithPollCallback(lambda status, done: progress.append((status, done))))
    assert task.status == "completed" and progress[-1] == ("completed", 1.0), progress
    assert len(progress) > 1 and progress == sorted(progress, key=lambda seen: seen[1]), progress
    assert task.usage.cost == "0.035714285714" and task.usage.discount == 0.7, task.usage
    assert task.usage.total_tokens == task.usage.input_tokens + task.usage.output_tokens, task.usage
    assert task.metadata.in_queue_at <= task.metadata.upload_at <= task.metadata.completed_at, task.metadata
    content = task.output[0].content[0]
    assert content.type == "image" and content.job_id, content
    [url] = task.urls()
    with urllib.request.urlopen(url, timeout=60) as answer:
        picture = answer.read()
    # The signature of PNG, then the length and the name of its first chunk, then width and height.
    assert picture[:8] == b"\x89PNG\r\n\x1a\n"
    return struct.unpack(">II", picture[16:24])


def refusals(client, keyless):
    error = refusal(lambda: client.modal.create(body(width=512)))
    assert (error.kind, error.status) == ("general", 400) and "height is missing" in error.message, error
    error = refusal(lambda: client.modal.get("d758n65e878c73cmdg20"))
    assert error.status == 404 and "there is no task" in error.message, error
    error = refusal(lambda: client.modal.get_model_skill("another"))
    assert error.status == 404 and MODEL in error.message, error
    error = refusal(lambda: keyless.modal.create(body()))
    assert (error.kind, error.status) == ("auth", 401) and "Authorization: Bearer" in error.message, error


def failure(client):
    task = client.modal.create(body())
    error = refusal(lambda: task.wait(*QUICKLY))
    assert error.kind == "task_failed" and error.task_id == task.id, error
    assert error.message == "task failed: Internal generation error", error
    assert client.modal.get(task.id).error.code == 3001095


def main(working, failing):
    client = sdk.Client(sdk.ClientConfig(api_key="k", base_url=working, project="p"))
    catalogue(client)
    assert image(client, body(width=768, height=512)) == (768, 512)
    # The same without `/model` in front of the paths, and with the parameters beside the model.
    short = sdk.Client(sdk.ClientConfig(api_key="k", model_base_url=working))
    assert image(short, {"model": MODEL, "prompt": "a red fox", "width": 512, "height": 512}) == (512, 512)
    refusals(client, sdk.Client(sdk.ClientConfig(base_url=working)))
    failure(sdk.Client(sdk.ClientConfig(api_key="k", base_url=failing)))


main(*sys.argv[1:])
