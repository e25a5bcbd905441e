// The caller's callbacks: as the loader calls them, and the mark that says that one may be running.
#pragma once

#include <headrace.h>

#include "loader/mix/model_call.h"

namespace headrace::capi {

// While one lives, callbacks of `loader` may run on this thread, and calls on it are refused. The
// pointer is compared, never followed.
class CallbackScope {
 public:
  explicit CallbackScope(const void* loader);
  ~CallbackScope();
  CallbackScope(const CallbackScope&) = delete;
  CallbackScope& operator=(const CallbackScope&) = delete;

  // Whether this thread is inside of a callback of `loader`.
  static bool IsInside(const void* loader);

 private:
  const void* const loader_;
  // A callback may use other loaders, whose callbacks are inside of this one too.
  const CallbackScope* const outer_;
};

// A function of the caller's with its context, and itself as the loader's. It must stay where it is
// while it may be called. What it throws, against the rules, counts as a failure.
struct ModelCallback {
  hr_model_fn function = nullptr;
  void* context = nullptr;
  loader::ModelFn fn();
};
struct SaliencyCallback {
  hr_saliency_fn function = nullptr;
  void* context = nullptr;
  loader::SaliencyFn fn();
};

}  // namespace headrace::capi
