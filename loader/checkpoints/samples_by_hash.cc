#include "loader/checkpoints/samples_by_hash.h"

#include <algorithm>
#include <cstring>
#include <tuple>

#include "base/hash.h"
#include "loader/open_watch.h"

namespace headrace::loader {

uint64_t PathHash(const Extent& extent) {
  return Hash64(std::as_bytes(std::span(extent.path, std::strlen(extent.path))), extent.offset);
}

SamplesByHash::SamplesByHash(const Dataset& dataset, uint64_t piece_items)
    : dataset_(dataset), pieces_((dataset.size() + piece_items - 1) / piece_items) {
  items_.reserve(BytesFor(std::min(dataset.size(), piece_items)) / sizeof(Item));
}

bool SamplesByHash::NextPiece(std::span<const Item>* piece) {
  if (piece_ == pieces_) return false;
  items_.clear();
  for (uint64_t id = 0; id < dataset_.size(); ++id) {
    if (!OpeningGoesOnAt(id)) {
      ended_ = true;
      return false;
    }
    const uint64_t hash = PathHash(dataset_.Locate(id));
    // The range of hashes, cut into `pieces_` equal parts; their number is far below 2^32.
    if (((hash >> 32) * pieces_) >> 32 == piece_) items_.push_back({hash, id});
  }
  std::sort(items_.begin(), items_.end(), [](const Item& a, const Item& b) {
    return std::tie(a.hash, a.id) < std::tie(b.hash, b.id);
  });
  ++piece_;
  *piece = items_;
  return true;
}

}  // namespace headrace::loader
