import re
from typing import Any

from argusd.api.http.openapi import document
from argusd.api.routes import ROUTES

from ..fixtures import Rig


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
    assert body == document(ROUTES)


def test_every_route_is_described() -> None:
    paths = document(ROUTES)["paths"]
    described = {(method.upper(), path) for path, methods in paths.items() for method in methods}
    assert described == {(route.method, route.path) for route in ROUTES}
    for methods in paths.values():
        for operation in methods.values():
            assert operation["summary"]
            assert operation["responses"]


def test_the_parameters_are_those_of_the_path() -> None:
    for path, methods in document(ROUTES)["paths"].items():
        for operation in methods.values():
            inside = [each["name"] for each in operation["parameters"] if each["in"] == "path"]
            assert inside == re.findall(r"{(\w+)}", path)


def test_every_reference_leads_somewhere() -> None:
    made = document(ROUTES)
    known = {f"#/components/schemas/{name}" for name in made["components"]["schemas"]}
    assert references(made) <= known


def test_errors_are_described_with_their_codes() -> None:
    publish = document(ROUTES)["paths"]["/whip/{session_id}"]["post"]["responses"]
    assert publish["409"]["description"] == "session_active"
    assert "overloaded" in publish["503"]["description"]
    assert publish["401"]["content"]["application/json"]["schema"]["$ref"].endswith("ErrorReply")


def test_a_policys_ranges_are_in_its_schema() -> None:
    schemas = document(ROUTES)["components"]["schemas"]
    assert schemas["Rates"]["properties"]["face_mesh"]["maximum"] == 60
    assert schemas["GazeAway"]["properties"]["horizontal"]["maximum"] == 1
