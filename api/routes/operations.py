"""Whether the daemon is well, what it does, and its end."""

from argusd.scheduler.contract import errors

from ..hosts.listing import HostsView, list_hosts
from ..http.route import Route
from ..ops.drain import DrainView, drain, end_drain
from ..ops.health import Health, health
from ..ops.metrics import CONTENT_TYPE, metrics
from ..ops.operations import Operations, operations
from ..ops.readiness import Readiness, Tiers, ready

OPERATION_ROUTES = (
    Route("GET", "/health", health, {200: Health}, public=True),
    Route(
        "GET",
        "/ready",
        ready,
        {200: Readiness, 503: Readiness},
        refusals=(errors.InvalidField,),
        query={"tiers": Tiers},
        public=True,
    ),
    Route("GET", "/hosts", list_hosts, {200: HostsView}),
    Route("POST", "/drain", drain, {200: DrainView}, scope="admin"),
    Route("DELETE", "/drain", end_drain, {200: DrainView}, scope="admin"),
    Route("GET", "/metrics", metrics, {200: CONTENT_TYPE}),
    Route("GET", "/operations.json", operations, {200: Operations}),
)
