"""What watches the daemon, tried with a real Prometheus: alerts, and what Grafana's dashboard asks for."""

import asyncio
import json
import re
import shutil
import subprocess
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import aiohttp
import pytest
import yaml

from argusd.scheduler.contract.messages import Histogram

from ...api.fixtures import Rig, one_of_several, running_rig
from ...api.webhooks.listener import listening, webhook
from ...peers.installed import require_program
from ...ports import free_port
from ...shared_redis import shared_redis
from ...waiting import answered

HERE = Path(__file__).parent
COMPOSE = HERE.parents[2] / "daemon" / "compose"
ALERTS = yaml.safe_load((COMPOSE / "alerts.yml").read_text())["groups"][0]["rules"]
DASHBOARD = json.loads((COMPOSE / "grafana" / "argusd.json").read_text())
PANELS = [panel for panel in DASHBOARD["panels"] if panel["type"] != "row"]
EXPRESSIONS = [target["expr"] for panel in PANELS for target in panel["targets"]]
FIGURES = Histogram([0.1, 1.0], [4, 6], 0.25, 6)
# What a daemon tells nothing of before it happens, or only where it has a Redis of its own.
ONLY_AT_TIMES = frozenset(
    {
        "ml_evidence_bytes",
        "ml_evidence_total",
        "ml_infer_duration_seconds_bucket",
        "ml_ingest_dropped_total",
        "ml_ingest_frames_total",
        "ml_orchestrator_dispatch_latency_ms_bucket",
        "ml_infer_refused_total",
        "ml_store_repairs_total",
        "ml_store_unreadable_total",
        "ml_track_bits_per_second",
        "ml_tracks_with_clock",
        "ml_track_frames_per_second",
        "ml_track_jitter_ms",
        "ml_track_loss_ratio",
        "ml_track_round_trip_ms",
        "ml_video_tracks",
    }
)


def figures(expression: str) -> set[str]:
    """The figures that an expression names."""
    return set(re.findall(r"\bml_\w+", expression))


@asynccontextmanager
async def busy(folder: Path) -> AsyncIterator[Rig]:
    """One host of several with a webhook, a session, and a scheduler that has done a little of everything."""
    with shared_redis() as url:
        async with (
            listening() as listener,
            running_rig(folder, webhooks=(webhook(folder, listener.url),), **one_of_several("a", url)) as rig,
        ):
            await rig.api.publish("s1")
            rig.scheduler.tell_stats(
                reused={"face_detector": 60},
                stream_failures={"face": {"analyzer_failed": 1}},
                batch_size={"blazeface": FIGURES},
                infer_seconds={"blazeface": FIGURES},
                frame_age_seconds={"face": FIGURES},
            )
            await rig.api.until_metric("ml_sessions", 1)
            yield rig


@asynccontextmanager
async def prometheus(folder: Path, port: int) -> AsyncIterator[aiohttp.ClientSession]:
    """Prometheus with the configuration of compose.yaml, but for where and how often it asks."""
    config = yaml.safe_load((COMPOSE / "prometheus.yml").read_text())
    config["global"] = {"scrape_interval": "200ms", "evaluation_interval": "200ms"}
    (job,) = config["scrape_configs"]
    (folder / "token").write_text("nobody asks for it")
    job["authorization"]["credentials_file"] = str(folder / "token")
    job["static_configs"] = [{"targets": [f"127.0.0.1:{port}"]}]
    (folder / "prometheus.yml").write_text(yaml.safe_dump(config))
    shutil.copy(COMPOSE / "alerts.yml", folder)
    own = free_port()
    process = await asyncio.create_subprocess_exec(
        "prometheus",
        f"--config.file={folder}/prometheus.yml",
        f"--storage.tsdb.path={folder}/tsdb",
        f"--web.listen-address=127.0.0.1:{own}",
        stderr=subprocess.DEVNULL,
    )
    try:
        async with aiohttp.ClientSession(f"http://127.0.0.1:{own}") as http:
            yield http
    finally:
        process.terminate()
        await process.wait()


async def asked(http: aiohttp.ClientSession, expression: str) -> list[Any]:
    """What Prometheus answers to an expression; nothing while it is not up yet."""
    try:
        async with http.get("/api/v1/query", params={"query": expression}) as response:
            answer = await response.json()
    except aiohttp.ClientError:
        return []
    assert answer["status"] == "success", (expression, answer)
    result: list[Any] = answer["data"]["result"]
    return result


def written(expression: str) -> str:
    """An expression as Grafana sends it."""
    return expression.replace("$instance", ".*").replace("$__rate_interval", "1m")


