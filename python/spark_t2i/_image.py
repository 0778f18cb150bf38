from __future__ import annotations

import builtins

from ._base import Handle, finish, require
from ._record import public, record

TYPE_CHECKING = False
if TYPE_CHECKING:
    from decimal import Decimal
    from typing import Any

    import numpy
    import PIL.Image

    from ._library import native
    from ._typing import Seconds, StrPath
    from ._values import Saved, TaskSnapshot, Usage

# A notebook shall not hang for ten minutes because it wants to show something.
_SECONDS_TO_SHOW = 30

_SIGNATURES = {
    b"\x89PNG\r\n\x1a\n": (0, "image/png"),
    b"\xff\xd8\xff": (0, "image/jpeg"),
    b"GIF8": (0, "image/gif"),
    b"WEBP": (8, "image/webp"),
    b"ftypavif": (4, "image/avif"),
}


@record
class AboutImage:
    """What is known of an image without fetching it."""

    task_id: str
    url: str
    size: int | None
    job_id: str | None
    width: int | None
    height: int | None
    snapshot: TaskSnapshot


class ImageBase(Handle):
    def __init__(self, image: native.Image | AboutImage) -> None:
        # Out of a pickle comes what is known of it alone, without a client.
        self._open: native.Image | None = None if isinstance(image, AboutImage) else image
        self._known: AboutImage | None = image if isinstance(image, AboutImage) else None
        self._shown: builtins.bytes | None = None

    @property
    def task_id(self) -> str:
        """The id of the task that made it."""
        return self._about.task_id

    @property
    def url(self) -> str:
        """Where the image lies. Such addresses may expire."""
        return self._about.url

    @property
    def size(self) -> int | None:
        """The size of the file in bytes, where the service told it."""
        return self._about.size

    @property
    def job_id(self) -> str | None:
        """The identifier of the job behind the task."""
        return self._about.job_id

    @property
    def width(self) -> int | None:
        """The width in pixels that was asked for; none for a task taken up by its id."""
        return self._about.width

    @property
    def height(self) -> int | None:
        """The height in pixels that was asked for; none for a task taken up by its id."""
        return self._about.height

    @property
    def snapshot(self) -> TaskSnapshot:
        """What the service said of the task, its raw JSON included."""
        return self._about.snapshot

    @property
    def usage(self) -> Usage | None:
        """What the task used and cost, where the service told it."""
        return self._about.snapshot.usage

    @property
    def cost(self) -> Decimal | None:
        """The cost in USD, exactly as the service gave it."""
        usage = self.usage
        return None if usage is None else usage.cost

    @property
    def _about(self) -> AboutImage:
        # Most images are only saved: what is known of them is made into objects for those who ask.
        if self._known is None:
            self._known = self._native.about()
        return self._known

    @property
    def _native(self) -> native.Image:
        if self._open is None:
            raise RuntimeError(
                "this image was pickled, and has no client to fetch it with: "
                f'fetch it by client.task("{self.task_id}").wait()'
            )
        return self._open

    def __repr__(self) -> str:
        return (
            f"{type(self).__name__}(task_id={self.task_id!r}, url={self.url!r}, size={self.size!r}, "
            f"width={self.width!r}, height={self.height!r}, cost={self.cost!r})"
        )

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, ImageBase):
            return NotImplemented
        return (self.task_id, self.url) == (other.task_id, other.url)

    def __hash__(self) -> int:
        return hash((self.task_id, self.url))

    def __reduce__(self) -> tuple[Any, ...]:
        return type(self), (self._about,)

    def _to_show(self) -> builtins.bytes:
        # Displaying is not asynchronous in any notebook: this blocks, in AsyncImage too.
        if self._shown is None:
            self._shown = finish(self._native.bytes(_SECONDS_TO_SHOW))
        return self._shown

    def _repr_png_(self) -> builtins.bytes | None:
        """The picture for a notebook or an IDE, if it is a PNG and can be had."""
        try:
            data = self._to_show()
        except Exception:
            return None
        return data if _media_type(data) == "image/png" else None

    def _repr_html_(self) -> str:
        """The picture for a notebook, with size, cost and task below it; or why it cannot be had."""
        from base64 import b64encode
        from html import escape

        facts = [f"task {self.task_id}"]
        if self.cost is not None:
            facts.insert(0, f"{self.cost} USD")
        if self.width is not None:
            facts.insert(0, f"{self.width} × {self.height}")
        try:
            data = self._to_show()
        except Exception as error:
            picture = f"<p>cannot be shown: {escape(str(error))}</p>"
        else:
            source = f"data:{_media_type(data)};base64,{b64encode(data).decode()}"
            picture = f'<img src="{source}" alt="image of task {escape(self.task_id)}" style="max-width: 100%">'
        return f"<figure>{picture}<figcaption>{escape(' · '.join(facts))}</figcaption></figure>"


