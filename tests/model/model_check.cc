#include "model_check.h"

#include <algorithm>
#include <array>
#include <cstdio>

#include "fiber.h"

namespace headrace::model {
namespace {

using Order = std::memory_order;

bool IsAcquire(Order order) {
  return order == Order::acquire || order == Order::acq_rel || order == Order::seq_cst ||
         order == Order::consume;
}
bool IsRelease(Order order) {
  return order == Order::release || order == Order::acq_rel || order == Order::seq_cst;
}
const char* NameOf(Order order) {
  switch (order) {
    case Order::relaxed: return "relaxed";
    case Order::consume: return "consume";
    case Order::acquire: return "acquire";
    case Order::release: return "release";
    case Order::acq_rel: return "acq_rel";
    case Order::seq_cst: return "seq_cst";
  }
  return "?";
}

// What a thread knows: the oldest message it may still read at each location, and how much of each
// thread's past has happened before now (the vector clock that the race detector needs).
struct View {
  std::array<uint16_t, kLocationsMax> oldest{};
  std::array<uint16_t, kThreadsMax> clock{};

  void Join(const View& other) {
    for (int i = 0; i < kLocationsMax; ++i) oldest[i] = std::max(oldest[i], other.oldest[i]);
    for (int i = 0; i < kThreadsMax; ++i) clock[i] = std::max(clock[i], other.clock[i]);
  }
};

// One store. Who reads it with acquire joins `released`.
struct Message {
  uint64_t value;
  View released;
};

struct Thread {
  Fiber fiber;
  View view;
  View acquirable;  // read by relaxed loads; an acquire fence makes it known
  View fenced;      // the view at the last release fence; a relaxed store carries it
  bool done = true;
  int parked_at = -1;  // location of the futex it sleeps on
  bool timed = false;
  bool wait_result = true;
};

struct Choice {
  uint8_t options;
  uint8_t taken;
};

class Engine {
 public:
  Outcome Explore(const Options& options, const std::function<std::unique_ptr<Program>()>& make);

  bool in_thread() const { return current_ >= 0; }
  void Fail(const char* what);

  uint32_t NewLocation(uint64_t value);
  uint64_t Load(uint32_t location, Order order);
  void Store(uint32_t location, uint64_t value, Order order);
  uint64_t BeginUpdate(uint32_t location, Order order);
  void EndUpdate(uint32_t location, uint64_t value, Order order);
  bool CompareExchange(uint32_t location, uint64_t* expected, uint64_t desired, Order success,
                       Order failure, internal::Spurious spurious);
  void Fence(Order order);
  bool FutexWait(uint32_t location, uint64_t expected, int64_t deadline_ns);
  void FutexWake(uint32_t location, bool all);
  void OnVarRead(internal::VarHistory& history);
  void OnVarWrite(internal::VarHistory& history);

 private:
  static void FiberMain();

  bool RunOnce(const std::function<std::unique_ptr<Program>()>& make);
  bool NextTrace();
  uint32_t Choose(uint32_t options);
  // The thread that goes on: the running one may be left (a preemption), or has to be.
  enum class Running : uint8_t { kCanGoOn, kParked, kDone };
  void Schedule(Running running);
  bool MayRun(int thread) const;
  void SwitchTo(int thread);
  void Acquire(Thread& thread, const Message& message, Order order);
  void Append(uint32_t location, uint64_t value, Order order, const View* replaced);
  template <class... Args>
  void Log(const char* format, Args... args);

