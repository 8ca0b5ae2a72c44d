"""Every error code has one home: the contract. Whoever else speaks of one takes it from there."""

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

from argusd.scheduler.contract import errors
from argusd.scheduler.contract.errors import BY_CODE, ServiceError, error_of

ROOT = Path(errors.__file__).parents[2]
FOLDERS = ("api", "daemon", "ingest", "interviewer_bridge", "kernels", "scheduler")


def codes_written_out(path: Path) -> Iterator[str]:
    """What a module writes down where codes may stand: as a name, an argument ``code``, or a table's key."""
    for node in ast.walk(ast.parse(path.read_text())):
        match node:
            case ast.Assign(value=ast.Constant(value=str(code))):
                yield code
            case ast.AnnAssign(target=ast.Name(id="code"), value=ast.Constant(value=str(code))):
                yield code
            case ast.keyword(arg="code", value=ast.Constant(value=str(code))):
                yield code
            case ast.Dict(keys=keys):
                yield from (str(key.value) for key in keys if isinstance(key, ast.Constant))


def test_no_module_but_the_contract_writes_out_a_code() -> None:
    modules = [path for folder in FOLDERS for path in (ROOT / folder).rglob("*.py")]
    assert len(modules) > 400
    found = {
        (str(path.relative_to(ROOT)), code)
        for path in modules
        if path != Path(errors.__file__)
        for code in codes_written_out(path)
        if code in BY_CODE
    }
    assert found == set()


@pytest.mark.parametrize("code", BY_CODE)
def test_an_error_crosses_a_process_border_by_its_code(code: str) -> None:
    error = error_of(code, "A sentence.")
    assert (type(error), error.code, str(error)) == (BY_CODE[code], code, "A sentence.")


def test_a_code_that_is_not_known_here_is_the_daemons_own_mistake() -> None:
    error = error_of("of_another_version", "A sentence.")
    assert (error.status, error.code, str(error)) == (500, "internal_error", "A sentence.")


def test_a_code_cannot_be_given_twice() -> None:
    with pytest.raises(AssertionError, match="no_face"):

        class Again(ServiceError, status=422, code="no_face"):
            pass


def test_what_is_not_now_says_when_to_try_again() -> None:
    told = {error.code for error in BY_CODE.values() if error.retry_after}
    not_now = {error.code for error in BY_CODE.values() if error.status in (429, 503)}
    assert told - {"session_active", "evidence_pending"} == not_now


def test_a_special_case_has_its_errors_code_and_status() -> None:
    class Silent(errors.DeadlineExceeded):
        pass

    assert (Silent().code, Silent().status) == ("deadline_exceeded", 504)
    assert BY_CODE["deadline_exceeded"] is errors.DeadlineExceeded
