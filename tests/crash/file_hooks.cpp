// The C library's calls that change files, replaced for the whole program: the dynamic linker takes the program's own
// definition first, so SQLite's and libstdc++'s calls come here too. Each asks FileFaults and then does the real thing.
#include <cerrno>
#include <cstdarg>
#include <cstring>
#include <dlfcn.h>
#include <fcntl.h>
#include <map>
#include <sys/stat.h>
#include <sys/uio.h>
#include <unistd.h>

#include "file_faults.hpp"
#include "steps.hpp"

namespace {

using rebalancer::crash::die;
using rebalancer::crash::Disk;
using rebalancer::crash::file_faults;
using rebalancer::crash::FileStep;

template <class Function>
Function* real(const char* name) {
  Function* function = nullptr;
  void* const found = ::dlsym(RTLD_NEXT, name);
  std::memcpy(&function, &found, sizeof function);
  return function;
}

// Descriptors of files that are watched.
std::map<int, std::string>& watched() {
  static auto* const all = new std::map<int, std::string>();  // lives until the last call of anybody's destructor
  return *all;
}

const std::string* path_of(int descriptor) {
  const auto found = watched().find(descriptor);
  return found != watched().end() && file_faults().covers(found->second) ? &found->second : nullptr;
}

int failed(int error) {
  errno = error;
  return -1;
}

bool exists(const char* path) {
  struct stat status {};
  return ::lstat(path, &status) == 0;
}

using Open = int(const char*, int, ...);

int watched_open(Open* open, const char* path, int flags, mode_t mode) {
  if (!file_faults().covers(path)) return open(path, flags, mode);
  const bool creates = (flags & O_CREAT) != 0 && !exists(path);
  const bool writes = (flags & O_ACCMODE) != O_RDONLY;
  const bool empties = (flags & O_TRUNC) != 0;
  if (const int error = file_faults().before(creates || empties ? FileStep::create : FileStep::open, path)) {
    return failed(error);
  }
  const int descriptor = open(path, flags, mode);
  if (descriptor < 0) return descriptor;
  watched()[descriptor] = path;
  if (Disk* disk = file_faults().disk()) disk->opened(descriptor, path, writes && empties);
  return descriptor;
}

// `write` does the real thing with as many bytes as it is given.
template <class Write>
ssize_t watched_write(int descriptor, const void* bytes, size_t size, std::int64_t at, Write&& write) {
  const std::string* path = path_of(descriptor);
  if (path == nullptr) return write(size);
  bool tear = false;
  if (const int error = file_faults().before(FileStep::write, *path, &tear)) return failed(error);
  const ssize_t written = write(tear ? size / 2 : size);
  Disk* disk = file_faults().disk();
  if (written > 0 && disk != nullptr) {
    disk->wrote(descriptor, at, {static_cast<const char*>(bytes), static_cast<size_t>(written)});
  }
  if (tear) die();
  return written;
}

// Where a write without an offset goes.
std::int64_t place_of(int descriptor) {
  if (path_of(descriptor) == nullptr) return 0;
  const bool appends = (::fcntl(descriptor, F_GETFL) & O_APPEND) != 0;
  return appends ? ::lseek(descriptor, 0, SEEK_END) : ::lseek(descriptor, 0, SEEK_CUR);
}

int watched_truncate(int (*truncate)(int, off_t), int descriptor, off_t size) {
  const std::string* path = path_of(descriptor);
  if (path == nullptr) return truncate(descriptor, size);
  if (const int error = file_faults().before(FileStep::truncate, *path)) return failed(error);
  const int result = truncate(descriptor, size);
  if (Disk* disk = file_faults().disk(); disk != nullptr && result == 0) disk->truncated(descriptor, size);
  return result;
}

int watched_sync(int (*sync)(int), int descriptor) {
  const std::string* path = path_of(descriptor);
  if (path == nullptr) return sync(descriptor);
  if (const int error = file_faults().before(FileStep::sync, *path)) return failed(error);
  const int result = sync(descriptor);
  if (Disk* disk = file_faults().disk(); disk != nullptr && result == 0) disk->synced(descriptor);
  return result;
}

template <class Call, class Tell>
int watched_name(FileStep step, const char* path, Call&& call, Tell&& tell) {
  if (!file_faults().covers(path)) return call();
  if (const int error = file_faults().before(step, path)) return failed(error);
  const int result = call();
  if (Disk* disk = file_faults().disk(); disk != nullptr && result == 0) tell(*disk);
  return result;
}

mode_t mode_in(int flags, va_list arguments) {
  return (flags & (O_CREAT | O_TMPFILE)) != 0 ? va_arg(arguments, mode_t) : 0;
}

}  // namespace

