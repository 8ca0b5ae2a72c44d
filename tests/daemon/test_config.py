from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from argusd.api.config import ClusterConfig, LlmProfile
from argusd.daemon.config import Config, resolve
from argusd.daemon.errors import ConfigInvalid
from argusd.daemon.settings.keys import KEYS
from argusd.daemon.supervision.preflight import check_one_of_many
from argusd.ingest.ice.ice_servers import IceServer

WriteToml = Callable[[str], dict[str, str]]


@pytest.fixture
def toml(tmp_path: Path) -> WriteToml:
    """Writes a configuration file; returns the environment that names it."""

    def write(text: str) -> dict[str, str]:
        file = tmp_path / "argusd.toml"
        file.write_text(text)
        return {"ARGUSD_CONFIG": str(file)}

    return write


def test_defaults_need_nothing() -> None:
    config = resolve({})
    assert config.api.port == 8015
    assert config.api.host == "127.0.0.1"
    assert config.scheduler.device == "auto"
    assert config.state_dir == Path("~/.local/state/argusd").expanduser()
    assert config.runtime_dir == config.state_dir / "run"


def test_what_processes_share_is_the_same_in_all_of_them(tmp_path: Path) -> None:
    config = resolve({"ARGUSD_STATE_DIR": str(tmp_path), "ARGUSD_INGEST_WORKERS": "3"})
    sections = (config.api, config.ingest, config.scheduler)
    assert {section.runtime_dir for section in sections} == {tmp_path / "run"}
    assert (config.api.ingest_workers, config.ingest.workers, config.scheduler.ingest_workers) == (3, 3, 3)
    assert [config.ingest_worker(n).worker for n in range(3)] == [0, 1, 2]


def test_a_worker_that_is_not_configured_is_refused() -> None:
    with pytest.raises(ConfigInvalid, match="no ingest worker 7"):
        resolve({}).ingest_worker(7)


@pytest.mark.parametrize(
    ("environment", "expected"),
    [
        ({}, 8001),
        ({"PORT": "8002"}, 8002),
        ({"PORT": "8002", "ARGUSD_API__PORT": "8003"}, 8003),
    ],
)
def test_the_environment_goes_over_older_names_over_the_file(
    toml: WriteToml, environment: dict[str, str], expected: int
) -> None:
    assert resolve(toml("[api]\nport = 8001") | environment).api.port == expected


@pytest.mark.parametrize(
    ("variable", "value", "read"),
    [
        ("REDIS_URL", "redis://cache:6379/2", lambda config: config.api.redis_url),
        ("PROCTORING_ML_DEVICE", "cuda:1", lambda config: config.scheduler.device),
        ("OCR_LANGUAGES", "en,hi", lambda config: config.api.ocr_languages),
        ("YOLO_MODEL", "yolov8n", lambda config: config.scheduler.models["object_detector"]),
        ("HUGGINGFACE_TOKEN", "hf_s3cret", lambda config: config.huggingface_token),
        ("ARGUSD_HUGGINGFACE_TOKEN", "hf_s3cret", lambda config: config.huggingface_token),
        ("ARGUSD_API__REDIS_URL", "unix:///run/redis.sock", lambda config: config.api.redis_url),
        ("ARGUSD_LOG_LEVEL", "debug", lambda config: config.logs.level),
        ("ARGUSD_CACHE_DIR", "/var/cache/argusd", lambda config: str(config.scheduler.cache_dir)),
        ("ARGUSD_TOKEN", "s3cret", lambda config: config.client_token),
        ("ARGUSD_API__LLM__FAST__MODEL", "provider/m", lambda config: config.api.llm["fast"].model),
        ("NOTIFY_SOCKET", "/run/notify", lambda config: config.notify_socket),
    ],
)
def test_each_variable_reaches_its_key(variable: str, value: str, read: Callable[[Config], object]) -> None:
    assert read(resolve({variable: value})) == value


