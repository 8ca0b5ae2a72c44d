"""A word that a text reader reads to show that it runs here."""

import cv2
import numpy as np
from numpy.typing import NDArray


def trial_page() -> NDArray[np.uint8]:
    """Black letters on white, u8 ``[64, 256, 3]``."""
    page = np.full((64, 256, 3), 255, np.uint8)
    cv2.putText(page, "argusd", (32, 44), cv2.FONT_HERSHEY_SIMPLEX, 1.2, (0, 0, 0), 3)
    return page
