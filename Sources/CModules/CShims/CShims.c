#define _GNU_SOURCE
#include "CShims.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <link.h>
#include <linux/openat2.h>
#include <malloc.h>
#include <pwd.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/un.h>
#include <unistd.h>

const int TSL_O_PATH = O_PATH;

int tsl_peer_credentials(int socket, uid_t *uid, gid_t *gid, pid_t *pid) {
    struct ucred peer;
    socklen_t size = sizeof peer;
    if (getsockopt(socket, SOL_SOCKET, SO_PEERCRED, &peer, &size) < 0) return -1;
    *uid = peer.uid;
    *gid = peer.gid;
    *pid = peer.pid;
    return 0;
}

int tsl_peer_groups(int socket, gid_t *groups, int capacity) {
    /* The kernel fails with ERANGE, and stores nothing, when the buffer is too small. */
    socklen_t size = (socklen_t)capacity * sizeof *groups;
    if (getsockopt(socket, SOL_SOCKET, SO_PEERGROUPS, groups, &size) < 0) return -1;
    return (int)(size / sizeof *groups);
}

static int unix_address(struct sockaddr_un *address, const char *path) {
    size_t size = strlen(path) + 1;
    if (size > sizeof address->sun_path) {
        errno = ENAMETOOLONG;
        return -1;
    }
    memset(address, 0, sizeof *address);
    address->sun_family = AF_UNIX;
    memcpy(address->sun_path, path, size);
    return 0;
}

int tsl_bind_unix(int socket, const char *path) {
    struct sockaddr_un address;
    if (unix_address(&address, path) < 0) return -1;
    return bind(socket, (const struct sockaddr *)&address, sizeof address);
}

int tsl_connect_unix(int socket, const char *path) {
    struct sockaddr_un address;
    if (unix_address(&address, path) < 0) return -1;
    return connect(socket, (const struct sockaddr *)&address, sizeof address);
}

/* Room for one descriptor, aligned as its head must be. */
union descriptor_message {
    char buffer[CMSG_SPACE(sizeof(int))];
    struct cmsghdr head;
};

ssize_t tsl_send_descriptor(int socket, uint8_t byte, int descriptor) {
    union descriptor_message control;
    struct iovec part = {.iov_base = &byte, .iov_len = 1};
    struct msghdr message = {.msg_iov = &part, .msg_iovlen = 1};
    if (descriptor >= 0) {
        memset(&control, 0, sizeof control);
        message.msg_control = control.buffer;
        message.msg_controllen = sizeof control.buffer;
        control.head.cmsg_level = SOL_SOCKET;
        control.head.cmsg_type = SCM_RIGHTS;
        control.head.cmsg_len = CMSG_LEN(sizeof descriptor);
        memcpy(CMSG_DATA(&control.head), &descriptor, sizeof descriptor);
    }
    return sendmsg(socket, &message, MSG_NOSIGNAL);
}

ssize_t tsl_receive_descriptor(int socket, uint8_t *byte, int *descriptor) {
    union descriptor_message control;
    struct iovec part = {.iov_base = byte, .iov_len = 1};
    struct msghdr message = {
        .msg_iov = &part, .msg_iovlen = 1, .msg_control = control.buffer, .msg_controllen = sizeof control.buffer};
    *descriptor = -1;
    ssize_t size = recvmsg(socket, &message, MSG_CMSG_CLOEXEC);
    if (size <= 0) return size;
    struct cmsghdr *head = CMSG_FIRSTHDR(&message);
    if (head && head->cmsg_level == SOL_SOCKET && head->cmsg_type == SCM_RIGHTS &&
        head->cmsg_len == CMSG_LEN(sizeof *descriptor))
        memcpy(descriptor, CMSG_DATA(head), sizeof *descriptor);
    return size;
}

int tsl_pidfd_open(pid_t pid) {
    /* By number: glibc has a wrapper since 2.36 only. */
    return (int)syscall(SYS_pidfd_open, pid, 0);
}

