"""The processes behind the api: connected, judged, chosen."""
