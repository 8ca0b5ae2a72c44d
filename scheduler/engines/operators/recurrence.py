"""Operators with a memory along a sequence."""

import torch

from .registry import Node, Tensor, operator


@operator("LSTM")
def lstm(
    node: Node,
    x: Tensor,
    weights: Tensor,
    recurrent: Tensor,
    bias: Tensor | None = None,
    lengths: Tensor | None = None,
    hidden: Tensor | None = None,
    cell: Tensor | None = None,
    peepholes: Tensor | None = None,
) -> tuple[Tensor, Tensor, Tensor]:
    """One layer, forward: outputs ``[time, 1, B, hidden]``, and both states after the last step."""
    if (
        lengths is not None
        or peepholes is not None
        or node.attributes.get("direction", "forward") != "forward"
    ):
        raise ValueError("LSTM is known forward, without peepholes and sequence lengths, alone")
    size = node.attributes["hidden_size"]
    zeros = x.new_zeros(1, x.shape[1], size)
    biases = x.new_zeros(2, 4 * size) if bias is None else bias[0].reshape(2, 4 * size)
    parameters = [_turned(weights[0]), _turned(recurrent[0])]
    parameters += [_turned(each) for each in biases]
    state = [zeros if hidden is None else hidden, zeros if cell is None else cell]
    outputs, last, last_cell = torch._VF.lstm(x, state, parameters, True, 1, 0.0, False, False, False)
    return outputs[:, None], last, last_cell


def _turned(gates: Tensor) -> Tensor:
    """Input, output, forget, cell in the specification; the library has input, forget, cell, output."""
    into, out, forget, cell = gates.chunk(4)
    return torch.cat([into, forget, cell, out])
