"""A model cache that a test may add to."""

from pathlib import Path

from argusd.daemon.config import load_config


def linked_cache(folder: Path) -> Path:
    """A cache in this folder with the models that are here."""
    (folder / "models").mkdir(parents=True)
    for each in (load_config().cache_dir / "models").iterdir():
        (folder / "models" / each.name).symlink_to(each)
    return folder
