"""What the library's messages call by its name in C, by its name in Python."""

import re

# Whole phrases: a path in a message may hold any word.
_PHRASES = (
    (re.compile(r"needs (a model|a function of saliency): set (\w+) in hr_options$"), r"needs \1: give \2=..."),
    (re.compile(r"(^|: )sample_weights(?=: found |: their sum |: all are | and sample_ids )"), r"\1weights"),
    (re.compile(r" beside sample_weights;"), " beside weights=[...];"),
    (re.compile(r"give weights of your own \(sample_weights\)$"), "give weights=[...] of your own"),
    (re.compile(r"go back by hr_loader_set_epoch$"), "go back by set_epoch()"),
    (re.compile(r"^hr_loader_stop was called$"), "stop() was called"),
    (re.compile(r"^hr_draw: the list has no such view$"),
     "view: the ops make none of that number; allowed: from 0 to below views of aug_mix, 0 without it"),
    (re.compile(r"^(patches|quantiles): expected at most 64 numbers, and \w+ of them$"), r"\1: expected at most 64 numbers"),
    # A function of Python's raised, and next() raises the same.
    (re.compile(r"( callback failed): it returned -?\d+(?=;)"), r"\1: it raised"),
    (re.compile(r"\(hr_batch_info\.mix_status\)$"), "(batch.mix.failed)"),
)


def in_python(text: str) -> str:
    """`text` of the library's, for who uses it from Python."""
    for theirs, ours in _PHRASES:
        text = theirs.sub(ours, text)
    return text
