#include "loader/augment/list_run.h"

#include <algorithm>
#include <optional>

#include "base/check.h"
#include "base/checked_math.h"
#include "base/clock.h"
#include "loader/augment/op.h"
#include "loader/augment/point_pass.h"
#include "loader/objects/object_mover.h"
#include "simd/flip.h"
#include "simd/resize.h"

namespace headrace::loader {
namespace {

// Adds the time from construction to destruction to *sum, if there is one.
class Stopwatch {
 public:
  explicit Stopwatch(uint64_t* sum) : sum_(sum), start_ns_(sum == nullptr ? 0 : NowNs()) {}
  ~Stopwatch() {
    if (sum_ != nullptr) *sum_ += static_cast<uint64_t>(NowNs() - start_ns_);
  }
  Stopwatch(const Stopwatch&) = delete;
  Stopwatch& operator=(const Stopwatch&) = delete;

 private:
  uint64_t* sum_;
  int64_t start_ns_;
};

bool Resamples(const OpDraw& draw) {
  return draw.op->FormOf(draw) == OpForm::kCropResize && draw.rect.size() != draw.out;
}

}  // namespace

// One walk over the list. Without a picture it only measures: both walks take the same memory in
// the same order because they are the same code.
//
// A step that makes a new picture writes to the one of two outputs that its input is not in.
class ListRun::Walk {
 public:
  explicit Walk(const ListRun& run)
      : run_(run),
        size_(run.size_),
        mirrored_(run.start_.mirrored),
        upside_down_(run.start_.upside_down),
        ours_(run.start_.ours) {}

  // Carries out instead of measuring. `memory` as large as measured.
  void Use(const Walk& measured, std::span<std::byte> memory, Picture* picture,
           AugmentTiming* timing, FollowedObjects* objects) {
    picture_ = picture;
    timing_ = timing;
    objects_ = objects;
    for (size_t i = 0; i < 2; ++i) {
      outputs_[i] = memory.first(measured.output_bytes_[i]);
      memory = memory.subspan(measured.output_bytes_[i]);
    }
    scratch_ = memory;
  }

  Need need() const {
    return {SaturatingAdd(SaturatingAdd(output_bytes_[0], output_bytes_[1]), scratch_bytes_), size_,
            mirrored_};
  }

  Status Go() {
    const std::span<const OpDraw> draws = run_.draws_;
    for (size_t i = 0; i < draws.size(); i += 1 + draws[i].belongings) {
      const OpDraw& draw = draws[i];
      const OpForm form = draw.op->FormOf(draw);
      if (form == OpForm::kMirror) {
        mirrored_ = !mirrored_;
      } else if (form == OpForm::kFlipRows) {
        upside_down_ = !upside_down_;
      } else if (form == OpForm::kPoint) {
        HR_TRY(Point(draw));
      } else {
        FinishPoints();
        if (form == OpForm::kPixels) {
          HR_TRY(RunPixels(draw));
        } else {
          const bool cropped = run_.start_.cropped && i == 0;
          CropResize(draw, cropped);
        }
      }
      Follow(draw);
    }
    FinishPoints();
    SettleRows();
    if (picture_ != nullptr) picture_->mirrored = mirrored_;
    return {};
  }

 private:
  bool measures() const { return picture_ == nullptr; }
  uint64_t* ops_ns() const { return timing_ == nullptr ? nullptr : &timing_->ops_ns; }

  // Objects know nothing of what is still to be done to the pixels: they are where the draws have
  // put them.
  void Follow(const OpDraw& draw) {
    if (objects_ == nullptr || measures() || draw.op->MovesObjects()) return;
    const Stopwatch watch(ops_ns());
    objects_->Follow(draw);
  }

  // Memory of the next output. The step's result is there afterwards, and it is ours.
  OpMemory Take(uint64_t output_bytes, uint64_t scratch_bytes) {
    OpMemory memory;
    if (output_bytes > 0) {
      const size_t next = where_ == 0 ? 1 : 0;
      output_bytes_[next] = std::max(output_bytes_[next], RoundUp(output_bytes, kScratchAlignment));
      memory.output = outputs_[next];
      where_ = static_cast<int>(next);
      ours_ = true;
    }
    scratch_bytes_ = std::max(scratch_bytes_, RoundUp(scratch_bytes, kScratchAlignment));
    memory.scratch = scratch_;
    return memory;
  }

  // Rows that are still to be reversed are reversed now.
  void SettleRows() {
    if (!upside_down_) return;
    upside_down_ = false;
    const bool in_place = ours_;
    const OpMemory memory = Take(in_place ? 0 : PictureBytes(size_), 0);
    if (measures()) return;
    const Stopwatch watch(ops_ns());
    if (in_place) {
      simd::FlipVerticalInPlace(picture_->Writable());
      return;
    }
    const ImageView target = PictureIn(memory.output, size_);
    simd::FlipVertical(picture_->pixels, target);
    *picture_ = {.pixels = target, .ours = true};
  }

  void SettleColumns() {
    if (!mirrored_) return;
    mirrored_ = false;
    const OpMemory memory = Take(PictureBytes(size_), 0);
    if (measures()) return;
    const Stopwatch watch(ops_ns());
    const ImageView target = PictureIn(memory.output, size_);
    simd::FlipHorizontal(picture_->pixels, target);
    *picture_ = {.pixels = target, .ours = true};
  }

