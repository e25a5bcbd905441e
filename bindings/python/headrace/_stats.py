"""Numbers of a loader."""

import dataclasses


@dataclasses.dataclass(frozen=True)
class Memory:
    """What open reserved, in bytes (batch_buffers is a count).

    The fields of hr_memory in the C API.
    """

    batch_buffers: int
    total_bytes: int
    batch_bytes: int
    lane_bytes: int
    scratch_bytes: int
    big_image_bytes: int
    index_bytes: int
    other_bytes: int
    jpeg_bytes_max: int
    cache_bytes: int


@dataclasses.dataclass(frozen=True)
class Stats:
    """Counters since the loader was opened. Times are nanoseconds of CPU, summed over threads.

    The fields of hr_stats in the C API.
    """

    workers: int
    batches: int
    samples: int
    bytes_read: int
    read_ns: int
    decode_ns: int
    entropy_ns: int
    idct_ns: int
    resize_ns: int
    colour_ns: int
    ops_ns: int
    mix_ns: int
    wait_ns: int
    consumer_wait_ns: int
    corrupt_samples: int
    corrupt_ids: int
    substituted: int
    marked: int
    extraneous: int
    extra_buffers: int
    reader: str
    simd_target: str
    pin: str
    rank_source: str
    checkpoints_read: int
    checkpoints_written: int
    checkpoints_rejected: int
    jpeg: str
    callback_failures: int
    object_zoom_fallbacks: int
    cache_hits: int
    cache_bytes: int
    partial_reads: int
    partial_fallbacks: int
