"""Networks as the model and saliency callbacks of a loader.

A loader calls them inside next(), on the thread that iterates, with pictures as float32 arrays of
shape [rows, channels, height, width], normalised as in training. They must not call the loader.
"""

from __future__ import annotations

from contextlib import contextmanager
from typing import Any, Callable, Iterator, List, Optional, Tuple

import numpy
import torch
from torch import nn
from torch.nn import functional

Loss = Callable[[torch.Tensor, torch.Tensor], torch.Tensor]


def cross_entropy(logits: torch.Tensor, targets: torch.Tensor) -> torch.Tensor:
    """Of each row, [rows]; targets are class indices (those below 0 count nothing) or shares."""
    if targets.dim() == 1:
        return functional.cross_entropy(logits, targets, ignore_index=-1, reduction="none")
    # Written out, for torch before 1.10 takes no shares.
    return -(targets * functional.log_softmax(logits, dim=1)).sum(dim=1)


class _Network:
    """A module at work for a loader, left as it was found.

    What: puts the module into evaluation mode for the call (batch statistics would tie rows together,
    and ACE would then depend on chunk), and takes gradients by the pixels alone, so the parameters'
    `grad` stays. Owner: the callback. Thread: the loader's consumer.
    """

    def __init__(self, module: nn.Module, device: Any) -> None:
        if not isinstance(module, nn.Module):
            raise TypeError(f"a torch.nn.Module is needed, not {type(module).__name__}")
        self.module = module
        self.device = None if device is None else torch.device(device)

    def bare(self) -> nn.Module:
        """Without DistributedDataParallel: its forward pass prepares for a backward pass that never
        comes here, and the next training step would fail."""
        wrapped = type(self.module).__name__ in ("DistributedDataParallel", "DataParallel")
        inner = self.module.module if wrapped else self.module
        assert isinstance(inner, nn.Module)
        return inner

    def place(self) -> Tuple[torch.device, torch.dtype]:
        """Where the module's numbers are now, and of which type: it may have moved since."""
        for parameter in self.bare().parameters():
            if parameter.is_floating_point():
                return self.device or parameter.device, parameter.dtype
        return self.device or torch.device("cpu"), torch.float32

    @contextmanager
    def evaluating(self) -> Iterator[nn.Module]:
        """The module in evaluation mode; afterwards each of its parts is in the mode it was in."""
        module = self.bare()
        modes: List[Tuple[nn.Module, bool]] = [(part, part.training) for part in module.modules()]
        try:
            module.eval()
            # Whatever mode the caller's loop is in (no_grad, inference_mode), gradients are needed here.
            with torch.inference_mode(False), torch.enable_grad():
                yield module
        finally:
            for part, mode in modes:
                part.training = mode

    def inputs(self, images: Any, labels: Any, soft_labels: Any
               ) -> Tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
        """Pictures that gradients are wanted for, targets for the loss, and each row's label."""
        device, dtype = self.place()
        # A copy: the array is the library's memory, and lives for the call only.
        x = torch.as_tensor(numpy.array(images, dtype=numpy.float32)).to(device, dtype)
        index = torch.as_tensor(numpy.array(labels, dtype=numpy.int64)).to(device)
        if soft_labels is None:
            return x.requires_grad_(), index, index
        shares = torch.as_tensor(numpy.array(soft_labels, dtype=numpy.float32)).to(device)
        return x.requires_grad_(), shares, shares.argmax(dim=1)


def _rows(loss: Any, rows: int) -> torch.Tensor:
    if not isinstance(loss, torch.Tensor) or loss.shape != (rows,):
        shape = tuple(loss.shape) if isinstance(loss, torch.Tensor) else type(loss).__name__
        raise TypeError(f"loss gave {shape}; it has to give one number for each of {rows} rows "
                        '(reduction="none")')
    return loss.float()


def _array(values: torch.Tensor) -> numpy.ndarray:
    return numpy.ascontiguousarray(values.detach().float().cpu().numpy())


class AceModel:
    """What ace_model gives: called by the loader, (images, labels, soft_labels, step) -> answer."""

    def __init__(self, module: nn.Module, loss: Optional[Loss], device: Any) -> None:
        self._network = _Network(module, device)
        self._loss = loss or cross_entropy

    def __call__(self, images: Any, labels: Any, soft_labels: Any = None, step: int = 0
                 ) -> Tuple[numpy.ndarray, numpy.ndarray, numpy.ndarray]:
        with self._network.evaluating() as module:
            x, targets, index = self._network.inputs(images, labels, soft_labels)
            logits = _logits(module(x)).float()
            loss = _rows(self._loss(logits, targets), len(x))
            gradient, = torch.autograd.grad(loss.sum(), x)
        return _array(loss), _array(gradient), _array(_margin(logits.detach(), index))