  Status Point(const OpDraw& draw) {
    if (!point_memory_.has_value()) {
      point_memory_ = Take(ours_ ? 0 : PictureBytes(size_), 0);
      if (!measures()) pass_.emplace(picture_, point_memory_->output);
    }
    if (measures()) return {};
    const Stopwatch watch(ops_ns());
    return draw.op->Point(draw, &*pass_);
  }

  void FinishPoints() {
    if (!point_memory_.has_value()) return;
    point_memory_.reset();
    if (measures()) return;
    const Stopwatch watch(ops_ns());
    pass_->Finish();
    pass_.reset();
  }

  Status RunPixels(const OpDraw& draw) {
    const Op& op = *draw.op;
    SettleRows();
    if (op.SeesColumns()) SettleColumns();
    const bool in_place = op.WorksInPlace() && ours_;
    OpMemory memory = Take(in_place ? 0 : op.OutputBytes(draw), op.ScratchBytes(draw));
    if (objects_ != nullptr) {
      memory.objects = &objects_->list;
      memory.mover = &objects_->mover;
    }
    if (timing_ != nullptr) memory.counts = &timing_->counts;
    size_ = draw.out;
    if (measures()) return {};
    const Stopwatch watch(ops_ns());
    picture_->mirrored = mirrored_;
    HR_TRY(op.Run(draw, memory, picture_));
    HR_ENSURE(picture_->pixels.size() == draw.out, "an op made another size than it drew");
    if (in_place) return {};
    // An op that had nothing to do may leave its input where it was, but the next output may be
    // there.
    const auto* first = reinterpret_cast<const std::byte*>(picture_->pixels.data);
    if (first < memory.output.data() || first >= memory.output.data() + memory.output.size()) {
      const ImageView target = PictureIn(memory.output, size_);
      CopyPixels(picture_->pixels, target);
      picture_->pixels = target;
    }
    picture_->ours = true;
    return {};
  }

  void CropResize(const OpDraw& draw, bool cropped) {
    if (!cropped && !measures()) {
      RectPx rect = mirrored_ ? MirrorRect(draw.rect, draw.in.width) : draw.rect;
      if (upside_down_) rect = TurnOverRect(rect, draw.in.height);
      picture_->pixels = picture_->pixels.Crop(rect);
    }
    size_ = draw.rect.size();
    if (!Resamples(draw)) return;
    SettleRows();
    const simd::Filter filter = draw.op->filter(draw);
    const OpMemory memory =
        Take(PictureBytes(draw.out),
             simd::ResizeScratchBytes(draw.rect.size(), draw.out, kPictureChannels, filter));
    size_ = draw.out;
    const bool mirrored = mirrored_;
    mirrored_ = false;
    if (measures()) return;
    const Stopwatch watch(timing_ == nullptr ? nullptr : &timing_->resize_ns);
    const ImageView target = PictureIn(memory.output, draw.out);
    simd::Resize(picture_->pixels, target, filter,
                 mirrored ? simd::Mirror::kYes : simd::Mirror::kNo, memory.scratch);
    *picture_ = {.pixels = target, .ours = true};
  }

  const ListRun& run_;
  // The picture's state, the same in both walks.
  SizePx size_;
  bool mirrored_;
  bool upside_down_;
  bool ours_;
  int where_ = -1;  // the output that it is in; -1: where it came from

  uint64_t output_bytes_[2] = {0, 0};
  uint64_t scratch_bytes_ = 0;

  Picture* picture_ = nullptr;
  AugmentTiming* timing_ = nullptr;
  FollowedObjects* objects_ = nullptr;
  std::span<std::byte> outputs_[2];
  std::span<std::byte> scratch_;
  std::optional<OpMemory> point_memory_;  // while point ops are collected
  std::optional<PointPass> pass_;
};

ListRun::ListRun(std::span<const OpDraw> draws, const RunStart& start, SizePx size)
    : draws_(draws), start_(start), size_(size) {}

ListRun::Need ListRun::Measure() const {
  Walk walk(*this);
  [[maybe_unused]] const Status status = walk.Go();
  HR_DCHECK(status.ok());
  return walk.need();
}

Status ListRun::Run(const ConstImageView& pixels, std::span<std::byte> memory, Picture* picture,
                    AugmentTiming* timing, FollowedObjects* objects) const {
  Walk measured(*this);
  HR_TRY(measured.Go());
  HR_ENSURE(pixels.size() == size_, "pixels are not what the list begins with");
  HR_ENSURE(pixels.channels == kPictureChannels, "pixels are not RGB");
  HR_ENSURE(memory.size() >= measured.need().bytes, "scratch is smaller than it has to be");
  HR_ENSURE(reinterpret_cast<uintptr_t>(memory.data()) % kScratchAlignment == 0,
            "scratch not aligned");
  *picture = {.pixels = pixels, .ours = start_.ours};
  Walk walk(*this);
  walk.Use(measured, memory, picture, timing, objects);
  return walk.Go();
}

}  // namespace headrace::loader
