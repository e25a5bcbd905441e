// The mutator of fuzz_jpeg_paths: it knows the segments of a JPEG and changes one thing at a time
// in a way that leaves the rest readable, so that inputs get past the header. Some of the time it
// makes whole files: by libjpeg-turbo's encoder, or of random codes that fit random tables.
#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <random>

#include "fuzz_jpeg_paths.h"
#include "fuzz_random.h"
#include "jpeg_pieces.h"
#include "jpeg_scan_maker.h"
#include "tests/unit/codecs/jpeg_maker.h"

extern "C" size_t LLVMFuzzerMutate(uint8_t* data, size_t size, size_t size_max);
extern "C" __attribute__((visibility("default"))) size_t LLVMFuzzerCustomMutator(uint8_t* data,
                                                                                 size_t size,
                                                                                 size_t size_max,
                                                                                 unsigned seed);

namespace headrace::fuzz {
namespace {

uint32_t Length(const ByteVector& bytes) { return static_cast<uint32_t>(bytes.size()); }

// By libFuzzer's own means; it also knows which bytes the code compared with.
void MutatePlainly(ByteVector* bytes, size_t bytes_max) {
  const size_t before = bytes->size();
  bytes->resize(std::max(bytes_max, before));
  bytes->resize(LLVMFuzzerMutate(bytes->data(), before, bytes->size()));
}

// ------------------------------------------------------------------ segments

void MutateSide(uint8_t* side, Random& random) {
  uint32_t value = uint32_t{side[0]} << 8 | side[1];
  switch (random.Below(8)) {
    case 0: value = random.Between(1, 300); break;
    case 1: value = random.Next() & 0xFFFF; break;
    case 2: value += 1; break;
    case 3: value -= 1; break;
    default: value = random.Between(1, 70); break;
  }
  side[0] = static_cast<uint8_t>(value >> 8);
  side[1] = static_cast<uint8_t>(value);
}

void MutateFrame(JpegPiece* frame, Random& random) {
  if (frame == nullptr || frame->payload.size() < 9) return;
  ByteVector& sof = frame->payload;
  const uint32_t components = std::max<uint32_t>(1, (Length(sof) - 6) / 3);
  uint8_t* component = &sof[6 + size_t{random.Below(components)} * 3];
  switch (random.Below(16)) {
    case 0:
    case 1:
    case 2: MutateSide(&sof[1], random); break;
    case 3:
    case 4:
    case 5: MutateSide(&sof[3], random); break;
    case 6:
    case 7:
    case 8:
    case 9:
    case 10:
      component[1] = static_cast<uint8_t>(random.Between(1, 2) << 4 | random.Between(1, 2));
      break;
    case 11: component[1] = static_cast<uint8_t>(random.Below(5) << 4 | random.Below(5)); break;
    case 12: component[2] = static_cast<uint8_t>(random.Below(5)); break;
    case 13:
      component[0] = random.OneIn(2) ? random.Byte() : static_cast<uint8_t>(random.Below(4));
      break;
    case 14:
      frame->marker = static_cast<uint8_t>(kSof0 + random.Below(random.OneIn(4) ? 16 : 3));
      break;
    default:
      if (random.OneIn(2)) {
        sof[5] = static_cast<uint8_t>(random.Below(5));
      } else {
        sof[0] = static_cast<uint8_t>(random.OneIn(2) ? 12 : random.Byte());
      }
      break;
  }
}

// A count and the one after it, so that the sum stays; or a symbol.
void MutateHuffman(ByteVector& dht, Random& random) {
  if (dht.size() < 18) return;
  if (random.OneIn(3)) {
    const uint32_t length = random.Between(1, 15);
    const bool down = random.OneIn(2);
    uint8_t& from = dht[down ? length : length + 1];
    uint8_t& to = dht[down ? length + 1 : length];
    if (from == 0) return;
    --from;
    ++to;
    return;
  }
  const uint32_t at = random.Between(17, Length(dht) - 1);
  switch (random.Below(4)) {
    case 0: dht[at] = random.Byte(); break;
    case 1: std::swap(dht[at], dht[random.Between(17, Length(dht) - 1)]); break;
    case 2: dht[at] ^= static_cast<uint8_t>(1u << random.Below(8)); break;
    default: dht[0] = static_cast<uint8_t>(random.Below(2) << 4 | random.Below(4)); break;
  }
}

void MutateQuantisers(ByteVector& dqt, Random& random) {
  if (dqt.size() < 65) return;
  if (random.OneIn(6)) {  // all of them at once
    const uint8_t value =
        random.OneIn(2) ? random.Byte() : static_cast<uint8_t>(1 + random.Below(4));
    std::fill(dqt.begin() + 1, dqt.begin() + 65, value);
  } else if (random.OneIn(8) && dqt.size() == 65) {  // as 16-bit numbers
    ByteVector wide = {static_cast<uint8_t>(0x10 | (dqt[0] & 3))};
    const uint8_t high = random.OneIn(2) ? 0 : random.Byte();
    for (size_t i = 1; i < dqt.size(); ++i) wide.insert(wide.end(), {high, dqt[i]});
    dqt = std::move(wide);
  } else {
    dqt[random.Below(random.OneIn(8) ? Length(dqt) : 10)] = random.OneIn(4) ? 0xFF : random.Byte();
  }
}

void MutateScanHeader(ByteVector& sos, Random& random) {
  if (sos.size() < 6) return;
  const uint32_t components = std::max<uint32_t>(1, (Length(sos) - 4) / 2);
  switch (random.Below(4)) {
    case 0:
    case 1:
      sos[2 + size_t{random.Below(components)} * 2] =
          static_cast<uint8_t>(random.Below(4) << 4 | random.Below(4));
      break;
    case 2:
      sos[1 + size_t{random.Below(components)} * 2] = static_cast<uint8_t>(random.Below(5));
      break;
    default: sos[random.Below(Length(sos))] = random.Byte(); break;
  }
}

JpegPiece Segment(uint8_t marker, ByteVector payload) {
  JpegPiece piece;
  piece.marker = marker;
  piece.payload = std::move(payload);
  return piece;
}

JpegPiece NewSegment(Random& random) {
  switch (random.Below(6)) {
    case 0: return Segment(kDri, {0, static_cast<uint8_t>(random.Below(10))});
    case 1:
      return Segment(kApp14,
                     {'A', 'd', 'o', 'b', 'e', 0, 100, 0, 0, 0, 0,
                      static_cast<uint8_t>(random.OneIn(8) ? random.Byte() : random.Below(3))});
    case 2:
      return Segment(kApp0, {'J', 'F', 'I', 'F', 0, static_cast<uint8_t>(random.Between(1, 2)), 1,
                             0, 0, 1, 0, 1, 0, 0});
    case 3:
      return Segment(kApp1, {'E', 'x',  'i', 'f', 0,
                             0,   'I',  'I', 42,  0,
                             8,   0,    0,   0,   1,
                             0,   0x12, 1,   3,   0,
                             1,   0,    0,   0,   static_cast<uint8_t>(random.Between(1, 8)),
                             0,   0,    0,   0,   0,
                             0,   0});
    case 4: return Segment(kCom, ByteVector(random.Below(40), random.Byte()));
    default: return Segment(random.OneIn(2) ? random.Byte() : uint8_t{kDri}, {0, random.Byte()});
  }
}

void MutateOrder(JpegPieces* pieces, Random& random) {
  const uint32_t count = static_cast<uint32_t>(pieces->size());
  const auto any = [&] { return pieces->begin() + static_cast<ptrdiff_t>(random.Below(count)); };
  switch (random.Below(12)) {
    case 0: pieces->erase(any()); break;
    case 1: pieces->insert(any(), JpegPiece(*any())); break;
    case 2: std::iter_swap(any(), any()); break;
    case 3: any()->fill = static_cast<uint8_t>(random.Below(4)); break;
    case 4: {  // bytes that belong nowhere
      ByteVector& data = any()->data;
      data.insert(data.end(), 1 + random.Below(3), random.Byte());
      break;
    }
    case 5: {  // after the end of the picture; a file must have some size to get a record
      JpegPiece rest;
      rest.data.assign(random.Below(random.OneIn(2) ? 8 : 2500), random.Byte());
      pieces->push_back(std::move(rest));
      break;
    }
    default: {  // after SOI and before the scan
      const size_t end = std::min(FindMarker(*pieces, kSos), pieces->size());
      const uint32_t at =
          end < 2 ? static_cast<uint32_t>(end) : random.Between(1, static_cast<uint32_t>(end));
      pieces->insert(pieces->begin() + static_cast<ptrdiff_t>(at), NewSegment(random));
      break;
    }
  }
}

// ------------------------------------------------------------------ entropy-coded data

void MutateData(ByteVector& data, Random& random) {
  if (data.empty()) return;
  const uint32_t bytes = Length(data);
  const uint32_t at =
      random.OneIn(3) ? bytes - 1 - random.Below(std::min(bytes, 24u)) : random.Below(bytes);
  const auto here = data.begin() + static_cast<ptrdiff_t>(at);
  const uint8_t restart = static_cast<uint8_t>(kRst0 + random.Below(8));
  switch (random.Below(14)) {
    case 0:
    case 1: data[at] ^= static_cast<uint8_t>(1u << random.Below(8)); break;
    case 2: data[at] = random.Byte(); break;
    case 3: data.insert(here, {0xFF, 0x00}); break;
    case 4: data.insert(here, {0xFF, 0xFF}); break;
    case 5: data.insert(here, {0xFF, restart}); break;
    case 6: data.insert(here, {0xFF, random.OneIn(2) ? uint8_t{kEoi} : random.Byte()}); break;
    case 7: data.resize(at); break;
    case 8: data.erase(here); break;
    case 9: {  // a stretch a second time
      const ByteVector stretch(
          here, here + static_cast<ptrdiff_t>(1 + random.Below(std::min(bytes - at, 64u))));
      data.insert(data.begin() + static_cast<ptrdiff_t>(random.Below(bytes)), stretch.begin(),
                  stretch.end());
      break;
    }
    case 10:
    case 11: {  // a restart marker or a stuffed byte, where one stands
      auto marker = std::find(here, data.end(), uint8_t{0xFF});
      if (marker == data.end() || marker + 1 == data.end()) break;
      if (random.OneIn(3)) {
        data.erase(marker, marker + 2);
      } else {
        marker[1] = random.OneIn(3) ? uint8_t{0} : restart;
      }
      break;
    }
    case 12: data.insert(here, 0xFF); break;
    default:
      data.erase(here, here + static_cast<ptrdiff_t>(1 + random.Below(std::min(bytes - at, 16u))));
      break;
  }
}

// ------------------------------------------------------------------ whole files

// Small pictures: a thousand a second.
ByteVector EncodedPicture(Random& random) {
  std::mt19937 engine(random.Next());
  const uint32_t side = random.OneIn(8) ? 200 : 48;
  codecs::JpegRecipe recipe = codecs::RandomJpegRecipe(engine, side);
  recipe.progressive = random.OneIn(12);
  recipe.arithmetic = !recipe.progressive && random.OneIn(24);
  if (recipe.arithmetic) recipe.optimised = false;
  const codecs::Bytes file = codecs::MakeJpeg(recipe);
  const auto* first = reinterpret_cast<const uint8_t*>(file.data());
  return {first, first + file.size()};
}

// Other tables for all components, and data that fit them.
bool Recode(JpegPieces* pieces, Random& random, size_t data_bytes_max) {
  const size_t sos = FindMarker(*pieces, kSos);
  if (sos == pieces->size()) return false;
  if (random.OneIn(2)) {
    pieces->erase(std::remove_if(pieces->begin(), pieces->begin() + static_cast<ptrdiff_t>(sos),
                                 [](const JpegPiece& piece) { return piece.marker == kDht; }),
                  pieces->begin() + static_cast<ptrdiff_t>(sos));
    const size_t scan = FindMarker(*pieces, kSos);
    const ByteVector& head = (*pieces)[scan].payload;
    ByteVector names;
    for (size_t i = 2; i < head.size() && i <= size_t{head[0]} * 2; i += 2) {
      names.push_back(static_cast<uint8_t>((head[i] >> 4) & 3));
      names.push_back(static_cast<uint8_t>(0x10 | (head[i] & 3)));
    }
    std::sort(names.begin(), names.end());
    names.erase(std::unique(names.begin(), names.end()), names.end());
    for (const uint8_t name : names) {
      pieces->insert(pieces->begin() + static_cast<ptrdiff_t>(FindMarker(*pieces, kSos)),
                     Segment(kDht, RandomHuffmanTable(random, name)));
    }
  }
  JpegPiece* frame = FindFrame(*pieces);
  if (frame != nullptr && frame->payload.size() > 5 && random.OneIn(2)) {
    if (frame->marker == kSof2) frame->marker = kSof0;
    for (const size_t side : {size_t{1}, size_t{3}}) {
      frame->payload[side] = 0;
      frame->payload[side + 1] =
          static_cast<uint8_t>(random.Between(1, random.OneIn(6) ? 200 : 64));
    }
  }
  return RewriteScan(*pieces, random, data_bytes_max);
}

void MutatePieces(JpegPieces* pieces, Random& random, size_t bytes_max) {
  const auto some = [&](uint8_t marker) -> JpegPiece* {
    uint32_t count = 0;
    JpegPiece* chosen = nullptr;
    for (JpegPiece& piece : *pieces) {
      if (piece.marker == marker && random.OneIn(++count)) chosen = &piece;
    }
    return chosen;
  };
  switch (random.Below(20)) {
    case 0:
    case 1: MutateFrame(FindFrame(*pieces), random); break;
    case 2:
    case 3:
      if (JpegPiece* dht = some(kDht)) MutateHuffman(dht->payload, random);
      break;
    case 4:
      if (JpegPiece* dqt = some(kDqt)) MutateQuantisers(dqt->payload, random);
      break;
    case 5:
      if (JpegPiece* sos = some(kSos)) MutateScanHeader(sos->payload, random);
      break;
    case 6:
    case 7: MutateOrder(pieces, random); break;
    case 8:
      if (JpegPiece* dri = some(kDri); dri != nullptr && dri->payload.size() >= 2) {
        dri->payload[1] = static_cast<uint8_t>(random.Below(10));
      }
      break;
    case 9:
    case 10:
    case 11:
    case 12: Recode(pieces, random, bytes_max); break;
    case 13: {
      ByteVector& payload = (*pieces)[random.Below(static_cast<uint32_t>(pieces->size()))].payload;
      MutatePlainly(&payload, payload.size() + 8);
      break;
    }
    default:
      if (JpegPiece* sos = some(kSos)) MutateData(sos->data, random);
      break;
  }
}

void MutateControl(uint8_t* control, Random& random) {
  const uint32_t count = random.Between(1, 3);
  for (uint32_t i = 0; i < count; ++i) {
    control[random.Below(kControlBytes)] =
        random.OneIn(6) ? (random.OneIn(2) ? uint8_t{255} : uint8_t{0}) : random.Byte();
  }
}

ByteVector MutateInput(std::span<const uint8_t> input, Random& random, size_t bytes_max) {
  ByteVector out(input.begin(), input.begin() + static_cast<ptrdiff_t>(kControlBytes));
  if (random.OneIn(6)) MutateControl(out.data(), random);
  ByteVector file(input.begin() + static_cast<ptrdiff_t>(kControlBytes), input.end());
  const size_t file_bytes_max = bytes_max - kControlBytes;
  if (file.size() < 4 || random.OneIn(60)) {
    ByteVector fresh = EncodedPicture(random);
    if (fresh.size() <= file_bytes_max) file = std::move(fresh);
  } else if (random.OneIn(25)) {
    MutatePlainly(&file, file_bytes_max);
  } else {
    JpegPieces pieces = ParseJpeg(file);
    const uint32_t steps = random.OneIn(3) ? random.Between(2, 4) : 1;
    for (uint32_t i = 0; i < steps && !pieces.empty(); ++i) {
      MutatePieces(&pieces, random, file_bytes_max > 1024 ? file_bytes_max - 700 : 300);
    }
    file = WriteJpeg(pieces);
  }
  file.resize(std::min(file.size(), file_bytes_max));
  out.insert(out.end(), file.begin(), file.end());
  return out;
}

}  // namespace
}  // namespace headrace::fuzz

size_t LLVMFuzzerCustomMutator(uint8_t* data, size_t size, size_t size_max, unsigned seed) {
  using namespace headrace::fuzz;  // NOLINT: a harness, not a library
  if (size_max < kControlBytes + 64) return LLVMFuzzerMutate(data, size, size_max);
  Random random(seed);
  if (size < kControlBytes) {
    std::memset(data + size, 0, kControlBytes - size);
    size = kControlBytes;
    MutateControl(data, random);
  }
  const ByteVector out = MutateInput({data, size}, random, size_max);
  std::memcpy(data, out.data(), out.size());
  return out.size();
}
