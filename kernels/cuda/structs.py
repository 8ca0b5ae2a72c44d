"""The structs and sizes that Python and the CUDA sources share; these do not compile where they disagree."""

import numpy as np

PIXELS = np.dtype(
    [
        ("y", np.int64),
        ("u", np.int64),
        ("v", np.int64),
        ("rows", np.int32),
        ("columns", np.int32),
        ("y_stride", np.int32),
        ("c_stride", np.int32),
        ("layout", np.int32),
    ],
    align=True,
)
"""Where a picture's pixels lie: addresses, strides in bytes. Odd sizes of I420 and NV12 are rounded down."""

CROP = np.dtype(
    [("pixels", PIXELS), ("halvings", np.int32), ("fits", np.int32), ("matrix", np.float64, (2, 3))],
    align=True,
)
"""The same and how a square of it is sampled, as in ``crop.cu``."""

CANDIDATE = np.dtype(
    [("box", np.float64, 4), ("score", np.float64), ("place", np.int32), ("label", np.int32)], align=True
)
"""What a detector finds before boxes that overlap become one, as in ``decode.cu``."""

PIECE = np.dtype([("from", np.int64), ("to", np.int64), ("words", np.int64)], align=True)
"""What is copied from the host to the device, as in ``stage.cu``."""

CAPACITY = 512  # candidates of one row; a multiple of 64
BOXES = 64  # of one row

DEFINES = (
    f"-DPIXELS_BYTES={PIXELS.itemsize}",
    f"-DCROP_BYTES={CROP.itemsize}",
    f"-DCANDIDATE_BYTES={CANDIDATE.itemsize}",
    f"-DPIECE_BYTES={PIECE.itemsize}",
    f"-DCAPACITY={CAPACITY}",
    f"-DBOXES={BOXES}",
)
