#include "bindings/cli/evaluator_guard.h"

#include <fcntl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <csignal>
#include <cstring>
#include <filesystem>
#include <system_error>
#include <vector>

namespace headrace::cli {
namespace {

// Small enough that a pipe takes it whole or not at all.
struct Message {
  pid_t group;
  int is_there;
};

// Time for an evaluator to tidy up between SIGTERM and SIGKILL.
constexpr unsigned kGraceSeconds = 1;

void KillAll(const std::vector<pid_t>& groups, int signal) {
  for (const pid_t group : groups) kill(-group, signal);
}

// The life of the guard: until nobody has the other end of the pipe.
[[noreturn]] void Watch(int pipe, const std::string& folder) {
  // Ctrl-C is for the program, and who waits for the end of the program's output must not wait for
  // this one.
  setpgid(0, 0);
  for (const int number : {SIGINT, SIGTERM, SIGHUP, SIGQUIT, SIGPIPE}) {
    std::signal(number, SIG_IGN);
  }
  const int nowhere = open("/dev/null", O_RDWR);
  for (const int fd : {0, 1, 2}) dup2(nowhere, fd);
  for (int fd = 3; fd < 256; ++fd) {
    if (fd != pipe) close(fd);
  }
  std::vector<pid_t> groups;
  for (;;) {
    Message message{};
    const ssize_t got = read(pipe, &message, sizeof message);
    if (got < 0 && errno == EINTR) continue;
    if (got != sizeof message) break;
    if (message.is_there != 0) {
      groups.push_back(message.group);
    } else {
      groups.erase(std::remove(groups.begin(), groups.end(), message.group), groups.end());
    }
  }
  if (!groups.empty()) {
    KillAll(groups, SIGTERM);
    sleep(kGraceSeconds);
    KillAll(groups, SIGKILL);
  }
  std::error_code ignored;
  std::filesystem::remove_all(folder, ignored);
  _exit(0);
}

}  // namespace

EvaluatorGuard::~EvaluatorGuard() {
  if (pipe_ >= 0) close(pipe_);
  if (pid_ > 0) {
    while (waitpid(pid_, nullptr, 0) < 0 && errno == EINTR) {
    }
  }
}

bool EvaluatorGuard::Start(const std::string& folder, std::string* error) {
  int ends[2];
  if (pipe2(ends, O_CLOEXEC) != 0) {
    *error = std::string("cannot make a pipe: ") + std::strerror(errno);
    return false;
  }
  pid_ = fork();
  if (pid_ == 0) {
    close(ends[1]);
    Watch(ends[0], folder);
  }
  close(ends[0]);
  if (pid_ < 0) {
    *error = std::string("cannot start a process: ") + std::strerror(errno);
    close(ends[1]);
    return false;
  }
  pipe_ = ends[1];
  return true;
}

void EvaluatorGuard::Enter(pid_t group) const { Tell(group, 1); }
void EvaluatorGuard::Leave(pid_t group) const { Tell(group, 0); }

void EvaluatorGuard::Tell(pid_t group, int is_there) const {
  const Message message{group, is_there};
  // A guard that was killed is no reason to end the search: SIGPIPE is ignored while it runs.
  while (write(pipe_, &message, sizeof message) < 0 && errno == EINTR) {
  }
}

}  // namespace headrace::cli