@pytest.mark.parametrize(
    "variables",
    [
        {"ARGUSD_URL": "http://ml:8015"},
        {
            "ARGUSD_SERVICE_HOST": "10.96.0.7",
            "ARGUSD_SERVICE_PORT": "8015",
            "ARGUSD_SERVICE_PORT_HTTP": "8015",
        },
        {"ARGUSD_PORT": "tcp://10.96.0.7:8015", "ARGUSD_PORT_8015_TCP": "tcp://10.96.0.7:8015"},
        {"ARGUSD_PORT_8015_TCP_PROTO": "tcp", "ARGUSD_PORT_8015_TCP_ADDR": "10.96.0.7"},
        {"ARGUSD_REDIS_SERVICE_HOST": "10.96.0.8", "ARGUSD_REDIS_PORT": "tcp://10.96.0.8:6379"},
    ],
)
def test_what_clients_and_kubernetes_set_is_no_key(variables: dict[str, str]) -> None:
    assert resolve(variables).api == resolve({}).api


def test_the_older_names_of_a_language_model_make_the_default_profile() -> None:
    older = {"PROXYLLM_URL": "http://llm:4000/v1", "PROXYLLM_KEY": "s3cret", "PROXYLLM_MODEL": "judge"}
    assert resolve(older).api.llm == {
        "default": LlmProfile(model="judge", base_url="http://llm:4000/v1", api_key="s3cret")
    }


@pytest.mark.parametrize(
    ("variables", "problem"),
    [
        ({"PROXYLLM_URL": "http://llm:4000/v1"}, "model is missing; it must be text"),
        ({"PROXYLLM_MODEL": "judge", "PROXYLLM_URL": "file:///etc/passwd"}, "base_url"),
        ({"PROXYLLM_MODEL": "judge", "ARGUSD_API__LLM__DEFAULT__TIMEOUT_S": "0"}, "timeout_s"),
    ],
)
def test_a_language_model_profile_that_cannot_work_is_refused(
    variables: dict[str, str], problem: str
) -> None:
    with pytest.raises(ConfigInvalid, match=problem):
        resolve(variables)


CLUSTER = {"ARGUSD_CLUSTER__URL": "http://10.0.0.1:8015"}
REDIS = {"ARGUSD_API__REDIS_URL": "redis://cache"}
WEBHOOK = "[[api.webhooks]]\nname = 'exams'\nsecret_file = 'exams.secret'"
TOKENS = {"ARGUSD_API__TOKENS": '[{secret = "s3cret"}]'}


def test_a_host_is_one_of_many_where_the_others_are_told_its_url() -> None:
    assert resolve({"ARGUSD_CLUSTER__HOST_ID": "a"}).api.cluster is None
    config = resolve(CLUSTER | REDIS | TOKENS | {"ARGUSD_CLUSTER__HOST_ID": "a"})
    assert config.api.cluster == ClusterConfig(url="http://10.0.0.1:8015", host_id="a", drain_s=21_600)


@pytest.mark.parametrize("url", ["http://[fd00::1]:8015", "https://host-1.example", "http://10.0.0.1:8015/"])
def test_a_host_may_be_reached_by_a_name_or_by_an_address_of_either_kind(url: str) -> None:
    cluster = resolve(CLUSTER | {"ARGUSD_CLUSTER__URL": url}).api.cluster
    assert cluster is not None
    assert cluster.url == url


@pytest.mark.parametrize(
    ("variables", "problem"),
    [
        (CLUSTER | TOKENS, "cluster.url needs api.redis_url"),
        (CLUSTER | REDIS, r"cluster.url needs api.tokens or api.jwt"),
        (CLUSTER | REDIS | TOKENS | {"ARGUSD_CLUSTER__URL": "10.0.0.1:8015"}, "cluster.url"),
        ({"ARGUSD_CLUSTER__URL": "http://fd00::1:8015"}, "cluster.url must be .* IPv6 address in brackets"),
        ({"ARGUSD_CLUSTER__URL": "http://10.0.0.1:8015/argusd"}, "cluster.url must be .* without a path"),
        ({"ARGUSD_CLUSTER__URL": "http://10.0.0.1:80150"}, "cluster.url must be .* a port from 1 to 65535"),
        ({"ARGUSD_CLUSTER__URL": "http://0.0.0.0:8015"}, "cluster.url must be an address or a name"),
        ({"ARGUSD_CLUSTER__URL": "http://[::]:8015"}, "cluster.url must be an address or a name"),
        ({"ARGUSD_CLUSTER__URL": "http://10.0.0.300:8015"}, "cluster.url must be an address or a name"),
        (CLUSTER | REDIS | TOKENS | {"ARGUSD_CLUSTER__HOST_ID": "a/b"}, "cluster.host_id"),
        ({"ARGUSD_CLUSTER__DRAIN_S": "0"}, "cluster.drain_s"),
        ({"ARGUSD_API__CLUSTER__URL": "http://10.0.0.1:8015"}, "api.cluster follows from other keys"),
    ],
)
def test_a_host_that_cannot_be_one_of_many_is_refused(variables: dict[str, str], problem: str) -> None:
    with pytest.raises(ConfigInvalid, match=problem):
        check_one_of_many(resolve(variables).api)


