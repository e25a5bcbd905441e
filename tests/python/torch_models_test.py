"""ace_model and saliency_model: networks as callbacks of a loader."""

import shutil

import pytest

import headrace
from torch_support import folder, numpy, photographs, torch  # noqa: F401
import headrace.torch
from headrace.torch import ace_model, saliency_model

nn = torch.nn
CLASSES = 5


class Network(nn.Module):
    """Batch normalisation and dropout, which show whether it was called in evaluation mode."""

    def __init__(self, classes=CLASSES):
        super().__init__()
        torch.manual_seed(3)
        self.body = nn.Sequential(nn.Conv2d(3, 8, 3, 2, 1), nn.BatchNorm2d(8), nn.ReLU())
        self.drop = nn.Dropout(0.5)
        self.head = nn.Linear(8, classes)
        self.modes = []

    def forward(self, x):
        self.modes.append(self.training)
        return self.head(self.drop(self.body(x).mean(dim=(2, 3))))


def rows(count=6, side=12):
    random = numpy.random.RandomState(0)
    images = random.randn(count, 3, side, side).astype("float32")
    return images, (numpy.arange(count) % CLASSES).astype("int32")


def test_loss_gradient_and_margin_are_the_networks(folder):  # noqa: F811
    network = Network().eval()
    images, labels = rows()
    loss, gradient, margin = ace_model(network)(images, labels, None, 0)
    x = torch.tensor(images, requires_grad=True)
    logits = network(x)
    wanted = nn.functional.cross_entropy(logits, torch.tensor(labels).long(), reduction="none")
    wanted.sum().backward()
    assert numpy.allclose(loss, wanted.detach(), atol=1e-6)
    assert numpy.allclose(gradient, x.grad, atol=1e-6)
    for row, label in enumerate(labels):
        others = [logits[row, c].item() for c in range(CLASSES) if c != label]
        assert margin[row] == pytest.approx(logits[row, label].item() - max(others), abs=1e-5)
    for array in (loss, gradient, margin):
        assert array.dtype == numpy.float32


def test_soft_labels_and_missing_ones_count():
    network = Network().eval()
    images, labels = rows(4)
    shares = numpy.eye(CLASSES, dtype="float32")[labels]
    hard = ace_model(network)(images, labels)
    soft = ace_model(network)(images, labels, shares)
    for one, other in zip(hard, soft):
        assert numpy.allclose(one, other, atol=1e-6)
    labels[1] = -1
    loss, gradient, margin = ace_model(network)(images, labels)
    assert loss[1] == 0 and (gradient[1] == 0).all() and numpy.isnan(margin[1])
    assert loss[0] > 0 and not numpy.isnan(margin[0])


def test_a_module_is_left_as_it_was():
    network = Network().train()
    network.body[1].eval()  # a part that is frozen by hand
    images, labels = rows()
    network(torch.tensor(images)).sum().backward()
    before = {name: p.grad.clone() for name, p in network.named_parameters()}
    buffers = {name: b.clone() for name, b in network.named_buffers()}
    del network.modes[:]
    for callback in (ace_model(network), saliency_model(network), saliency_model(network, layer=network.body)):
        with torch.no_grad():
            callback(images, labels, None, 0)
        with torch.inference_mode():
            callback(images, labels, None)
    assert network.modes == [False] * 6
    assert network.training and network.drop.training and not network.body[1].training
    for name, parameter in network.named_parameters():
        assert torch.equal(parameter.grad, before[name])
    for name, buffer in network.named_buffers():
        assert torch.equal(buffer, buffers[name])


def test_a_module_that_raises_is_left_as_it_was_too():
    class Broken(Network):
        def forward(self, x):
            raise RuntimeError("no forward")

    network = Broken().train()
    with pytest.raises(RuntimeError, match="no forward"):
        ace_model(network)(*rows())
    assert network.training and network.head.training


def test_a_module_of_another_type_computes_in_it():
    network = Network().double().eval()
    loss, gradient, _ = ace_model(network)(*rows())
    assert gradient.dtype == numpy.float32 and numpy.isfinite(loss).all()


def test_what_is_no_classifier_is_refused():
    with pytest.raises(TypeError, match="torch.nn.Module"):
        ace_model(lambda x: x)
    with pytest.raises(TypeError, match="logits"):
        ace_model(nn.Conv2d(3, 4, 3))(*rows())
    with pytest.raises(TypeError, match='reduction="none"'):
        ace_model(Network(), lambda logits, targets: logits.mean())(*rows())
    with pytest.raises(ValueError, match="no part"):
        saliency_model(Network(), layer=nn.Linear(1, 1))


def test_a_loss_of_ones_own_is_asked():
    network = Network().eval()
    images, labels = rows()
    loss, _, _ = ace_model(network, lambda logits, targets: -logits[:, 0])(images, labels)
    assert numpy.allclose(loss, -network(torch.tensor(images)).detach()[:, 0], atol=1e-6)


def test_saliency_is_the_length_of_the_gradient():
    network = Network().eval()
    images, labels = rows()
    maps = saliency_model(network)(images, labels, None)
    gradient = ace_model(network)(images, labels)[1]
    assert numpy.allclose(maps, numpy.sqrt((gradient ** 2).mean(axis=1)), atol=1e-7)


