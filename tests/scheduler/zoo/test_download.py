from pathlib import Path

import pytest

from argusd.scheduler.zoo.download import RefusedError, download
from argusd.scheduler.zoo.errors import SourceUnavailableError

from .https_server import Answer, HttpsHost, Request


def ignore(size: int) -> None:
    """Nobody watches the progress."""


def test_a_file_arrives_and_its_progress_is_told(tmp_path: Path, host: HttpsHost) -> None:
    content = bytes(range(256)) * 5000
    host.answer = lambda _: Answer(body=content)
    told: list[int] = []

    download(f"{host.url}/model", tmp_path / "file", told.append)

    assert (tmp_path / "file").read_bytes() == content
    assert told == [1 << 20, len(content)]


def test_no_token_is_shown_where_none_is_given(tmp_path: Path, host: HttpsHost) -> None:
    host.answer = lambda _: Answer()

    download(f"{host.url}/model", tmp_path / "file", ignore)

    assert [request.authorization for request in host.requests] == [None]


def test_a_token_goes_along_on_the_same_host(tmp_path: Path, host: HttpsHost) -> None:
    def answer(request: Request) -> Answer:
        return Answer() if request.path == "/kept" else Answer(307, headers={"Location": "/kept"})

    host.answer = answer

    download(f"{host.url}/model", tmp_path / "file", ignore, "s3cret")

    assert [(request.path, request.authorization) for request in host.requests] == [
        ("/model", "Bearer s3cret"),
        ("/kept", "Bearer s3cret"),
    ]


def test_a_token_is_not_shown_to_a_host_that_is_redirected_to(tmp_path: Path, host: HttpsHost) -> None:
    def answer(request: Request) -> Answer:
        steps = {"/model": f"{host.other_url}/kept", "/kept": f"{host.url}/back"}
        to = steps.get(request.path)
        return Answer(302, headers={"Location": to}) if to else Answer(body=b"weights")

    host.answer = answer

    download(f"{host.url}/model", tmp_path / "file", ignore, "s3cret")

    assert [(request.path, request.authorization) for request in host.requests] == [
        ("/model", "Bearer s3cret"),
        ("/kept", None),
        ("/back", None),
    ]
    assert (tmp_path / "file").read_bytes() == b"weights"


def test_a_cookie_that_comes_with_a_redirect_is_shown_to_its_host_alone(
    tmp_path: Path, host: HttpsHost
) -> None:
    def answer(request: Request) -> Answer:
        if request.path == "/shared":
            return Answer(302, headers={"Location": "/file", "Set-Cookie": "guest=1; Path=/"})
        if request.path == "/file":
            return Answer(302, headers={"Location": f"{host.other_url}/kept"})
        return Answer(body=b"weights")

    host.answer = answer

    download(f"{host.url}/shared", tmp_path / "file", ignore)

    assert [request.cookie for request in host.requests] == [None, "guest=1", None]


@pytest.mark.parametrize("to", ["http://localhost:1/model", "file:///etc/hostname", "ftp://localhost/model"])
def test_a_redirect_away_from_https_is_not_followed(tmp_path: Path, host: HttpsHost, to: str) -> None:
    host.answer = lambda _: Answer(302, headers={"Location": to})

    with pytest.raises(SourceUnavailableError):
        download(f"{host.url}/model", tmp_path / "file", ignore)

    assert not (tmp_path / "file").exists()


def test_a_refusal_keeps_its_status_and_the_hosts_own_words(tmp_path: Path, host: HttpsHost) -> None:
    host.answer = lambda _: Answer(403, headers={"X-Error-Code": "GatedRepo"})

    with pytest.raises(RefusedError, match="localhost: 403 Forbidden") as caught:
        download(f"{host.url}/model", tmp_path / "file", ignore)

    assert caught.value.status == 403
    assert caught.value.headers["X-Error-Code"] == "GatedRepo"


def test_a_file_that_breaks_off_is_no_file(tmp_path: Path, host: HttpsHost) -> None:
    # With no published hash to check against, half a file would be trusted ever after.
    host.answer = lambda _: Answer(body=b"weig", length=7)

    with pytest.raises(SourceUnavailableError, match="broke off with 3 bytes to come"):
        download(f"{host.url}/model", tmp_path / "file", ignore)


def test_a_web_page_is_no_file(tmp_path: Path, host: HttpsHost) -> None:
    page = Answer(body=b"<html>Sign in</html>", headers={"Content-Type": "text/html; charset=utf-8"})
    host.answer = lambda _: page

    with pytest.raises(SourceUnavailableError, match="localhost: gives a web page"):
        download(f"{host.url}/model", tmp_path / "file", ignore)


def test_a_certificate_that_nobody_vouches_for_is_an_error(
    tmp_path: Path, host: HttpsHost, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("SSL_CERT_FILE")

    with pytest.raises(SourceUnavailableError, match="certificate verify failed"):
        download(f"{host.url}/model", tmp_path / "file", ignore, "s3cret")

    assert host.requests == []


def test_an_address_that_does_not_answer_is_unavailable(tmp_path: Path) -> None:
    with pytest.raises(SourceUnavailableError, match="localhost"):
        download("https://localhost:1/model", tmp_path / "file", ignore)
