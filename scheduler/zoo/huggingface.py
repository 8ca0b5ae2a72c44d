"""Files from Hugging Face's hub, each at one commit of its repository.

The protocol is one GET: ``/{repository}/resolve/{commit}/{path}`` gives the file or redirects to a host that
keeps it. What the hub gives only to people who accepted a model's terms needs their token.
"""

from pathlib import Path
from urllib.parse import quote

from .clients import Report
from .download import RefusedError, download
from .errors import GatedModelError, SourceUnavailableError
from .manifest import HuggingFaceSource

HUB = "https://huggingface.co"


def download_from_hub(source: HuggingFaceSource, target: Path, arrived: Report, token: str | None) -> None:
    """Write one file of a repository to a file.

    :param token: the host's access token, shown to the hub alone.
    :raises GatedModelError: when the hub wants a token, or the terms accepted; the sentence says how.
    :raises SourceUnavailableError: when it cannot be had for another reason.
    """
    url = f"{HUB}/{source.repo}/resolve/{source.revision}/{quote(source.file)}"
    try:
        download(url, target, arrived, token)
    except RefusedError as refusal:
        raise _explained(source, refusal, has_token=token is not None) from refusal


def _explained(
    source: HuggingFaceSource, refusal: RefusedError, *, has_token: bool
) -> SourceUnavailableError:
    """The hub answers 401 to those without a token also for repositories that do not exist."""
    page = f"{HUB}/{source.repo}"
    gated = refusal.headers.get("X-Error-Code") == "GatedRepo"
    if refusal.status == 401 and not has_token:
        return GatedModelError(
            f"{source.repo} is for those who accepted its terms: accept them at {page}, make a token at "
            f"{HUB}/settings/tokens, and set HUGGINGFACE_TOKEN to it"
        )
    if refusal.status == 401 and not gated:
        return GatedModelError(f"{HUB} does not know the token in HUGGINGFACE_TOKEN, or {source.repo}")
    if refusal.status in (401, 403):
        return GatedModelError(
            f"the owner of HUGGINGFACE_TOKEN may not read {source.repo}: accept its terms at {page}, and let "
            "the token read gated repositories"
        )
    return SourceUnavailableError(f"{source.repo} ({source.file}): {refusal}")
