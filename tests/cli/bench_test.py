"""headrace bench: what it measures and how it says so."""

import json

KEYS = {
    "images_per_second", "images", "seconds", "first_batch_seconds", "batch_gap_p99_seconds",
    "cpu_seconds", "peak_rss_bytes", "peak_anon_bytes", "plan_bytes", "bytes_read", "stages",
    "bottleneck", "reader", "simd_target", "workers", "corrupt_samples", "corrupt_ids",
    "substituted", "marked", "cache_hits", "cache_bytes",
}
STAGES = ["read", "decode", "entropy", "idct", "resize", "colour", "ops", "mix", "wait"]
BOTTLENECKS = {"read", "consumer", "decode", "resize", "colour", "ops", "mix"}


def bench(good, config, *arguments):
    return json.loads(good("bench", config, "--json", "-", *arguments).out)


def test_json_has_every_key(good, config):
    result = bench(good, config)
    assert KEYS <= set(result)
    assert list(result["stages"]) == STAGES
    assert result["bottleneck"] in BOTTLENECKS


def test_one_epoch_by_default(good, config):
    result = bench(good, config)
    assert result["images"] == 24  # 30 pictures, batches of 8, the rest dropped
    assert result["batches"] == 3
    assert result["epochs"] == 1


def test_epochs_repeat(good, config):
    result = bench(good, config, "--epochs", "3")
    assert (result["images"], result["epochs"]) == (72, 3)


def test_figures_agree_with_each_other(good, config):
    result = bench(good, config, "--epochs", "20", "-s", "loader.workers=2")
    rate = (result["images"] - 8) / result["seconds"]
    assert abs(result["images_per_second"] - rate) < 1e-6 * rate
    assert result["workers"] == 2
    assert 0 < result["first_batch_seconds"]
    gaps = result["batch_gap_p50_seconds"], result["batch_gap_p99_seconds"]
    assert 0 < gaps[0] <= gaps[1] <= result["seconds"]
    assert 0 < result["cpu_seconds"]
    assert 0 < result["peak_anon_bytes"] <= result["peak_rss_bytes"]
    stages = result["stages"]
    assert all(0 <= share <= 1.05 for share in stages.values()), stages
    assert sum(stages.values()) - stages["read"] <= 1.1
    assert stages["decode"] + stages["entropy"] > 0
    assert stages["resize"] > 0
    assert stages["mix"] == 0


def test_bytes_read_are_at_least_the_files(good, config, demo):
    sizes = sum(path.stat().st_size for path in (demo / "images").rglob("*.jpg"))
    result = bench(good, config, "-s", "loader.tail=exact", "-s", "loader.batch_size=30")
    assert result["images"] == 30
    assert result["bytes_read"] >= sizes


def test_seconds_repeats_epochs_until_the_time_is_up(good, config):
    result = bench(good, config, "--seconds", "0.5")
    assert 0.5 <= result["seconds"] < 5
    assert result["images"] > 24
    assert result["epochs"] >= 1


def test_reader_is_the_one_asked_for(good, config):
    assert bench(good, config, "-s", "loader.reader=pread")["reader"].startswith("pread")


def test_table_without_json(good, config):
    text = good("bench", config).out
    for words in ("images per second", "bottleneck: ", "reader: ", "decode", "plan"):
        assert words in text


def test_bad_pictures_are_counted_and_told(run, config, demo, write_config, tmp_path):
    folder = tmp_path / "images" / "only"
    folder.mkdir(parents=True)
    for path in sorted((demo / "images").rglob("*.jpg"))[:10]:
        (folder / path.name).write_bytes(path.read_bytes())
    (folder / "zz_broken.jpg").write_bytes(b"\xff\xd8\xff\xe0 no picture")
    file = write_config("images")
    options = ["-s", "loader.batch_size=11", "-s", "loader.corrupt_budget=1.0"]
    result = run("bench", file, "--json", "-", *options)
    assert result.code == 0, result
    counts = json.loads(result.out)
    assert counts["images"] == 11
    assert counts["corrupt_ids"] == 1
    assert counts["substituted"] >= 1
    assert "1 bad files met" in result.err
    # Of what was given, not of what was read ahead meanwhile: a place an epoch.
    for epochs in (1, 3):
        given = run("digest", file, "--epochs", epochs, "-s", "loader.on_corrupt=mark", *options)
        assert f"given: 0 samples substituted, {epochs} marked" in given.err, given
    given = run("digest", file, "--epochs", 2, "-s", "loader.tail=pad", *options[2:],
                "-s", "loader.batch_size=4")
    assert "given: 2 samples substituted, 0 marked" in given.err, given

    failed = run("bench", file, "--json", "-", "-s", "loader.on_corrupt=error", *options)
    assert failed.code == 1
    assert failed.out == ""
    assert "zz_broken.jpg" in failed.err
