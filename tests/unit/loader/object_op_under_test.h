// An op that works on a picture with its objects, by itself: its draw for a sample, and what it
// makes of a picture in memory whose end is watched.
#pragma once

#include <gtest/gtest.h>

#include <cstdint>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "tests/unit/loader/augment_replay.h"

namespace headrace::loader {

class ObjectOpUnderTest {
 public:
  // `body`: the entry's parameters, a line each. Draws are those of `seed`.
  ObjectOpUnderTest(std::string name, uint64_t seed, const std::string& body)
      : name_(std::move(name)), seed_(seed), ops_(ParsedOp("op = \"" + name_ + "\"\n" + body)) {
    ConfigError error;
    op_ = MakeOp(ops_[0], &error);
    EXPECT_NE(op_, nullptr) << error.text;
  }

  OpDraw DrawOf(SizePx size, uint64_t id) const {
    RandomStream stream({.seed = seed_, .unit = id, .name = name_});
    OpDraw draw{.op = op_.get(), .in = size, .out = size};
    draw.rect = {0, 0, size.width, size.height};
    const Status status = op_->Draw(&stream, &draw);
    EXPECT_TRUE(status.ok()) << status.text();
    return draw;
  }

  // `memory` has what the op may know of objects; output and scratch are added.
  Bitmap Ran(const Bitmap& picture, uint64_t id, OpMemory memory) const {
    const OpDraw draw = DrawOf(picture.size, id);
    GuardedScratch output(op_->OutputBytes(draw));
    GuardedScratch scratch(op_->ScratchBytes(draw));
    Picture result{.pixels = picture.view()};
    memory.output = output.span();
    memory.scratch = scratch.span();
    const Status status = op_->Run(draw, memory, &result);
    EXPECT_TRUE(status.ok()) << status.text();
    EXPECT_TRUE(output.GuardIsWhole() && scratch.GuardIsWhole());
    return Copied(result.pixels, simd::FlipColumns::kNo);
  }
  const Op& op() const { return *op_; }

 private:
  std::string name_;
  uint64_t seed_;
  std::vector<OpConfig> ops_;
  std::unique_ptr<Op> op_;
};

}  // namespace headrace::loader
