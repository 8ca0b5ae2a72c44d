"""Why a task has no result. The api turns ``fault`` into a status, and passes code and sentence on.

    input        the caller's picture, sound or field cannot be used     422
    too_large    it is larger than allowed                               413
    missing      what it names is not there (any more)                   404
    unavailable  not now, or not without weights                         503
    deadline     not in the time the caller gave                         504
    internal     our mistake; the log says more                          500

Sentences are written here or by tasks; a library's text never gets out.
"""

from typing import Literal

Fault = Literal["input", "too_large", "missing", "unavailable", "deadline", "internal"]


class TaskError(Exception):
    """Base of every reason. The message is a sentence for the caller."""

    code = "internal_error"
    fault: Fault = "internal"


class InvalidPayload(TaskError):
    """The payload does not fit the task's type."""

    code = "invalid_field"
    fault = "input"


class BadPicture(TaskError):
    """The image cannot be decoded."""

    code = "bad_image"
    fault = "input"


class PictureTooLarge(TaskError):
    """The image has more pixels than are decoded for anybody."""

    code = "image_too_large"
    fault = "too_large"


class BadAudio(TaskError):
    """The sound cannot be decoded, or its rate is not known."""

    code = "bad_audio"
    fault = "input"


class AudioTooLong(TaskError):
    """The sound is longer than is taken from anybody."""

    code = "audio_too_long"
    fault = "too_large"


class TooShort(TaskError):
    """There is less sound, or less speech in it, than a voice can be told from."""

    code = "too_short"
    fault = "input"


class NoSpeech(TaskError):
    """Nobody speaks in the sound."""

    code = "no_speech"
    fault = "input"


class NoFace(TaskError):
    """Nobody's face is in the image."""

    code = "no_face"
    fault = "input"


class LanguageUnsupported(TaskError):
    """No text reader knows the language."""

    code = "language_unsupported"
    fault = "input"


class EmbeddingSize(TaskError):
    """The reference embedding is not one of the model that would be compared with it."""

    code = "embedding_size"
    fault = "input"


class EmbeddingModel(TaskError):
    """The reference embedding was made by another model than the one it would be compared with."""

    code = "embedding_model"
    fault = "input"


class ModelUnavailable(TaskError):
    """A role the task needs has no model here."""

    code = "model_unavailable"
    fault = "unavailable"


class TaskUnknown(TaskError):
    """This process does not run such tasks."""

    code = "unknown_task"
    fault = "input"


class TooManyTasks(TaskError):
    """As many tasks are running as may."""

    code = "overloaded"
    fault = "unavailable"


class Draining(TaskError):
    """The process is about to end."""

    code = "draining"
    fault = "unavailable"


class DeadlineExceeded(TaskError):
    """The task was not done in the time its caller gave."""

    code = "deadline_exceeded"
    fault = "deadline"


class InferenceRefused(TaskError):
    """The batch that the task's picture or sound was part of failed."""

    code = "inference_failed"
    fault = "internal"
