#include "loader/mix/mixer.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <string>
#include <string_view>

#include "base/check.h"
#include "base/image_view.h"
#include "base/rng.h"
#include "loader/mix/cutmix.h"
#include "loader/mix/mixup.h"
#include "loader/mix/partners.h"

namespace headrace::loader {
namespace {

// Images are mixed in runs of this many bytes, along all samples of a cycle: a run and its
// partner's stay in the first-level cache, so each pixel of the batch is read and written once.
constexpr size_t kRunBytes = 16u << 10;

// Stream names: of the choice among the entries, and of each op's own draws.
constexpr std::string_view kChoiceStream = "mix";
constexpr std::string_view kMixupStream = "mix/mixup";
constexpr std::string_view kCutMixStream = "mix/cutmix";

bool IsCutMix(const MixConfig& entry) { return entry.op == "cutmix"; }

bool MixError(const MixConfig& entry, Code code, const std::string& what, ConfigError* error) {
  error->code = code;
  error->text = "[[mix]] " + entry.op;
  if (entry.line > 0) error->text += " (line " + std::to_string(entry.line) + ")";
  error->text += ": " + what;
  return false;
}

bool CheckEntry(const MixConfig& entry, ConfigError* error) {
  const auto value_error = [&](const char* what) {
    return MixError(entry, Code::kConfigValue, what, error);
  };
  if (entry.op != "mixup" && entry.op != "cutmix") {
    return MixError(entry, Code::kNotInThisVersion, "not in this version; there are mixup, cutmix",
                    error);
  }
  if (entry.mode != MixMode::kBatch) {
    return MixError(entry, Code::kNotInThisVersion, "mode: only \"batch\" is in this version",
                    error);
  }
  if (!(entry.alpha > 0 && std::isfinite(entry.alpha))) {
    return value_error("alpha: expected a number above 0");
  }
  if (!(entry.weight >= 0 && std::isfinite(entry.weight))) {
    return value_error("weight: expected a number of at least 0");
  }
  if (!(entry.p >= 0 && entry.p <= 1)) return value_error("p: expected a number from 0 to 1");
  if (!(entry.label_smoothing >= 0 && entry.label_smoothing <= 1)) {
    return value_error("label_smoothing: expected a number from 0 to 1");
  }
  if (!entry.minmax.has_value()) return true;
  if (!IsCutMix(entry)) return value_error("minmax: only cutmix takes it");
  if (!(entry.minmax->low >= 0 && entry.minmax->low <= entry.minmax->high &&
        entry.minmax->high <= 1)) {
    return value_error("minmax: expected [low, high] with 0 <= low <= high <= 1");
  }
  return true;
}

// The entry that the unit `u` falls on.
size_t EntryAt(std::span<const MixConfig> entries, double u) {
  double total = 0;
  for (const MixConfig& entry : entries) total += entry.weight;
  double sum = 0;
  for (size_t i = 0; i + 1 < entries.size(); ++i) {
    sum += entries[i].weight;
    if (u * total < sum) return i;
  }
  return entries.size() - 1;
}

}  // namespace

bool Mixer::Make(std::span<const MixConfig> entries, const BatchShape& shape,
                 std::unique_ptr<Mixer>* mixer, ConfigError* error) {
  double total = 0;
  for (const MixConfig& entry : entries) {
    if (!CheckEntry(entry, error)) return false;
    total += entry.weight;
  }
  if (!entries.empty() && !(total > 0 && std::isfinite(total))) {
    return MixError(entries.front(), Code::kConfigValue,
                    "weight: the weights of all entries add up to nothing", error);
  }
  mixer->reset(new Mixer);
  (*mixer)->entries_.assign(entries.begin(), entries.end());
  (*mixer)->shape_ = shape;
  return true;
}

void Mixer::Prepare(BatchMix* mix) const {
  mix->chain.reserve(shape_.batch_size);
  mix->chain_begin.reserve(size_t{shape_.batch_size} + 1);
}

void Mixer::Draw(uint64_t seed, uint32_t epoch, uint64_t global_batch,
                 std::span<const uint8_t> valid, BatchMix* mix, std::span<float> lambda,
                 std::span<int32_t> partner) const {
  HR_DCHECK(valid.size() <= shape_.batch_size);
  HR_DCHECK(lambda.size() >= valid.size() && partner.size() >= valid.size());
  mix->entry = -1;
  mix->cutmix = false;
  mix->box_x0 = mix->box_y0 = mix->box_x1 = mix->box_y1 = 0;
  mix->lam = 1.0f;
  mix->chain.clear();
  mix->chain_begin.assign(1, 0);
  for (size_t i = 0; i < valid.size(); ++i) {
    lambda[i] = 1.0f;
    partner[i] = static_cast<int32_t>(i);
  }
  if (entries_.empty()) return;

  StreamAddress address{.seed = seed, .epoch = epoch, .unit = global_batch, .name = kChoiceStream};
  const size_t chosen = EntryAt(entries_, RandomStream(address).NextUnit());
  const MixConfig& entry = entries_[chosen];
  mix->label_smoothing = entry.label_smoothing;
  address.name = IsCutMix(entry) ? kCutMixStream : kMixupStream;
  address.occurrence = static_cast<uint32_t>(
      std::count_if(entries_.begin(), entries_.begin() + static_cast<ptrdiff_t>(chosen),
                    [&](const MixConfig& earlier) { return earlier.op == entry.op; }));
  RandomStream stream(address);

  // All draws are taken, whatever comes of them: p, the share, the box, the partners.
  const bool fires = stream.NextUnit() < entry.p;
  double lam = stream.NextBeta(entry.alpha, entry.alpha);
  const SizePx size{shape_.width, shape_.height};
  const RectPx box = entry.minmax.has_value() ? DrawCutMixBoxInRange(&stream, size, *entry.minmax)
                                              : DrawCutMixBox(&stream, size, lam);
  mix->chain.resize(valid.size());
  const uint32_t count = AssignPartners(entry.partner, valid, &stream, mix->chain, partner);
  mix->chain.clear();
  if (IsCutMix(entry) && (entry.correct_lam || entry.minmax.has_value())) {
    lam = 1.0 - static_cast<double>(uint64_t{box.width} * box.height) /
                    static_cast<double>(uint64_t{size.width} * size.height);
  }
  const auto share = static_cast<float>(lam);
  const bool moves_pixels = !IsCutMix(entry) || (box.width > 0 && box.height > 0);
  const bool mixes = fires && count >= 2;
  if (mixes) {
    mix->entry = static_cast<int32_t>(chosen);
    mix->cutmix = IsCutMix(entry);
    mix->lam = share;
  }
  // A share that rounds to one with nothing to move leaves each sample with itself.
  if (!mixes || (share == 1.0f && !(mix->cutmix && moves_pixels))) {
    for (size_t i = 0; i < valid.size(); ++i) partner[i] = static_cast<int32_t>(i);
    return;
  }
  if (mix->cutmix) {
    mix->box_x0 = box.x;
    mix->box_y0 = box.y;
    mix->box_x1 = box.x + box.width;
    mix->box_y1 = box.y + box.height;
  }
  for (size_t i = 0; i < valid.size(); ++i) {
    if (partner[i] != static_cast<int32_t>(i)) lambda[i] = share;
  }
  FindCycles(partner.first(valid.size()), &mix->chain, &mix->chain_begin);
}

size_t Mixer::BandScratchBytes() const { return entries_.empty() ? 0 : kRunBytes; }

void Mixer::ApplyBand(const BatchMix& mix, void* images, uint32_t rows, uint32_t band,
                      uint32_t band_count, std::span<std::byte> scratch) const {
  if (mix.entry < 0 || mix.chain.empty()) return;
  HR_DCHECK(band < band_count && scratch.size() >= kRunBytes);
  const auto row_of = [&](uint32_t b) {
    return static_cast<uint32_t>(uint64_t{shape_.height} * b / band_count);
  };
  uint32_t row_begin = row_of(band);
  uint32_t row_end = row_of(band + 1);
  uint32_t column_begin = 0;
  uint32_t column_end = shape_.width;
  if (mix.cutmix) {
    row_begin = std::max(row_begin, mix.box_y0);
    row_end = std::min(row_end, mix.box_y1);
    column_begin = mix.box_x0;
    column_end = mix.box_x1;
  }
  if (row_begin >= row_end || column_begin >= column_end) return;

  // Elements that lie together: those of a row of the box, or of all the band's whole rows.
  const bool planar = shape_.layout == simd::Layout::kNchw;
  const size_t pixel = planar ? 1 : shape_.channels;
  const size_t row = shape_.width * pixel;
  const bool whole_rows = column_end - column_begin == shape_.width;
  const Runs runs{
      .plane_elements = row * shape_.height,
      .plane_count = planar ? shape_.channels : 1,
      .offset = row_begin * row + column_begin * pixel,
      .run_step = row,
      .run_count = whole_rows ? 1 : row_end - row_begin,
      .run_elements =
          whole_rows ? row * (row_end - row_begin) : (column_end - column_begin) * pixel,
  };
  auto* view = static_cast<std::byte*>(images);
  for (uint32_t v = 0; v < shape_.views; ++v) {
    ApplyRuns(mix, runs, view, scratch.data());
    view += rows * shape_.sample_bytes();
  }
}

void Mixer::ApplyRuns(const BatchMix& mix, const Runs& runs, std::byte* images,
                      std::byte* saved) const {
  const size_t element = simd::DtypeBytes(shape_.dtype);
  const size_t piece_max = kRunBytes / element;
  const size_t sample_bytes = shape_.sample_bytes();
  for (size_t plane = 0; plane < runs.plane_count; ++plane) {
    for (size_t run = 0; run < runs.run_count; ++run) {
      const size_t begin = plane * runs.plane_elements + runs.offset + run * runs.run_step;
      for (size_t done = 0; done < runs.run_elements; done += piece_max) {
        const size_t count = std::min(piece_max, runs.run_elements - done);
        std::byte* first = images + (begin + done) * element;
        for (size_t c = 0; c + 1 < mix.chain_begin.size(); ++c) {
          const auto cycle = std::span<const uint32_t>(mix.chain).subspan(
              mix.chain_begin[c], mix.chain_begin[c + 1] - mix.chain_begin[c]);
          if (mix.cutmix) {
            CutMixCycle(first, sample_bytes, count * element, cycle, saved);
          } else {
            MixupCycle(shape_.dtype, first, sample_bytes, count, mix.lam, cycle, saved);
          }
        }
      }
    }
  }
}

void Mixer::MakeSoftLabels(const BatchMix& mix, std::span<const int64_t> labels,
                           std::span<const float> lambda, std::span<const int32_t> partner,
                           float* soft) const {
  const size_t classes = shape_.classes;
  const double smoothing = mix.label_smoothing;
  const double off = classes == 0 ? 0.0 : smoothing / static_cast<double>(classes);
  const double on = 1.0 - smoothing + off;
  const auto is_class = [classes](int64_t label) {
    return label >= 0 && static_cast<uint64_t>(label) < classes;
  };
  for (size_t i = 0; i < labels.size(); ++i) {
    float* row = soft + i * classes;
    const int64_t own = labels[i];
    if (!is_class(own)) {
      std::fill_n(row, classes, 0.0f);
      continue;
    }
    const int64_t other = labels[static_cast<size_t>(partner[i])];
    const double lam = lambda[i];
    if (own == other || lam == 1.0) {  // not summed from two parts, so it is `on` to the last bit
      std::fill_n(row, classes, static_cast<float>(off));
      row[own] = static_cast<float>(on);
    } else if (!is_class(other)) {
      std::fill_n(row, classes, static_cast<float>(lam * off));
      row[own] = static_cast<float>(lam * on);
    } else {
      std::fill_n(row, classes, static_cast<float>(off));
      row[own] = static_cast<float>(lam * on + (1.0 - lam) * off);
      row[other] = static_cast<float>((1.0 - lam) * on + lam * off);
    }
  }
}

}  // namespace headrace::loader
