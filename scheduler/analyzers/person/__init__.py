"""One person before the camera: what a stream of landmarks says of them."""
