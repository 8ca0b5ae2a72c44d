"""Why something is not recorded or not played again."""

from ..errors import ConfigInvalid, DaemonError, UsageInvalid


class FindingsUnreadable(UsageInvalid):
    """A file does not hold the findings of a replay."""

    code = "findings_unreadable"


class NothingToPlay(UsageInvalid):
    """A file has neither pictures nor sound, or no model is here to look at them."""

    code = "nothing_to_play"


class RecordingOff(ConfigInvalid):
    """The configuration does not allow that sessions are recorded."""

    code = "recording_off"


class NothingToRecord(DaemonError):
    """The session has no media here."""

    code = "nothing_to_record"


class RecordingFailed(DaemonError):
    """A recording cannot be written, or no longer; what it holds so far is kept."""

    code = "recording_failed"
