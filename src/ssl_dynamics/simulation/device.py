"""Where tensors of the simulation lie: a stage says so once, and what it makes of arrays and by itself lies there."""

from typing import Any

import torch
from numpy.typing import NDArray

from ssl_dynamics.problem.names import Device


def train_on(device: Device) -> None:
    """Make it torch's default device; the processor, on which torch begins, costs and changes nothing.

    Raises ValueError where this machine has no such device, or the device no float64.
    """
    if reason := unusable(device):
        raise ValueError(reason)
    torch.set_default_device(None if device == "cpu" else device)


def unusable(device: Device) -> str | None:
    """Why nothing can be trained on a device, in a line; None where it can."""
    if device != "cpu" and not torch.get_device_module(device).is_available():
        return f"device: {device!r} is not usable: torch {torch.__version__} finds none on this machine"
    try:
        torch.zeros(1, dtype=torch.float64, device=device)
    except (TypeError, RuntimeError) as error:
        what = " ".join(str(error).split())
        return f"device: {device!r} is not usable: it takes no number in float64: {what}"
    return None


def to_tensor(array: NDArray[Any]) -> torch.Tensor:
    """The array, of its own type, on the default device; the same memory, where that is the processor's."""
    return torch.from_numpy(array).to(torch.get_default_device())
