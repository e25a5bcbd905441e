// Fibers for the model checker: a stack each, switched by hand on one kernel thread.
#pragma once

#include <setjmp.h>
#include <ucontext.h>

#include <cstddef>
#include <memory>

#if defined(__SANITIZE_ADDRESS__)
#define HEADRACE_FIBER_SWAPCONTEXT
#elif defined(__has_feature)
#if __has_feature(address_sanitizer)
#define HEADRACE_FIBER_SWAPCONTEXT
#endif
#endif

namespace headrace::model {

// ucontext makes the stack and enters it the first time; afterwards _setjmp and _longjmp switch,
// because swapcontext costs two system calls for the signal mask. AddressSanitizer follows
// swapcontext but not a jump between stacks, so it gets the slow way.
class Fiber {
 public:
  Fiber() = default;
  Fiber(const Fiber&) = delete;
  Fiber& operator=(const Fiber&) = delete;

  // The fiber will begin in entry(), which must not return.
  void Prepare(void (*entry)()) {
    if (stack_ == nullptr) stack_ = std::make_unique<char[]>(kStackBytes);
    getcontext(&context_);
    context_.uc_stack.ss_sp = stack_.get();
    context_.uc_stack.ss_size = kStackBytes;
    context_.uc_link = nullptr;
    makecontext(&context_, entry, 0);
    entered_ = false;
  }
  bool prepared() const { return stack_ != nullptr; }

  // Leaves `from` (the running one) where it stands and goes on in `to`.
  static void Switch(Fiber& from, Fiber& to) {
#if defined(HEADRACE_FIBER_SWAPCONTEXT)
    swapcontext(&from.context_, &to.context_);
#else
    from.entered_ = true;
    if (_setjmp(from.jump_) != 0) return;
    if (to.entered_) _longjmp(to.jump_, 1);
    to.entered_ = true;
    setcontext(&to.context_);
#endif
  }

 private:
  static constexpr size_t kStackBytes = 256 * 1024;
  ucontext_t context_{};
  jmp_buf jump_{};
  std::unique_ptr<char[]> stack_;
  bool entered_ = false;
};

}  // namespace headrace::model
