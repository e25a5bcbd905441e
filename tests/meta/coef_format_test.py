#!/usr/bin/env python3
"""docs/pack-format-coef.md, taken at its word: a reader and a writer of coefficient records that know
nothing else. What they read of the fuzz corpus, they write again as the same bytes."""

import pathlib
import re
import struct
import unittest

CORPUS = pathlib.Path(__file__).resolve().parents[1] / "fuzz/corpus/coef"
TAIL = bytes(64)


def ceil_div(a, b):
    return (a + b - 1) // b


def signed(value, bits):
    return value - (1 << bits) if value >> (bits - 1) else value


def bits_of(mask):
    return [i for i in range(8) if mask >> i & 1]


class Reader:
    """A record as header fields, tables, hashes and planes[component][row][block] of 64 values."""

    def __init__(self, record):
        assert record[:8] == b"\x89HRC\r\n\x1a\n"
        (self.version, self.colour, self.components, self.width, self.height, self.orientation,
         tables, zero, header_bytes, segments_bytes, data_bytes,
         self.segments_hash) = struct.unpack_from("<HBBIIBBHIIII", record, 8)
        assert self.version == 2 and zero == 0
        at = 40
        self.factors = []
        for _ in range(self.components):
            across, down, table, zero = record[at:at + 4]
            assert zero == 0
            self.factors.append((across, down, table))
            at += 4
        self.tables = [struct.unpack_from("<64H", record, at + 128 * i) for i in range(tables)]
        at += 128 * tables
        data = record[header_bytes:header_bytes + data_bytes]
        self.row_hashes = []
        begin = 0
        widths = [ceil_div(ceil_div(self.width * across, self.factors[0][0]), 8)
                  for across, _, _ in self.factors]
        self.planes = [[None] * height for height in self.heights()]
        for c, row in self.row_order():
            end, row_hash = struct.unpack_from("<II", record, at)
            at += 8
            self.row_hashes.append(row_hash)
            self.planes[c][row] = read_row(data[begin:end], widths[c])
            begin = end
        assert begin == len(data)
        self.header_hash = record[at:at + 8]
        assert at + 8 == header_bytes
        self.segments = record[header_bytes + data_bytes:len(record) - 64]
        assert len(self.segments) == segments_bytes and record[-64:] == TAIL

    def heights(self):
        return [ceil_div(ceil_div(self.height * down, self.factors[0][1]), 8)
                for _, down, _ in self.factors]

    def row_order(self):
        """Component and row of blocks, as they stand in the record."""
        heights = self.heights()
        downs = [down if self.components > 1 else 1 for _, down, _ in self.factors]
        for mcu_row in range(ceil_div(heights[0], downs[0])):
            for c, down in enumerate(downs):
                for row in range(mcu_row * down, min((mcu_row + 1) * down, heights[c])):
                    yield c, row


def read_row(row, blocks):
    chunks = ceil_div(blocks, 8)
    entries = struct.unpack_from(f"<{chunks}H", row)
    at = 2 * chunks
    out = []
    for i, entry in enumerate(entries):
        assert entry & 0x4000 == 0
        end = at + (entry & 0x3FFF)
        out += read_chunk(row[at:end], min(8, blocks - 8 * i), bool(entry & 0x8000))
        at = end
    assert at == len(row)
    return out


