#include "exporters/prometheus/sandbox.hpp"

#include <fcntl.h>
#include <fmt/core.h>
#include <linux/audit.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <sched.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <cerrno>
#include <cstddef>
#include <cstdint>
#include <initializer_list>
#include <vector>

#include "core/text.hpp"

namespace lastgood {

namespace {

#if defined(__x86_64__)
constexpr uint32_t architecture = AUDIT_ARCH_X86_64;
#elif defined(__aarch64__)
constexpr uint32_t architecture = AUDIT_ARCH_AARCH64;
#else
constexpr uint32_t architecture = 0;
#endif

// What libmicrohttpd, GnuTLS, libsystemd, glibc and the reading of a report call.
constexpr int allowed[] = {
    // files that are open, and reading
    SYS_read,
    SYS_readv,
    SYS_pread64,
    SYS_write,
    SYS_writev,
    SYS_close,
    SYS_lseek,
    SYS_fcntl,
    SYS_fstat,
    SYS_newfstatat,
    SYS_statx,
    SYS_readlinkat,
    SYS_faccessat,
    SYS_faccessat2,
    SYS_getcwd,
    SYS_getdents64,
    SYS_dup,
    SYS_dup3,
    SYS_pipe2,
    SYS_fadvise64,
    // sockets that are open
    SYS_accept4,
    SYS_recvfrom,
    SYS_recvmsg,
    SYS_sendto,
    SYS_sendmsg,
    SYS_shutdown,
    SYS_connect,
    SYS_getsockname,
    SYS_getpeername,
    SYS_getsockopt,
    SYS_setsockopt,
    SYS_socketpair,
    // waiting
    SYS_ppoll,
    SYS_epoll_create1,
    SYS_epoll_ctl,
    SYS_epoll_pwait,
    SYS_epoll_pwait2,
    SYS_eventfd2,
    SYS_futex,
    SYS_nanosleep,
    SYS_clock_nanosleep,
    SYS_restart_syscall,
    // memory
    SYS_mmap,
    SYS_munmap,
    SYS_mprotect,
    SYS_mremap,
    SYS_madvise,
    SYS_brk,
    SYS_membarrier,
    // signals and the end of itself
    SYS_rt_sigaction,
    SYS_rt_sigprocmask,
    SYS_rt_sigreturn,
    SYS_rt_sigtimedwait,
    SYS_sigaltstack,
    SYS_tgkill,
    SYS_exit,
    SYS_exit_group,
    // threads, the clock, what it is
    SYS_set_robust_list,
    SYS_rseq,
    SYS_sched_yield,
    SYS_sched_getaffinity,
    SYS_getcpu,
    SYS_clock_gettime,
    SYS_clock_getres,
    SYS_gettimeofday,
    SYS_getrandom,
    SYS_sysinfo,
    SYS_uname,
    SYS_getpid,
    SYS_getppid,
    SYS_gettid,
    SYS_getuid,
    SYS_geteuid,
    SYS_getgid,
    SYS_getegid,
    SYS_getresuid,
    SYS_getresgid,
#if defined(__x86_64__)
    // older forms of these
    SYS_stat,
    SYS_lstat,
    SYS_readlink,
    SYS_access,
    SYS_poll,
    SYS_epoll_wait,
    SYS_time,
    SYS_dup2,
    SYS_pipe,
#endif
};

constexpr uint32_t allow = SECCOMP_RET_ALLOW;
constexpr uint32_t refuse = SECCOMP_RET_ERRNO | EPERM;
constexpr uint32_t unknown_call = SECCOMP_RET_ERRNO | ENOSYS;

class Filter {
  public:
    Filter() {
        load(offsetof(seccomp_data, arch));
        unless_equal(architecture, SECCOMP_RET_KILL_PROCESS);
        load(offsetof(seccomp_data, nr));
#if defined(__x86_64__)
        constexpr uint32_t x32_calls = 0x40000000;  // the same calls by other numbers
        add(BPF_JMP | BPF_JGE | BPF_K, x32_calls, 0, 1);
        give(refuse);
#endif
        for (const int number : allowed) if_equal(number, {ret(allow)});
        // Without a bit that would write, create or truncate.
        if_equal(
            SYS_openat,
            {argument(2), {BPF_JMP | BPF_JSET | BPF_K, 0, 1, writing}, ret(refuse), ret(allow)});
        // A thread, no process. clone3 hides its flags in memory: glibc then takes clone.
        if_equal(SYS_clone, {argument(0),
                             {BPF_JMP | BPF_JSET | BPF_K, 0, 1, CLONE_THREAD},
                             ret(allow),
                             ret(refuse)});
        if_equal(SYS_clone3, {ret(unknown_call)});
        // systemd's watchdog is told over AF_UNIX.
        if_equal(
            SYS_socket,
            {argument(0), {BPF_JMP | BPF_JEQ | BPF_K, 0, 1, AF_UNIX}, ret(allow), ret(refuse)});
        // To read a limit: no new one is given.
        if_equal(SYS_prlimit64, {argument(2),
                                 {BPF_JMP | BPF_JEQ | BPF_K, 0, 3, 0},
                                 high_word(2),
                                 {BPF_JMP | BPF_JEQ | BPF_K, 0, 1, 0},
                                 ret(allow),
                                 ret(refuse)});
        // For in_sandbox().
        if_equal(SYS_prctl, {argument(0),
                             {BPF_JMP | BPF_JEQ | BPF_K, 0, 1, PR_GET_SECCOMP},
                             ret(allow),
                             ret(refuse)});
        give(refuse);
    }

