#include "simd/target.h"

#include <cctype>
#include <cstdint>

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

// Every target that was compiled and runs here, whatever is forced now. The fallback always is.
int64_t RunnableTargets() {
  // Only Highway's own mock knows which target is forced; lifting it shows the machine's.
  static const int64_t runnable = [] {
    hwy::SetSupportedTargetsForTest(0);
    return (hwy::SupportedTargets() & HWY_TARGETS) | HWY_BASELINE_SCALAR;
  }();
  return runnable;
}

}  // namespace

std::vector<std::string> SupportedTargets() {
  std::vector<std::string> names;
  // Lower bits are better targets.
  for (int64_t left = RunnableTargets(); left != 0; left &= left - 1) {
    names.emplace_back(hwy::TargetName(left & -left));
  }
  return names;
}

std::string CurrentTarget() { return HWY_DYNAMIC_DISPATCH(NameHere)(); }

Status ForceTarget(std::string_view name) {
  int64_t chosen = 0;
  if (!name.empty()) {
    for (int64_t left = RunnableTargets(); left != 0; left &= left - 1) {
      if (EqualNames(hwy::TargetName(left & -left), name)) chosen = left & -left;
    }
    if (chosen == 0) {
      return {Code::kInvalidArgument, "no SIMD target of that name runs on this machine"};
    }
  }
  RunnableTargets();  // asked before anything is forced
  hwy::SetSupportedTargetsForTest(chosen);
  // The next dispatch looks at the supported targets again.
  hwy::GetChosenTarget().DeInit();
  return {};
}

}  // namespace headrace::simd
#endif  // HWY_ONCE
