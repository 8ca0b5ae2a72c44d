"""What a line of the log says, and what it never shows."""

import json
import logging
import sys

import jwt
import pytest

from argusd.daemon.config import resolve
from argusd.daemon.logs import FORMS, LogSettings
from argusd.scheduler.contract.logs.about import about


def line(form: str, message: str = "a track is lost", *arguments: object, error: bool = False) -> str:
    info = None
    if error:
        try:
            int("s3cret-canary")
        except ValueError:
            info = sys.exc_info()
    record = logging.LogRecord("argusd.ingest.session", logging.WARNING, "", 0, message, arguments, info)
    return FORMS[form]("ingest-0", ("s3cret-canary",)).format(record)


def test_a_line_for_people_names_process_and_session() -> None:
    with about("interview-7"):
        assert line("text").endswith(
            " WARNING ingest-0       argusd.ingest.session: [interview-7] a track is lost"
        )
    assert line("text").endswith(" argusd.ingest.session: a track is lost")


def test_a_line_for_programs_is_an_object() -> None:
    with about("interview-7"):
        found = json.loads(line("json", "%s is lost", "video"))
    assert found.pop("time").endswith("+00:00")
    assert found == {
        "level": "warning",
        "process": "ingest-0",
        "logger": "argusd.ingest.session",
        "session_id": "interview-7",
        "message": "video is lost",
    }


def test_a_traceback_stays_in_its_line() -> None:
    text = line("json", error=True)
    assert "\n" not in text
    assert json.loads(text)["traceback"].startswith("Traceback")


@pytest.mark.parametrize("form", FORMS)
def test_no_line_shows_a_token_that_somebody_signed(form: str) -> None:
    token = jwt.encode({"session_id": "s1"}, 32 * "k", "HS256")
    for quoted in (f"Bearer {token}", f"['argusd', 'argusd.bearer.{token}']", f"({token})"):
        said = line(form, "it offers %s", quoted)
        assert "•••" in said
        assert [part for part in token.split(".") if part in said] == []


@pytest.mark.parametrize("form", FORMS)
def test_no_line_shows_a_secret(form: str) -> None:
    text = line(form, "cannot reach redis://:%s@cache", "s3cret-canary", error=True)
    assert "s3cret-canary" not in text
    assert "redis://:•••@cache" in text
    assert "ValueError: invalid literal for int() with base 10: '•••'" in text


@pytest.mark.parametrize("form", FORMS)
def test_a_session_that_a_stranger_names_cannot_begin_a_line(form: str) -> None:
    with about("x\n12:00:00 ERROR forged" + "y" * 500):
        text = line(form)
    assert "\n" not in text
    assert "y" * 200 not in text


SECRETS = {
    "HUGGINGFACE_TOKEN": "hf_canary",
    "PROXYLLM_KEY": "sk-canary",
    "PROXYLLM_MODEL": "judge",
    "PROXYLLM_URL": "https://user:proxy-canary@llm",
    "REDIS_URL": "redis://user:p%40ss-canary@cache",
    "ARGUSD_API__TOKENS": '[{secret = "token-canary"}]',
    "ARGUSD_API__ICE_SERVERS": '[{urls = ["turn:t"], username = "u", credential = "turn-canary"}]',
    "ARGUSD_INGEST__ICE_SERVERS": '[{urls = ["turn:t"], username = "u", credential = "relay-canary"}]',
    "ARGUSD_TOKEN": "client-canary",
}


def test_every_secret_of_a_configuration_is_hidden() -> None:
    message = f"{dict(SECRETS)} p@ss-canary"
    record = logging.LogRecord("argusd", logging.WARNING, "", 0, message, (), None)
    assert "canary" not in FORMS["text"]("api", resolve(SECRETS).logs.secrets).format(record)


def test_lines_are_for_people_unless_programs_are_to_read_them() -> None:
    assert resolve({}).logs == LogSettings("info", "text")
    assert resolve({"ARGUSD_LOG_FORM": "json", "ARGUSD_LOG_LEVEL": "debug"}).logs == LogSettings(
        "debug", "json"
    )
