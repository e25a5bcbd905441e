#include "loader/mix/mix_apply.h"

#include <algorithm>
#include <cstring>

#include "base/check.h"
#include "loader/mix/rmix.h"
#include "simd/blend.h"

namespace headrace::loader {
namespace {

struct Span1 {
  uint32_t begin = 0;
  uint32_t end = 0;
  bool empty() const { return begin >= end; }
};

Span1 Overlap(Span1 a, Span1 b) { return {std::max(a.begin, b.begin), std::min(a.end, b.end)}; }

// A part of every sample that lies together in memory: whole rows of one plane, or a part of one
// row that is longer than the scratch. Along a cycle it is mixed for all samples before the next
// piece, so that a piece and its partner's stay in the first-level cache and each pixel of the
// batch is read and written once.
struct Piece {
  size_t begin = 0;  // its first element in the sample
  size_t count = 0;
  Span1 rows;
  Span1 columns;
};

class BandMixer {
 public:
  BandMixer(const BatchShape& shape, const BatchMix& mix, std::byte* saved)
      : mix_(mix),
        dtype_(shape.dtype),
        height_(shape.height),
        width_(shape.width),
        pixel_(shape.layout == simd::Layout::kNchw ? 1 : shape.channels),
        planes_(shape.layout == simd::Layout::kNchw ? shape.channels : 1),
        element_bytes_(simd::DtypeBytes(shape.dtype)),
        sample_bytes_(shape.sample_bytes()),
        saved_(saved) {}

  // All planes of these rows, of one view.
  void Run(Span1 rows, std::byte* images) {
    const size_t row_elements = width_ * pixel_;
    const size_t elements_max = kMixScratchBytes / element_bytes_;
    const auto rows_max = static_cast<uint32_t>(std::max<size_t>(elements_max / row_elements, 1));
    const auto columns_max = static_cast<uint32_t>(std::min<size_t>(elements_max / pixel_, width_));
    for (size_t plane = 0; plane < planes_; ++plane) {
      for (uint32_t y = rows.begin; y < rows.end; y += rows_max) {
        const Span1 part = {y, std::min(y + rows_max, rows.end)};
        for (uint32_t x = 0; x < width_; x += columns_max) {
          const Span1 columns = {x, std::min(x + columns_max, width_)};
          MixPiece({.begin = (plane * height_ + y) * row_elements + x * pixel_,
                    .count = (part.end - part.begin) * (columns.end - columns.begin) * pixel_,
                    .rows = part,
                    .columns = columns},
                   images);
        }
      }
    }
  }

 private:
  void MixPiece(const Piece& piece, std::byte* images) {
    const auto at = [&](uint32_t sample) {
      return images + sample * sample_bytes_ + piece.begin * element_bytes_;
    };
    for (size_t c = 0; c + 1 < mix_.chain_begin.size(); ++c) {
      const auto cycle =
          std::span<const uint32_t>(mix_.chain)
              .subspan(mix_.chain_begin[c], mix_.chain_begin[c + 1] - mix_.chain_begin[c]);
      if (mix_.kind == MixKind::kRmix && cycle.size() == 2) {
        MixPair(piece, cycle[0], cycle[1], at(cycle[0]), at(cycle[1]));
        continue;
      }
      SaveFor(cycle.back(), piece, at(cycle.front()));
      for (size_t k = 0; k < cycle.size(); ++k) {
        const bool last = k + 1 == cycle.size();
        const uint32_t partner = last ? cycle.front() : cycle[k + 1];
        MixOne(piece, cycle[k], partner, at(cycle[k]), last ? saved_ : at(partner));
      }
    }
  }

  // Keeps what `sample`, the last of its cycle, will need of the first, which is mixed by then.
  void SaveFor(uint32_t sample, const Piece& piece, const std::byte* first) {
    if (mix_.kind != MixKind::kCutMix) {
      std::memcpy(saved_, first, piece.count * element_bytes_);
    } else {
      CopyBox(sample, piece, first, saved_);
    }
  }

  void MixOne(const Piece& piece, uint32_t sample, uint32_t partner, std::byte* own,
              const std::byte* other) {
    switch (mix_.kind) {
      case MixKind::kNone: break;
      case MixKind::kMixup:
        if (mix_.share[sample] != 1.0f) {
          simd::BlendInPlace(dtype_, own, other, mix_.share[sample], piece.count);
        }
        break;
      case MixKind::kCutMix: CopyBox(sample, piece, other, own); break;
      case MixKind::kRmix: MixPatches(piece, sample, partner, own, other); break;
    }
  }

  // run(first byte, bytes) for what lies together of a rectangle of the piece, both relative to it.
  template <class Run>
  void ForRuns(const Piece& piece, Span1 rows, Span1 columns, Run run) const {
    const size_t piece_columns = piece.columns.end - piece.columns.begin;
    const size_t columns_count = columns.end - columns.begin;
    const size_t step = piece_columns * pixel_ * element_bytes_;
    const size_t first = (rows.begin - piece.rows.begin) * step +
                         (columns.begin - piece.columns.begin) * pixel_ * element_bytes_;
    if (columns_count == piece_columns) {
      run(first, (rows.end - rows.begin) * step);
      return;
    }
    for (uint32_t y = 0; y < rows.end - rows.begin; ++y) {
      run(first + y * step, columns_count * pixel_ * element_bytes_);
    }
  }

  void CopyBox(uint32_t sample, const Piece& piece, const std::byte* from, std::byte* to) const {
    const RectPx& box = mix_.box[sample];
    const Span1 rows = Overlap(piece.rows, {box.y, box.y + box.height});
    const Span1 columns = Overlap(piece.columns, {box.x, box.x + box.width});
    if (rows.empty() || columns.empty()) return;
    ForRuns(piece, rows, columns,
            [&](size_t first, size_t bytes) { std::memcpy(to + first, from + first, bytes); });
  }