def test_a_process_that_is_shown_no_secrets_starts_beside_an_api_that_is() -> None:
    assert resolve(CLUSTER).ingest_worker(0)


def test_a_value_with_brackets_is_toml() -> None:
    config = resolve(
        {
            "ARGUSD_API__TOKENS": '[{secret = "a", session_prefix = "kyc-"}, {secret = "b"}]',
            "ARGUSD_INGEST__ICE_ADDRESSES": '["127.0.0.1"]',
            "ARGUSD_SCHEDULER__MODELS": '{face_detector = "blazeface"}',
        }
    )
    assert [token.secret for token in config.api.tokens] == ["a", "b"]
    assert config.client_token == "b"  # the first that reaches every session
    assert config.ingest.ice_addresses == ("127.0.0.1",)
    assert config.scheduler.models == {"face_detector": "blazeface"}


def test_the_schedulers_know_how_many_they_are_and_so_does_the_api() -> None:
    config = resolve({"ARGUSD_SCHEDULER__COUNT": "2"})
    assert config.api.schedulers == 2
    names = [config.scheduler_process("live", index).name for index in range(2)]
    assert [*names, config.scheduler_process("bulk", 0).name] == [
        "scheduler-0",
        "scheduler-1",
        "scheduler-bulk",
    ]


def test_each_named_device_has_a_live_scheduler(toml: WriteToml) -> None:
    config = resolve(toml("[scheduler]\ndevices = ['cuda:0', 'cuda:0', 'cuda:1']"))
    assert config.api.schedulers == 3
    live = [config.scheduler_process("live", index).own_device for index in range(3)]
    assert live == ["cuda:0", "cuda:0", "cuda:1"]
    assert config.scheduler_process("bulk", 0).own_device == "auto"
    with pytest.raises(ConfigInvalid, match="there is no live scheduler 3; 3 are configured"):
        config.scheduler_process("live", 3)


