"""Ctrl-C at a call that a test names."""


class Interrupted:
    """A function whose calls that `at` lists, the first being 1, raise instead."""

    def __init__(self, function, at):
        self.function, self.at, self.calls = function, at, 0

    def __call__(self, *arguments, **keywords):
        self.calls += 1
        if self.calls in self.at:
            raise KeyboardInterrupt
        return self.function(*arguments, **keywords)
