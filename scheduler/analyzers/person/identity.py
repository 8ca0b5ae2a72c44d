"""Whether it is still the person whom the session began with: embeddings to one rule."""

from typing import Any

from ...contract.errors import EmbeddingModel, EmbeddingSize
from ...contract.policy import Identity
from ...core import Outcome
from ...embeddings import Embedding, cosine, from_wire
from ...models.outputs import FaceEmbedding
from ...rules import Rule

POOR = 0.5  # quality; below it one person's looks reach the threshold less often than not
PATIENCE_PERIODS = 3  # without a look for so long, what was seen before says nothing


class IdentityCheck:
    """Compares the followed face with the session's reference."""

    def __init__(self, policy: Identity) -> None:
        self.rule = Rule("identity_mismatch", policy, "critical", patience_s=self._patience(policy))
        self._policy = policy
        self._reference: Embedding | None = None
        self._score: float | None = None
        self._match: bool | None = None
        self._quality: float | None = None
        self._error: str | None = None

    @property
    def rate(self) -> float:
        """Looks per second."""
        return 1 / self._policy.period_s

    def apply(self, policy: Identity) -> list[Outcome]:
        """Judge the next looks by this; another reference is another person to compare with."""
        if _reference(policy) != _reference(self._policy):
            self._reference = self._error = None
            self.forget()
        self._policy = policy
        return self.rule.retune(policy, self._patience(policy))

    def see(self, seen: FaceEmbedding, media_s: float) -> list[Outcome]:
        """Take one look's embedding in; a poor one neither accuses nor clears anybody."""
        reference = self._reference_for(seen)
        if reference is None:
            return self.rule.close()
        self._quality = seen.quality
        if seen.quality is not None and seen.quality < POOR:
            return []
        threshold = seen.threshold if self._policy.threshold is None else self._policy.threshold
        score = max(0.0, cosine(seen.vector, reference))
        self._score, self._match = score, score >= threshold
        data = {"score": round(score, 3), "threshold": threshold}
        # One threshold both ways: good matches of one person in two lights lie little above it.
        return self.rule.feed(not self._match, doubt(score, threshold), media_s, data)

    def forget(self) -> None:
        """Nobody was compared yet."""
        self._score = self._match = self._quality = None

    def latest(self) -> dict[str, Any]:
        """``match`` and ``score`` of the newest look that was not poor, null before.

        ``quality``: the newest look's, null where the model does not tell. ``error``: why there is none.
        """
        score, quality = (each if each is None else round(each, 3) for each in (self._score, self._quality))
        return {"match": self._match, "score": score, "quality": quality, "error": self._error}

    def _reference_for(self, seen: FaceEmbedding) -> Embedding | None:
        if self._reference is None and self._error is None:
            policy = self._policy
            try:
                self._reference = from_wire(
                    policy.reference_embedding_b64, len(seen.vector), seen.model, policy.reference_model
                )
            except (EmbeddingModel, EmbeddingSize) as error:
                self._error = error.code
        return self._reference

    @staticmethod
    def _patience(policy: Identity) -> float:
        return max(PATIENCE_PERIODS * policy.period_s, 2 * policy.start_after_s)


def _reference(policy: Identity) -> tuple[bytes, str | None]:
    return policy.reference_embedding_b64, policy.reference_model


def doubt(score: float, threshold: float) -> float:
    """How surely it is somebody else: ½ at the threshold, 1 where nothing is alike."""
    return 1 - 0.5 * score / threshold if threshold else 0.5
