"""A second device, on the processor: it computes what the processor does, and is as strange to it as an accelerator.

Its tensors hold values and call themselves `meta`, the device of torch for which autograd needs no hardware. To mix
them with others is an error, as on an accelerator, but for single numbers; and so is to look at them as arrays.
"""

from contextlib import contextmanager

import torch
from torch.overrides import TorchFunctionMode
from torch.utils._python_dispatch import TorchDispatchMode
from torch.utils._pytree import tree_leaves, tree_map

NAME = "meta"
copy_to = torch.ops.aten._to_copy.default


class _Away(torch.Tensor):
    """A tensor of the second device; `values` are on the processor."""

    __torch_function__ = torch._C._disabled_torch_function_impl

    @staticmethod
    def __new__(cls, values):
        layout = {"strides": values.stride(), "storage_offset": values.storage_offset(), "dtype": values.dtype}
        return torch.Tensor._make_wrapper_subclass(cls, values.shape, device=NAME, **layout)

    def __init__(self, values):
        self.values = values

    @classmethod
    def __torch_dispatch__(cls, operation, types, arguments=(), options=None):
        raise AssertionError(f"{operation} outside of `second_device`")


class _SecondDevice(TorchDispatchMode):
    def __init__(self, rounding):
        super().__init__()
        self.rounding, self.random = rounding, torch.Generator().manual_seed(0)

    def __torch_dispatch__(self, operation, types, arguments=(), options=None):
        options = dict(options or {})
        tensors = [part for part in tree_leaves((arguments, options)) if isinstance(part, torch.Tensor)]
        away = [isinstance(tensor, _Away) for tensor in tensors]
        named = options.get("device")
        if any(away) and not all(here or tensor.ndim == 0 for here, tensor in zip(away, tensors, strict=True)):
            raise RuntimeError(f"{operation}: expected all tensors to be on the same device")
        goes_away = any(away) if named is None else named.type == NAME
        if named is not None:
            if any(away) and not goes_away and operation is not copy_to:
                raise RuntimeError(f"{operation}: makes a tensor of the processor from one of the second device")
            options["device"] = torch.device("cpu")
        result = operation(*tree_map(_values, arguments), **tree_map(_values, options))
        if operation._schema.is_mutable:
            return arguments[0]
        if not goes_away:
            return result
        rounds = self.rounding and tensors and not operation.is_view and operation is not copy_to
        return tree_map(lambda part: self._away(part, rounds) if isinstance(part, torch.Tensor) else part, result)

    def _away(self, values, rounds):
        if rounds and values.is_floating_point():
            noise = torch.empty_like(values).uniform_(-self.rounding, self.rounding, generator=self.random)
            values = values * (1 + noise)
        return _Away(values)


class _Constants(TorchFunctionMode):
    """Tensors of plain numbers go there as others do; torch itself would make them where no mode sees it."""

    def __torch_function__(self, function, types, arguments=(), options=None):
        made = function in (torch.tensor, torch.as_tensor) and not isinstance(arguments[0], torch.Tensor)
        if not made:
            return function(*arguments, **(options or {}))
        return function(*arguments, **{"device": "cpu"} | (options or {})).to(torch.get_default_device())


def _values(part):
    return part.values if isinstance(part, _Away) else part


@contextmanager
def second_device(rounding=0.0):
    """Make it the default device; with a `rounding`, results of all operations are off by so much of themselves."""
    with torch.device(NAME), _Constants(), _SecondDevice(rounding):
        yield
