import pytest

from argusd.api.analysis.profiles import choose_profile
from argusd.api.config import LlmProfile
from argusd.scheduler.contract.errors import LlmProfileUnknown

DEFAULT = LlmProfile(model="small", base_url="http://llm:4000/v1")
STRONG = LlmProfile(model="large", base_url="http://llm:4001/v1/")
CLOUD = LlmProfile(model="provider/model")
PROFILES = {"default": DEFAULT, "strong": STRONG, "cloud": CLOUD}


@pytest.mark.parametrize(
    ("name", "url", "profile"),
    [
        (None, None, DEFAULT),
        ("strong", None, STRONG),
        ("cloud", None, CLOUD),
        (None, "http://llm:4001/v1", STRONG),
        (None, "http://llm:4000/v1/", DEFAULT),
        ("strong", "http://llm:4001/v1", STRONG),
    ],
)
def test_a_request_means_a_configured_profile(name: str | None, url: str | None, profile: LlmProfile) -> None:
    assert choose_profile(PROFILES, name, url) is profile


@pytest.mark.parametrize(
    ("name", "url"),
    [
        ("stronger", None),
        (None, "http://attacker.example/v1"),
        (None, "http://llm:4000/v1?x=1"),
        (None, ""),
        ("cloud", "http://llm:4001/v1"),
        ("default", "http://llm:4001/v1"),
    ],
)
def test_anything_else_is_refused(name: str | None, url: str | None) -> None:
    with pytest.raises(LlmProfileUnknown) as refused:
        choose_profile(PROFILES, name, url)
    assert (refused.value.status, refused.value.code) == (422, "llm_profile_unknown")
    assert "attacker" not in str(refused.value)


def test_without_a_default_profile_there_may_be_none() -> None:
    assert choose_profile({"strong": STRONG}, None, None) is None