  Options options_;
  Outcome outcome_;
  // Of the running execution:
  std::array<std::vector<Message>, kLocationsMax> memory_;
  uint32_t locations_ = 0;
  std::array<Thread, kThreadsMax> threads_;
  int thread_count_ = 0;
  int current_ = -1;
  View fence_order_;  // what the seq_cst fences so far have published
  Fiber main_;
  std::unique_ptr<Program> program_;
  int steps_ = 0;
  int preemptions_ = 0;
  int stale_ = 0;
  int early_wakes_ = 0;
  // Of the search:
  std::vector<Choice> trace_;
  size_t trace_position_ = 0;
  uint64_t random_ = 1;
  bool logging_ = false;
  bool abandoned_ = true;  // the fibers stand anywhere
};

Engine engine;

template <class... Args>
void Engine::Log(const char* format, Args... args) {
  if (!logging_) return;
  char line[160];
  const int used = std::snprintf(line, sizeof line, "T%d ", current_);
  std::snprintf(line + used, sizeof line - static_cast<size_t>(used), format, args...);
  outcome_.trace.emplace_back(line);
}

uint32_t Engine::Choose(uint32_t options) {
  if (options <= 1) return 0;
  if (options_.random) {
    random_ ^= random_ << 13;
    random_ ^= random_ >> 7;
    random_ ^= random_ << 17;
    // The first option (stay, newest) more often than the others: else nobody gets anywhere.
    const uint64_t draw = (random_ >> 20) % (options + 3);
    return draw < options ? static_cast<uint32_t>(draw) : 0;
  }
  if (trace_position_ == trace_.size()) trace_.push_back({static_cast<uint8_t>(options), 0});
  return trace_[trace_position_++].taken;
}

void Engine::Fail(const char* what) {
  if (outcome_.error.empty()) outcome_.error = what;
  outcome_.ok = false;
  abandoned_ = true;
  Log("FAILS: %s", what);
  if (in_thread()) {
    Thread& self = threads_[static_cast<size_t>(current_)];
    Fiber::Switch(self.fiber, main_);  // never comes back
  }
}

void Engine::SwitchTo(int thread) {
  const int self = current_;
  if (thread == self) return;
  current_ = thread;
  Fiber::Switch(threads_[static_cast<size_t>(self)].fiber,
                threads_[static_cast<size_t>(thread)].fiber);
}

bool Engine::MayRun(int thread) const {
  const Thread& candidate = threads_[static_cast<size_t>(thread)];
  if (candidate.done) return false;
  return candidate.parked_at < 0 || early_wakes_ < options_.early_wakes_max;
}

void Engine::Schedule(Running running) {
  ++outcome_.steps;
  if (++steps_ > kStepsMax) Fail("livelock (step bound)");
  const bool can_stay = running == Running::kCanGoOn;
  std::array<int, kThreadsMax> candidates{};
  uint32_t count = 0;
  if (can_stay) candidates[count++] = current_;
  if (!can_stay || options_.random || preemptions_ < options_.preemptions_max) {
    for (int t = 0; t < thread_count_; ++t) {
      if (t != current_ && MayRun(t)) candidates[count++] = t;
    }
    // Spending an early wake is a choice of who sleeps, too.
    if (running == Running::kParked && MayRun(current_)) candidates[count++] = current_;
  }
  if (count == 0) {
    // Nobody can run: time passes until one of the timed waits is over.
    for (int t = 0; t < thread_count_; ++t) {
      const Thread& thread = threads_[static_cast<size_t>(t)];
      if (!thread.done && thread.timed) candidates[count++] = t;
    }
  }
  if (count == 0) {
    for (int t = 0; t < thread_count_; ++t) {
      if (!threads_[static_cast<size_t>(t)].done) Fail("deadlock (lost wake-up)");
    }
    Fiber::Switch(threads_[static_cast<size_t>(current_)].fiber, main_);
    return;  // this fiber begins its next execution
  }
  const int next = candidates[Choose(count)];
  if (can_stay && next != current_) ++preemptions_;
  Thread& chosen = threads_[static_cast<size_t>(next)];
  if (chosen.parked_at >= 0) {
    ++early_wakes_;
    chosen.parked_at = -1;
    chosen.wait_result = !chosen.timed;
    chosen.timed = false;
  }
  SwitchTo(next);
}

void Engine::Acquire(Thread& thread, const Message& message, Order order) {
  (IsAcquire(order) ? thread.view : thread.acquirable).Join(message.released);
}

void Engine::Append(uint32_t location, uint64_t value, Order order, const View* replaced) {
  Thread& self = threads_[static_cast<size_t>(current_)];
  std::vector<Message>& messages = memory_[location];
  const uint16_t stamp = static_cast<uint16_t>(messages.size());
  self.view.oldest[location] = stamp;
  Message message{value, IsRelease(order) ? self.view : self.fenced};
  message.released.oldest[location] = stamp;
  if (replaced != nullptr) message.released.Join(*replaced);  // continues the release sequence
  messages.push_back(message);
  ++self.view.clock[static_cast<size_t>(current_)];
}

uint32_t Engine::NewLocation(uint64_t value) {
  if (locations_ == kLocationsMax || in_thread()) {
    Fail("the program needs more locations than the checker has, or makes them while it runs");
    return 0;
  }
  memory_[locations_].assign(1, Message{value, View{}});
  return locations_++;
}

uint64_t Engine::Load(uint32_t location, Order order) {
  std::vector<Message>& messages = memory_[location];
  if (!in_thread()) return messages.back().value;
  Schedule(Running::kCanGoOn);
  Thread& self = threads_[static_cast<size_t>(current_)];
  const uint32_t newest = static_cast<uint32_t>(messages.size()) - 1;
  uint32_t behind = 0;
  if (options_.random || stale_ < options_.stale_max) {
    behind = Choose(newest - self.view.oldest[location] + 1);
    if (behind != 0) ++stale_;
  }
  const Message& message = messages[newest - behind];
  self.view.oldest[location] = static_cast<uint16_t>(newest - behind);
  Acquire(self, message, order);
  Log("load a%u %s -> %llx%s", location, NameOf(order),
      static_cast<unsigned long long>(message.value), behind != 0 ? " (stale)" : "");
  return message.value;
}

void Engine::Store(uint32_t location, uint64_t value, Order order) {
  if (!in_thread()) {
    memory_[location].back().value = value;  // before or after the threads: seen by all
    return;
  }
  Schedule(Running::kCanGoOn);
  Append(location, value, order, nullptr);
  Log("store a%u %s <- %llx", location, NameOf(order), static_cast<unsigned long long>(value));
}

uint64_t Engine::BeginUpdate(uint32_t location, Order order) {
  if (!in_thread()) return memory_[location].back().value;
  Schedule(Running::kCanGoOn);
  Acquire(threads_[static_cast<size_t>(current_)], memory_[location].back(), order);
  return memory_[location].back().value;
}

void Engine::EndUpdate(uint32_t location, uint64_t value, Order order) {
  if (!in_thread()) {
    memory_[location].back().value = value;
    return;
  }
  const Message replaced = memory_[location].back();
  Append(location, value, order, &replaced.released);
  Log("update a%u %s %llx -> %llx", location, NameOf(order),
      static_cast<unsigned long long>(replaced.value), static_cast<unsigned long long>(value));
}

bool Engine::CompareExchange(uint32_t location, uint64_t* expected, uint64_t desired, Order success,
                             Order failure, internal::Spurious spurious) {
  std::vector<Message>& messages = memory_[location];
  if (!in_thread()) {
    const bool equal = messages.back().value == *expected;
    *expected = messages.back().value;
    if (equal) messages.back().value = desired;
    return equal;
  }
  Schedule(Running::kCanGoOn);
  Thread& self = threads_[static_cast<size_t>(current_)];
  // A failing one is a load: it may return an older value, if that differs from the expected one or
  // the failure is spurious. Option 0 is the newest value, with the outcome that follows from it.
  std::array<uint16_t, 64> failing{};
  uint32_t count = 1;
  failing[0] = static_cast<uint16_t>(messages.size() - 1);
  if (options_.random || stale_ < options_.stale_max) {
    for (size_t i = messages.size(); i-- > self.view.oldest[location] && count < failing.size();) {
      const bool differs = messages[i].value != *expected;
      if (differs ? i + 1 == messages.size() : spurious == internal::Spurious::kNever) continue;
      failing[count++] = static_cast<uint16_t>(i);
    }
  }
  const uint32_t choice = Choose(count);
  if (choice != 0) ++stale_;
  const uint16_t index = failing[choice];
  const Message message = messages[index];
  if (choice == 0 && message.value == *expected) {
    Acquire(self, message, success);
    Append(location, desired, success, &message.released);
    Log("compare a%u %s %llx -> %llx", location, NameOf(success),
        static_cast<unsigned long long>(message.value), static_cast<unsigned long long>(desired));
    return true;
  }
  self.view.oldest[location] = index;
  Acquire(self, message, failure);
  Log("compare a%u %s fails, found %llx%s", location, NameOf(failure),
      static_cast<unsigned long long>(message.value), choice != 0 ? " (stale or spurious)" : "");
  *expected = message.value;
  return false;
}

void Engine::Fence(Order order) {
  if (!in_thread()) return;
  Schedule(Running::kCanGoOn);
  Thread& self = threads_[static_cast<size_t>(current_)];
  if (IsAcquire(order)) self.view.Join(self.acquirable);
  if (order == Order::seq_cst) {
    self.view.Join(fence_order_);
    fence_order_ = self.view;
  }
  if (IsRelease(order)) {
    self.fenced = self.view;
    ++self.view.clock[static_cast<size_t>(current_)];
  }
  Log("fence %s", NameOf(order));
}

bool Engine::FutexWait(uint32_t location, uint64_t expected, int64_t deadline_ns) {
  Schedule(Running::kCanGoOn);
  // The kernel compares and parks in one step, under the lock that a wake takes too.
  const bool parks = memory_[location].back().value == expected;
  Log("futex wait a%u for other than %llx%s%s", location, static_cast<unsigned long long>(expected),
      deadline_ns >= 0 ? ", timed" : "", parks ? "" : ": returns at once");
  if (!parks) return true;
  Thread& self = threads_[static_cast<size_t>(current_)];
  self.parked_at = static_cast<int>(location);
  self.timed = deadline_ns >= 0;
  self.wait_result = true;
  Schedule(Running::kParked);
  Log("futex wait a%u ends%s", location, self.wait_result ? "" : " by time");
  return self.wait_result;
}

void Engine::FutexWake(uint32_t location, bool all) {
  Schedule(Running::kCanGoOn);
  std::array<int, kThreadsMax> parked{};
  uint32_t count = 0;
  for (int t = 0; t < thread_count_; ++t) {
    if (threads_[static_cast<size_t>(t)].parked_at == static_cast<int>(location)) {
      parked[count++] = t;
    }
  }
  Log("futex wake %s a%u of %u", all ? "all" : "one", location, count);
  const uint32_t first = all || count == 0 ? 0 : Choose(count);
  const uint32_t last = all ? count : std::min(first + 1, count);
  for (uint32_t i = first; i < last; ++i) {
    Thread& woken = threads_[static_cast<size_t>(parked[i])];
    woken.parked_at = -1;
    woken.timed = false;
    woken.wait_result = true;
  }
}

void Engine::OnVarRead(internal::VarHistory& history) {
  if (!in_thread()) return;
  const View& view = threads_[static_cast<size_t>(current_)].view;
  if (history.writer >= 0 && history.writer != current_ &&
      view.clock[static_cast<size_t>(history.writer)] < history.written) {
    Fail("data race (read of a write that does not happen before)");
  }
  history.read[current_] = view.clock[static_cast<size_t>(current_)];
}

void Engine::OnVarWrite(internal::VarHistory& history) {
  if (!in_thread()) return;
  const View& view = threads_[static_cast<size_t>(current_)].view;
  if (history.writer >= 0 && history.writer != current_ &&
      view.clock[static_cast<size_t>(history.writer)] < history.written) {
    Fail("data race (write over a write that does not happen before)");
  }
  for (int t = 0; t < thread_count_; ++t) {
    if (t != current_ && view.clock[static_cast<size_t>(t)] < history.read[t]) {
      Fail("data race (write over a read that does not happen before)");
    }
  }
  history.writer = current_;
  history.written = view.clock[static_cast<size_t>(current_)];
}

void Engine::FiberMain() {
  for (;;) {  // one round an execution; a fiber that failed is prepared anew
    engine.program_->Run(engine.current_);
    engine.threads_[static_cast<size_t>(engine.current_)].done = true;
    engine.Schedule(Running::kDone);
  }
}

bool Engine::RunOnce(const std::function<std::unique_ptr<Program>()>& make) {
  current_ = -1;
  locations_ = 0;
  fence_order_ = View{};
  trace_position_ = 0;
  steps_ = preemptions_ = stale_ = early_wakes_ = 0;
  outcome_.ok = true;
  outcome_.error.clear();
  const bool were_abandoned = abandoned_;
  abandoned_ = false;
  program_ = make();
  if (!outcome_.ok) return false;
  thread_count_ = program_->ThreadCount();
  for (int t = 0; t < thread_count_; ++t) {
    Thread& thread = threads_[static_cast<size_t>(t)];
    // A fiber stands at the end of its last round and begins the next one, unless that was left in
    // the middle. (What is on its stack then is trivially destructible.)
    if (!thread.fiber.prepared() || were_abandoned) thread.fiber.Prepare(&Engine::FiberMain);
    thread.view = thread.acquirable = thread.fenced = View{};
    thread.view.clock[static_cast<size_t>(t)] = 1;
    thread.done = false;
    thread.parked_at = -1;
    thread.timed = false;
  }
  const int first = static_cast<int>(Choose(static_cast<uint32_t>(thread_count_)));
  current_ = first;
  Fiber::Switch(main_, threads_[static_cast<size_t>(first)].fiber);
  current_ = -1;
  if (outcome_.ok) program_->Finish();
  program_.reset();
  return outcome_.ok;
}

// To the next leaf of the tree of choices; false when there is none.
bool Engine::NextTrace() {
  while (!trace_.empty() && trace_.back().taken + 1 >= trace_.back().options) trace_.pop_back();
  if (trace_.empty()) return false;
  ++trace_.back().taken;
  return true;
}

Outcome Engine::Explore(const Options& options,
                        const std::function<std::unique_ptr<Program>()>& make) {
  options_ = options;
  outcome_ = Outcome{};
  trace_.clear();
  const auto seed_for = [&options](uint64_t execution) {
    return (options.seed + execution + 1) * 0x9E3779B97F4A7C15u | 1;
  };
  while (outcome_.executions < options.executions_max) {
    random_ = seed_for(outcome_.executions);
    if (!RunOnce(make)) {
      // Once more with the same choices, to tell what happened.
      logging_ = true;
      random_ = seed_for(outcome_.executions);
      RunOnce(make);
      logging_ = false;
      break;
    }
    ++outcome_.executions;
    if (!options.random && !NextTrace()) {
      outcome_.complete = true;
      break;
    }
  }
  return outcome_;
}

}  // namespace

Outcome Explore(const Options& options, const std::function<std::unique_ptr<Program>()>& make) {
  return engine.Explore(options, make);
}

void Check(bool condition, const char* what) {
  if (!condition) engine.Fail(what);
}

namespace internal {

uint32_t NewLocation(uint64_t value) { return engine.NewLocation(value); }
uint64_t Load(uint32_t location, Order order) { return engine.Load(location, order); }
void Store(uint32_t location, uint64_t value, Order order) { engine.Store(location, value, order); }
uint64_t BeginUpdate(uint32_t location, Order order) { return engine.BeginUpdate(location, order); }
void EndUpdate(uint32_t location, uint64_t value, Order order) {
  engine.EndUpdate(location, value, order);
}
bool CompareExchange(uint32_t location, uint64_t* expected, uint64_t desired, Order success,
                     Order failure, Spurious spurious) {
  return engine.CompareExchange(location, expected, desired, success, failure, spurious);
}
void Fence(Order order) { engine.Fence(order); }
bool FutexWait(uint32_t location, uint64_t expected, int64_t deadline_ns) {
  return engine.FutexWait(location, expected, deadline_ns);
}
void FutexWakeOne(uint32_t location) { engine.FutexWake(location, false); }
void FutexWakeAll(uint32_t location) { engine.FutexWake(location, true); }
void OnVarRead(VarHistory& history) { engine.OnVarRead(history); }
void OnVarWrite(VarHistory& history) { engine.OnVarWrite(history); }

}  // namespace internal
}  // namespace headrace::model
