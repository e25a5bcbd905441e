"""headrace doctor: one JSON object, or the same as a table."""

import json


def test_json_is_one_object(good):
    said = json.loads(good("doctor", "--json", "-").out)
    assert isinstance(said, dict)
    assert said["version"] in good("--version").out


def test_table_has_a_row_for_every_value(good):
    said = json.loads(good("doctor", "--json", "-").out)
    text = good("doctor").out

    def leaves(value):
        if isinstance(value, dict):
            return [leaf for item in value.values() for leaf in leaves(item)]
        if isinstance(value, list):
            return [leaf for item in value for leaf in leaves(item)]
        return [value]

    for leaf in leaves(said):
        assert (leaf if isinstance(leaf, str) else json.dumps(leaf)) in text
    assert "{" not in text and '"version"' not in text


def test_it_names_the_reader(good):
    text = good("doctor").out
    assert "io_uring" in text or "io uring" in text
    assert "simd" in text.lower()
