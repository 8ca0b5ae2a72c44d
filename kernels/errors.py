"""Errors of the pixel kernels; each class has a stable ``code``."""

from argusd.scheduler.contract.errors import ArgusdError, BadPicture, PictureTooLarge


class KernelError(ArgusdError):
    """Any error of this folder."""

    code = "kernel_error"


class BadImage(KernelError):
    """The bytes are not an image we can decode."""

    code = BadPicture.code


class ImageTooLarge(KernelError):
    """The image's header announces more pixels than are allowed; nothing was decoded."""

    code = PictureTooLarge.code


class BadFeatures(KernelError):
    """The bytes are not packed features of a picture."""

    code = "bad_features"
