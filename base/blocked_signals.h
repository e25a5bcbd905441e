// Signals kept away from threads of the library.
#pragma once

#include <pthread.h>
#include <signal.h>

#include <initializer_list>

namespace headrace {

// What: while it lives, threads that the calling thread starts begin with every signal blocked but
// those that a fault raises: the user's handlers must not run on our threads; faults must, or they
// would be lost. Owner and thread: whoever starts threads. Cost: two system calls.
class [[nodiscard]] BlockedSignals {
 public:
  BlockedSignals() {
    sigset_t blocked;
    sigfillset(&blocked);
    for (const int fault : {SIGSEGV, SIGBUS, SIGFPE, SIGILL}) sigdelset(&blocked, fault);
    pthread_sigmask(SIG_SETMASK, &blocked, &before_);
  }
  ~BlockedSignals() { pthread_sigmask(SIG_SETMASK, &before_, nullptr); }
  BlockedSignals(const BlockedSignals&) = delete;
  BlockedSignals& operator=(const BlockedSignals&) = delete;

 private:
  sigset_t before_;
};

}  // namespace headrace
