// SPDX-License-Identifier: BSD-2-Clause
// Preloaded: COMA_FAULTS="linkat=1 fsync=5" makes calls fail with an errno, "clock=-3600" turns the clock back at each
// call; die_at(7) kills the process after its seventh change of a file system, fail_at(7, 5) makes that one fail, and
// stop_at(7), or COMA_FAULTS="stop=7", stops it there until it is told to go on. look_at(7, "dir") stops it before it opens
// a file of that directory, or the directory, for the seventh time.
// COMA_LOG=file: a line for each change, and each fsync and syncfs, "call inode path [old path]", apart by tabs.
#define _GNU_SOURCE
#include <dirent.h>
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <limits.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/sendfile.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

static long steps, last_step = -1, wrong_step = -1, stop_step = -1, looks, last_look = -1, clock_offset;
static int reason;
static const char* watched;

void die_at(long step) { steps = 0, last_step = step; }

int fail_at(long step, int number) {
    const long done = steps;
    steps = 0, wrong_step = step, reason = number;
    return (int)done;
}

void stop_at(long step) { steps = 0, stop_step = step; }

void look_at(long look, const char* directory) { looks = 0, last_look = look, watched = strdup(directory); }

static void looking(const char* path) {
    if (watched && strstr(path, watched) && ++looks == last_look) raise(SIGSTOP);
}

static long option(const char* name, long otherwise) {
    const char* text = getenv("COMA_FAULTS");
    const size_t length = strlen(name);
    for (; text && *text; text += strspn(text, " ")) {
        if (!strncmp(text, name, length) && text[length] == '=') return atol(text + length + 1);
        text += strcspn(text, " ");
    }
    return otherwise;
}

static int fault(const char* name) {
    const long number = steps + 1 == wrong_step ? reason : option(name, 0);
    if (number) errno = (int)number;
    if (steps + 1 == wrong_step) ++steps;
    return number != 0;
}

static long changed(long result) {
    if (result < 0) return result;
    if (++steps == last_step) kill(getpid(), SIGKILL);
    if (steps == stop_step || steps == option("stop", -1)) raise(SIGSTOP);
    return result;
}

static void note(const char* call, const char* path, int file, const char* old) {
    static int log = -2;
    const int reason_before = errno;
    char name[PATH_MAX] = "", link[64], line[2 * PATH_MAX + 64];
    struct stat status = {0};
    if (log == -2) {
        const char* to = getenv("COMA_LOG");
        log = to ? (int)syscall(SYS_openat, AT_FDCWD, to, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0666) : -1;
    }
    if (log < 0) return;
    if (!path) {
        fstat(file, &status);
        snprintf(link, sizeof link, "/proc/self/fd/%d", file);
        if (readlink(link, name, sizeof name - 1) < 0) return;
    } else {
        lstat(path, &status);
        if (path[0] != '/' && getcwd(name, sizeof name)) strncat(name, "/", sizeof name - strlen(name) - 1);
        strncat(name, path, sizeof name - strlen(name) - 1);
    }
    const int size = snprintf(line, sizeof line, "%s\t%lu\t%s\t%s\n", call, (unsigned long)status.st_ino, name, old);
    syscall(SYS_write, log, line, size);
    errno = reason_before;
}

#define REAL(name) ((__typeof__(name)*)dlsym(RTLD_NEXT, #name))
#define WRAP(type, name, parameters, arguments, path, file, old) \
    type name parameters { \
        if (fault(#name)) return -1; \
        const type result = REAL(name) arguments; \
        if (result >= 0) note(#name, path, file, old); \
        return (type)changed(result); \
    }

WRAP(int, link, (const char* a, const char* b), (a, b), b, -1, a)
WRAP(int, linkat, (int x, const char* a, int y, const char* b, int flags), (x, a, y, b, flags), b, -1, a)
WRAP(int, rename, (const char* a, const char* b), (a, b), b, -1, a)
WRAP(int, renameat, (int x, const char* a, int y, const char* b), (x, a, y, b), b, -1, a)
WRAP(int, unlink, (const char* a), (a), a, -1, "")
WRAP(int, unlinkat, (int x, const char* a, int flags), (x, a, flags), a, -1, "")
WRAP(int, mkdir, (const char* a, mode_t mode), (a, mode), a, -1, "")
WRAP(int, fsync, (int file), (file), NULL, file, "")
WRAP(int, syncfs, (int file), (file), NULL, file, "")
WRAP(ssize_t, write, (int file, const void* data, size_t size), (file, data, size), NULL, file, "")
WRAP(ssize_t, sendfile, (int to, int from, off_t* at, size_t size), (to, from, at, size), NULL, to, "")
WRAP(ssize_t, sendfile64, (int to, int from, off_t* at, size_t size), (to, from, at, size), NULL, to, "")
WRAP(ssize_t, copy_file_range, (int a, off_t* x, int b, off_t* y, size_t size, unsigned flags), (a, x, b, y, size, flags), NULL,
     b, "")

static int opened(const char* name, const char* path, int flags, mode_t mode) {
    const char* kind = (flags & O_TMPFILE) == O_TMPFILE ? "tmpfile" : flags & O_CREAT ? "create" : NULL;
    if (kind && fault(kind)) return -1;
    if (!kind) looking(path);
    const int file = REAL(open)(path, flags | (name[4] ? O_LARGEFILE : 0), mode);
    if (kind && file >= 0) note(kind, NULL, file, "");
    return kind ? (int)changed(file) : file;
}

#define OPEN(name) \
    int name(const char* path, int flags, ...) { \
        va_list rest; \
        va_start(rest, flags); \
        const mode_t mode = flags & (O_CREAT | O_TMPFILE) ? va_arg(rest, mode_t) : 0; \
        va_end(rest); \
        return opened(#name, path, flags, mode); \
    }
OPEN(open)
OPEN(open64)

DIR* opendir(const char* path) {
    looking(path);
    return REAL(opendir)(path);
}

int clock_gettime(clockid_t id, struct timespec* now) {
    const int result = (int)syscall(SYS_clock_gettime, id, now);
    if (id == CLOCK_REALTIME) now->tv_sec += __atomic_add_fetch(&clock_offset, option("clock", 0), __ATOMIC_RELAXED);
    return result;
}

time_t time(time_t* to) {
    struct timespec now;
    clock_gettime(CLOCK_REALTIME, &now);
    if (to) *to = now.tv_sec;
    return now.tv_sec;
}
