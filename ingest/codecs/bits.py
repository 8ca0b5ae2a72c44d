"""Bit by bit through the head of a bitstream."""


class BitReader:
    """Reads the front of ``data``, most significant bit first; ``what`` is named in errors."""

    def __init__(self, data: bytes, what: str, limit: int = 256) -> None:
        self._bits = int.from_bytes(data[:limit], "big")
        self._left = 8 * len(data[:limit])
        self._what = what

    def read(self, count: int) -> int:
        """The next ``count`` bits as an unsigned number.

        Raises:
            ValueError: there are not that many.
        """
        if count > self._left:
            raise ValueError(f"the {self._what} is truncated")
        self._left -= count
        return self._bits >> self._left & (1 << count) - 1

    def exp_golomb(self) -> int:
        """An ue(v) of ITU-T H.264 section 9.1, or an uvlc() of AV1, of at most 32 leading zeros.

        Raises:
            ValueError: it is longer, or truncated.
        """
        zeros = 0
        while not self.read(1):
            zeros += 1
        if zeros > 32:
            raise ValueError(f"the {self._what} holds an exp-Golomb code of more than 32 bits")
        return (1 << zeros) - 1 + self.read(zeros)

    def signed_exp_golomb(self) -> int:
        """A se(v) of ITU-T H.264 section 9.1.1.

        Raises:
            ValueError: see ``exp_golomb``.
        """
        code = self.exp_golomb()
        return (code + 1) // 2 if code % 2 else -(code // 2)
