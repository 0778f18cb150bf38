"""A finished image: bytes, files, Pillow, numpy, Jupyter; and what is said where one of them is missing."""

from __future__ import annotations

import asyncio
import base64
import copy
import pickle
import re
import sys
from pathlib import Path
from typing import Any

import numpy
import PIL.Image
import pytest
from support import KEY, QUICK, run_python

import spark_t2i
from spark_t2i import AsyncClient, Client, Image
from spark_t2i.testing import Emulator

FOX = "a red fox in the snow"
SIGNATURE = b"\x89PNG\r\n\x1a\n"


@pytest.fixture
def image(client: Client) -> Image:
    return client.generate(FOX, width=768, height=512)


def test_bytes(image: Image, client: Client) -> None:
    assert client.stats().download_requests == 0, "nothing is fetched before it is asked for"
    content = image.bytes()
    assert type(content) is bytes
    assert content.startswith(SIGNATURE) and len(content) == image.size
    assert client.stats().downloaded_bytes == len(content)


@pytest.mark.parametrize("form", [str, Path], ids=["str", "PathLike"])
def test_save(image: Image, tmp_path: Path, form: Any) -> None:
    saved = image.save(form(tmp_path / "fox.png"))
    assert saved.path == tmp_path / "fox.png"
    assert saved.path.read_bytes() == image.bytes()
    assert (saved.bytes, saved.format, saved.width, saved.height) == (image.size, "png", 768, 512)
    assert [path.name for path in tmp_path.iterdir()] == ["fox.png"]


def test_save_takes_any_os_path_like(image: Image, tmp_path: Path) -> None:
    class Place:
        def __fspath__(self) -> str:
            return str(tmp_path / "雪 fox.png")

    assert image.save(Place()).path == tmp_path / "雪 fox.png"
    assert (tmp_path / "雪 fox.png").stat().st_size == image.size


@pytest.mark.skipif(sys.platform != "linux", reason="other systems want names in Unicode")
def test_save_under_a_name_that_is_no_utf8(image: Image, tmp_path: Path) -> None:
    path = Path(str(tmp_path) + "/fox-\udcff.png")
    assert image.save(path).path == path
    assert path.stat().st_size == image.size


def test_save_does_not_overwrite_unless_told(image: Image, tmp_path: Path) -> None:
    path = tmp_path / "fox.png"
    path.write_text("mine")
    with pytest.raises(spark_t2i.FileError) as caught:
        image.save(path)
    assert isinstance(caught.value, OSError) and caught.value.task_id == image.task_id
    assert path.read_text() == "mine"
    image.save(path, overwrite=True)
    assert path.read_bytes().startswith(SIGNATURE)


def test_save_adds_the_extension_when_asked(image: Image, tmp_path: Path) -> None:
    assert image.save(tmp_path / "fox", add_extension=True).path == tmp_path / "fox.png"
    assert image.save(tmp_path / "bare").path == tmp_path / "bare"


@pytest.mark.parametrize("path", [None, 7, object()], ids=str)
def test_a_path_that_is_none(image: Image, path: Any) -> None:
    with pytest.raises(TypeError):
        image.save(path)


def test_open_gives_a_picture_of_pillow(image: Image) -> None:
    picture = image.open()
    assert isinstance(picture, PIL.Image.Image)
    assert (picture.format, picture.size) == ("PNG", (768, 512))
    picture.load()


def test_to_numpy_gives_rows_of_pixels(image: Image) -> None:
    pixels = image.to_numpy()
    assert pixels.dtype == numpy.uint8 and pixels.ndim == 3 and pixels.shape[:2] == (512, 768)
    assert pixels.shape[2] in (3, 4)
    assert pixels.std() > 0, "the picture has one colour only"
    assert tuple(pixels[10, 20])[:3] == image.open().convert("RGB").getpixel((20, 10))


def test_jupyter_shows_the_picture_and_its_cost(image: Image) -> None:
    assert image._repr_png_() == image.bytes()
    shown = image._repr_html_()
    address = re.search(r'src="data:image/png;base64,([^"]+)"', shown)
    assert address is not None and base64.b64decode(address[1]) == image.bytes()
    for told in (image.task_id, "768", "512", "0.0357"):
        assert told in shown
    assert FOX not in shown