def _logits(output: Any) -> torch.Tensor:
    """[rows, classes] of what a classifier gives; some give a tuple or an object with `logits`."""
    if isinstance(output, (tuple, list)) and output:
        output = output[0]
    output = getattr(output, "logits", output)
    if not isinstance(output, torch.Tensor) or output.dim() != 2:
        raise TypeError("the module has to give logits, a tensor of shape [rows, classes]")
    return output


def _margin(logits: torch.Tensor, index: torch.Tensor) -> torch.Tensor:
    """Logit of the label less the best other, [rows]; NaN without a label or another class."""
    known = (index >= 0) & (index < logits.shape[1])
    if logits.shape[1] < 2:
        return torch.full_like(logits[:, 0], float("nan"))
    place = index.clamp(0, logits.shape[1] - 1)[:, None]
    own = logits.gather(1, place)[:, 0]
    others = logits.scatter(1, place, float("-inf")).amax(dim=1)
    return torch.where(known, own - others, torch.full_like(own, float("nan")))


def ace_model(module: nn.Module, loss: Optional[Loss] = None, *, device: Any = None) -> AceModel:
    """A network as `Loader(model=...)`: for [[mix]] ace, and for rmix with saliency = "model".

    Args:
        module: gives logits, [rows, classes], for float32 pictures [rows, channels, height, width] as
            training sees them. It is called in evaluation mode; modes, parameters and their gradients
            are afterwards as they were. It may be wrapped in DistributedDataParallel.
        loss: (logits, targets) -> [rows], what ACE raises; cross-entropy by default. Targets are class
            indices, int64 [rows], or shares of the classes, float32 [rows, classes].
        device: where to compute; the module's own by default.

    Raises:
        TypeError: module is no torch.nn.Module; inside next(): logits or losses of another shape.

    Source: docs/ace.md; Zhao, Liu and Larson, "Adversarial Color Enhancement", BMVC 2020.
    """
    return AceModel(module, loss, device)


class SaliencyModel:
    """What saliency_model gives: called by the loader, (images, labels, soft_labels, step) -> maps."""

    def __init__(self, module: nn.Module, loss: Optional[Loss], layer: Optional[nn.Module],
                 device: Any) -> None:
        self._network = _Network(module, device)
        self._loss = loss or cross_entropy
        self._layer = layer
        if layer is not None and all(layer is not part for part in module.modules()):
            raise ValueError("layer is no part of the module")

    def __call__(self, images: Any, labels: Any, soft_labels: Any = None, step: int = 0
                 ) -> numpy.ndarray:
        with self._network.evaluating() as module:
            x, targets, index = self._network.inputs(images, labels, soft_labels)
            if self._layer is not None:
                return _array(self._cam(module, x, index))
            loss = _rows(self._loss(_logits(module(x)).float(), targets), len(x))
            gradient, = torch.autograd.grad(loss.sum(), x)
        return _array(gradient.float().pow(2).mean(dim=1).sqrt())

    def _cam(self, module: nn.Module, x: torch.Tensor, index: torch.Tensor) -> torch.Tensor:
        """Grad-CAM: the layer's channels, weighted by how much they speak for the label."""
        kept: List[torch.Tensor] = []
        assert self._layer is not None
        hook = self._layer.register_forward_hook(lambda part, inputs, output: kept.append(output))
        try:
            logits = _logits(module(x)).float()
        finally:
            hook.remove()
        if len(kept) != 1 or kept[0].dim() != 4:
            raise TypeError("layer has to be run once, and to give [rows, channels, height, width]")
        score = logits.gather(1, index.clamp(min=0)[:, None]).sum()
        gradient, = torch.autograd.grad(score, kept[0])
        weights = gradient.mean(dim=(2, 3), keepdim=True)
        return (weights * kept[0]).sum(dim=1).clamp(min=0)


def saliency_model(module: nn.Module, *, loss: Optional[Loss] = None,
                   layer: Optional[nn.Module] = None, device: Any = None) -> SaliencyModel:
    """A network as `Loader(saliency=...)`: for [[mix]] rmix with saliency = "callback".

    Without `layer` a map is the length of the loss's gradient at each pixel, [rows, height, width]: what
    saliency = "model" takes from `ace_model`. With `layer` it is Grad-CAM, on the layer's grid.

    Args:
        module, device: as for `ace_model`.
        loss: as for `ace_model`; without `layer` only.
        layer: a part of the module whose output is [rows, channels, height, width], such as the last
            block before pooling.

    Raises:
        ValueError: layer is no part of the module.

    Source: Simonyan et al., "Deep Inside Convolutional Networks", 2013; Selvaraju et al., "Grad-CAM",
    ICCV 2017; docs/config.md for R-Mix.
    """
    return SaliencyModel(module, loss, layer, device)
