/* To be preloaded: the wall clock is off by as many seconds as the file $LASTGOOD_TEST_CLOCK holds (a double). When the file
 * changes, the clock "was set": a timer with TFD_TIMER_CANCEL_ON_SET is cancelled, as by the kernel. While the file
 * $LASTGOOD_TEST_CLOCK.no-fork exists, no process can be started. */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/eventfd.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <sys/timerfd.h>
#include <time.h>
#include <unistd.h>

static volatile double* offset;
static int event = -1, watched = -1;
static char no_fork[4096];

static void* watch(void* unused) {
    double before = *offset;
    for (;;) {
        usleep(20000);
        if (*offset == before) continue;
        before = *offset;
        eventfd_write(event, 1);
    }
    return unused;
}

__attribute__((constructor)) static void begin(void) {
    const char* path = getenv("LASTGOOD_TEST_CLOCK");
    if (path == NULL) return;
    const int fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0) return;
    void* map = mmap(NULL, sizeof(double), PROT_READ, MAP_SHARED, fd, 0);
    close(fd);
    if (map == MAP_FAILED) return;
    offset = map;
    snprintf(no_fork, sizeof no_fork, "%s.no-fork", path);
}

int clock_gettime(clockid_t clock, struct timespec* time) {
    const int result = (int)syscall(SYS_clock_gettime, clock, time);
    if (result == 0 && offset != NULL && clock == CLOCK_REALTIME) time->tv_sec += (time_t)*offset;
    return result;
}

time_t time(time_t* result) {
    struct timespec now;
    clock_gettime(CLOCK_REALTIME, &now);
    if (result != NULL) *result = now.tv_sec;
    return now.tv_sec;
}

int gettimeofday(struct timeval* restrict result, void* restrict zone) {
    (void)zone;
    struct timespec now;
    clock_gettime(CLOCK_REALTIME, &now);
    result->tv_sec = now.tv_sec;
    result->tv_usec = now.tv_nsec / 1000;
    return 0;
}

int timerfd_settime(int fd, int flags, const struct itimerspec* new_value, struct itimerspec* old_value) {
    if (offset != NULL && (flags & TFD_TIMER_CANCEL_ON_SET) != 0) {
        if (watched == fd) return 0;
        event = eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC);
        watched = fd;
        dup3(event, fd, O_CLOEXEC);
        sigset_t all, before;
        sigfillset(&all);
        pthread_sigmask(SIG_SETMASK, &all, &before);
        pthread_t thread;
        pthread_create(&thread, NULL, watch, NULL);
        pthread_sigmask(SIG_SETMASK, &before, NULL);
        return 0;
    }
    return (int)syscall(SYS_timerfd_settime, fd, flags, new_value, old_value);
}

ssize_t read(int fd, void* buffer, size_t size) {
    const ssize_t result = syscall(SYS_read, fd, buffer, size);
    if (fd != watched || result < 0) return result;
    errno = ECANCELED;
    return -1;
}

pid_t fork(void) {
    if (offset != NULL && syscall(SYS_faccessat, AT_FDCWD, no_fork, F_OK) == 0) {
        errno = EAGAIN;
        return -1;
    }
    pid_t (*real)(void) = (pid_t (*)(void))dlsym(RTLD_NEXT, "fork");
    return real();
}