async def test_prometheus_finds_what_every_panel_of_the_dashboard_asks_for(tmp_path: Path) -> None:
    require_program("prometheus")
    async with busy(tmp_path) as rig, prometheus(tmp_path, rig.api.config.port) as http:
        await answered(lambda: asked(http, "count_over_time(ml_sessions[1m])"), scraped_twice)
        for expression in EXPRESSIONS:
            found = await asked(http, written(expression))
            assert found or figures(expression) <= ONLY_AT_TIMES, expression


def scraped_twice(found: list[Any]) -> bool:
    return bool(found) and int(found[0]["value"][1]) >= 2


async def test_every_figure_that_is_watched_is_one_that_the_daemon_tells(tmp_path: Path) -> None:
    (tmp_path / "many").mkdir()
    (tmp_path / "alone").mkdir()
    told: set[str] = set()
    async with busy(tmp_path / "many") as one, running_rig(tmp_path / "alone") as alone:
        for rig in (one, alone):
            async with rig.api.http.get("/metrics") as response:
                told |= set(names(await response.text()))
    watched = figures(" ".join(EXPRESSIONS + [rule["expr"] for rule in ALERTS]))
    assert watched - told == {"ml_evidence_bytes"}, "told where a recorder is at work"
    parts = ("_bucket", "_sum", "_count")
    assert {name for name in told - watched if not name.endswith(parts)} == set(), "nobody watches these"


def test_what_an_alert_measures_can_be_looked_at_over_time() -> None:
    alarming = figures(" ".join(rule["expr"] for rule in ALERTS))
    assert alarming - figures(" ".join(EXPRESSIONS)) == {"ml_store_running", "ml_webhook_here"}, "yes or no"


def names(text: str) -> Iterator[str]:
    """The names under which Prometheus finds what `/metrics` shows, also of what has no value yet."""
    for name, kind in re.findall(r"^# TYPE (\w+) (\w+)$", text, re.MULTILINE):
        parts = ("_bucket", "_sum", "_count") if kind == "histogram" else ("",)
        yield from (f"{name}{part}" for part in parts)


def test_each_alert_fires_when_it_should_and_is_quiet_otherwise(tmp_path: Path) -> None:
    require_program("promtool")
    shutil.copy(COMPOSE / "alerts.yml", tmp_path)
    shutil.copy(HERE / "alerts_test.yml", tmp_path)
    command = ["promtool", "test", "rules", str(tmp_path / "alerts_test.yml")]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    tried = yaml.safe_load((HERE / "alerts_test.yml").read_text())["tests"][1]["promql_expr_test"][0]
    fired = {re.findall(r'"(\w+)"', each["labels"])[0] for each in tried["exp_samples"]}
    assert fired == {rule["alert"] for rule in ALERTS}


@pytest.mark.parametrize("rule", ALERTS, ids=lambda rule: str(rule["alert"]))
def test_an_alert_says_what_is_wrong_and_what_to_look_at(rule: dict[str, Any]) -> None:
    assert rule["labels"]["severity"] in ("warning", "critical")
    assert rule["annotations"].keys() == {"summary", "description"}
    assert all(text.endswith(".") for text in rule["annotations"].values())


def test_grafana_gets_the_dashboard_and_a_prometheus_to_ask() -> None:
    services = yaml.safe_load((HERE.parents[2] / "compose.yaml").read_text())["services"]
    mounted = [volume.split(":")[:2] for volume in services["grafana"]["volumes"]]
    assert all((HERE.parents[2] / source).is_file() for source, _ in mounted)
    (provider,) = yaml.safe_load((COMPOSE / "grafana" / "dashboards.yml").read_text())["providers"]
    (source,) = yaml.safe_load((COMPOSE / "grafana" / "datasource.yml").read_text())["datasources"]
    assert f"{provider['options']['path']}/argusd.json" in [target for _, target in mounted]
    listening_at = next(each for each in services["prometheus"]["command"] if "listen-address" in each)
    assert source["url"] == f"http://{listening_at.partition('=')[2]}"
    assert "./daemon/compose/alerts.yml:/etc/prometheus/alerts.yml:ro" in services["prometheus"]["volumes"]


def test_panels_lie_beside_and_below_each_other() -> None:
    taken: set[tuple[int, int]] = set()
    for panel in DASHBOARD["panels"]:
        at = panel["gridPos"]
        cells = {(x, y) for x in range(at["x"], at["x"] + at["w"]) for y in range(at["y"], at["y"] + at["h"])}
        assert not cells & taken, panel["title"]
        assert at["x"] + at["w"] <= 24
        taken |= cells
    ids = [panel["id"] for panel in DASHBOARD["panels"]]
    assert len(set(ids)) == len(ids)
