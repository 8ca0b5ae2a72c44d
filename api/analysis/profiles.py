"""Which language model a request means: a configured one. A caller's URL is never fetched."""

from collections.abc import Mapping

from argusd.scheduler.contract.errors import LlmProfileUnknown
from argusd.scheduler.contract.names import did_you_mean

from ..config import LlmProfile

DEFAULT = "default"


def choose_profile(
    profiles: Mapping[str, LlmProfile], name: str | None, url: str | None
) -> LlmProfile | None:
    """The profile called ``name``, or whose ``base_url`` is ``url``; with both, it must be the same one.

    A request with neither gets the default profile, or None where there is none.

    Raises:
        LlmProfileUnknown: no profile fits.
    """
    if name is None and url is None:
        return profiles.get(DEFAULT)
    fitting = (
        profile
        for known, profile in profiles.items()
        if (name is None or known == name) and (url is None or _same(profile.base_url, url))
    )
    chosen = next(fitting, None)
    if chosen is None:
        near = did_you_mean(name or "", profiles)
        raise LlmProfileUnknown(
            f"The configuration has no language model profile of this name or address{near}"
        )
    return chosen


def _same(configured: str | None, url: str) -> bool:
    return configured is not None and configured.rstrip("/") == url.rstrip("/")