def read_chunk(chunk, count, wide):
    blocks = [[0] * 64 for _ in range(count)]
    width = 2 if wide else 1
    dc = struct.unpack_from("<h", chunk)[0]
    at = 2
    blocks[0][0] = dc
    for block in blocks[1:]:
        difference = signed(int.from_bytes(chunk[at:at + width], "little"), 8 * width)
        dc = signed((dc + difference) & 0xFFFF, 16)
        block[0] = dc
        at += width
    row_masks = chunk[at:at + count]
    at += count
    places = []
    for mask in row_masks:
        places.append([])
        for row in bits_of(mask):
            places[-1] += [8 * row + column for column in bits_of(chunk[at])]
            at += 1
    escaped = []
    for block, where in zip(blocks, places):
        for i, place in enumerate(where):
            nibble = chunk[at + i // 2] >> 4 * (i % 2) & 15
            if nibble == 8:
                escaped.append((block, place))
            else:
                block[place] = signed(nibble, 4)
        at += ceil_div(len(where), 2)
    for block, place in escaped:
        block[place] = signed(chunk[at], 8)
        at += 1
    assert (len(chunk) - at) % 4 == 0
    for place, value in struct.iter_unpack("<Hh", chunk[at:]):
        assert place % 64 != 0 and blocks[place // 64][place % 64] == 0
        blocks[place // 64][place % 64] = value
    return blocks


def write_chunk(blocks):
    """The chunk and its entry."""
    steps = [signed((b[0] - a[0]) & 0xFFFF, 16) for a, b in zip(blocks, blocks[1:])]
    wide = any(not -128 <= step <= 127 for step in steps)
    out = struct.pack("<h", blocks[0][0]) + struct.pack(f"<{len(steps)}{'h' if wide else 'b'}", *steps)
    row_masks = column_masks = nibbles = escapes = patches = b""
    for number, block in enumerate(blocks):
        row_mask = 0
        half = []
        for row in range(8):
            column_mask = 0
            for column in range(8):
                place = 8 * row + column
                value = block[place]
                if value == 0 or place == 0:
                    continue
                if not -128 <= value <= 127:
                    patches += struct.pack("<Hh", 64 * number + place, value)
                    continue
                column_mask |= 1 << column
                small = -7 <= value <= 7
                half.append(value & 15 if small else 8)
                escapes += b"" if small else struct.pack("<b", value)
            if column_mask:
                row_mask |= 1 << row
                column_masks += bytes([column_mask])
        row_masks += bytes([row_mask])
        half += [0] * (len(half) % 2)
        nibbles += bytes(half[i] | half[i + 1] << 4 for i in range(0, len(half), 2))
    out += row_masks + column_masks + nibbles + escapes + patches
    return out, len(out) | (0x8000 if wide else 0)


def write_row(blocks):
    chunks = [write_chunk(blocks[i:i + 8]) for i in range(0, len(blocks), 8)]
    table = b"".join(struct.pack("<H", entry) for _, entry in chunks)
    return table + b"".join(chunk for chunk, _ in chunks)


def write(record):
    rows = [write_row(record.planes[c][row]) for c, row in record.row_order()]
    components = b"".join(bytes([*factors, 0]) for factors in record.factors)
    tables = b"".join(struct.pack("<64H", *table) for table in record.tables)
    ends = b""
    end = 0
    for row, row_hash in zip(rows, record.row_hashes):
        end += len(row)
        ends += struct.pack("<II", end, row_hash)
    header_bytes = 40 + len(components) + len(tables) + len(ends) + 8
    fixed = b"\x89HRC\r\n\x1a\n" + struct.pack(
        "<HBBIIBBHIIII", record.version, record.colour, record.components, record.width,
        record.height, record.orientation, len(record.tables), 0, header_bytes,
        len(record.segments), end, record.segments_hash)
    return (fixed + components + tables + ends + record.header_hash + b"".join(rows) +
            record.segments + TAIL)


class CoefFormatTest(unittest.TestCase):
    def test_what_is_read_by_the_document_is_written_as_the_same_bytes(self):
        # Those that were made by the encoder; what a fuzzer finds has the name of its hash.
        paths = sorted(path for path in CORPUS.iterdir() if re.fullmatch("[a-z0-9_]{3,24}", path.name))
        self.assertGreater(len(paths), 5)
        values = 0
        for path in paths:
            with self.subTest(path.name):
                record = path.read_bytes()
                read = Reader(record)
                values += sum(value != 0 for plane in read.planes for row in plane
                              for block in row for value in block)
                self.assertEqual(write(read), record)
        self.assertGreater(values, 500)


if __name__ == "__main__":
    unittest.main()
