"""Session descriptions (RFC 8866) as sections and attributes; what they mean is for negotiation.py. Pure.

Tolerant where nothing is lost by it: CRLF, LF or CR ends a line; white space around a line, a byte order mark
and blank lines are skipped, and so are lines that are not ``x=…`` or whose type nobody here asks for.
"""

import re
from collections.abc import Mapping, Sequence
from typing import NamedTuple

from argusd.scheduler.contract.errors import BadOffer
from argusd.scheduler.contract.quantities import HIGHEST_PORT

LINE_END = re.compile(r"\r\n|\n|\r")
PADDING = "\ufeff \t\r\n"
PORT = re.compile(r"[0-9]{1,5}")

Attributes = Mapping[str, Sequence[str]]
"""Values by name, in the order they stand in; those of a flag (``a=rtcp-mux``) are empty."""


class Section(NamedTuple):
    """A media section. ``position`` counts from 0; ``port`` is 0 where it is rejected or only bundled."""

    position: int
    kind: str
    port: int
    protocol: str
    formats: tuple[str, ...]
    attributes: Attributes

    @property
    def mid(self) -> str:
        """Its identification (RFC 5888), empty where it has none."""
        return first(self.attributes, "mid")

    @property
    def name(self) -> str:
        """How a sentence calls it."""
        return f"media section {self.position + 1} ({self.kind})"


class Description(NamedTuple):
    """A whole description, or a fragment of one (RFC 8840)."""

    attributes: Attributes
    sections: tuple[Section, ...]


def parse(text: str) -> Description:
    """A session description from its text.

    Raises:
        BadOffer: it does not begin with ``v=0``, or an ``m=`` line is malformed.
    """
    if not text.lstrip(PADDING).startswith("v=0"):
        raise BadOffer("the offer is not SDP: it does not begin with v=0")
    return parse_fragment(text)


def parse_fragment(text: str) -> Description:
    """What ``parse`` returns, of text that need not begin with ``v=0``.

    Raises:
        BadOffer: an ``m=`` line is malformed.
    """
    attributes: dict[str, list[str]] = {}
    session = attributes
    sections: list[Section] = []
    for line in LINE_END.split(text):
        line_type, equals, value = line.strip(PADDING).partition("=")
        if not equals:
            continue
        if line_type == "m":
            attributes = {}
            sections.append(_read_media_line(len(sections), value, attributes))
        elif line_type == "a":
            name, _, content = value.partition(":")
            attributes.setdefault(name, []).append(content.strip())
    return Description(session, tuple(sections))


def _read_media_line(position: int, value: str, attributes: Attributes) -> Section:
    kind, port, protocol, *formats = (*value.split(), "", "", "")
    formats = [each for each in formats if each]
    number = port.partition("/")[0]  # "9/2": ports for more than one stream
    if not (formats and PORT.fullmatch(number) and int(number) <= HIGHEST_PORT):
        raise BadOffer(
            f"the m= line of media section {position + 1} must read: m=<kind> <port> <protocol> <formats>"
        )
    return Section(position, kind, int(number), protocol, tuple(formats), attributes)


def first(attributes: Attributes, name: str) -> str:
    """The first value of an attribute, empty where it is absent."""
    return next(iter(attributes.get(name, ())), "")