int tsl_openat2_beneath(int directory, const char *path, int flags) {
    struct open_how how = {
        .flags = (uint64_t)(flags | O_CLOEXEC),
        .mode = flags & O_CREAT ? 0600 : 0, /* openat2 refuses a mode that means nothing */
        .resolve = RESOLVE_BENEATH | RESOLVE_NO_MAGICLINKS | RESOLVE_NO_SYMLINKS,
    };
    int file = -1;
    /* EAGAIN: a rename or mount somewhere on the host raced with the walk. */
    for (int attempt = 0; attempt < 64; attempt++) {
        file = (int)syscall(SYS_openat2, directory, path, &how, sizeof how);
        if (file >= 0 || errno != EAGAIN) break;
    }
    return file;
}

ssize_t tsl_directory_entries(int directory, void *buffer, size_t size) {
    return getdents64(directory, buffer, size);
}

int tsl_rename_noreplace(int from_directory, const char *from, int to_directory, const char *to) {
    return renameat2(from_directory, from, to_directory, to, RENAME_NOREPLACE);
}

int tsl_rename_exchange(int from_directory, const char *from, int to_directory, const char *to) {
    return renameat2(from_directory, from, to_directory, to, RENAME_EXCHANGE);
}

/* A group with very many members has a long line. An entry that does not fit into this fails with ERANGE. */
enum { entry_size = 256 * 1024 };

int64_t tsl_group_id(const char *name) {
    char *buffer = malloc(entry_size);
    if (!buffer) return -1;
    struct group entry, *found = NULL;
    int error = getgrnam_r(name, &entry, buffer, entry_size, &found);
    int64_t id = found ? (int64_t)found->gr_gid : -1;
    free(buffer);
    if (id < 0) errno = error ? error : ENOENT;
    return id;
}

int64_t tsl_user_id(const char *name) {
    char *buffer = malloc(entry_size);
    if (!buffer) return -1;
    struct passwd entry, *found = NULL;
    int error = getpwnam_r(name, &entry, buffer, entry_size, &found);
    int64_t id = found ? (int64_t)found->pw_uid : -1;
    free(buffer);
    if (id < 0) errno = error ? error : ENOENT;
    return id;
}

static int release_segments(struct dl_phdr_info *object, size_t size, void *context) {
    (void)size;
    (void)context;
    const uintptr_t page = (uintptr_t)sysconf(_SC_PAGESIZE);
    for (int i = 0; i < object->dlpi_phnum; i++) {
        const ElfW(Phdr) *segment = &object->dlpi_phdr[i];
        /* What relocation has changed would be lost: it lies in writable segments, even when it is read-only by now. */
        if (segment->p_type != PT_LOAD || segment->p_flags & PF_W) continue;
        uintptr_t begin = (object->dlpi_addr + segment->p_vaddr + page - 1) & -page;
        uintptr_t end = (object->dlpi_addr + segment->p_vaddr + segment->p_filesz) & -page;
        if (begin < end) madvise((void *)begin, end - begin, MADV_DONTNEED);
    }
    return 0;
}

void tsl_limit_heaps(int count) { mallopt(M_ARENA_MAX, count); }

void tsl_trim_heap(void) { malloc_trim(0); }

void tsl_release_memory(void) {
    tsl_trim_heap();
    dl_iterate_phdr(release_segments, NULL);
}

int tsl_syncfs(int descriptor) { return syncfs(descriptor); }

/* Stands in for libc's, in all of the program: libdispatch, which is linked into it, asks for a nice value in each of its
 * threads and complains in the journal when it may not. No thread here needs another's time, and without the call the
 * agent's filter of system calls has no exception (docs/decisions/0019). */
int setpriority(__priority_which_t which, id_t who, int value) {
    (void)which;
    (void)who;
    (void)value;
    return 0;
}
