// A model checker for the lock-free parts: it runs a small program of several threads in very many
// interleavings, with the memory of the C++ standard instead of the machine's.
//
// Threads are fibers; before each atomic operation the checker chooses who goes on. A load may
// return any value that the standard lets it return, so a missing acquire or release shows on a
// machine (x86) that would hide it. Plain data (Var) is watched for races with vector clocks. A
// futex sleeps and wakes as the kernel's does, so a lost wake-up ends in a deadlock that is seen.
//
// The search is depth first over all choices, bounded by the number of preemptions and of values
// that are not the newest, or random without those bounds. What it does not do: a store never goes
// before another in modification order (ours are read-modify-writes or have one writer at a time),
// seq_cst on an access counts as acq_rel (weaker than promised, so a proof stands), and an
// execution longer than kStepsMax counts as a livelock.
#pragma once

#include <atomic>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <type_traits>
#include <vector>

namespace headrace::model {

inline constexpr int kThreadsMax = 6;
inline constexpr int kLocationsMax = 26;
inline constexpr int kStepsMax = 3000;

struct Options {
  int preemptions_max = 2;  // switches away from a thread that could go on
  int stale_max = 1;        // loads that do not return the newest value; weak failures count too
  int early_wakes_max = 0;  // futex waits that end by time or for no reason while others could run
  uint64_t executions_max = UINT64_MAX;
  bool random = false;  // executions_max random ones, with no other bound
  uint64_t seed = 1;
};

struct Outcome {
  bool ok = true;
  bool complete = false;  // all choices within the bounds were tried
  uint64_t executions = 0;
  uint64_t steps = 0;
  std::string error;
  std::vector<std::string> trace;  // the failing execution, an operation a line
};

// One instance is one execution. Run's locals must be trivially destructible: a failing execution
// is left where it stands.
class Program {
 public:
  virtual ~Program() = default;
  virtual int ThreadCount() const = 0;
  virtual void Run(int thread) = 0;
  virtual void Finish() {}  // after all threads; they are seen completely
};

Outcome Explore(const Options& options, const std::function<std::unique_ptr<Program>()>& make);

// A condition of the program; false ends the execution as a failure.
void Check(bool condition, const char* what);

// ---- what the templates under test see ----

namespace internal {

uint32_t NewLocation(uint64_t value);
uint64_t Load(uint32_t location, std::memory_order order);
void Store(uint32_t location, uint64_t value, std::memory_order order);
// The two halves of a read-modify-write; nothing runs in between.
uint64_t BeginUpdate(uint32_t location, std::memory_order order);
void EndUpdate(uint32_t location, uint64_t value, std::memory_order order);
enum class Spurious : uint8_t { kNever, kPossible };
bool CompareExchange(uint32_t location, uint64_t* expected, uint64_t desired,
                     std::memory_order success, std::memory_order failure, Spurious spurious);
void Fence(std::memory_order order);
bool FutexWait(uint32_t location, uint64_t expected, int64_t deadline_ns);
void FutexWakeOne(uint32_t location);
void FutexWakeAll(uint32_t location);

// Who touched a plain variable last, in each thread's own clock; 0 is never.
struct VarHistory {
  int writer = -1;
  uint16_t written = 0;
  uint16_t read[kThreadsMax] = {};
};
void OnVarRead(VarHistory& history);
void OnVarWrite(VarHistory& history);

}  // namespace internal

template <class T>
class Atomic {
  static_assert(std::is_integral_v<T>);
  using Order = std::memory_order;

 public:
  Atomic() : Atomic(T{}) {}
  Atomic(T value) : location_(internal::NewLocation(value)) {}  // NOLINT: as std::atomic
  Atomic(const Atomic&) = delete;
  Atomic& operator=(const Atomic&) = delete;

  T load(Order order = Order::seq_cst) const {
    return static_cast<T>(internal::Load(location_, order));
  }
  void store(T value, Order order = Order::seq_cst) { internal::Store(location_, value, order); }
  T fetch_add(T amount, Order order = Order::seq_cst) {
    return Update(order, [amount](T old) { return static_cast<T>(old + amount); });
  }
  T fetch_sub(T amount, Order order = Order::seq_cst) {
    return Update(order, [amount](T old) { return static_cast<T>(old - amount); });
  }
  T fetch_or(T bits, Order order = Order::seq_cst) {
    return Update(order, [bits](T old) { return static_cast<T>(old | bits); });
  }
  T exchange(T value, Order order = Order::seq_cst) {
    return Update(order, [value](T) { return value; });
  }
  bool compare_exchange_weak(T& expected, T desired, Order success, Order failure) {
    return CompareExchange(expected, desired, success, failure, internal::Spurious::kPossible);
  }
  bool compare_exchange_weak(T& expected, T desired, Order order = Order::seq_cst) {
    return compare_exchange_weak(expected, desired, order, FailureOrder(order));
  }
  bool compare_exchange_strong(T& expected, T desired, Order success, Order failure) {
    return CompareExchange(expected, desired, success, failure, internal::Spurious::kNever);
  }
  bool compare_exchange_strong(T& expected, T desired, Order order = Order::seq_cst) {
    return compare_exchange_strong(expected, desired, order, FailureOrder(order));
  }

  uint32_t location() const { return location_; }

 private:
  static Order FailureOrder(Order order) {
    if (order == Order::release) return Order::relaxed;
    return order == Order::acq_rel ? Order::acquire : order;
  }
  template <class F>
  T Update(Order order, F change) {
    const T old = static_cast<T>(internal::BeginUpdate(location_, order));
    internal::EndUpdate(location_, change(old), order);
    return old;
  }
  bool CompareExchange(T& expected, T desired, Order success, Order failure,
                       internal::Spurious spurious) {
    uint64_t found = expected;
    const bool done =
        internal::CompareExchange(location_, &found, desired, success, failure, spurious);
    expected = static_cast<T>(found);
    return done;
  }

  uint32_t location_;
};

template <class T>
class Var {
 public:
  Var() = default;
  Var(const Var&) = delete;
  Var& operator=(const Var&) = delete;
  Var& operator=(T value) {
    internal::OnVarWrite(history_);
    value_ = value;
    return *this;
  }
  operator T() const {  // NOLINT: stands for a T
    internal::OnVarRead(history_);
    return value_;
  }

 private:
  T value_{};
  mutable internal::VarHistory history_;
};

// The policy for the templates of loader/pipeline.
struct ModelAtomics {
  template <class T>
  using Atomic = model::Atomic<T>;
  template <class T>
  using Var = model::Var<T>;

  static void Fence(std::memory_order order) { internal::Fence(order); }
  // There is no clock: any limit may be over as soon as the thread sleeps.
  static int64_t DeadlineAfter(int64_t timeout_ns) { return timeout_ns; }
  static bool FutexWait(const model::Atomic<uint32_t>& word, uint32_t expected,
                        int64_t deadline_ns) {
    return internal::FutexWait(word.location(), expected, deadline_ns);
  }
  static void FutexWakeAll(const model::Atomic<uint32_t>& word) {
    internal::FutexWakeAll(word.location());
  }
  static void FutexWakeOne(const model::Atomic<uint32_t>& word) {
    internal::FutexWakeOne(word.location());
  }
};

}  // namespace headrace::model
