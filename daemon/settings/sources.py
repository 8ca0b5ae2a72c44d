"""What is said of the configuration, as one table: defaults are left to the keys' own classes.

The order, last one wins: the file, the older names of variables, ``ARGUSD_*``. A variable's value that begins
with ``[`` or ``{`` is read as TOML, any other as text. What Kubernetes sets for a service that is called
argusd (``ARGUSD_SERVICE_HOST``, …) is passed over.
"""

import re
import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from argusd.scheduler.contract.http import URL_VARIABLES
from argusd.scheduler.contract.names import VISIBLE, did_you_mean

from ..errors import ConfigInvalid
from .keys import KEYS, SECTIONS
from .older_names import OLDER_NAMES

PREFIX = "ARGUSD_"
FILE_VARIABLE = "ARGUSD_CONFIG"
TOKEN_VARIABLE = "ARGUSD_TOKEN"  # noqa: S105 the variable's name, not a token
NO_KEYS = (FILE_VARIABLE, TOKEN_VARIABLE, *URL_VARIABLES)

# https://kubernetes.io/docs/concepts/services-networking/service/#environment-variables
SERVICE_VARIABLE = re.compile(r"ARGUSD_(\w+_)?(SERVICE_(HOST|PORT)(_\w+)?|PORT_\d+_(TCP|UDP|SCTP)(_\w+)?)")
SERVICE_LINK = re.compile(r"(tcp|udp|sctp)://.*")  # what ARGUSD_PORT says there

Table = dict[str, Any]


def variable(key: str) -> str:
    """The variable that sets a key: ``ARGUSD_API__PORT`` for ``api.port``."""
    return PREFIX + key.upper().replace(".", "__")


def said(environment: Mapping[str, str]) -> Table:
    """What these environment variables, and the file that they name, set.

    Raises:
        ConfigInvalid: a variable is unknown, the file cannot be read, or a value is no TOML.
    """
    if not re.fullmatch(VISIBLE, environment.get(TOKEN_VARIABLE, "")):
        raise ConfigInvalid(f"{TOKEN_VARIABLE} must be visible ASCII characters: no other fits a header")
    table = _read_file(environment.get(FILE_VARIABLE))
    for name, older in OLDER_NAMES.items():
        if environment.get(name):
            _put(table, older.path, older.read(environment[name]))
    for name, text in environment.items():
        if name.startswith(PREFIX) and name not in NO_KEYS and not _of_a_service(name, text):
            path = tuple(name.removeprefix(PREFIX).lower().split("__"))
            _check_variable(name, path)
            _put(table, path, _value(name, text))
    return table


def _of_a_service(name: str, text: str) -> bool:
    """Whether Kubernetes says by it where a service is."""
    return bool(SERVICE_VARIABLE.fullmatch(name) or (name.endswith("_PORT") and SERVICE_LINK.fullmatch(text)))


def _check_variable(name: str, path: tuple[str, ...]) -> None:
    key = ".".join(path[: 2 if path[0] in SECTIONS else 1])
    if key not in KEYS and key not in SECTIONS:
        near = did_you_mean(name, map(variable, KEYS))
        raise ConfigInvalid(f"{name}: unknown configuration key {key}{near}")


def _read_file(name: str | None) -> Table:
    if not name:
        return {}
    try:
        return tomllib.loads(Path(name).read_text("utf-8"))
    except OSError as error:
        raise ConfigInvalid(f"cannot read the configuration {name}: {error.strerror}") from error
    except (tomllib.TOMLDecodeError, UnicodeDecodeError, RecursionError) as error:
        raise ConfigInvalid(f"{name} is not TOML: {error}") from error


def _value(name: str, text: str) -> Any:
    if not text.startswith(("[", "{")):
        return text
    try:
        return tomllib.loads(f"value = {text}")["value"]
    except (tomllib.TOMLDecodeError, RecursionError) as error:
        raise ConfigInvalid(f"{name} is not a TOML value: {error}") from error


def _put(table: Table, path: tuple[str, ...], value: Any) -> None:
    for key in path[:-1]:
        table = table.setdefault(key, {})
        if not isinstance(table, dict):
            raise ConfigInvalid(f"{'.'.join(path)}: {key} is a value, not a table")
    if isinstance(table.get(path[-1]), dict) and not isinstance(value, dict):
        raise ConfigInvalid(f"{'.'.join(path)} is a table of keys, not a value")
    table[path[-1]] = value