// Named like this so that the headers' own declarations and macros do not matter; the label is the symbol.
#define HOOK(symbol) __asm__(#symbol) __attribute__((visibility("default")))
extern "C" {
int crash_open(const char* path, int flags, ...) HOOK(open);
int crash_open64(const char* path, int flags, ...) HOOK(open64);
int crash_close(int descriptor) HOOK(close);
ssize_t crash_write(int descriptor, const void* bytes, size_t size) HOOK(write);
ssize_t crash_writev(int descriptor, const iovec* pieces, int count) HOOK(writev);
ssize_t crash_pwrite(int descriptor, const void* bytes, size_t size, off_t offset) HOOK(pwrite);
ssize_t crash_pwrite64(int descriptor, const void* bytes, size_t size, off_t offset) HOOK(pwrite64);
int crash_ftruncate(int descriptor, off_t size) HOOK(ftruncate);
int crash_ftruncate64(int descriptor, off_t size) HOOK(ftruncate64);
int crash_fsync(int descriptor) HOOK(fsync);
int crash_fdatasync(int descriptor) HOOK(fdatasync);
int crash_rename(const char* from, const char* to) HOOK(rename);
int crash_link(const char* from, const char* to) HOOK(link);
int crash_unlink(const char* path) HOOK(unlink);
int crash_rmdir(const char* path) HOOK(rmdir);
int crash_mkdir(const char* path, mode_t mode) HOOK(mkdir);
}

int crash_open(const char* path, int flags, ...) {
  static Open* const open = real<Open>("open");
  va_list arguments;
  va_start(arguments, flags);
  const mode_t mode = mode_in(flags, arguments);
  va_end(arguments);
  return watched_open(open, path, flags, mode);
}

int crash_open64(const char* path, int flags, ...) {
  static Open* const open = real<Open>("open64");
  va_list arguments;
  va_start(arguments, flags);
  const mode_t mode = mode_in(flags, arguments);
  va_end(arguments);
  return watched_open(open, path, flags, mode);
}

int crash_close(int descriptor) {
  static auto* const close = real<int(int)>("close");
  if (watched().erase(descriptor) > 0) {
    if (Disk* disk = file_faults().disk()) disk->closed(descriptor);
  }
  return close(descriptor);
}

ssize_t crash_write(int descriptor, const void* bytes, size_t size) {
  static auto* const write = real<ssize_t(int, const void*, size_t)>("write");
  return watched_write(descriptor, bytes, size, place_of(descriptor),
                       [&](size_t part) { return write(descriptor, bytes, part); });
}

// Only the first piece, as a call may: whoever writes goes on with the rest.
ssize_t crash_writev(int descriptor, const iovec* pieces, int count) {
  static auto* const writev = real<ssize_t(int, const iovec*, int)>("writev");
  if (path_of(descriptor) == nullptr || count < 1) return writev(descriptor, pieces, count);
  return crash_write(descriptor, pieces->iov_base, pieces->iov_len);
}

ssize_t crash_pwrite(int descriptor, const void* bytes, size_t size, off_t offset) {
  static auto* const write = real<ssize_t(int, const void*, size_t, off_t)>("pwrite");
  return watched_write(descriptor, bytes, size, offset,
                       [&](size_t part) { return write(descriptor, bytes, part, offset); });
}

ssize_t crash_pwrite64(int descriptor, const void* bytes, size_t size, off_t offset) {
  static auto* const write = real<ssize_t(int, const void*, size_t, off_t)>("pwrite64");
  return watched_write(descriptor, bytes, size, offset,
                       [&](size_t part) { return write(descriptor, bytes, part, offset); });
}

int crash_ftruncate(int descriptor, off_t size) {
  static auto* const truncate = real<int(int, off_t)>("ftruncate");
  return watched_truncate(truncate, descriptor, size);
}

int crash_ftruncate64(int descriptor, off_t size) {
  static auto* const truncate = real<int(int, off_t)>("ftruncate64");
  return watched_truncate(truncate, descriptor, size);
}

int crash_fsync(int descriptor) {
  static auto* const sync = real<int(int)>("fsync");
  return watched_sync(sync, descriptor);
}

int crash_fdatasync(int descriptor) {
  static auto* const sync = real<int(int)>("fdatasync");
  return watched_sync(sync, descriptor);
}

int crash_rename(const char* from, const char* to) {
  static auto* const rename = real<int(const char*, const char*)>("rename");
  return watched_name(
      FileStep::rename, to, [&] { return rename(from, to); }, [&](Disk& d) { d.renamed(from, to); });
}

int crash_link(const char* from, const char* to) {
  static auto* const link = real<int(const char*, const char*)>("link");
  return watched_name(
      FileStep::link, to, [&] { return link(from, to); }, [&](Disk& d) { d.linked(from, to); });
}

int crash_unlink(const char* path) {
  static auto* const unlink = real<int(const char*)>("unlink");
  return watched_name(
      FileStep::remove, path, [&] { return unlink(path); }, [&](Disk& d) { d.removed(path); });
}

int crash_rmdir(const char* path) {
  static auto* const rmdir = real<int(const char*)>("rmdir");
  return watched_name(
      FileStep::remove, path, [&] { return rmdir(path); }, [&](Disk& d) { d.removed(path); });
}

int crash_mkdir(const char* path, mode_t mode) {
  static auto* const mkdir = real<int(const char*, mode_t)>("mkdir");
  return watched_name(
      FileStep::make_folder, path, [&] { return mkdir(path, mode); }, [&](Disk& d) { d.made_folder(path); });
}