def test_what_is_told_is_escaped_in_html(server: Any) -> None:
    server.status = 200
    server.body = (
        b'{"id":"t-1","status":"completed","usage":{"cost":"1"},"output":[{"content":[{"type":"image",'
        b'"url":"https://images.example/<script>.png","jobId":"<script>alert(1)</script>"}]}]}'
    )
    with Client(api_key=KEY, base_url=server.url, max_retries=0) as client:
        shown = repr(client.task("t-1").wait())
    assert "t-1" in shown


def test_it_is_shown_compared_and_hashed(image: Image, client: Client) -> None:
    assert repr(image).startswith("Image(") and image.task_id in repr(image)
    same = client.task(image.task_id).wait()
    assert same == image and hash(same) == hash(image) and len({same, image}) == 1
    other = client.generate(FOX)
    assert other != image
    assert image != image.task_id


def test_it_cannot_be_changed(image: Image) -> None:
    with pytest.raises(AttributeError):
        image.url = "https://elsewhere.example"  # type: ignore[misc] # pyright: ignore[reportAttributeAccessIssue]


def test_pickling_keeps_what_is_known_but_no_client(image: Image, tmp_path: Path) -> None:
    for other in (pickle.loads(pickle.dumps(image)), copy.deepcopy(image)):
        assert other == image and hash(other) == hash(image)
        assert (other.size, other.width, other.height) == (image.size, 768, 512)
        assert (other.cost, other.usage, other.snapshot) == (image.cost, image.usage, image.snapshot)
    assert KEY.encode() not in pickle.dumps(image)
    alone: Image = pickle.loads(pickle.dumps(image))
    for call in (alone.bytes, lambda: alone.save(tmp_path / "fox.png"), alone.open, alone.to_numpy):
        with pytest.raises(RuntimeError, match=re.escape("client.task(")):
            call()
    assert list(tmp_path.iterdir()) == []


def test_asynchronously(emulator: Emulator, tmp_path: Path) -> None:
    async def main() -> None:
        async with AsyncClient(api_key=KEY, base_url=emulator.url, **QUICK) as client:
            image = await client.generate(FOX, width=768, height=512)
            content = await image.bytes()
            saved = await image.save(tmp_path / "fox.png")
            assert saved.path.read_bytes() == content and len(content) == image.size
            assert (await image.open()).size == (768, 512)
            assert (await image.to_numpy()).shape[:2] == (512, 768)
            assert repr(image).startswith("AsyncImage(")
            again = pickle.loads(pickle.dumps(image))
            assert again == image and hash(again) == hash(image)
            with pytest.raises(RuntimeError, match=re.escape("client.task(")):
                await again.bytes()

    asyncio.run(main())


MISSING = """
import sys
sys.modules[sys.argv[1]] = None  # as if it were not installed
import spark_t2i
image = spark_t2i.Client(poll_interval=0.05).generate("a red fox")
try:
    getattr(image, sys.argv[2])()
except ImportError as error:
    print(type(error).__name__, error)
assert image.bytes().startswith(b"\\x89PNG")
"""


@pytest.mark.parametrize(
    ("module", "method", "name"),
    [("PIL", "open", "(Pillow|PIL)"), ("numpy", "to_numpy", "numpy"), ("PIL", "to_numpy", "(Pillow|PIL)")],
)
def test_what_is_missing_is_named(emulator: Emulator, module: str, method: str, name: str) -> None:
    done = run_python(MISSING, module, method, SPARK_T2I_API_KEY=KEY, SPARK_T2I_BASE_URL=emulator.url)
    assert (done.returncode, done.stderr) == (0, "")
    assert "Error" in done.stdout, "it did without"
    assert re.search(rf"needs {name}: pip install spark-t2i\[images\]", done.stdout), done.stdout


def test_they_are_imported_only_then(emulator: Emulator) -> None:
    script = """
import sys, spark_t2i
image = spark_t2i.Client(poll_interval=0.05).generate("a red fox")
image.bytes()
print([name for name in ("PIL", "numpy", "tqdm", "asyncio", "logging") if name in sys.modules])
"""
    done = run_python(script, SPARK_T2I_API_KEY=KEY, SPARK_T2I_BASE_URL=emulator.url)
    assert (done.stdout.strip(), done.stderr) == ("[]", "")
