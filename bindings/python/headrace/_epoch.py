"""Epoch: what a ``for`` over a loader iterates."""

import itertools
import os
import typing

from ._batch import Batch
from ._errors import HeadraceError

if typing.TYPE_CHECKING:
    from ._loader import Loader

# A number for each call that asks a loader for a batch, by which the batch can be taken back.
tickets = itertools.count(1)


class Epoch:
    """Iterates one epoch. Threads may share it: each batch goes to one of them, and the end to all."""

    def __init__(self, loader: "Loader") -> None:
        self._loader = loader
        self._begun = False
        self._over = False
        self.ticket = 0  # of the call that was made last

    def __iter__(self) -> "Epoch":
        return self

    def __len__(self) -> int:
        return len(self._loader)

    def __next__(self) -> Batch:
        loader = self._loader
        self.ticket = ticket = next(tickets)
        if loader._owner != os.getpid():  # a lock that a thread of the parent's held stays locked here
            return self._next(ticket)
        try:
            with loader._turn:  # one thread asks at a time: those behind it see that the epoch has ended
                return self._next(ticket)
        except BaseException:
            if not self._over:
                loader._take_back(ticket)
            raise

    def begin(self) -> None:
        """Goes to the epoch's start, as the first batch that is asked for does. Once, before that."""
        self._loader._begin(self)
        self._begun = True

    def _next(self, ticket: int) -> Batch:
        if self._over:
            raise StopIteration
        loader = self._loader
        if not self._begun:
            self.begin()
        elif loader._current() is not self:
            self._over = True
            raise HeadraceError("another iteration of the loader, or set_epoch, has ended this one")
        batch = loader._next(-1.0, ticket)
        if batch is None:
            self._over = True
            raise StopIteration
        return batch
