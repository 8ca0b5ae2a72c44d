"""Which ICE session a PATCH is about, by its ``If-Match`` and the user names in its fragment. Pure."""

from argusd.ingest.offers.sdp import parse_fragment
from argusd.scheduler.contract.errors import BadOffer, MalformedBody, PreconditionFailed

from .session import Media


def etag(media: Media) -> str:
    """The entity tag of the media's ICE session (RFC 9725 section 4.3.1)."""
    return f'"{media.ice_ufrag}"'


def check_etag(if_match: str | None, media: Media) -> None:
    """Take a PATCH for the ICE session that it means; one that names none means that which is there.

    Raises:
        PreconditionFailed: it means another.
    """
    named = [each.strip() for each in if_match.split(",")] if if_match is not None else ["*"]
    if not {"*", etag(media)} & set(named):
        raise PreconditionFailed("The If-Match is not the ETag of what is published now.")


def fragment_ufrags(fragment: str) -> set[str]:
    """The ICE user names in an SDP fragment, which stand above its media sections or in each (RFC 8840).

    Raises:
        MalformedBody: an ``m=`` line is malformed, or there is no user name.
    """
    try:
        session, sections = parse_fragment(fragment)
    except BadOffer as error:
        raise MalformedBody("An m= line of the fragment is malformed.") from error
    levels = (session, *(section.attributes for section in sections))
    ufrags = {ufrag for attributes in levels for ufrag in attributes.get("ice-ufrag", ())}
    if not ufrags:
        raise MalformedBody("The fragment has no a=ice-ufrag.")
    return ufrags