  // act(fate of `sample`, first byte, bytes) for what lies together of the piece's patches, in the
  // order of memory, which is read ahead. Neighbours that the same happens to are done at once.
  template <class Act>
  void ForPatches(const Piece& piece, uint32_t sample, uint32_t partner, Act act) const {
    const uint32_t patches = mix_.patches;
    const size_t pixel_bytes = pixel_ * element_bytes_;
    const size_t row_bytes = (piece.columns.end - piece.columns.begin) * pixel_bytes;
    struct Part {
      PatchFate fate;
      uint32_t begin;  // of the piece's rows, in bytes
      uint32_t bytes;
    };
    Part parts[kRmixPatchesMax];
    for (uint32_t r = 0; r < patches; ++r) {
      const Span1 rows = Overlap(
          piece.rows, {PatchBegin(r, patches, height_), PatchBegin(r + 1, patches, height_)});
      if (rows.empty()) continue;
      size_t count = 0;
      for (uint32_t c = 0; c < patches;) {
        const PatchFate fate = FateOf(mix_, sample, partner, r * patches + c);
        const uint32_t first = c;
        for (++c; c < patches && FateOf(mix_, sample, partner, r * patches + c) == fate;) ++c;
        const Span1 columns = Overlap(
            piece.columns, {PatchBegin(first, patches, width_), PatchBegin(c, patches, width_)});
        if (columns.empty()) continue;
        parts[count++] = {
            fate, static_cast<uint32_t>((columns.begin - piece.columns.begin) * pixel_bytes),
            static_cast<uint32_t>((columns.end - columns.begin) * pixel_bytes)};
      }
      const size_t first = (rows.begin - piece.rows.begin) * row_bytes;
      if (count == 1) {
        act(parts[0].fate, first, (rows.end - rows.begin) * row_bytes);
        continue;
      }
      for (uint32_t y = 0; y < rows.end - rows.begin; ++y) {
        for (size_t k = 0; k < count; ++k) {
          act(parts[k].fate, first + y * row_bytes + parts[k].begin, parts[k].bytes);
        }
      }
    }
  }

  void MixPatches(const Piece& piece, uint32_t sample, uint32_t partner, std::byte* own,
                  const std::byte* other) const {
    ForPatches(piece, sample, partner, [&](PatchFate fate, size_t at, size_t bytes) {
      if (fate == PatchFate::kPartner) std::memcpy(own + at, other + at, bytes);
      if (fate == PatchFate::kBlend) Blend(own + at, other + at, mix_.share[sample], bytes);
    });
  }

  // Two samples that are each other's partner: what one shows of itself the other shows too, so
  // only what is blended has to be kept.
  void MixPair(const Piece& piece, uint32_t i, uint32_t j, std::byte* a, std::byte* b) {
    ForPatches(piece, i, j, [&](PatchFate fate, size_t at, size_t bytes) {
      switch (fate) {
        case PatchFate::kOwn: std::memcpy(b + at, a + at, bytes); break;
        case PatchFate::kPartner: std::memcpy(a + at, b + at, bytes); break;
        case PatchFate::kBlend:
          std::memcpy(saved_, a + at, bytes);
          Blend(a + at, b + at, mix_.share[i], bytes);
          Blend(b + at, saved_, mix_.share[j], bytes);
          break;
      }
    });
  }

  void Blend(std::byte* own, const std::byte* other, float share, size_t bytes) const {
    if (share == 1.0f) return;
    if (dtype_ == simd::Dtype::kU8) {
      BlendRmixBytes(reinterpret_cast<uint8_t*>(own), reinterpret_cast<const uint8_t*>(other),
                     share, bytes);
    } else {
      simd::BlendInPlace(dtype_, own, other, share, bytes / element_bytes_);
    }
  }

  const BatchMix& mix_;
  const simd::Dtype dtype_;
  const uint32_t height_;
  const uint32_t width_;
  const size_t pixel_;  // elements of a pixel that lie together
  const size_t planes_;
  const size_t element_bytes_;
  const size_t sample_bytes_;
  std::byte* const saved_;
};

// The rows that change at all.
Span1 RowsOf(const BatchShape& shape, const BatchMix& mix) {
  if (mix.kind != MixKind::kCutMix) return {0, shape.height};
  Span1 all = {shape.height, 0};
  for (const uint32_t sample : mix.chain) {
    const RectPx& box = mix.box[sample];
    if (box.height == 0 || box.width == 0) continue;
    all = {std::min(all.begin, box.y), std::max(all.end, box.y + box.height)};
  }
  return all;
}

}  // namespace

void ApplyMixBand(const BatchShape& shape, const BatchMix& mix, void* images, uint32_t rows,
                  uint32_t band, uint32_t band_count, std::span<std::byte> scratch) {
  if (mix.kind == MixKind::kNone || mix.chain.empty()) return;
  HR_DCHECK(band < band_count && scratch.size() >= kMixScratchBytes);
  const auto row_of = [&](uint32_t b) {
    return static_cast<uint32_t>(uint64_t{shape.height} * b / band_count);
  };
  const Span1 wanted = Overlap({row_of(band), row_of(band + 1)}, RowsOf(shape, mix));
  if (wanted.empty()) return;
  BandMixer mixer(shape, mix, scratch.data());
  auto* view = static_cast<std::byte*>(images);
  for (uint32_t v = 0; v < shape.views; ++v) {
    mixer.Run(wanted, view);
    view += rows * shape.sample_bytes();
  }
}

}  // namespace headrace::loader
