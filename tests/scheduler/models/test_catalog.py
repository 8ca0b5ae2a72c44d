from argusd.scheduler.models.catalog import BUILT_IN, MODELS
from argusd.scheduler.zoo.manifest import builtin_manifest


def test_every_model_that_can_be_had_can_be_run_and_every_other_is_built_in() -> None:
    published = {entry.name for entry in builtin_manifest().models if entry.kind == "model"}
    assert published | set(BUILT_IN.values()) == set(MODELS)
    assert not published & set(BUILT_IN.values())
