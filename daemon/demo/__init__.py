"""The sample clip, published and its findings shown."""
