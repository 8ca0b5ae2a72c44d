"""Where weights come from: manifest, sources, importers, store."""