    sock_fprog program() {
        return {static_cast<unsigned short>(instructions_.size()), instructions_.data()};
    }

  private:
    static constexpr uint32_t writing = O_WRONLY | O_RDWR | O_CREAT | O_TRUNC | O_APPEND;

    static sock_filter ret(uint32_t what) {
        return {BPF_RET | BPF_K, 0, 0, what};
    }
    static sock_filter load_from(size_t offset) {
        return {BPF_LD | BPF_W | BPF_ABS, 0, 0, static_cast<uint32_t>(offset)};
    }
    // Both processors have the low word first.
    static sock_filter argument(size_t index) {
        return load_from(offsetof(seccomp_data, args) + index * sizeof(uint64_t));
    }
    static sock_filter high_word(size_t index) {
        return load_from(offsetof(seccomp_data, args) + index * sizeof(uint64_t) + 4);
    }

    void add(unsigned code, uint32_t value, uint8_t if_true, uint8_t if_false) {
        instructions_.push_back({static_cast<uint16_t>(code), if_true, if_false, value});
    }
    void load(size_t offset) {
        instructions_.push_back(load_from(offset));
    }
    void give(uint32_t what) {
        instructions_.push_back(ret(what));
    }
    void unless_equal(uint32_t value, uint32_t what) {
        add(BPF_JMP | BPF_JEQ | BPF_K, value, 1, 0);
        give(what);
    }
    // `then` must end in a return.
    void if_equal(int number, std::initializer_list<sock_filter> then) {
        add(BPF_JMP | BPF_JEQ | BPF_K, static_cast<uint32_t>(number), 0,
            static_cast<uint8_t>(then.size()));
        instructions_.insert(instructions_.end(), then);
    }

    std::vector<sock_filter> instructions_;
};

}  // namespace

Result<void> enter_sandbox() {
    if (architecture == 0)
        return fail(ErrorKind::absent, "there is no filter of system calls for this processor");
    Filter filter;
    sock_fprog program = filter.program();
    if (::syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, SECCOMP_FILTER_FLAG_TSYNC, &program) != 0)
        return fail(
            ErrorKind::failed,
            fmt::format("the kernel refuses the filter of system calls: {}", errno_text(errno)));
    return {};
}

bool in_sandbox() {
    return ::prctl(PR_GET_SECCOMP, 0, 0, 0, 0) == SECCOMP_MODE_FILTER;
}

}  // namespace lastgood
