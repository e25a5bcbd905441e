"""What the tests of headrace.torch share: pictures of their own, and real ones."""

import pytest

torch = pytest.importorskip("torch", reason="needs PyTorch")
from drawn_pictures import CLASSES, draw_folder, numpy  # noqa: E402,F401


@pytest.fixture(scope="session")
def folder(tmp_path_factory):
    """24 drawn pictures in 3 classes."""
    return draw_folder(tmp_path_factory.mktemp("pictures"))


@pytest.fixture(scope="session")
def photographs(data):
    """A folder of class folders of real pictures; skips without."""
    path = data / "imagenet-mini" / "images"
    if not path.is_dir():
        pytest.skip("the sample pictures have no imagenet-mini")
    return path


def all_of(loader):
    """Images and labels of an epoch, each as one tensor."""
    parts = [(images.clone(), labels) for images, labels in loader]
    return torch.cat([p[0] for p in parts]), torch.cat([p[1] for p in parts])
