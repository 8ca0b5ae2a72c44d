"""Colour as one 3×4 matrix: stored channels in, RGB in 0..255 out.

ITU-R BT.601, limited range: R = 1.164 (Y−16) + 1.596 (V−128) and so on, from Kr = 0.299, Kb = 0.114.
"""

import numpy as np
from numpy.typing import NDArray

KR, KB = 0.299, 0.114
KG = 1 - KR - KB
BLACK_YUV = (16, 128, 128)


def _yuv_to_rgb() -> NDArray[np.float64]:
    luma, chroma = 255 / 219, 255 / 224
    red_v, blue_u = 2 * (1 - KR) * chroma, 2 * (1 - KB) * chroma
    matrix = np.array(
        [
            [luma, 0, red_v],
            [luma, -blue_u * KB / KG, -red_v * KR / KG],
            [luma, blue_u, 0],
        ]
    )
    return np.hstack([matrix, -matrix @ np.array(BLACK_YUV, np.float64)[:, None]])


YUV_TO_RGB = _yuv_to_rgb()
