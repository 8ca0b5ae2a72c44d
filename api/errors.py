"""What keeps the api from starting; what its callers may meet lies in the contract."""

from argusd.scheduler.contract.errors import ArgusdError


class StartError(ArgusdError):
    """Base of what keeps the api from starting."""

    code = "api_start_error"


class InsecureBind(StartError):
    """The address is reachable from other hosts and no token is configured."""

    code = "insecure_bind"


class SecretUnreadable(StartError):
    """A file that must hold a secret or a key cannot be read, or holds none."""

    code = "secret_unreadable"


class CannotListen(StartError):
    """The configured address and port cannot be had."""

    code = "cannot_listen"


class RedisNotStarted(StartError):
    """Redis cannot be reached, or the embedded one cannot be started."""

    code = "redis_not_started"


class LayoutMisfit(StartError):
    """What lies in Redis is laid out for another argusd (``store/layout.py``)."""

    code = "store_layout"


class RedisUnfit(StartError):
    """The configured Redis answers, and does not let us do what we need (``store/abilities.py``)."""

    code = "redis_unfit"


class RedisUrlUnusable(StartError):
    """The configured address of Redis is not understood."""

    code = "redis_url_unusable"
