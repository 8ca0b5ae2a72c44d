import re
from pathlib import Path
from typing import Any

import msgspec

from argusd.api.config import ApiConfig, ClusterConfig, Token
from argusd.api.openapi.document import document
from argusd.api.routes.table import ROUTES
from argusd.scheduler.contract.catalog import PUBLIC_TASKS
from argusd.scheduler.contract.names import NAME

from ..fixtures import Rig

CONFIG = ApiConfig(runtime_dir=Path("run"), state_dir=Path("state"))
AMONG_OTHERS = msgspec.structs.replace(CONFIG, cluster=ClusterConfig(url="http://a:8015", host_id="a"))
PROTECTED = msgspec.structs.replace(CONFIG, tokens=(Token("secret"),))


def references(part: Any) -> set[str]:
    if isinstance(part, dict):
        found = {part["$ref"]} if isinstance(part.get("$ref"), str) else set()
        return found.union(*(references(value) for value in part.values()))
    if isinstance(part, list):
        return set[str]().union(*(references(value) for value in part))
    return set()


async def test_the_document_is_served(rig: Rig) -> None:
    status, body = await rig.api.json("GET", "/openapi.json")
    assert status == 200
    assert body == document(ROUTES, rig.api.config)


def test_every_route_is_described() -> None:
    paths = document(ROUTES, CONFIG)["paths"]
    described = {(method.upper(), path) for path, methods in paths.items() for method in methods}
    assert described == {(route.method, route.path) for route in ROUTES}
    for methods in paths.values():
        for operation in methods.values():
            assert operation["summary"]
            assert operation["responses"]


def test_the_parameters_are_those_of_the_path() -> None:
    for path, methods in document(ROUTES, CONFIG)["paths"].items():
        for operation in methods.values():
            inside = [each["name"] for each in operation["parameters"] if each["in"] == "path"]
            assert inside == re.findall(r"{(\w+)}", path)


def test_every_reference_leads_somewhere() -> None:
    made = document(ROUTES, CONFIG)
    known = {f"#/components/schemas/{name}" for name in made["components"]["schemas"]}
    assert references(made) <= known


def test_errors_are_described_with_their_codes() -> None:
    publish = document(ROUTES, PROTECTED)["paths"]["/whip/{session_id}"]["post"]["responses"]
    assert publish["409"]["description"] == "session_active"
    assert "overloaded" in publish["503"]["description"]
    assert publish["401"]["content"]["application/json"]["schema"]["$ref"].endswith("ErrorReply")


def test_a_policys_ranges_are_in_its_schema() -> None:
    schemas = document(ROUTES, CONFIG)["components"]["schemas"]
    assert schemas["Rates"]["properties"]["face_mesh"]["maximum"] == 60
    assert schemas["GazeAway"]["properties"]["horizontal"]["maximum"] == 1
    assert schemas["Gates"]["properties"]["calm_session"] == {"type": "boolean", "default": False}
    assert "while a violation is about to start" in schemas["Gates"]["description"]


def test_tokens_are_asked_for_only_where_the_daemon_does() -> None:
    made = document(ROUTES, CONFIG)
    assert "security" not in made
    assert "401" not in made["paths"]["/sessions"]["get"]["responses"]
    made = document(ROUTES, PROTECTED)
    assert made["security"] == [{"token": []}]
    assert made["paths"]["/health"]["get"]["security"] == []


def test_what_a_page_may_show_in_place_of_the_header_is_told() -> None:
    made = document(ROUTES, PROTECTED)
    for path, ways in [
        ("/sessions/{session_id}/events", ["token", "ticket"]),
        ("/ml/stream/{session_id}/face", ["token", "ticket", "protocol"]),
    ]:
        assert made["paths"][path]["get"]["security"] == [{way: []} for way in ways]
    assert "security" not in made["paths"]["/tokens"]["post"]
    schemes = made["components"]["securitySchemes"]
    assert [(schemes[way]["in"], schemes[way]["name"]) for way in ("ticket", "protocol")] == [
        ("query", "ticket"),
        ("header", "Sec-WebSocket-Protocol"),
    ]


def test_a_sessions_id_has_its_pattern_wherever_it_stands() -> None:
    made = document(ROUTES, CONFIG)
    in_paths = [
        each["schema"]
        for methods in made["paths"].values()
        for operation in methods.values()
        for each in operation["parameters"]
        if each["name"] == "session_id"
    ]
    in_bodies = [
        schema["properties"]["session_id"]
        for name, schema in made["components"]["schemas"].items()
        if name.endswith("Request") and "session_id" in schema["properties"]
    ]
    assert {each["pattern"] for each in in_paths + in_bodies} == {NAME}


def test_base64_has_the_pattern_of_its_least_length() -> None:
    schemas = document(ROUTES, CONFIG)["components"]["schemas"]
    image = re.compile(schemas["FaceEmbed"]["properties"]["image_b64"]["pattern"])
    assert all(image.search(text) for text in ("", "QQ==", "QQ", "QUI=", "QUJD", "_-+/"))
    assert not any(image.search(text) for text in ("Q", "QQ=", "QUJDR", "Q Q=", "=", "QQ==\n"))


def test_every_task_can_be_asked_for_with_its_own_payload_alone() -> None:
    forms = document(ROUTES, CONFIG)["components"]["schemas"]["InferRequest"]["oneOf"]
    asked = {
        (form["properties"]["task_type"]["const"], form["properties"]["payload"]["$ref"]) for form in forms
    }
    kinds = {(name, f"#/components/schemas/{task.payload.__name__}") for name, task in PUBLIC_TASKS.items()}
    assert asked == kinds


def test_what_another_host_may_have_to_answer_may_be_out_of_reach() -> None:
    def refused(config: ApiConfig, path: str) -> str:
        responses = document(ROUTES, config)["paths"][path]["get"]["responses"]
        return str(responses.get("503", {}).get("description", ""))

    assert "host_unreachable" in refused(AMONG_OTHERS, "/sessions/{session_id}")
    assert "host_unreachable" not in refused(CONFIG, "/sessions/{session_id}")
    assert "host_unreachable" not in refused(AMONG_OTHERS, "/health")
