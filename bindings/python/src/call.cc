#include "bindings/python/src/call.h"

#include <pthread.h>
#include <unistd.h>

#include <atomic>
#include <chrono>
#include <utility>

#include "bindings/python/src/errors.h"

namespace nb = nanobind;
using namespace std::chrono_literals;

namespace headrace::python {
namespace {

// Both are seq_cst: of a thread that counts itself and then looks at `exiting`, and the one that
// sets `exiting` and then looks at the count, at least one sees what the other has written.
std::atomic<bool> exiting = false;
std::atomic<int> returning = 0;  // threads that are about to take the GIL
std::thread::id exit_thread;     // written before `exiting`
// In a child of fork there is one thread, and it has the GIL.
[[maybe_unused]] const int forks = pthread_atfork(nullptr, nullptr, [] { returning.store(0); });

// Whether this thread must not take the GIL now: it is not the one that ends the interpreter.
bool MustPark() { return exiting.load() && std::this_thread::get_id() != exit_thread; }

// Waits for the end of the process. Should the end be stopped (an exit function that waits for this
// very thread), it goes on after a while: then the interpreter is still there. Without the GIL.
void Park() {
  for (int i = 0; i < 500; ++i) std::this_thread::sleep_for(10ms);
  while (!Py_IsInitialized()) pause();
}

}  // namespace

void ExitBegins() {
  exit_thread = std::this_thread::get_id();
  exiting.store(true);
  // Those that looked before this have the GIL before the interpreter goes, and park next time.
  PyThreadState* state = PyEval_SaveThread();
  while (returning.load() > 0) std::this_thread::sleep_for(1ms);
  PyEval_RestoreThread(state);
}

bool MayTakeGil() {
  returning.fetch_add(1);
  if (!MustPark()) return true;
  returning.fetch_sub(1);
  return false;
}

void TookGil() { returning.fetch_sub(1); }

void RestoreGil(PyThreadState* state, void (*leave)(void*), void* context) {
  if (MayTakeGil()) {
    PyEval_RestoreThread(state);
    TookGil();
    return;
  }
  if (leave != nullptr) leave(context);
  Park();
  PyEval_RestoreThread(state);
}

LoaderHandle::LoaderHandle(hr_loader* loader, std::shared_ptr<LogQueue> log)
    : log_(std::move(log)), loader_(loader), owner_(getpid()) {}

LoaderHandle::~LoaderHandle() {
  // No calls and no pins are left: they hold this.
  if (open_ && !forked()) hr_loader_close(loader_);
}

bool LoaderHandle::forked() const { return getpid() != owner_; }

bool LoaderHandle::closed() const {
  // After fork the mutex may be one that nobody unlocks, and nobody else writes.
  if (forked()) return closing_;
  const std::lock_guard lock(mutex_);
  return closing_;
}

void LoaderHandle::Stop() {
  const std::lock_guard lock(mutex_);
  if (open_) hr_loader_stop(loader_);
}

bool LoaderHandle::Close() {
  std::unique_lock lock(mutex_);
  if (consumer_ == std::this_thread::get_id()) return false;
  closing_ = true;
  if (!open_) return true;
  hr_loader_stop(loader_);
  const auto nobody = [this] { return calls_ == 0; };
  if (exiting.load()) {
    // A daemon thread may be inside of a callback that never returns: the loader goes with the
    // process.
    if (!changed_.wait_for(lock, 1s, nobody)) return true;
  } else {
    changed_.wait(lock, nobody);
  }
  if (pins_ > 0 || !open_) return true;
  open_ = false;
  // Nobody can begin a call any more, so the others need not wait for this.
  lock.unlock();
  hr_loader_close(loader_);
  return true;
}

void LoaderHandle::Pin() {
  const std::lock_guard lock(mutex_);
  ++pins_;
}

void LoaderHandle::Unpin() {
  std::unique_lock lock(mutex_);
  if (--pins_ > 0 || !closing_ || !open_ || calls_ > 0) return;
  open_ = false;
  lock.unlock();
  hr_loader_close(loader_);
}

Call::Call(std::shared_ptr<LoaderHandle> handle) : handle_(std::move(handle)) { Enter(); }

void Call::RefuseForked(const LoaderHandle& handle) {
  if (!handle.forked()) return;
  Raise(HR_FORKED,
        "the loader was opened before fork, and its threads are in the parent; open one in this "
        "process, or start processes with the \"spawn\" method");
}

void Call::Enter() {
  // First of all: after fork the mutex may be one that nobody unlocks.
  RefuseForked(*handle_);
  {
    const std::lock_guard lock(handle_->mutex_);
    if (!handle_->closing_) {
      ++handle_->calls_;
      inside_ = true;
      return;
    }
  }
  if (MustPark()) RestoreGil(PyEval_SaveThread());
  RaiseClosed("the loader is closed");
}

Call::~Call() { Leave(); }

void Call::Consume() {
  LoaderHandle& handle = *handle_;
  const std::thread::id self = std::this_thread::get_id();
  for (;;) {
    enum { kMine, kReentered, kClosed, kBusy } found = kBusy;
    PyThreadState* state = PyEval_SaveThread();
    {
      std::unique_lock lock(handle.mutex_);
      if (handle.consumer_ == self) {
        found = kReentered;
      } else if (handle.changed_.wait_for(lock, 50ms, [&] {
                   return handle.consumer_ == std::thread::id() || handle.closing_;
                 })) {
        found = handle.closing_ ? kClosed : kMine;
        if (found == kMine) {
          handle.consumer_ = self;
          consumes_ = true;
        }
      }
    }
    ComeBack(state);
    switch (found) {
      case kMine: return;
      case kReentered: Raise(HR_REENTERED, "called from inside a callback of this loader");
      case kClosed: RaiseClosed("the loader was closed");
      case kBusy: break;
    }
    MindSignals();
  }
}

void Call::LeaveForSignals() {
  Leave();
  if (PyErr_CheckSignals() != 0) throw nb::python_error();
}

void Call::MindSignals() {
  LeaveForSignals();
  Enter();
}

void Call::ComeBack(PyThreadState* state) {
  RestoreGil(
      state, [](void* self) { static_cast<Call*>(self)->Leave(); }, this);
  if (!inside_) RaiseClosed("the loader was closed at exit");
}

void Call::Leave() {
  if (!inside_) return;
  inside_ = false;
  const std::lock_guard lock(handle_->mutex_);
  if (consumes_) handle_->consumer_ = {};
  consumes_ = false;
  --handle_->calls_;
  handle_->changed_.notify_all();
}

}  // namespace headrace::python
