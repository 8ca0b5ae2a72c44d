"""What people would take instead of argusd: small servers of the same ONNX files, one module each.

Each runs in a virtual environment of its own (``environments.py``), and imports of argusd only what prepares
inputs, decodes outputs and judges them, so that what differs is how requests and frames become batches.
"""