@public
class Image(ImageBase):
    """A finished image at the service. A handle: nothing is downloaded before `bytes`, `save` or `open`.

    Images are compared and hashed by task and address. A pickled image keeps all that is known of it, but cannot be
    fetched any more: for that, take up its task by ``client.task(image.task_id)``. In a notebook it shows itself.
    """

    def bytes(self, *, timeout: Seconds | None = None) -> builtins.bytes:
        """Fetches the image into memory: whole, checked against its promised size and its own signature; 64 MiB at most.

        `timeout` stands in place of the client's `wait_timeout`.

        Raises `DownloadError` when it cannot be fetched or is no whole image, and `DeadlineExceededError`. Both have
        the task's id, by which the image can be fetched again.
        """
        return finish(self._native.bytes(timeout))

    def save(
        self,
        path: StrPath,
        *,
        overwrite: bool = False,
        add_extension: bool = False,
        timeout: Seconds | None = None,
    ) -> Saved:
        """Fetches the image into a file, which is whole or absent: written beside the target, checked, synced, renamed.

        path: taken as it is; its folder has to be there.
        overwrite: replaces a file that is there already, at once and whole. By default such a file is not touched.
        add_extension: adds the extension of the image's own format to the path.
        timeout: in place of the client's `wait_timeout`.

        Raises `FileError` when the target exists or cannot be written; else what `bytes` raises.
        """
        return finish(self._native.save(path, overwrite, add_extension, timeout))

    def open(self) -> PIL.Image.Image:
        """Fetches the image and decodes it with Pillow (``pip install spark-t2i[images]``).

        Raises ModuleNotFoundError where there is no Pillow; else what `bytes` raises.
        """
        require("images", "PIL")
        return decode(self.bytes())

    def to_numpy(self) -> numpy.ndarray[Any, numpy.dtype[numpy.uint8]]:
        """Fetches the image into an array (height, width, channels) of uint8; three channels, or four with transparency.

        Raises ModuleNotFoundError where there is no Pillow or numpy (``pip install spark-t2i[images]``); else what
        `bytes` raises.
        """
        require("images", "PIL", "numpy")
        return to_array(decode(self.bytes()))


def decode(data: bytes) -> PIL.Image.Image:
    """Decodes a file that was fetched, to its last pixel."""
    import io

    import PIL.Image

    image = PIL.Image.open(io.BytesIO(data))
    image.load()
    return image


def to_array(image: PIL.Image.Image) -> numpy.ndarray[Any, numpy.dtype[numpy.uint8]]:
    """The pixels as (height, width, channels); palettes and other colour spaces become RGB or RGBA."""
    import numpy

    if image.mode not in ("RGB", "RGBA"):
        transparent = image.mode in ("LA", "La", "PA", "RGBa") or "transparency" in image.info
        image = image.convert("RGBA" if transparent else "RGB")
    return numpy.array(image, dtype=numpy.uint8)


def _media_type(data: bytes) -> str:
    for signature, (offset, media_type) in _SIGNATURES.items():
        if data.startswith(signature, offset):
            return media_type
    return "application/octet-stream"
