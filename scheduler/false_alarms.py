"""How many false alarms an hour a policy's ``start_after_s`` lets through, for a detector of known errors.

A detector that errs does so for a while: the picture that misleads it stays. Its errors are taken as a
telegraph process: in a calm session stretches of wrong looks begin by chance, ``lasts_s`` long on average, so
that a share ``wrong`` of all looks is. Evidence then rises and falls like a fluid queue fed by an on-off
source (Anick, Mitra and Sondhi, Bell System Technical Journal 61, 1982), and a false alarm is its first
passage over ``start_after_s``; that mean time has the closed form below.
"""

from math import ceil, expm1, log
from typing import NamedTuple

HOUR_S = 3600.0
LEAST_RATE = 1e-6  # a second, in place of 0, where errors come as fast as they are taken back


class Errors(NamedTuple):
    """A detector in a calm session: the share of ``wrong`` looks (0..1), how long a stretch of them lasts on
    average, and how far its looks are apart.

    ``against``: what a look that is right takes back, as a share of what a wrong one brings (0..1).
    """

    wrong: float
    lasts_s: float
    every_s: float
    against: float = 1.0


def alarms_an_hour(errors: Errors, start_after_s: float) -> float:
    """Mean rate of false starts; the condition is sure at each wrong look.

    A start waits for a look, so that ``start_after_s`` counts up to the next one.
    """
    hold_s = ceil(round(start_after_s / errors.every_s, 9)) * errors.every_s
    ends = 1 / errors.lasts_s
    begins = errors.wrong / (1 - errors.wrong) * ends
    if not begins:
        return 0.0
    # Of x seconds gathered, mean times to the alarm from a calm and from a wrong look differ by d(x), where
    # d' = rise + decay · d and d(0) = 1 / begins; the mean time from a wrong look on is ∫ (1 + ends · d).
    decay = ends - begins / errors.against
    decay = decay if abs(decay) > LEAST_RATE else LEAST_RATE
    rise = 1 + 1 / errors.against
    grown = expm1(decay * hold_s) / decay
    from_wrong_s = hold_s + ends * ((1 / begins + rise / decay) * grown - rise / decay * hold_s)
    return HOUR_S / (1 / begins + from_wrong_s)


def independent(wrong: float, every_s: float, against: float = 1.0) -> Errors:
    """A detector whose looks err independently of one another: the next one is wrong with the same chance."""
    ends = -log(wrong) / every_s
    return Errors(wrong, 1 / ends, every_s, against)
