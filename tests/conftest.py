"""For all tests: properties are judged by what they find, not by how long a busy machine takes over one."""

from hypothesis import settings

settings.register_profile("argusd", deadline=None)
settings.load_profile("argusd")