def test_each_gpu_has_a_live_scheduler_unless_their_number_is_configured(
    toml: WriteToml, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("argusd.daemon.config.usable_gpus", lambda _engine: 3)
    for text, live in (
        ("", 3),
        ("[scheduler]\ncount = 2", 2),
        ("[scheduler]\ndevice = 'cpu'", 1),
        ("[scheduler]\ndevices = ['cuda:0']", 1),
    ):
        config = resolve(toml(text))
        assert (config.scheduler.live, config.api.schedulers) == (live, live)
    monkeypatch.setattr("argusd.daemon.config.usable_gpus", lambda _engine: 0)
    assert resolve({}).scheduler.live == 1


def test_publishers_are_told_of_the_servers_that_ingest_uses_unless_others_are_named(toml: WriteToml) -> None:
    text = "[[ingest.ice_servers]]\nurls = ['stun:ours.example']\n"
    config = resolve(toml(text))
    assert config.api.ice_servers == config.ingest.ice_servers == (IceServer(urls=("stun:ours.example",)),)
    config = resolve(toml(text + "[[api.ice_servers]]\nurls = ['stun:theirs.example']\n"))
    assert config.api.ice_servers == (IceServer(urls=("stun:theirs.example",)),)
    assert resolve(toml(text + "[api]\nice_servers = []\n")).api.ice_servers == ()


def test_a_turn_servers_credential_is_in_no_complaint() -> None:
    servers = '[{urls = ["turn:turn.example"], credential = "s3cret"}]'
    with pytest.raises(ConfigInvalid, match="ice_servers: a TURN server needs username") as caught:
        resolve({"ARGUSD_INGEST__ICE_SERVERS": servers})
    assert "s3cret" not in str(caught.value)


@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        ("[api]\nprot = 1", "unknown configuration key api.prot; did you mean api.port?"),
        ("stat_dir = '/x'", "unknown configuration key stat_dir; did you mean state_dir?"),
        ("[gpu]\nx = 1", "unknown configuration key gpu"),
        ("[scheduler]\nstate_dir = '/x'", "scheduler.state_dir follows from other keys"),
        ("[scheduler]\nindex = 1", "scheduler.index follows from other keys"),
        ("[scheduler]\ncount = -1", "scheduler.count must be a whole number from 0 to 64"),
        ("[api]\nschedulers = 2", "api.schedulers follows from other keys"),
        ("[ingest]\nworker = 1", "ingest.worker follows from other keys"),
        ("[api]\nport = 'eighty'", "api.port must be a whole number from 0 to 65535"),
        ("port = 1", "unknown configuration key port; did you mean api.port?"),
        ("[api]\nmax_width = 1", "unknown configuration key api.max_width; did you mean ingest.max_width?"),
        ("[[api.tokens]]\nsecert = 'x'", "api.tokens[0].secert is not known; did you mean secret?"),
        (f"{WEBHOOK}\nurl = 'ftp://app.example/'", "api.webhooks[0].url must be http:// or https://"),
        (f"{WEBHOOK}\nurl = 'https://a..b/'", "api.webhooks[0].url must be http:// or https://"),
        (f"{WEBHOOK}\nurl = 'https://{64 * 'x'}/'", "api.webhooks[0].url must be http:// or https://"),
        ("[cluster]\nurl = 'http://a..b:8015'", "cluster.url must be http:// or https://"),
        (f"{WEBHOOK}\nurl = 'https://x/'\ntypes = ['finding']", "api.webhooks[0].types"),
        (2 * f"{WEBHOOK}\nurl = 'https://x/'\n", "api.webhooks must each have a name of its own"),
        ("[api.llm.judge]\nmodle = 'x'", "modle is not known; did you mean model?"),
        ("[scheduler.models]\nface_detctor = 'x'", "no role face_detctor; did you mean face_detector?"),
        ("[ingest]\nslots = 1", "ingest.slots must be a whole number from 2 to 64"),
        ("[api]\nretention_s = 99999999999999999999", "api.retention_s must be a whole number from 1 to"),
        ("state_dir = 3", "state_dir must be a path"),
        ('runtime_dir = "a\\u0000b"', "runtime_dir must be a path"),
        ("log_level = 'loud'", "log_level must be one of debug, error, info, warning"),
        ("api = 3", "api is a table of keys, not a value"),
        ("port = ", "is not TOML"),
    ],
)
def test_what_is_not_understood_is_refused_by_name(toml: WriteToml, text: str, complaint: str) -> None:
    with pytest.raises(ConfigInvalid) as caught:
        resolve(toml(text))
    assert complaint in str(caught.value)


