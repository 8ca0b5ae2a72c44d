"""What can go wrong between a manifest entry and a model that runs.

Each class has a stable ``code``; callers branch on the class or the code, people read the sentence.
"""

from ..contract.errors import ArgusdError, ModelUnavailable


class ZooError(ArgusdError):
    """The base of every error of the model store."""

    code = "zoo_error"


class ManifestError(ZooError):
    """The manifest is not valid: an unknown key, a wrong type, or a name used twice."""

    code = "manifest_invalid"


class UnknownModelError(ZooError):
    """No entry of the manifest has this name, pack or role."""

    code = "model_unknown"


class ModelUnavailableError(ZooError):
    """The manifest knows the model, but its files are not in the cache. The sentence names the remedy."""

    code = ModelUnavailable.code


class ModelDamagedError(ZooError):
    """A file of the model in the cache is not what was pulled, or made. The sentence names the remedy."""

    code = ModelUnavailable.code


class CacheUnusableError(ZooError):
    """Something in the cache cannot be read or written: no permission, no space, a damaged record."""

    code = "cache_unusable"


class SourceUnavailableError(ZooError):
    """A source did not deliver: no network, no such package, no such member, no program to ask it with."""

    code = "source_unavailable"


class GatedModelError(SourceUnavailableError):
    """The publisher gives the file only to those who accepted its terms. The sentence says where and how."""

    code = "model_gated"


class HashMismatchError(ZooError):
    """A file arrived whose SHA-256 is not the manifest's, or not that of its first pull. It was discarded."""

    code = "hash_mismatch"


class ImportFailedError(ZooError):
    """A source file is damaged, or uses an operation that the importer does not know."""

    code = "import_failed"


class TorchMissingError(ImportFailedError):
    """PyTorch is to convert the source file, and is not installed. The sentence names the remedy."""

    code = "torch_missing"
