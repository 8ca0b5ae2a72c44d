"""Why something is not recorded or not played again."""

from ..errors import ConfigInvalid, DaemonError


class FindingsUnreadable(ConfigInvalid):
    """A file does not hold the findings of a replay."""

    code = "findings_unreadable"


class NothingToPlay(DaemonError):
    """A file has neither pictures nor sound, or no model is here to look at them."""

    code = "nothing_to_play"
