"""What keeps the program from starting or going on; each error is one sentence for who is at the terminal."""

from argusd.scheduler.contract.errors import ArgusdError

from .exit_codes import FAILED, USAGE


class DaemonError(ArgusdError):
    """Base of every error of this folder. ``exit_code`` is what the process ends with."""

    code = "daemon_error"
    exit_code = FAILED


class ConfigInvalid(DaemonError):
    """A configuration file or an environment variable is not understood; a restart cannot mend it."""

    code = "config_invalid"
    exit_code = USAGE


class UsageInvalid(DaemonError):
    """The command line is not understood, or names what cannot be used."""

    code = "usage_invalid"
    exit_code = USAGE


class FolderUnusable(ConfigInvalid):
    """A configured folder cannot be made or written to."""

    code = "folder_unusable"


class NotInstalled(DaemonError):
    """The units were not put in place, or not all of them."""

    code = "not_installed"


class NotInstallable(NotInstalled):
    """The units cannot be put in place here, or not by this user, or would not start."""

    code = "not_installable"
    exit_code = USAGE


class AlreadyRunning(DaemonError):
    """Another daemon holds this state directory."""

    code = "already_running"


class NotRunning(DaemonError):
    """No daemon runs on this state directory."""

    code = "not_running"


class UnknownHost(DaemonError):
    """No host of this id is there."""

    code = "unknown_host"


class ReloadFailed(DaemonError):
    """A scheduler's next life did not take over."""

    code = "reload_failed"


class PortTaken(DaemonError):
    """Another program listens on the port that the api is to serve."""

    code = "port_taken"


class ChildFailed(DaemonError):
    """A child process ended too often to be restarted once more."""

    code = "child_failed"


class WorkerEnded(DaemonError):
    """What loads models for a scheduler that stands by ended unasked; its status becomes that one's."""

    code = "worker_ended"

    def __init__(self, status: int) -> None:
        super().__init__(f"the process with the models ended by itself ({status})")
        self.exit_code = max(status, 1)  # negative: a signal


class SessionLost(DaemonError):
    """The ingest worker or the host that held a published session ended."""

    code = "session_lost"
