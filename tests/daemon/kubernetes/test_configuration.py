"""The configuration that the manifests and compose.yaml hand to a daemon is one that it takes."""

from pathlib import Path

import pytest
import yaml

from argusd.daemon.config import resolve
from argusd.daemon.kubernetes.manifests import container_of, manifests, the
from argusd.daemon.supervision.stopping import grace_s

ROOT = Path(__file__).parents[3]
ADDRESS, POD, REDIS = "192.0.2.7", "argusd-7d9c4b5f6-x2v9k", "redis://redis.example:6379/0"


@pytest.fixture
def tokens(tmp_path: Path) -> Path:
    """The folder in which the tokens lie."""
    for name in ("token", "metrics-token"):
        (tmp_path / name).write_text(name)
    return tmp_path


def test_a_pod_knows_its_address_its_name_and_its_redis(tokens: Path) -> None:
    made = manifests()
    file = tokens / "argusd.toml"
    file.write_text(the("ConfigMap", made)["data"]["argusd.toml"].replace("/etc/argusd", str(tokens)))
    kubelet = {"NODE_ADDRESS": ADDRESS, "ARGUSD_CLUSTER__HOST_ID": POD, "ARGUSD_API__REDIS_URL": REDIS}
    told = {each["name"]: each.get("value") for each in container_of(the("Deployment", made))["env"]}
    assert told.keys() - kubelet.keys() == {"ARGUSD_CLUSTER__URL", "ARGUSD_CONFIG"}
    assert Path(str(told["ARGUSD_CONFIG"])) == Path("/etc/argusd/argusd.toml")
    url = str(told["ARGUSD_CLUSTER__URL"]).replace("$(NODE_ADDRESS)", ADDRESS)

    config = resolve({**kubelet, "ARGUSD_CLUSTER__URL": url, "ARGUSD_CONFIG": str(file)})

    cluster = config.api.cluster
    assert cluster is not None
    assert (cluster.url, cluster.host_id, cluster.whip) == ("http://192.0.2.7:8015", POD, "relay")
    assert (config.api.host, config.api.port, config.api.redis_url) == ("0.0.0.0", 8015, REDIS)
    assert [token.scopes for token in config.api.tokens if not token.unrestricted] == [("watch",)]
    pod = the("Deployment", made)["spec"]["template"]["spec"]
    assert pod["terminationGracePeriodSeconds"] > cluster.drain_s + grace_s("serve", config.shutdown_s)


def test_its_folders_are_volumes_since_its_root_is_only_read(tokens: Path) -> None:
    made = manifests()
    file = tokens / "argusd.toml"
    file.write_text(the("ConfigMap", made)["data"]["argusd.toml"].replace("/etc/argusd", str(tokens)))
    config = resolve({"ARGUSD_CONFIG": str(file)})
    container = container_of(the("Deployment", made))
    volumes = {Path(each["mountPath"]): each.get("readOnly", False) for each in container["volumeMounts"]}
    assert container["securityContext"]["readOnlyRootFilesystem"]
    assert volumes == {
        Path("/etc/argusd"): True,
        config.cache_dir: True,
        config.state_dir: False,
        config.runtime_dir: False,
        Path("/tmp"): False,
    }


def test_pods_are_not_told_of_every_service_around_them() -> None:
    pod = the("Deployment", manifests())["spec"]["template"]["spec"]
    assert pod["enableServiceLinks"] is False


def test_compose_hands_over_what_the_daemon_and_prometheus_read(tokens: Path) -> None:
    compose = yaml.safe_load((ROOT / "compose.yaml").read_text())
    services = compose["services"]
    environment = services["argusd"]["environment"]
    told = {name: value.replace("/run/secrets", str(tokens)) for name, value in environment.items()}
    config = resolve(told)
    assert [token.read() for token in config.api.tokens] == ["token", "metrics-token"]

    prometheus = yaml.safe_load((ROOT / "daemon/compose/prometheus.yml").read_text())
    (job,) = prometheus["scrape_configs"]
    assert job["authorization"]["credentials_file"] == f"/run/secrets/{services['prometheus']['secrets'][0]}"
    assert job["static_configs"] == [{"targets": [f"127.0.0.1:{config.api.port}"]}]
