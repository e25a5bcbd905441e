/* Preloaded into a program under test: the n-th of the calls that change a file fails, or the program
 * is killed there, and what is written before then is really written.
 *
 *   FAIL_CALL_AT=n      from 1; unset or 0: none fails, and FAIL_CALL_LOG gets the count at exit
 *   FAIL_CALL_ERRNO=e   the errno; 0: SIGKILL, a write being half done
 *   FAIL_CALL_LOG=file  where the count of such calls goes at a normal end
 */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/syscall.h>
#include <sys/types.h>
#include <unistd.h>

static atomic_long calls;
static long fail_at = -1;
static int fail_errno;

__attribute__((constructor)) static void Begin(void) {
  const char *at = getenv("FAIL_CALL_AT");
  const char *number = getenv("FAIL_CALL_ERRNO");
  fail_at = at ? atol(at) : 0;
  fail_errno = number ? atoi(number) : 0;
}

__attribute__((destructor)) static void End(void) {
  const char *log = getenv("FAIL_CALL_LOG");
  if (!log) return;
  FILE *file = fopen(log, "w");
  if (!file) return;
  fprintf(file, "%ld\n", atomic_load(&calls));
  fclose(file);
}

static int Disturbed(void) {
  if (atomic_fetch_add(&calls, 1) + 1 != fail_at) return 0;
  if (fail_errno == 0) kill(getpid(), SIGKILL);
  errno = fail_errno;
  return 1;
}

/* Of regular files only: what goes to a terminal or a pipe is the test's own. */
static int IsFile(int fd) { return lseek(fd, 0, SEEK_CUR) >= 0; }

ssize_t write(int fd, const void *bytes, size_t count) {
  if (IsFile(fd)) {
    if (fail_errno == 0 && atomic_load(&calls) + 1 == fail_at) {
      syscall(SYS_write, fd, bytes, count / 2);
    }
    if (Disturbed()) return -1;
  }
  return syscall(SYS_write, fd, bytes, count);
}

ssize_t pwrite(int fd, const void *bytes, size_t count, off_t offset) {
  if (fail_errno == 0 && atomic_load(&calls) + 1 == fail_at) {
    syscall(SYS_pwrite64, fd, bytes, count / 2, offset);
  }
  if (Disturbed()) return -1;
  return syscall(SYS_pwrite64, fd, bytes, count, offset);
}
ssize_t pwrite64(int fd, const void *bytes, size_t count, off_t offset) {
  return pwrite(fd, bytes, count, offset);
}

int fsync(int fd) { return Disturbed() ? -1 : (int)syscall(SYS_fsync, fd); }
int syncfs(int fd) { return Disturbed() ? -1 : (int)syscall(SYS_syncfs, fd); }
int ftruncate(int fd, off_t bytes) {
  return Disturbed() ? -1 : (int)syscall(SYS_ftruncate, fd, bytes);
}
int rename(const char *from, const char *to) {
  return Disturbed() ? -1 : (int)syscall(SYS_renameat2, AT_FDCWD, from, AT_FDCWD, to, 0);
}
int renameat(int from_fd, const char *from, int to_fd, const char *to) {
  return Disturbed() ? -1 : (int)syscall(SYS_renameat2, from_fd, from, to_fd, to, 0);
}
int linkat(int from_fd, const char *from, int to_fd, const char *to, int flags) {
  return Disturbed() ? -1 : (int)syscall(SYS_linkat, from_fd, from, to_fd, to, flags);
}
int unlink(const char *path) {
  return Disturbed() ? -1 : (int)syscall(SYS_unlinkat, AT_FDCWD, path, 0);
}
int mkdir(const char *path, mode_t mode) {
  return Disturbed() ? -1 : (int)syscall(SYS_mkdirat, AT_FDCWD, path, mode);
}

/* Opening for reading is left alone. */
static int OpenAt(int folder, const char *path, int flags, unsigned mode) {
  if ((flags & O_ACCMODE) != O_RDONLY && Disturbed()) return -1;
  return (int)syscall(SYS_openat, folder, path, flags, mode);
}
int openat(int folder, const char *path, int flags, ...) {
  va_list list;
  va_start(list, flags);
  const unsigned mode = (flags & (O_CREAT | __O_TMPFILE)) ? va_arg(list, unsigned) : 0;
  va_end(list);
  return OpenAt(folder, path, flags, mode);
}
int open(const char *path, int flags, ...) {
  va_list list;
  va_start(list, flags);
  const unsigned mode = (flags & (O_CREAT | __O_TMPFILE)) ? va_arg(list, unsigned) : 0;
  va_end(list);
  return OpenAt(AT_FDCWD, path, flags, mode);
}
