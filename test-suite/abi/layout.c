/* SPDX-License-Identifier: MIT */
/*
 * Sizes, offsets and values on which musl and the kernel must agree.
 * Compiled with the kernel's headers (-DKERNEL) and with the sysroot's; the
 * script beside it compares what becomes of the table.  S and M take musl's
 * type and member, and the kernel's where the name is another one.
 */
#ifdef KERNEL
#include <linux/types.h>
#include <asm/ioctls.h>
#include <asm/poll.h>
#include <asm/sigcontext.h>
#include <asm/stat.h>
#include <asm/statfs.h>
#include <asm/termbits.h>
#include <asm/termios.h>
#include <linux/errno.h>
#include <linux/eventpoll.h>
#include <linux/fcntl.h>
#include <linux/futex.h>
#include <linux/in.h>
#include <linux/in6.h>
#include <linux/inotify.h>
#include <linux/mman.h>
#include <linux/mount.h>
#include <linux/mqueue.h>
#include <linux/msg.h>
#include <linux/resource.h>
#include <linux/sched.h>
#include <linux/sem.h>
#include <linux/shm.h>
#include <linux/signal.h>
#include <asm/ucontext.h>
#include <linux/signalfd.h>
#include <linux/socket.h>
#include <linux/stat.h>
#include <linux/sysinfo.h>
#include <linux/time.h>
#include <linux/time_types.h>
#include <linux/times.h>
#include <linux/uio.h>
#include <linux/un.h>
#include <linux/utsname.h>
#include <asm/socket.h>
#define PICK(musl, kernel) kernel
#else
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <mqueue.h>
#include <netinet/in.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <stddef.h>
#include <sys/epoll.h>
#include <sys/inotify.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/msg.h>
#include <sys/resource.h>
#include <sys/sem.h>
#include <sys/shm.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/statfs.h>
#include <sys/sysinfo.h>
#include <sys/times.h>
#include <sys/uio.h>
#include <sys/un.h>
#include <sys/utsname.h>
#include <termios.h>
#include <time.h>
#include <ucontext.h>
#define hidden
#include "ksigaction.h"
#define PICK(musl, kernel) musl
#endif

#define V(value) { __LINE__, (unsigned)(value) },
#define S(musl, kernel) V(sizeof(PICK(musl, kernel)))
#define M(musl, m, kernel, k) O(musl, m, kernel, k) \
	V(sizeof(((PICK(musl, kernel) *)0)->PICK(m, k)))
/* the offset only: musl's is longer, and a part of it is the kernel's */
#define O(musl, m, kernel, k) V(__builtin_offsetof(PICK(musl, kernel), PICK(m, k)))
/* where both have the same names */
#define S1(t) S(t, t)
#define M1(t, m) M(t, m, t, m)
#define SM(musl, kernel, m) M(musl, m, kernel, m)
#define C(name) V(name)

