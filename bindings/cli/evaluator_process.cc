#include "bindings/cli/evaluator_process.h"

#include <fcntl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <csignal>
#include <cstring>
#include <thread>

namespace headrace::cli {
namespace {

// Between SIGTERM and SIGKILL: enough to write a checkpoint's last bytes, short enough to wait for.
constexpr auto kGrace = std::chrono::seconds(2);
// Bytes of a stream that are read in one step, so that a stream without end stops nobody's clock.
constexpr size_t kStepBytesMax = size_t{4} << 20;
// A line of stderr that is shown.
constexpr size_t kSeenLineBytesMax = 4096;

std::string Failed(std::string_view what) {
  return "cannot " + std::string(what) + ": " + std::strerror(errno);
}

// As execve takes it, which changes nothing of it.
std::vector<char*> PointersTo(const std::vector<std::string>& texts) {
  std::vector<char*> pointers;
  for (const std::string& text : texts) pointers.push_back(const_cast<char*>(text.c_str()));
  pointers.push_back(nullptr);
  return pointers;
}

struct Pipe {
  int read = -1;
  int write = -1;
  bool Open() {
    int ends[2];
    if (pipe2(ends, O_CLOEXEC) != 0) return false;
    read = ends[0];
    write = ends[1];
    return fcntl(read, F_SETFL, O_NONBLOCK) == 0;
  }
  void Close() {
    if (read >= 0) close(read);
    if (write >= 0) close(write);
  }
};

// Between fork and exec: async-signal-safe calls only.
[[noreturn]] void BecomeShell(char* const* arguments, char* const* variables, int out, int err,
                              const EvaluatorGuard& guard) {
  setpgid(0, 0);
  guard.Enter(getpid());
  for (const int number : {SIGINT, SIGTERM, SIGPIPE, SIGQUIT, SIGHUP, SIGCHLD}) {
    std::signal(number, SIG_DFL);
  }
  sigset_t none;
  sigemptyset(&none);
  sigprocmask(SIG_SETMASK, &none, nullptr);
  // The terminal is the program's: an evaluator that asks it anything would stop and hang.
  const int nothing = open("/dev/null", O_RDONLY);
  if (nothing >= 0) dup2(nothing, STDIN_FILENO);
  if (dup2(out, STDOUT_FILENO) >= 0 && dup2(err, STDERR_FILENO) >= 0) {
    execve("/bin/sh", arguments, variables);
  }
  _exit(127);
}

// Reads until there is no more for now. False: the end, or a failure that is as good as one.
template <class Use>
bool Drain(int fd, const Use& use) {
  std::array<char, 65536> buffer;
  for (size_t total = 0; total < kStepBytesMax;) {
    const ssize_t got = read(fd, buffer.data(), buffer.size());
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) return errno == EAGAIN;
    if (got == 0) return false;
    use(std::string_view(buffer.data(), static_cast<size_t>(got)));
    total += static_cast<size_t>(got);
  }
  return true;
}

void CloseFd(int* fd) {
  if (*fd >= 0) close(*fd);
  *fd = -1;
}

}  // namespace

EvaluatorProcess::~EvaluatorProcess() {
  while (pid_ > 0) {
    Kill();
    if (!Step()) std::this_thread::sleep_for(std::chrono::milliseconds(1));
  }
  CloseFd(&out_);
  CloseFd(&err_);
}

bool EvaluatorProcess::Start(const std::string& command,
                             const std::vector<std::string>& environment,
                             const EvaluatorGuard& guard, std::string* error) {
  Pipe out;
  Pipe err;
  if (!out.Open() || !err.Open()) {
    *error = Failed("make a pipe");
    out.Close();
    err.Close();
    return false;
  }
  char shell[] = "sh";
  char option[] = "-c";
  std::string text = command;  // execve wants what it could change
  char* const arguments[] = {shell, option, text.data(), nullptr};
  const std::vector<char*> variables = PointersTo(environment);
  start_ = Clock::now();
  const pid_t pid = fork();
  if (pid == 0) BecomeShell(arguments, variables.data(), out.write, err.write, guard);
  if (pid < 0) {
    *error = Failed("start a process");
    out.Close();
    err.Close();
    return false;
  }
  // Both sides do it: whichever comes first, the group is there before it is needed.
  setpgid(pid, pid);
  close(out.write);
  close(err.write);
  pid_ = pid;
  guard_ = &guard;
  out_ = out.read;
  err_ = err.read;
  return true;
}