def test_grad_cam_is_on_the_layers_grid_and_speaks_for_the_label():
    network = Network().eval()
    images, labels = rows(side=16)
    maps = saliency_model(network, layer=network.body)(images, labels, None)
    assert maps.shape == (6, 8, 8) and (maps >= 0).all() and maps.max() > 0
    # For a linear head on means the formula is known: the label's weights, over the grid.
    features = network.body(torch.tensor(images)).detach()
    weights = network.head.weight[torch.tensor(labels).long()].detach() / 64
    wanted = (weights[:, :, None, None] * features).sum(1).clamp(min=0)
    assert numpy.allclose(maps, wanted, atol=1e-6)


# ------------------------------------------------------------------------------------ in a loader


def trained(path, side=32):
    """A small classifier of the pictures, which knows something that an attack can take away."""
    with headrace.torch.DataLoader(path, 16, shuffle=True, output={"mean": [0.5] * 3, "std": [0.25] * 3},
                                   augment=[{"op": "random_resized_crop", "size": side, "scale": [0.5, 1.0]}],
                                   num_workers=1) as loader:
        network = Network(len(loader.classes))
        optimizer = torch.optim.Adam(network.parameters(), 1e-2)
        for _ in range(12):
            for images, labels in loader:
                optimizer.zero_grad()
                nn.functional.cross_entropy(network(images), labels).backward()
                optimizer.step()
    return network


EVALUATE = {"augment": [{"op": "resize", "size": [32, 32]}], "output": {"mean": [0.5] * 3, "std": [0.25] * 3},
            "num_workers": 1, "drop_last": True}


def attack_raises_the_loss(path):
    network = trained(path)
    model = ace_model(network)
    ace = {"op": "ace", "p": 1.0, "steps": 5, "bound": 8, "freeze_on_success": False}

    def losses(images, labels):
        return nn.functional.cross_entropy(network.eval()(images), labels, reduction="none")

    with headrace.torch.DataLoader(path, 8, **EVALUATE) as plain, \
            headrace.torch.DataLoader(path, 8, model=model, mix=ace, full_batch=True, **EVALUATE) as hard:
        network.train()
        before, after = [], []
        for (images, labels), batch in zip(plain, hard):
            assert batch.mix_entry == 0 and torch.equal(labels, batch.labels)
            assert not torch.equal(images, batch.images)
            with torch.no_grad():
                before.append(losses(images, labels))
                after.append(losses(batch.images, batch.labels))
        assert hard.loader.stats.callback_failures == 0
    before, after = torch.cat(before), torch.cat(after)
    assert after.mean() > before.mean() * 1.05
    assert (after > before).float().mean() > 0.9


def test_ace_raises_the_networks_loss(folder):  # noqa: F811
    attack_raises_the_loss(folder)


def test_ace_raises_the_loss_on_photographs(photographs, tmp_path):  # noqa: F811
    for folder_ in sorted(photographs.iterdir())[:4]:
        shutil.copytree(folder_, tmp_path / folder_.name)
    attack_raises_the_loss(tmp_path)


@pytest.mark.parametrize("how", ["model", "callback", "layer"])
def test_rmix_follows_the_networks_saliency(folder, how):  # noqa: F811
    network = trained(folder)
    callbacks = {"model": {"model": ace_model(network)}, "callback": {"saliency": saliency_model(network)},
                 "layer": {"saliency": saliency_model(network, layer=network.body)}}[how]
    rmix = {"op": "rmix", "saliency": "model" if how == "model" else "callback"}
    with headrace.torch.DataLoader(folder, 8, mix=rmix, full_batch=True, **callbacks, **EVALUATE) as loader:
        batch = next(iter(loader))
        assert batch.mix_entry == 0 and loader.loader.stats.callback_failures == 0
        assert (batch.lam < 1).any() and batch.labels.dtype == torch.float32
        mixed = batch.images.clone()
    if how == "callback":
        # The same as asking for the gradients themselves.
        with headrace.torch.DataLoader(folder, 8, mix={"op": "rmix", "saliency": "model"},
                                       model=ace_model(network), **EVALUATE) as loader:
            assert torch.allclose(next(iter(loader))[0], mixed, atol=1e-6)


@pytest.mark.parametrize("argument, wrap, mix", [
    ("model", ace_model, {"op": "ace", "p": 1.0, "steps": 1}),
    ("saliency", saliency_model, {"op": "rmix", "saliency": "callback"})])
def test_a_network_is_taken_as_it_is(folder, argument, wrap, mix):  # noqa: F811
    network = Network(3)
    batches = []
    for given in (network, wrap(network)):
        with headrace.torch.DataLoader(folder, 8, mix=mix, augment=[{"op": "resize", "size": [12, 12]}],
                                       **{argument: given}) as one:
            batches.append(next(iter(one))[0].clone())
    assert torch.equal(*batches)


def test_what_a_network_raises_comes_out_of_the_loop(folder):  # noqa: F811
    class Broken(Network):
        def forward(self, x):
            raise KeyError("of the network's own")

    mix = {"op": "ace", "p": 1.0}
    with headrace.torch.DataLoader(folder, 8, model=ace_model(Broken()), mix=mix, **EVALUATE) as loader:
        with pytest.raises(KeyError, match="of the network's own"):
            next(iter(loader))
