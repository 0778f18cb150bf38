from __future__ import annotations

from ._errors import InternalError
from ._record import public, record

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Generic

    from typing_extensions import TypeVar

    from ._errors import SparkT2iError
    from ._image import Image, ImageBase
    from ._typing import RequestLike

    ImageT_co = TypeVar("ImageT_co", bound=ImageBase, default=Image, covariant=True)
else:
    from types import GenericAlias

    ImageT_co = "ImageT_co"

    class Generic:
        """Stands for ``typing.Generic``, whose import takes longer than that of this package."""

        __slots__ = ()
        __class_getitem__ = classmethod(GenericAlias)


@public
@record
class Generated(Generic[ImageT_co]):
    """What became of one request of ``generate_many``: an image, or an error."""

    index: int
    """Which request it was: its place among those given, from 0."""
    request: RequestLike
    """The request, as it was given."""
    image: ImageT_co | None
    """The image, where there is one."""
    error: SparkT2iError | None
    """Why there is none."""

    def unwrap(self) -> ImageT_co:
        """The image; raises the error where there is none."""
        if self.image is None:
            raise self.error or InternalError("a request ended with neither an image nor an error")
        return self.image
