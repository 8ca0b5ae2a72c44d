"""A caller's image to pixels."""

from argusd.kernels.errors import BadImage, ImageTooLarge
from argusd.kernels.pictures.image import decode_image

from ..contract.errors import BadPicture, PictureTooLarge
from .decoders import refusing
from .runner import Picture

MAX_PIXELS = 40_000_000


def decode_picture(data: bytes) -> Picture:
    """Decode a JPEG, PNG or WebP, upright by its EXIF orientation. Takes milliseconds: not for the loop.

    A JPEG of more than ``MAX_PIXELS`` becomes smaller; so what is found in pictures is told in parts of them.

    Raises:
        BadPicture: it is none of them, damaged, incomplete or empty.
        PictureTooLarge: it has more than ``MAX_PIXELS``, or a JPEG more than can be reduced to that; only its
            header was read.
    """
    with refusing(BadPicture("The image cannot be decoded.")):
        try:
            return Picture(decode_image(data, MAX_PIXELS))
        except BadImage as error:
            raise BadPicture(f"The image cannot be used: {error}.") from error
        except ImageTooLarge as error:
            raise PictureTooLarge(f"The image is too large: {error}.") from error
