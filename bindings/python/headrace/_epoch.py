"""Epoch: what a ``for`` over a loader iterates."""

import os
import typing

from ._batch import Batch
from ._errors import HeadraceError

if typing.TYPE_CHECKING:
    from ._loader import Loader


class Epoch:
    """Iterates one epoch. Threads may share it: each batch goes to one of them, and the end to all."""

    def __init__(self, loader: "Loader") -> None:
        self._loader = loader
        self._begun = False
        self._over = False

    def __iter__(self) -> "Epoch":
        return self

    def __len__(self) -> int:
        return len(self._loader)

    def __next__(self) -> Batch:
        loader = self._loader
        if loader._owner != os.getpid():  # a lock that a thread of the parent's held stays locked here
            return self._next()
        given = loader._core.given
        try:
            with loader._turn:  # one thread asks at a time: those behind it see that the epoch has ended
                return self._next()
        except BaseException:
            if not self._over:
                loader._take_back(given)
            raise

    def begin(self) -> None:
        """Goes to the epoch's start, as the first batch that is asked for does. Once, before that."""
        self._loader._begin(self)
        self._begun = True

    def _next(self) -> Batch:
        if self._over:
            raise StopIteration
        loader = self._loader
        if not self._begun:
            self.begin()
        elif loader._current() is not self:
            self._over = True
            raise HeadraceError("another iteration of the loader, or set_epoch, has ended this one")
        batch = loader.next()
        if batch is None:
            self._over = True
            raise StopIteration
        return batch
