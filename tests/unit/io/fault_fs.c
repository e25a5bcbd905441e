/* A file system for tests whose files misbehave as their names say. It mirrors $FAULT_FS_ROOT.
 *   *.short   a read gives at most 1000 bytes
 *   *.eio     reads beyond 64 KiB fail
 *   *.eacces  may not be opened
 *   *.lie     claims twice its size
 *   *.stuck   a read does not return until the file "release" is looked at
 * Writes a line to stdout when it is mounted, and one for each stuck read that has come. */
#define FUSE_USE_VERSION 31
#include <errno.h>
#include <fcntl.h>
#include <fuse3/fuse.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static const char* root;
static pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t changed = PTHREAD_COND_INITIALIZER;
static int released;

static int Place(char* place, size_t bytes, const char* path) {
  const int written = snprintf(place, bytes, "%s%s", root, path);
  return written < 0 || (size_t)written >= bytes ? -ENAMETOOLONG : 0;
}

static void* Init(struct fuse_conn_info* connection, struct fuse_config* config) {
  (void)connection;
  config->direct_io = 1; /* else the page cache would hide short reads */
  puts("mounted");
  fflush(stdout);
  return NULL;
}

static int Getattr(const char* path, struct stat* about, struct fuse_file_info* file) {
  char place[4096];
  (void)file;
  if (strcmp(path, "/release") == 0) {
    pthread_mutex_lock(&mutex);
    released = 1;
    pthread_cond_broadcast(&changed);
    pthread_mutex_unlock(&mutex);
    return -ENOENT;
  }
  if (Place(place, sizeof place, path) != 0) return -ENAMETOOLONG;
  if (lstat(place, about) != 0) return -errno;
  if (strstr(path, ".lie") != NULL) about->st_size *= 2;
  return 0;
}

static int Open(const char* path, struct fuse_file_info* file) {
  char place[4096];
  if (Place(place, sizeof place, path) != 0) return -ENAMETOOLONG;
  if (strstr(path, ".eacces") != NULL) return -EACCES;
  const int fd = open(place, O_RDONLY);
  if (fd < 0) return -errno;
  file->fh = (uint64_t)fd;
  return 0;
}

static int Read(const char* path, char* buffer, size_t bytes, off_t offset,
                struct fuse_file_info* file) {
  if (strstr(path, ".eio") != NULL && offset + (off_t)bytes > 65536) return -EIO;
  if (strstr(path, ".short") != NULL && bytes > 1000) bytes = 1000;
  if (strstr(path, ".stuck") != NULL) {
    puts("stuck");
    fflush(stdout);
    pthread_mutex_lock(&mutex);
    while (!released) pthread_cond_wait(&changed, &mutex);
    pthread_mutex_unlock(&mutex);
  }
  const ssize_t got = pread((int)file->fh, buffer, bytes, offset);
  return got < 0 ? -errno : (int)got;
}

static int Release(const char* path, struct fuse_file_info* file) {
  (void)path;
  close((int)file->fh);
  return 0;
}

static const struct fuse_operations operations = {
    .getattr = Getattr, .open = Open, .read = Read, .release = Release, .init = Init};

int main(int argc, char** argv) {
  root = getenv("FAULT_FS_ROOT");
  if (root == NULL) return 2;
  return fuse_main(argc, argv, &operations, NULL);
}
