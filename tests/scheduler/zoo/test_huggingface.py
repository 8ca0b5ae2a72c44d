from pathlib import Path

import pytest

from argusd.scheduler.zoo import huggingface
from argusd.scheduler.zoo.errors import GatedModelError, SourceUnavailableError
from argusd.scheduler.zoo.huggingface import download_from_hub
from argusd.scheduler.zoo.manifest import HuggingFaceSource

from .https_server import Answer, HttpsHost, Request

COMMIT = "0123456789abcdef0123456789abcdef01234567"
SOURCE = HuggingFaceSource("voices/segmentation", COMMIT, "weights/model.bin")
TOKEN = "hf_s3cret"


class Hub:
    """The hub, as far as its protocol goes: small files from itself, large ones from another host."""

    def __init__(self, host: HttpsHost) -> None:
        self.host = host
        self.gated = False
        self.accepted = {f"Bearer {TOKEN}"}
        host.answer = self.answer

    def answer(self, request: Request) -> Answer:
        if request.path == "/large":
            return Answer(body=b"weights")
        if request.path != f"/voices/segmentation/resolve/{COMMIT}/weights/model.bin":
            return Answer(404, headers={"X-Error-Code": "EntryNotFound"})
        if self.gated and request.authorization not in self.accepted:
            status = 401 if request.authorization is None else 403
            return Answer(status, headers={"X-Error-Code": "GatedRepo"})
        return Answer(302, headers={"Location": f"{self.host.other_url}/large"})


@pytest.fixture
def hub(host: HttpsHost, monkeypatch: pytest.MonkeyPatch) -> Hub:
    monkeypatch.setattr(huggingface, "HUB", host.url)
    return Hub(host)


def fetch(target: Path, token: str | None, source: HuggingFaceSource = SOURCE) -> bytes:
    download_from_hub(source, target, lambda size: None, token)
    return target.read_bytes()


def test_an_open_file_is_fetched_at_its_commit_without_a_token(tmp_path: Path, hub: Hub) -> None:
    assert fetch(tmp_path / "file", None) == b"weights"


def test_a_gated_file_is_fetched_with_a_token_that_the_store_of_large_files_never_sees(
    tmp_path: Path, hub: Hub
) -> None:
    hub.gated = True

    assert fetch(tmp_path / "file", TOKEN) == b"weights"
    assert [request.authorization for request in hub.host.requests] == [f"Bearer {TOKEN}", None]


def test_a_gated_file_without_a_token_is_an_error_that_says_what_to_do(tmp_path: Path, hub: Hub) -> None:
    hub.gated = True

    with pytest.raises(GatedModelError) as caught:
        fetch(tmp_path / "file", None)

    page = f"{hub.host.url}/voices/segmentation"
    assert caught.value.code == "model_gated"
    assert f"accept them at {page}" in str(caught.value)
    assert "HUGGINGFACE_TOKEN" in str(caught.value)


def test_a_token_whose_owner_did_not_accept_the_terms_is_told_where(tmp_path: Path, hub: Hub) -> None:
    hub.gated, hub.accepted = True, set()

    with pytest.raises(GatedModelError, match=r"accept its terms at .*/voices/segmentation") as caught:
        fetch(tmp_path / "file", TOKEN)

    assert TOKEN not in str(caught.value)


def test_a_token_that_the_hub_does_not_know_is_an_error(tmp_path: Path, hub: Hub) -> None:
    hub.host.answer = lambda _: Answer(
        401, headers={"X-Error-Message": "Invalid credentials in Authorization header"}
    )

    with pytest.raises(GatedModelError, match="does not know the token") as caught:
        fetch(tmp_path / "file", TOKEN)

    assert TOKEN not in str(caught.value)


def test_a_file_that_the_repository_does_not_have_is_an_error(tmp_path: Path, hub: Hub) -> None:
    source = HuggingFaceSource("voices/segmentation", COMMIT, "other.bin")

    with pytest.raises(SourceUnavailableError, match=r"voices/segmentation \(other.bin\): .* 404"):
        fetch(tmp_path / "file", None, source)
