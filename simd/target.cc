#include "simd/target.h"

#include <atomic>
#include <cctype>
#include <cstdint>

#include "simd/vnni.h"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "simd/target.cc"
#include "hwy/foreach_target.h"
#include "hwy/highway.h"

HWY_BEFORE_NAMESPACE();
namespace headrace::simd {
namespace HWY_NAMESPACE {

const char* NameHere() { return hwy::TargetName(HWY_TARGET); }

}  // namespace HWY_NAMESPACE
}  // namespace headrace::simd
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace headrace::simd {
namespace {

HWY_EXPORT(NameHere);

bool EqualNames(std::string_view a, std::string_view b) {
  if (a.size() != b.size()) return false;
  for (size_t i = 0; i < a.size(); ++i) {
    if (std::toupper(static_cast<unsigned char>(a[i])) !=
        std::toupper(static_cast<unsigned char>(b[i]))) {
      return false;
    }
  }
  return true;
}

// Every target that was compiled and runs here, whatever is forced now. What the compiler's flags
// promise always does: SCALAR on x86-64, NEON on arm64, where nothing below it is compiled.
int64_t RunnableTargets() {
  // Only Highway's own mock knows which target is forced; lifting it shows the machine's.
  static const int64_t runnable = [] {
    hwy::SetSupportedTargetsForTest(0);
    return (hwy::SupportedTargets() | HWY_STATIC_TARGET) & HWY_TARGETS;
  }();
  return runnable;
}

constexpr const char* kVnniName = "AVX3_VNNI";

bool HasVnni() {
#if HWY_ARCH_X86_64 && (HWY_TARGETS & HWY_AVX3)
  static const bool has =
      (RunnableTargets() & HWY_AVX3) != 0 && __builtin_cpu_supports("avx512vnni") != 0;
  return has;
#else
  return false;
#endif
}

// Set by ForceTarget for the targets below AVX3_VNNI.
std::atomic<bool> vnni_is_off{false};

}  // namespace

bool UseVnni() { return HasVnni() && !vnni_is_off.load(std::memory_order_relaxed); }

std::vector<std::string> SupportedTargets() {
  std::vector<std::string> names;
  if (HasVnni()) names.emplace_back(kVnniName);
  // Lower bits are better targets.
  for (int64_t left = RunnableTargets(); left != 0; left &= left - 1) {
    names.emplace_back(hwy::TargetName(left & -left));
  }
  return names;
}

std::string CurrentTarget() {
  const std::string name = HWY_DYNAMIC_DISPATCH(NameHere)();
  return name == "AVX3" && UseVnni() ? kVnniName : name;
}

Status ForceTarget(std::string_view name) {
  int64_t chosen = 0;
  bool vnni = name.empty();
  if (HasVnni() && EqualNames(name, kVnniName)) {
    chosen = RunnableTargets() & -RunnableTargets();
    vnni = true;
  } else if (!name.empty()) {
    for (int64_t left = RunnableTargets(); left != 0; left &= left - 1) {
      if (EqualNames(hwy::TargetName(left & -left), name)) chosen = left & -left;
    }
    if (chosen == 0) {
      return {Code::kInvalidArgument, "no SIMD target of that name runs on this machine"};
    }
  }
  vnni_is_off.store(!vnni, std::memory_order_relaxed);
  RunnableTargets();  // asked before anything is forced
  hwy::SetSupportedTargetsForTest(chosen);
  // The next dispatch looks at the supported targets again.
  hwy::GetChosenTarget().DeInit();
  return {};
}

}  // namespace headrace::simd
#endif  // HWY_ONCE
