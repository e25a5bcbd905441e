// Entropy-coded data made up at random, such that they are right for the tables that a file has.
// Damage to real data is noticed at the first wrong code; these reach the end of the picture with
// values that no encoder writes.
#pragma once

#include <cstddef>

#include "fuzz_random.h"
#include "jpeg_pieces.h"

namespace headrace::fuzz {

// One Huffman table of a DHT segment, as it is stored there.
ByteVector RandomHuffmanTable(Random& random, uint8_t class_and_number);

// Gives the first scan new data of `bytes_max` or fewer, if the file is sequential and
// Huffman-coded. False: it is not, or too much is missing.
bool RewriteScan(JpegPieces& pieces, Random& random, size_t bytes_max);

}  // namespace headrace::fuzz
