"""What a configuration can say, as the library itself tells it (hr_schema)."""
import ctypes
import json
import pathlib


def schema_of(library: pathlib.Path) -> dict:
    headrace = ctypes.CDLL(str(library))
    if not hasattr(headrace, "hr_schema"):
        raise SystemExit(f"schema: {library} has no hr_schema; build it anew")
    needed = ctypes.c_size_t()
    headrace.hr_schema.argtypes = [ctypes.c_char_p, ctypes.c_size_t, ctypes.POINTER(ctypes.c_size_t), ctypes.c_void_p]
    headrace.hr_schema(None, 0, ctypes.byref(needed), None)
    text = ctypes.create_string_buffer(needed.value)
    status = headrace.hr_schema(text, needed.value, ctypes.byref(needed), None)
    if status != 0:
        raise SystemExit(f"schema: hr_schema gave status {status}")
    return json.loads(text.value.decode())


# How a value of a kind is written.
KINDS = {
    "bool": "`true`, `false`",
    "int": "integer",
    "number": "number",
    "text": "text",
    "word": "",
    "path": "path",
    "paths": "path, or list of paths",
    "texts": "list of texts",
    "bytes": 'bytes: a number or `"512MiB"`',
    "numbers": "list of numbers",
    "shares": "table of shares",
    "alpha": '`"drop"` or `[r, g, b]`',
    "rank": '`"auto"` or a number',
    "range": "number or `[low, high]`",
    "int_range": "integer or `[low, high]`",
    "spread": "d for [-d, d], or `[low, high]`",
    "factor": "x for [max(0, 1-x), 1+x], or `[low, high]`",
    "size": "integer or `[height, width]`",
    "short_size": "integer (short side) or `[height, width]`",
    "odd_pair": "odd integer, or two",
    "padding": "integer, `[x, y]` or `[left, top, right, bottom]`",
    "pair": "`[a, b]`",
    "pairs": "table of pairs, `{ left = \"right\" }`",
    "box": "`[top, left, height, width]`",
    "one_two_four": "number or list of 1, 2 or 4",
    "six": "list of 6 numbers",
    "eight": "list of 8 numbers",
    "fill": "number or `[r, g, b]`",
    "fill_or_word": "number, `[r, g, b]`, or a word",
    "weights": "table of weights",
}


def toml(value) -> str:
    """A default as one would write it."""
    if isinstance(value, dict):
        return "{ " + ", ".join(f"{key} = {toml(entry)}" for key, entry in value.items()) + " }"
    if isinstance(value, list):
        return "[" + ", ".join(map(toml, value)) + "]"
    return json.dumps(value, ensure_ascii=False)


def default_of(key) -> str:
    if key.get("required"):
        return "required"
    return f"`{toml(key['default'])}`" if key.get("default") is not None else "none"


def bounds_of(key) -> str:
    low, high = key.get("minimum"), key.get("maximum")
    parts = []
    if "exclusive_minimum" in key:
        parts.append(f"above {key['exclusive_minimum']:g}")
    if low is not None and high is not None:
        parts.append(f"from {low:.15g} to {high:.15g}")
    elif low is not None:
        parts.append(f"at least {low:.15g}")
    elif high is not None:
        parts.append(f"at most {high:.15g}")
    if "exclusive_maximum" in key:
        parts.append(f"below {key['exclusive_maximum']:g}")
    return ", ".join(parts)


def takes_of(key) -> str:
    words = ", ".join(f"`{word}`" for word in key.get("words", []))
    kind = KINDS.get(key["kind"], key["kind"])
    return ", ".join(part for part in (kind, words, bounds_of(key)) if part)
