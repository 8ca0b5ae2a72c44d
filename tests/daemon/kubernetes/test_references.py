"""What the schemas leave open: the names by which one manifest means another, or of the cluster's."""

import tomllib
from typing import Any

import pytest

from argusd.api.routes.table import ROUTES
from argusd.daemon.kubernetes.manifests import GPU, container_of, manifests, the

MADE = manifests(gpus=1)
DEPLOYMENT = the("Deployment", MADE)
POD = DEPLOYMENT["spec"]["template"]["spec"]
CONTAINERS = [*POD["initContainers"], *POD["containers"]]
LABELS = DEPLOYMENT["spec"]["template"]["metadata"]["labels"]
ME = DEPLOYMENT["metadata"]["name"]


def test_all_lie_in_the_namespace() -> None:
    (name,) = (each["metadata"]["name"] for each in MADE if each["kind"] == "Namespace")
    assert {each["metadata"].get("namespace", name) for each in MADE} == {name}


def test_selectors_mean_the_pods() -> None:
    (rule,) = POD["affinity"]["podAntiAffinity"]["requiredDuringSchedulingIgnoredDuringExecution"]
    assert the("Service", MADE)["spec"]["selector"] == LABELS
    for selecting in (DEPLOYMENT["spec"], the("PodDisruptionBudget", MADE)["spec"]):
        assert selecting["selector"] == {"matchLabels": LABELS}
    assert rule == {"topologyKey": "kubernetes.io/hostname", "labelSelector": {"matchLabels": LABELS}}


def test_the_autoscaler_means_the_deployment_and_two_figures_of_its_pods() -> None:
    scale = the("HorizontalPodAutoscaler", MADE)["spec"]
    assert scale["scaleTargetRef"] == {"apiVersion": "apps/v1", "kind": "Deployment", "name": ME}
    assert [each["pods"]["metric"]["name"] for each in scale["metrics"]] == [
        "ml_host_load",
        "ml_sessions",
    ]
    assert "replicas" not in DEPLOYMENT["spec"]


@pytest.mark.parametrize("container", CONTAINERS, ids=lambda each: str(each["name"]))
def test_a_container_mounts_volumes_that_are_there_and_is_closed(container: dict[str, Any]) -> None:
    volumes = {each["name"] for each in POD["volumes"]}
    assert {each["name"] for each in container["volumeMounts"]} <= volumes
    assert container["securityContext"] == {
        "allowPrivilegeEscalation": False,
        "readOnlyRootFilesystem": True,
        "capabilities": {"drop": ["ALL"]},
    }
    resources = container["resources"]
    assert resources["requests"].keys() == {"cpu", "memory"}
    assert resources["limits"].keys() - {GPU} == {"memory"}


def test_volumes_mean_what_is_there_and_the_secret_of_the_guide() -> None:
    volumes = {each["name"]: each for each in POD["volumes"]}
    claim = the("PersistentVolumeClaim", MADE)["metadata"]["name"]
    config, secret = volumes["config"]["projected"]["sources"]
    assert volumes["models"]["persistentVolumeClaim"]["claimName"] == claim
    assert config == {"configMap": {"name": the("ConfigMap", MADE)["metadata"]["name"]}}
    of_variables = [
        each["valueFrom"]["secretKeyRef"]
        for each in container_of(DEPLOYMENT)["env"]
        if "secretKeyRef" in each.get("valueFrom", {})
    ]
    assert of_variables == [{"name": secret["secret"]["name"], "key": "redis-url"}]
    assert [each["key"] for each in secret["secret"]["items"]] == ["token", "metrics-token"]


def test_probes_and_the_service_ask_the_port_for_what_the_api_has() -> None:
    serving = container_of(DEPLOYMENT)
    port, _media = serving["ports"]
    assert the("Service", MADE)["spec"]["ports"][0]["targetPort"] == port["name"]
    asked = {name: serving[f"{name}Probe"]["httpGet"] for name in ("startup", "readiness", "liveness")}
    assert {each["port"] for each in asked.values()} == {port["name"]}
    assert {name: each["path"] for name, each in asked.items()} == {
        "startup": "/health",
        "readiness": "/ready",
        "liveness": "/health",
    }
    assert {"/ready", "/health"} <= {route.path for route in ROUTES if route.method == "GET" and route.public}


def test_the_port_for_media_is_named_so_that_no_other_pod_gets_it() -> None:
    config = tomllib.loads(the("ConfigMap", MADE)["data"]["argusd.toml"])
    _http, media = container_of(DEPLOYMENT)["ports"]
    assert (str(media["containerPort"]), media["protocol"]) == (config["ingest"]["udp_ports"], "UDP")


def test_a_new_version_may_wait_until_older_hosts_have_drained() -> None:
    assert DEPLOYMENT["spec"]["progressDeadlineSeconds"] > POD["terminationGracePeriodSeconds"]


def test_who_drains_is_not_evicted_and_who_is_lost_is_replaced() -> None:
    annotations = DEPLOYMENT["spec"]["template"]["metadata"]["annotations"]
    assert annotations == {"cluster-autoscaler.kubernetes.io/safe-to-evict": "false"}
    assert [(each["key"], each["effect"]) for each in POD["tolerations"]] == [
        ("node.kubernetes.io/unreachable", "NoExecute"),
        ("node.kubernetes.io/not-ready", "NoExecute"),
        (GPU, "NoSchedule"),
    ]
    assert (POD["hostNetwork"], POD["dnsPolicy"]) == (True, "ClusterFirstWithHostNet")
