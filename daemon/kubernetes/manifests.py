"""The manifests of ``base/`` and ``gpu/`` as ``kubectl kustomize`` makes them, where there is no kubectl.

Of kustomize this knows what the two folders use: resources, and JSON patches (RFC 6902) that add or replace.
"""

from collections.abc import Iterator
from importlib.resources import files
from importlib.resources.abc import Traversable
from typing import Any

import yaml

FOLDER = files(__package__)
GPU = "nvidia.com/gpu"

Manifest = dict[str, Any]


def manifests(gpus: int = 0, replicas: int | None = None) -> list[Manifest]:
    """Every manifest, in the order in which they are to be applied.

    ``gpus``: how many of its node's GPUs a host takes. ``replicas``: how many hosts there are at least.
    """
    made = list(kustomized(FOLDER, "gpu" if gpus else "base"))
    if gpus:
        container_of(the("Deployment", made))["resources"]["limits"][GPU] = gpus
    if replicas is not None:
        scale = the("HorizontalPodAutoscaler", made)["spec"]
        scale["minReplicas"] = replicas
        scale["maxReplicas"] = max(replicas, scale["maxReplicas"])
    return made


def the(kind: str, made: list[Manifest]) -> Manifest:
    """The only one of its kind."""
    (found,) = (each for each in made if each["kind"] == kind)
    return found


def container_of(deployment: Manifest) -> dict[str, Any]:
    """The container that serves."""
    container: dict[str, Any] = deployment["spec"]["template"]["spec"]["containers"][0]
    return container


def kustomized(root: Traversable, folder: str) -> Iterator[Manifest]:
    """The resources of a folder of ``root``, and of the one that it builds on, with its patches in them."""
    custom = read(root / folder / "kustomization.yaml")
    for resource in custom["resources"]:
        below = resource.removeprefix("../")
        found = kustomized(root, below) if below != resource else [read(root / folder / resource)]
        for manifest in found:
            for patch in custom.get("patches", ()):
                if patch["target"] == {"kind": manifest["kind"], "name": manifest["metadata"]["name"]}:
                    apply(yaml.safe_load(patch["patch"]), manifest)
            yield manifest


def read(file: Traversable) -> Manifest:
    """The one document of a YAML file."""
    manifest: Manifest = yaml.safe_load(file.read_text("utf-8"))
    return manifest


def apply(operations: list[dict[str, Any]], document: Manifest) -> None:
    """Carry out a JSON patch's ``add`` and ``replace``."""
    for operation in operations:
        *way, last = (step.replace("~1", "/") for step in operation["path"].split("/")[1:])
        place: Any = document
        for step in way:
            place = place[int(step) if isinstance(place, list) else step]
        if last == "-":
            place.append(operation["value"])
        else:
            place[last] = operation["value"]
