"""Finding, meshing and recognising faces."""