const struct {
	unsigned line, value;
} layout[] = {
S(struct k_sigaction, struct sigaction)
O(struct k_sigaction, handler, struct sigaction, sa_handler)
O(struct k_sigaction, flags, struct sigaction, sa_flags)
O(struct k_sigaction, restorer, struct sigaction, sa_restorer)
M(struct k_sigaction, mask, struct sigaction, sa_mask)
S1(stack_t)
M1(stack_t, ss_sp)
M1(stack_t, ss_flags)
M1(stack_t, ss_size)
O(ucontext_t, uc_flags, struct ucontext, uc_flags)
O(ucontext_t, uc_link, struct ucontext, uc_link)
O(ucontext_t, uc_stack, struct ucontext, uc_stack)
O(ucontext_t, uc_mcontext, struct ucontext, uc_mcontext)
O(ucontext_t, uc_sigmask, struct ucontext, uc_sigmask)
S(mcontext_t, struct sigcontext)
M(mcontext_t, __in_syscall, struct sigcontext, in_syscall)
M(mcontext_t, __no_restart, struct sigcontext, no_restart)
S1(siginfo_t)
M1(siginfo_t, si_signo)
M1(siginfo_t, si_errno)
M1(siginfo_t, si_code)
M1(siginfo_t, si_pid)
M1(siginfo_t, si_uid)
M1(siginfo_t, si_status)
M1(siginfo_t, si_utime)
M1(siginfo_t, si_stime)
M1(siginfo_t, si_value)
M1(siginfo_t, si_addr)
M1(siginfo_t, si_addr_lsb)
M1(siginfo_t, si_lower)
M1(siginfo_t, si_upper)
M1(siginfo_t, si_band)
M1(siginfo_t, si_fd)
M(siginfo_t, si_timerid, siginfo_t, si_tid)
M1(siginfo_t, si_overrun)
M1(siginfo_t, si_call_addr)
M1(siginfo_t, si_syscall)
M1(siginfo_t, si_arch)
S(struct sigevent, struct sigevent)
M1(struct sigevent, sigev_value)
M1(struct sigevent, sigev_signo)
M1(struct sigevent, sigev_notify)
M(struct sigevent, sigev_notify_thread_id, struct sigevent, _sigev_un._tid)
S1(struct signalfd_siginfo)
M1(struct signalfd_siginfo, ssi_ptr)
M1(struct signalfd_siginfo, ssi_arch)

S(struct timespec, struct __kernel_timespec)
SM(struct timespec, struct __kernel_timespec, tv_sec)
O(struct timespec, tv_nsec, struct __kernel_timespec, tv_nsec)
S(struct itimerspec, struct __kernel_itimerspec)
SM(struct itimerspec, struct __kernel_itimerspec, it_value)
S(struct timeval, struct __kernel_sock_timeval)
SM(struct timeval, struct __kernel_sock_timeval, tv_usec)
S1(struct tms)

S1(struct statx)
M1(struct statx, stx_mask)
M1(struct statx, stx_mode)
M1(struct statx, stx_ino)
M1(struct statx, stx_size)
M1(struct statx, stx_atime)
M1(struct statx, stx_mtime)
M1(struct statx, stx_rdev_major)
M1(struct statx, stx_dev_minor)
S(struct statfs, struct statfs64)
SM(struct statfs, struct statfs64, f_type)
SM(struct statfs, struct statfs64, f_bsize)
SM(struct statfs, struct statfs64, f_blocks)
SM(struct statfs, struct statfs64, f_files)
SM(struct statfs, struct statfs64, f_fsid)
SM(struct statfs, struct statfs64, f_namelen)
SM(struct statfs, struct statfs64, f_frsize)
SM(struct statfs, struct statfs64, f_flags)
S(struct flock, struct flock64)
SM(struct flock, struct flock64, l_type)
SM(struct flock, struct flock64, l_start)
SM(struct flock, struct flock64, l_len)
SM(struct flock, struct flock64, l_pid)
S1(struct f_owner_ex)
S1(struct iovec)
S1(struct pollfd)
S1(struct epoll_event)
M1(struct epoll_event, data)
S1(struct inotify_event)
S(struct rlimit, struct rlimit64)
M1(struct sysinfo, totalram)
M1(struct sysinfo, procs)
M1(struct sysinfo, mem_unit)
S(struct utsname, struct new_utsname)

S(struct ipc_perm, struct ipc64_perm)
M(struct ipc_perm, __key, struct ipc64_perm, key)
SM(struct ipc_perm, struct ipc64_perm, uid)
SM(struct ipc_perm, struct ipc64_perm, cgid)
SM(struct ipc_perm, struct ipc64_perm, mode)
O(struct ipc_perm, __seq, struct ipc64_perm, seq)
/* musl's have 64-bit times at their end, which it fills in itself */
O(struct shmid_ds, shm_segsz, struct shmid64_ds, shm_segsz)
O(struct shmid_ds, __shm_atime_lo, struct shmid64_ds, shm_atime)
O(struct shmid_ds, __shm_atime_hi, struct shmid64_ds, shm_atime_high)
O(struct shmid_ds, __shm_ctime_hi, struct shmid64_ds, shm_ctime_high)
O(struct shmid_ds, shm_cpid, struct shmid64_ds, shm_cpid)
O(struct shmid_ds, shm_nattch, struct shmid64_ds, shm_nattch)
O(struct msqid_ds, __msg_stime_lo, struct msqid64_ds, msg_stime)
O(struct msqid_ds, __msg_ctime_hi, struct msqid64_ds, msg_ctime_high)
O(struct msqid_ds, msg_cbytes, struct msqid64_ds, msg_cbytes)
O(struct msqid_ds, msg_qbytes, struct msqid64_ds, msg_qbytes)
O(struct msqid_ds, msg_lrpid, struct msqid64_ds, msg_lrpid)
O(struct semid_ds, __sem_otime_lo, struct semid64_ds, sem_otime)
O(struct semid_ds, __sem_ctime_hi, struct semid64_ds, sem_ctime_high)
O(struct semid_ds, sem_nsems, struct semid64_ds, sem_nsems)
S(struct shminfo, struct shminfo64)
S1(struct shm_info)
S1(struct msginfo)
S1(struct seminfo)
S1(struct sembuf)
S1(struct mq_attr)

S1(struct winsize)
O(struct termios, c_iflag, struct termios2, c_iflag)
O(struct termios, c_oflag, struct termios2, c_oflag)
O(struct termios, c_cflag, struct termios2, c_cflag)
O(struct termios, c_lflag, struct termios2, c_lflag)
O(struct termios, c_line, struct termios2, c_line)
O(struct termios, c_cc, struct termios2, c_cc)

S1(struct sockaddr_in)
M1(struct sockaddr_in, sin_addr)
S1(struct sockaddr_in6)
M1(struct sockaddr_in6, sin6_addr)
M1(struct sockaddr_in6, sin6_scope_id)
S1(struct sockaddr_un)
S(struct sockaddr_storage, struct __kernel_sockaddr_storage)

C(E2BIG) C(EDEADLK) C(ENAMETOOLONG) C(ENOSYS) C(EOVERFLOW) C(ENOTSOCK)
C(ETIMEDOUT) C(ECANCELED) C(ENOTRECOVERABLE) C(EHWPOISON)
C(SIGABRT) C(SIGBUS) C(SIGCHLD) C(SIGCONT) C(SIGIO) C(SIGPWR) C(SIGSTKFLT)
C(SIGSTOP) C(SIGSYS) C(SIGURG) C(SIGUSR1) C(SIGWINCH) C(SIGXFSZ)
C(SA_NOCLDSTOP) C(SA_NOCLDWAIT) C(SA_SIGINFO) C(SA_ONSTACK) C(SA_RESTART)
C(SA_NODEFER) C(SA_RESETHAND) C(SA_RESTORER)
C(SIG_BLOCK) C(SIG_UNBLOCK) C(SIG_SETMASK) C(SS_ONSTACK) C(SS_DISABLE)
C(MINSIGSTKSZ) C(SIGSTKSZ) V(PICK(_NSIG, _NSIG + 1))
C(SI_USER) C(SI_QUEUE) C(SI_TKILL) C(SEGV_MAPERR) C(SEGV_ACCERR)
C(CLD_EXITED) C(CLD_STOPPED) C(SIGEV_THREAD_ID)
C(O_CREAT) C(O_EXCL) C(O_NOCTTY) C(O_TRUNC) C(O_APPEND) C(O_NONBLOCK)
C(O_DSYNC) C(O_SYNC) C(O_DIRECTORY) C(O_NOFOLLOW) C(O_CLOEXEC) C(O_DIRECT)
C(O_LARGEFILE) C(O_NOATIME) C(O_PATH) C(O_TMPFILE)
V(PICK(O_ASYNC, FASYNC))
V(PICK(F_GETLK, F_GETLK64)) V(PICK(F_SETLK, F_SETLK64))
V(PICK(F_SETLKW, F_SETLKW64)) C(F_SETOWN) C(F_GETOWN) C(F_OFD_GETLK)
C(F_DUPFD_CLOEXEC) C(F_SETPIPE_SZ) C(F_ADD_SEALS) C(F_RDLCK) C(F_UNLCK)
C(AT_FDCWD) C(AT_SYMLINK_NOFOLLOW) C(AT_REMOVEDIR) C(AT_EMPTY_PATH)
C(MAP_SHARED) C(MAP_PRIVATE) C(MAP_FIXED) C(MAP_ANONYMOUS) C(MAP_GROWSDOWN)
C(MAP_NORESERVE) C(MAP_POPULATE) C(MAP_STACK) C(MAP_HUGETLB)
C(MAP_FIXED_NOREPLACE) C(MS_SYNC) C(MCL_ONFAULT) C(MREMAP_FIXED)
C(MADV_DONTNEED) C(MADV_FREE) C(PROT_GROWSDOWN)
C(POLLIN) C(POLLOUT) C(POLLNVAL) C(POLLRDHUP) C(POLLWRBAND)
C(EPOLLET) C(EPOLLONESHOT) C(EPOLL_CTL_MOD)
C(CLONE_VM) C(CLONE_SETTLS) C(CLONE_CHILD_CLEARTID)
C(RLIMIT_NOFILE) C(RLIMIT_AS) C(RLIMIT_NPROC) C(RLIMIT_MEMLOCK) C(RLIMIT_RSS)
C(IPC_CREAT) C(IPC_NOWAIT) C(SHM_RDONLY) C(SHM_RND) C(SEM_UNDO) C(SETALL)
C(TCGETS) C(TCSETSF) C(TIOCGWINSZ) C(TIOCSCTTY) C(TIOCGPTN) C(TIOCSPTLCK)
C(FIONREAD) C(FIONBIO) C(FIOCLEX) C(TIOCGPTPEER)
C(ECHO) C(ICANON) C(ISIG) C(IEXTEN) C(TOSTOP) C(ICRNL) C(IXON) C(IUTF8) C(OPOST)
C(ONLCR) C(CS8) C(CREAD) C(CLOCAL) C(CBAUD) C(B38400) C(B4000000)
C(VINTR) C(VMIN) C(VTIME) C(VSUSP) C(VEOL2)
C(SOL_SOCKET) C(SO_REUSEADDR) C(SO_BROADCAST) C(SO_RCVBUF) C(SO_LINGER)
C(SO_PASSCRED) C(SO_PEERCRED) C(SO_ACCEPTCONN)
V(PICK(SO_RCVTIMEO, SO_RCVTIMEO_NEW))
V(PICK(SO_TIMESTAMP, SO_TIMESTAMP_NEW))
C(CLOCK_MONOTONIC) C(CLOCK_BOOTTIME) C(TIMER_ABSTIME)
V(sizeof(PICK(size_t, __kernel_size_t)))
V(sizeof(PICK(off_t, __kernel_loff_t)))
V(sizeof(PICK(time_t, __kernel_time64_t)))
};
