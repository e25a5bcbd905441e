#include "simd/idct.h"

#include <algorithm>
#include <cstring>

#include "base/check.h"
#include "simd/reference_idct.h"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "simd/idct.cc"
#include "hwy/foreach_target.h"
#include "hwy/highway.h"
#include "simd/idct_blocks-inl.h"

HWY_BEFORE_NAMESPACE();
namespace headrace::simd {
namespace HWY_NAMESPACE {

#if HWY_TARGET == HWY_SCALAR

constexpr size_t kGroupBlocks = 1;

template <IdctSize kSize>
void RunBlocks(const IdctRun& run, const IdctTable& table) {
  for (size_t b = 0; b < run.blocks; ++b) {
    int16_t* coefficients = run.coefficients + b * kIdctBlockCoefficients;
    reference::IdctBlock(coefficients, table.values, kSize,
                         run.out + b * static_cast<size_t>(kSize), run.stride_bytes);
    std::fill_n(coefficients, kIdctBlockCoefficients, int16_t{0});
  }
}

#else

// Zigzag indices up to this one lie in the first four rows and columns.
constexpr uint8_t kCornerLast = 9;

// Entries of blocks that are not shown, which come last, may make the form more general than it
// need be.
HWY_INLINE IdctForm FormOf(const uint8_t* last) {
  uint32_t all = 0;
  std::memcpy(&all, last, kGroupBlocks);
  if (all == 0) return IdctForm::kFlat;
  // The sign bit of each byte above kCornerLast: indices are below 64.
  constexpr uint32_t kReach = (127 - kCornerLast) * 0x01010101u;
  return ((all + kReach) & 0x80808080u) == 0 ? IdctForm::kCorner : IdctForm::kFull;
}

// Out of the way of the others.
HWY_NOINLINE void Rare8(const IdctGroup& group, uint8_t* out, size_t stride_bytes) {
  Full8<ShortWay::kDiffers>(group, out, stride_bytes);
}
HWY_NOINLINE void Rare4(const IdctGroup& group) { Full4<ShortWay::kDiffers>(group); }

HWY_INLINE void Whole8(const IdctGroup& group, IdctForm form, uint8_t* out, size_t stride_bytes) {
  if (form == IdctForm::kFlat) {
    Flat8(group, out, stride_bytes);
  } else if (HWY_UNLIKELY(ShortWayDiffers(group))) {
    Rare8(group, out, stride_bytes);
  } else if (form == IdctForm::kCorner) {
    Corner8(group, out, stride_bytes);
  } else {
    Full8<ShortWay::kSame>(group, out, stride_bytes);
  }
}

// Fewer blocks than a group has: through memory that holds a whole one.
HWY_NOINLINE void Part8(const IdctGroup& group, IdctForm form) {
  constexpr size_t kStride = kGroupBlocks * 8;
  HWY_ALIGN uint8_t whole[8 * kStride];
  Whole8(group, form, whole, kStride);
  for (size_t y = 0; y < 8; ++y) {
    std::memcpy(group.out + y * group.stride_bytes, whole + y * kStride, group.blocks * 8);
  }
}

template <IdctSize kSize>
HWY_INLINE void RunGroup(const IdctGroup& group, IdctForm form) {
  if constexpr (kSize == IdctSize::k8) {
    if (group.blocks == kGroupBlocks) {
      Whole8(group, form, group.out, group.stride_bytes);
    } else {
      Part8(group, form);
    }
  } else if constexpr (kSize == IdctSize::k4) {
    if (form == IdctForm::kFlat) {
      Flat4(group);
    } else if (HWY_UNLIKELY(ShortWayDiffers(group))) {
      Rare4(group);
    } else {
      Full4<ShortWay::kSame>(group);
    }
  } else if constexpr (kSize == IdctSize::k2) {
    form == IdctForm::kFlat ? Flat2(group) : Full2(group);
  } else {
    Mean1(group);
    if (form == IdctForm::kFlat) {
      ClearRows<1>(group);
    } else if (form == IdctForm::kCorner) {
      ClearRows<4>(group);
    } else {
      ClearRows<8>(group);
    }
  }
}

template <IdctSize kSize>
void RunBlocks(const IdctRun& run, const IdctTable& table) {
  constexpr size_t kGroupBytes = kGroupBlocks * static_cast<size_t>(kSize);
  IdctGroup group = {run.coefficients, table.values, run.out, run.stride_bytes, kGroupBlocks};
  const uint8_t* last = run.last;
  for (size_t left = run.blocks / kGroupBlocks; left > 0; --left) {
    RunGroup<kSize>(group, FormOf(last));
    group.coefficients += kGroupBlocks * kIdctBlockCoefficients;
    group.out += kGroupBytes;
    last += kGroupBlocks;
  }
  group.blocks = run.blocks % kGroupBlocks;
  if (group.blocks == 0) return;
  RunGroup<kSize>(group, FormOf(last));
  // The blocks that are not shown may hold anything.
  ClearRows<8>(group);
}

#endif

size_t GroupBlocksHere() { return kGroupBlocks; }

void Run(const IdctRun& run, const IdctTable& table, IdctSize size) {
  switch (size) {
    case IdctSize::k8: RunBlocks<IdctSize::k8>(run, table); break;
    case IdctSize::k4: RunBlocks<IdctSize::k4>(run, table); break;
    case IdctSize::k2: RunBlocks<IdctSize::k2>(run, table); break;
    case IdctSize::k1: RunBlocks<IdctSize::k1>(run, table); break;
  }
}

}  // namespace HWY_NAMESPACE
}  // namespace headrace::simd
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace headrace::simd {
namespace {

HWY_EXPORT(GroupBlocksHere);
HWY_EXPORT(Run);

}  // namespace

uint32_t IdctGroupBlocks() {
  const size_t blocks = HWY_DYNAMIC_DISPATCH(GroupBlocksHere)();
  HR_DCHECK(blocks <= kIdctGroupBlocksMax);
  return static_cast<uint32_t>(blocks);
}

void MakeIdctTable(const uint16_t* natural, IdctTable* table) {
  const size_t blocks = IdctGroupBlocks();
  for (size_t row = 0; row < 8; ++row) {
    for (size_t i = 0; i < 8 * blocks; ++i) {
      table->values[row * 8 * blocks + i] = static_cast<int16_t>(natural[row * 8 + i % 8]);
    }
  }
}

void Idct(const IdctRun& run, const IdctTable& table, IdctSize size) {
  HR_DCHECK(reinterpret_cast<uintptr_t>(run.coefficients) % 64 == 0);
  HWY_DYNAMIC_DISPATCH(Run)(run, table, size);
}

}  // namespace headrace::simd
#endif  // HWY_ONCE