@pytest.mark.parametrize(
    ("environment", "complaint"),
    [
        ({"ARGUSD_API__PROT": "1"}, "api.prot"),
        ({"ARGUSD_BOGUS": "1"}, "unknown configuration key bogus"),
        ({"ARGUSD_API_PORT": "1"}, "did you mean ARGUSD_API__PORT?"),
        (
            {"ARGUSD_API_PORT": "1"},
            "ARGUSD_API_PORT: unknown configuration key api_port; did you mean ARGUSD_API__PORT?",
        ),
        ({"ARGUSD_PORT": "1"}, "did you mean ARGUSD_API__PORT?"),
        ({"ARGUSD_API__PROT": "1"}, "did you mean ARGUSD_API__PORT?"),
        ({"ARGUSD_LOG_LEVEL__X": "1", "ARGUSD_LOG_LEVEL": "info"}, "log_level"),
        ({"ARGUSD_API__TOKENS": "[{"}, "ARGUSD_API__TOKENS is not a TOML value"),
        ({"ARGUSD_CONFIG": "/nowhere/argusd.toml"}, "cannot read the configuration /nowhere/argusd.toml"),
        ({"HUGGINGFACE_TOKEN": "two words"}, "huggingface_token"),
        ({"PROXYLLM_MODEL": "judge", "PROXYLLM_KEY": "s3cret\nX: y"}, "api_key must be visible ASCII"),
        (
            {"ARGUSD_API__TOKENS": '[{secret = "s", session_prefix = "kyc/"}]'},
            "beginning of a session's name",
        ),
        ({"OCR_LANGUAGES": "English"}, "api.ocr_languages"),
        ({"ARGUSD_STATE_DIR": "/x" * 60}, "too long for unix sockets"),
        ({"ARGUSD_STATE_DIR": ""}, "state_dir must be a path"),
        ({"ARGUSD_CACHE_DIR": "~nobody-of-this-name/x"}, "cache_dir must be a path"),
        ({"ARGUSD_API__PORT": "99999"}, "api.port must be a whole number from 0 to 65535"),
        (
            {"ARGUSD_API__REDIS_URL": "redis://[::1"},
            "api.redis_url is no URL; an IPv6 address stands in brackets",
        ),
        ({"ARGUSD_API__LLM": '{a = {model = "m", base_url = "http://["}}'}, "api.llm: base_url is no URL"),
        ({"ARGUSD_API__REDIS_URL": "http://cache"}, "api.redis_url must be redis://host:port"),
    ],
)
def test_a_variable_that_is_not_understood_is_refused(environment: dict[str, str], complaint: str) -> None:
    with pytest.raises(ConfigInvalid) as caught:
        resolve(environment)
    assert complaint in str(caught.value)


SECRETS = {
    "HUGGINGFACE_TOKEN": "hf_canary",
    "PROXYLLM_KEY": "sk-canary",
    "PROXYLLM_MODEL": "judge",
    "REDIS_URL": "redis://:canary@cache",
    "ARGUSD_API__TOKENS": '[{secret = "canary"}]',
    "ARGUSD_TOKEN": "canary",
}


@pytest.mark.parametrize(
    "broken",
    [
        {"PORT": "eighty"},
        {"ARGUSD_API__PROT": "1"},
        {"HUGGINGFACE_TOKEN": "hf_canary with words"},
        {"ARGUSD_HUGGINGFACE_TOKEN": '["canary"]'},
        {"ARGUSD_API__TOKENS": '[{secert = "canary"}]'},
        {"ARGUSD_API__TOKENS": '[{secret = "canary"'},
        {"ARGUSD_API__TOKENS": "canary"},
        {"ARGUSD_API__LLM__DEFAULT__API_KEY": "{canary = 1}"},
        {"ARGUSD_API__REDIS_URL": '["canary"]'},
        {"ARGUSD_TOKEN": "canary\ncanary"},
    ],
    ids=str,
)
def test_no_complaint_repeats_a_secret(broken: dict[str, str]) -> None:
    with pytest.raises(ConfigInvalid) as caught:
        resolve(SECRETS | broken)
    assert "canary" not in str(caught.value)


@given(
    st.from_regex(r"ARGUSD_[A-Z_]{1,20}", fullmatch=True),
    st.text(st.characters(blacklist_characters="\0", blacklist_categories=["Cs"]), max_size=20),
)
def test_any_variable_is_either_understood_or_refused_in_words(name: str, value: str) -> None:
    # No other exception gets out, whatever the variable.
    with suppress(ConfigInvalid):
        assert resolve({name: value}).environment == {name: value}


TIMES = [key for key in KEYS if key.endswith(("_s", "_seconds"))]


@pytest.mark.parametrize("key", TIMES)
@pytest.mark.parametrize("value", ["-1", "nan", "inf"])
def test_a_time_that_is_none_is_refused_by_its_key(toml: WriteToml, key: str, value: str) -> None:
    section, _, name = key.rpartition(".")
    with pytest.raises(ConfigInvalid, match=key):
        resolve(toml(f"[{section}]\n{name} = {value}" if section else f"{name} = {value}"))


def test_there_are_times_in_every_section() -> None:
    assert {key.rpartition(".")[0] for key in TIMES} == {
        "",
        "api",
        "cluster",
        "evidence",
        "ingest",
        "scheduler",
    }
