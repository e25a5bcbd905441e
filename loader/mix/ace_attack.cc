#include "loader/mix/ace_attack.h"

#include <algorithm>
#include <cmath>
#include <limits>

#include "base/check.h"
#include "base/checked_math.h"
#include "base/rng.h"
#include "loader/augment/color_curve.h"
#include "loader/mix/ace_gradient.h"

namespace headrace::loader {
namespace {

// Steps that together can cross the region that the bound leaves.
double StepLength(const AceSettings& settings, uint32_t channels) {
  if (settings.alpha > 0) return settings.alpha;
  const AceConfig& config = settings.config;
  const double room = (config.bound - 1) / (double{1} * config.pieces * config.steps);
  if (config.step == AceStep::kSign) return 1.5 * room;
  return 2.5 * room * std::sqrt(double{1} * channels * config.pieces);
}

double SignOf(double value) { return value > 0 ? 1.0 : value < 0 ? -1.0 : 0.0; }

// out[i * step] = table[pixels[i]].
template <class Element>
void Map(const uint8_t* pixels, const Element (&table)[256], size_t count, size_t step,
         Element* out) {
  for (size_t i = 0; i < count; ++i) out[i * step] = table[pixels[i]];
}

// The output's elements of a plane's pixels through `bytes`.
template <class Element>
void MapTo(const uint8_t* pixels, const uint8_t (&bytes)[256], const Element* output, size_t count,
           size_t step, std::byte* out) {
  Element table[256];
  for (size_t v = 0; v < 256; ++v) table[v] = output[bytes[v]];
  Map(pixels, table, count, step, reinterpret_cast<Element*>(out));
}

}  // namespace

uint64_t AceAttack::Bytes(const BatchShape& shape) {
  const uint64_t curves =
      SaturatingMul(SaturatingMul(shape.batch_size, shape.channels), kCurvePiecesMax * 8);
  return SaturatingAdd(
      SaturatingMul(curves, 2),
      RoundUp(SaturatingMul(shape.batch_size, sizeof(Row) + sizeof(uint32_t)), 64));
}

AceAttack::AceAttack(ModelRoom* room, const simd::ConvertTable& convert, const OutputScale& scale,
                     std::span<std::byte> memory)
    : room_(*room), convert_(convert), scale_(scale) {
  const BatchShape& shape = room->shape();
  HR_DCHECK(memory.size() >= Bytes(shape));
  const size_t curves = size_t{shape.batch_size} * shape.channels * kCurvePiecesMax;
  parameters_ = reinterpret_cast<double*>(memory.data());
  best_ = parameters_ + curves;
  rows_ = reinterpret_cast<Row*>(best_ + curves);
  live_ = reinterpret_cast<uint32_t*>(rows_ + shape.batch_size);
}

bool AceAttack::JudgesLast() const {
  return settings_.config.final_eval || settings_.config.keep == AceKeep::kBest;
}

void AceAttack::Choose(const AceStream& stream, const ModelBatch& batch) {
  const uint32_t channels = room_.shape().channels;
  const AceConfig& config = settings_.config;
  row_count_ = 0;
  for (uint32_t lane = 0; lane < batch.rows; ++lane) {
    if (batch.valid[lane] == 0) continue;
    RandomStream draws({.seed = batch.seed,
                        .epoch = batch.epoch,
                        .unit = static_cast<uint64_t>(batch.ids[lane]),
                        .name = stream.name,
                        .occurrence = stream.occurrence});
    if (!(draws.NextUnit() < settings_.p)) continue;
    const uint32_t row = row_count_++;
    rows_[row] = {};
    rows_[row].lane = lane;
    if (config.random_start) {
      DrawCurves({.family = CurveFamily::kIid, .bound = config.bound, .pieces = config.pieces},
                 channels, &draws, ParametersOf(row));
    } else {
      std::ranges::fill(ParametersOf(row), 1.0 / config.pieces);
    }
  }
}

Status AceAttack::Run(const AceSettings& settings, const AceStream& stream, const ModelFn& model,
                      const ModelBatch& batch, AceReport* report) {
  settings_ = settings;
  alpha_ = StepLength(settings, room_.shape().channels);
  curve_values_ = size_t{room_.shape().channels} * settings.config.pieces;
  Choose(stream, batch);
  const uint32_t chunk = std::min(std::max(settings.config.chunk, 1u), room_.rows_max());
  for (uint32_t first = 0; first < row_count_; first += chunk) {
    HR_TRY(RunChunk(model, batch, first, std::min(chunk, row_count_ - first)));
  }
  FillReport(report);
  return {};
}

Status AceAttack::RunChunk(const ModelFn& model, const ModelBatch& batch, uint32_t first,
                           uint32_t count) {
  for (uint32_t i = 0; i < count; ++i) live_[i] = first + i;
  const uint32_t steps = settings_.config.steps;
  for (uint32_t step = 0; step < steps + (JudgesLast() ? 1 : 0) && count > 0; ++step) {
    for (uint32_t i = 0; i < count; ++i) ShowRow(i, live_[i], batch);
    HR_TRY(room_.Call(model, count, batch, static_cast<int32_t>(step)));
    uint32_t kept = 0;
    for (uint32_t i = 0; i < count; ++i) {
      const uint32_t row = live_[i];
      if (!Judge(i, row, step) || step == steps) continue;
      if (Step(i, row, batch)) live_[kept++] = row;
    }
    count = kept;
  }
  return {};
}

void AceAttack::ShowRow(uint32_t place, uint32_t row, const ModelBatch& batch) {
  const uint32_t pieces = settings_.config.pieces;
  ValueTable table;
  for (uint32_t c = 0; c < room_.shape().channels; ++c) {
    double curve[256];
    FillCurve(ParametersOf(row).subspan(size_t{c} * pieces, pieces), curve);
    for (size_t v = 0; v < 256; ++v) {
      table[c][v] = static_cast<float>((curve[v] - scale_.mean[c]) / scale_.std[c]);
    }
  }
  room_.SetRow(place, batch, rows_[row].lane, table);
}

bool AceAttack::Judge(uint32_t place, uint32_t row, uint32_t step) {
  const bool is_first = step == 0;
  Row& of = rows_[row];
  const double loss = room_.loss(place);
  if (!std::isfinite(loss)) {
    of.non_finite = true;
    return false;
  }
  of.loss = loss;
  if (is_first) of.loss_before = loss;
  if (settings_.config.keep == AceKeep::kBest && (is_first || loss > of.loss_best)) {
    of.loss_best = loss;
    std::ranges::copy(ParametersOf(row), BestOf(row).begin());
  }
  // Not a number, as it is unless the callback sets it, is below nothing. Behind the last step
  // there is nothing to stop.
  of.frozen = settings_.config.freeze_on_success && step < settings_.config.steps &&
              room_.has_margin() && double{room_.margin(place)} < -settings_.config.kappa;
  return !of.frozen;
}

bool AceAttack::Step(uint32_t place, uint32_t row, const ModelBatch& batch) {
  const BatchShape& shape = room_.shape();
  const AceConfig& config = settings_.config;
  const std::span<double> parameters = ParametersOf(row);
  const size_t plane = size_t{shape.height} * shape.width;
  const uint8_t* pixels = batch.pixels + rows_[row].lane * shape.sample_elements();
  double gradient[3 * kCurvePiecesMax];
  double square = 0;
  for (uint32_t c = 0; c < shape.channels; ++c) {
    double sums[256];
    SumByValue(pixels + c * plane, shape.height, shape.width,
               {room_.grad(place, c), room_.grad_stride(2), room_.grad_stride(3)}, sums);
    for (double& sum : sums) sum /= scale_.std[c];  // of dL/dF from those of dL/dz
    const std::span<double> of_channel(gradient + size_t{c} * config.pieces, config.pieces);
    CurveGradient(parameters.subspan(size_t{c} * config.pieces, config.pieces), sums, of_channel);
    for (const double value : of_channel) square += value * value;
  }
  // One that is no number, or too large to be one, shows in the sum of squares.
  if (!std::isfinite(square)) {
    rows_[row].non_finite = true;
    return false;
  }
  const double length = alpha_ / (std::sqrt(square) + 1e-8);
  const double low = 1.0 / config.pieces;
  const double high = config.bound / config.pieces;
  for (size_t i = 0; i < parameters.size(); ++i) {
    const double move =
        config.step == AceStep::kSign ? alpha_ * SignOf(gradient[i]) : length * gradient[i];
    parameters[i] = std::clamp(parameters[i] + move, low, high);
  }
  return true;
}

void AceAttack::FillReport(AceReport* report) const {
  *report = {};
  report->rows = row_count_;
  double before = 0;
  double after = 0;
  uint32_t good = 0;
  bool judged = true;  // the loss of what is kept, of every row
  for (uint32_t row = 0; row < row_count_; ++row) {
    const Row& of = rows_[row];
    if (of.non_finite) {
      ++report->non_finite;
      continue;
    }
    ++good;
    report->frozen += of.frozen ? 1 : 0;
    judged = judged && (JudgesLast() || of.frozen);
    before += of.loss_before;
    after += settings_.config.keep == AceKeep::kBest ? of.loss_best : of.loss;
  }
  constexpr double kNan = std::numeric_limits<double>::quiet_NaN();
  report->loss_before = good > 0 ? before / good : kNan;
  report->loss_after = good > 0 && judged ? after / good : kNan;
}

void AceAttack::WriteBack(const ModelBatch& batch) const {
  const BatchShape& shape = room_.shape();
  const size_t plane = size_t{shape.height} * shape.width;
  const bool planar = shape.layout == simd::Layout::kNchw;
  const size_t step = planar ? 1 : shape.channels;
  const size_t element = simd::DtypeBytes(shape.dtype);
  const uint32_t pieces = settings_.config.pieces;
  const bool has_images = reinterpret_cast<uint8_t*>(batch.images) != batch.pixels;
  for (uint32_t row = 0; row < row_count_; ++row) {
    if (rows_[row].non_finite) continue;
    const std::span<double> parameters =
        settings_.config.keep == AceKeep::kBest ? BestOf(row) : ParametersOf(row);
    const size_t lane = rows_[row].lane;
    for (uint32_t c = 0; c < shape.channels; ++c) {
      uint8_t bytes[256];
      FillCurveBytes(parameters.subspan(size_t{c} * pieces, pieces), bytes);
      uint8_t* pixels = batch.pixels + lane * shape.sample_elements() + c * plane;
      std::byte* image =
          batch.images + (lane * shape.sample_elements() + c * (planar ? plane : 1)) * element;
      if (has_images) {
        switch (shape.dtype) {
          case simd::Dtype::kU8:
            Map(pixels, bytes, plane, step, reinterpret_cast<uint8_t*>(image));
            break;
          case simd::Dtype::kF16:
          case simd::Dtype::kBF16:
            MapTo(pixels, bytes, convert_.half[c], plane, step, image);
            break;
          case simd::Dtype::kF32: MapTo(pixels, bytes, convert_.f32[c], plane, step, image); break;
        }
      }
      Map(pixels, bytes, plane, 1, pixels);
    }
  }
}

}  // namespace headrace::loader
