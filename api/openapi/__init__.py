"""``/openapi.json``: the api described for programs."""
