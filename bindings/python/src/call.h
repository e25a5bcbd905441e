// One call on a loader, from Python: who may make it, how the GIL is given up meanwhile, and how an
// interpreter that ends gets rid of it.
#pragma once

#include <headrace.h>
#include <nanobind/nanobind.h>

#include <condition_variable>
#include <memory>
#include <mutex>
#include <thread>

#include "bindings/python/src/log_queue.h"

namespace headrace::python {

// An open loader with what its calls share.
// Owner: the Loader object, by shared_ptr; a call, and an array of a callback, hold it too; a batch
// has it weakly. Thread: any. Cost: one mutex, taken twice a call.
class LoaderHandle {
 public:
  // `log`: what the loader's threads write into, which is kept as long as they run.
  LoaderHandle(hr_loader* loader, std::shared_ptr<LogQueue> log);
  // Closes what Close has not. No function of Python's runs inside, with or without the GIL.
  ~LoaderHandle();
  LoaderHandle(const LoaderHandle&) = delete;
  LoaderHandle& operator=(const LoaderHandle&) = delete;

  // Whether this is a child of the process that opened the loader.
  bool forked() const;
  // Whether Close has begun. In a child of fork: had begun.
  bool closed() const;

  // Makes hr_loader_next return; what is not open is left alone. Not in a child of fork.
  void Stop();
  // Stops, waits until the last call is out, and closes; with pins, the last Unpin does. False:
  // called from inside a callback of this loader, where it would wait for itself. Without the GIL;
  // any number of times.
  [[nodiscard]] bool Close();

  // Arrays over memory of the loader's keep it from being freed.
  void Pin();
  void Unpin();

 private:
  friend class Call;
  const std::shared_ptr<LogQueue> log_;
  hr_loader* const loader_;
  const int owner_;  // process
  mutable std::mutex mutex_;
  std::condition_variable changed_;
  // Guarded by mutex_.
  int calls_ = 0;
  int pins_ = 0;
  bool closing_ = false;
  bool open_ = true;
  std::thread::id consumer_ = {};  // the one at a time that the C API asks for
};

// Marks that the interpreter ends: from now on threads other than this one do not come back from
// calls. They are daemon threads (Python has waited for all others), and to take the GIL of an
// interpreter that is gone would end them in the middle of a C++ frame, and the process with them.
// With the GIL, which it gives up until all that were about to take it have it.
void ExitBegins();
// Whether this thread may take the GIL, in spite of ExitBegins. If so it takes it at once and calls
// TookGil then. Any thread, without the GIL.
[[nodiscard]] bool MayTakeGil();
void TookGil();
// Takes the GIL back, as PyEval_RestoreThread does; such a thread waits for the end of the process
// instead. `leave` is called before that, without the GIL.
void RestoreGil(PyThreadState* state, void (*leave)(void*) = nullptr, void* context = nullptr);

// Gives up the GIL for a scope, for what is no call on a loader.
// Owner: a function. Thread: one, with the GIL. Cost: that of the GIL, and two atomic additions.
class WithoutGil {
 public:
  WithoutGil() : state_(PyEval_SaveThread()) {}
  ~WithoutGil() { RestoreGil(state_); }
  WithoutGil(const WithoutGil&) = delete;
  WithoutGil& operator=(const WithoutGil&) = delete;

 private:
  PyThreadState* const state_;
};

// A call in progress on an open loader. Raises when the loader is closed or of another process.
// Owner: the function that makes the call. Thread: one, with the GIL. Cost: two locks.
class Call {
 public:
  explicit Call(std::shared_ptr<LoaderHandle> handle);
  ~Call();
  Call(const Call&) = delete;
  Call& operator=(const Call&) = delete;

  // Raises in a child of the process that opened the loader.
  static void RefuseForked(const LoaderHandle& handle);

  hr_loader* loader() const { return handle_->loader_; }
  // Becomes the loader's consumer: waits while another thread is, and minds signals meanwhile.
  // Raises when this thread is it already, inside of a callback.
  void Consume();
  // Runs the handlers of signals that came, and raises what they raise. They may call the loader,
  // also close it: this call is out of it then, and makes no use of it any more.
  void LeaveForSignals();
  // The same, and comes in again, but not as the consumer.
  void MindSignals();

  // The result of `function`, which runs without the GIL.
  template <class Function>
  auto WithoutGil(Function function) {
    PyThreadState* state = PyEval_SaveThread();
    auto result = function(loader());
    ComeBack(state);
    return result;
  }

 private:
  void Enter();
  void ComeBack(PyThreadState* state);
  void Leave();

  const std::shared_ptr<LoaderHandle> handle_;
  bool inside_ = false;  // counted in calls_
  bool consumes_ = false;
};

}  // namespace headrace::python