bool EvaluatorProcess::Step() {
  if (pid_ < 0) return true;
  if (!ended_) {
    // Looked at and not reaped: as long as the shell is a zombie its number is nobody else's.
    siginfo_t info{};
    const int waited = waitid(P_PID, static_cast<id_t>(pid_), &info, WEXITED | WNOHANG | WNOWAIT);
    ended_ = (waited == 0 && info.si_pid == pid_) || (waited < 0 && errno == ECHILD);
    ReadPipes();
    if (!ended_) {
      if (is_late()) kill(-pid_, SIGKILL);
      return false;
    }
    end_ = Clock::now();
  }
  if (!killed_) {
    // A shell dies of SIGTERM at once; what it has started may still be writing its last bytes.
    const bool is_stopped = stopped_ != Clock::time_point{};
    if (is_stopped) ReadPipes();
    const bool is_alive = !is_stopped || IsGroupAlive();
    if (is_alive && is_stopped && !is_late()) return false;
    if (is_alive) kill(-pid_, SIGKILL);
    killed_ = true;
  }
  Reap();
  return pid_ < 0;
}

bool EvaluatorProcess::is_late() const {
  return stopped_ != Clock::time_point{} && Clock::now() - stopped_ > kGrace;
}

// The shell's own zombie would count as one of the group, so it is reaped: the number of a group is
// not given away while anybody is in it.
bool EvaluatorProcess::IsGroupAlive() {
  int status = 0;
  pid_t gone = 0;
  do {
    gone = waitpid(-pid_, &status, WNOHANG);
    if (gone == pid_) wait_status_ = status;
  } while (gone > 0 || (gone < 0 && errno == EINTR));
  return kill(-pid_, 0) == 0;
}

// What was orphaned in the group is this program's to wait for, as it is a subreaper (the pool).
void EvaluatorProcess::Reap() {
  for (;;) {
    int status = 0;
    const pid_t gone = waitpid(-pid_, &status, WNOHANG);
    if (gone == pid_) wait_status_ = status;
    if (gone > 0 || (gone < 0 && errno == EINTR)) continue;
    if (gone == 0) return;  // one of them is still on its way out
    break;
  }
  guard_->Leave(pid_);
  pid_ = -1;
  CloseFd(&out_);
  CloseFd(&err_);
  if (see_ && !line_.empty()) see_(line_);
  line_.clear();
}

void EvaluatorProcess::ReadPipes() {
  if (out_ >= 0 && !Drain(out_, [&](std::string_view bytes) { last_line_.Add(bytes); })) {
    CloseFd(&out_);
  }
  const auto keep = [&](std::string_view bytes) {
    tail_.Add(bytes);
    SeeLines(bytes);
  };
  if (err_ >= 0 && !Drain(err_, keep)) CloseFd(&err_);
}

void EvaluatorProcess::SeeLines(std::string_view bytes) {
  if (!see_) return;
  for (const char c : bytes) {
    if (c != '\n') {
      line_ += c;
      if (line_.size() < kSeenLineBytesMax) continue;
    }
    see_(line_);
    line_.clear();
  }
}

void EvaluatorProcess::Stop() {
  if (pid_ < 0 || ended_ || stopped_ != Clock::time_point{}) return;
  stopped_ = Clock::now();
  kill(-pid_, SIGTERM);
  kill(-pid_, SIGCONT);  // one that was stopped sees no other signal
}

void EvaluatorProcess::Kill() {
  if (pid_ > 0) kill(-pid_, SIGKILL);
}

double EvaluatorProcess::seconds() const {
  return std::chrono::duration<double>((pid_ < 0 ? end_ : Clock::now()) - start_).count();
}

}  // namespace headrace::cli
