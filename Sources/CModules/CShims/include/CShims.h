/* What Linux offers and Swift's Glibc module does not show. That module is built without _GNU_SOURCE, so it lacks GNU
 * names such as `struct ucred`, O_PATH and renameat2; and Swift imports no variadic function, so syscall(2) itself is
 * out of reach for the calls that glibc has no wrapper for.
 *
 * Every function returns -1 and sets errno when it fails, as a system call does, unless it says otherwise. */
#pragma once

#include <stdint.h>
#include <sys/eventfd.h>
#include <sys/types.h>
#include <sys/xattr.h>

/* open(2): a reference to a file that gives no access to its content. */
extern const int TSL_O_PATH;

/* Who is at the other end of a connected Unix socket, as the kernel saw it when the connection was made
 * (SO_PEERCRED, unix(7)). */
int tsl_peer_credentials(int socket, uid_t *uid, gid_t *gid, pid_t *pid);

/* The supplementary groups of the other end (SO_PEERGROUPS, Linux 4.13). Returns how many there are; at most
 * `capacity` are stored. With more groups than that it fails with ERANGE: a part of the list is never an answer. */
int tsl_peer_groups(int socket, gid_t *groups, int capacity);

/* bind(2) and connect(2) with the path of a Unix socket. One that is too long for its address fails with ENAMETOOLONG. */
int tsl_bind_unix(int socket, const char *path);
int tsl_connect_unix(int socket, const char *path);

/* Sends one byte with a descriptor beside it, or without one where that is -1 (SCM_RIGHTS, unix(7)). Returns what sendmsg(2)
 * does. */
ssize_t tsl_send_descriptor(int socket, uint8_t byte, int descriptor);
/* Receives what tsl_send_descriptor sent. The descriptor is close-on-exec, and -1 where none came. Returns what recvmsg(2)
 * does: 0 when the other end has closed. */
ssize_t tsl_receive_descriptor(int socket, uint8_t *byte, int *descriptor);

/* A pidfd for a process (pidfd_open(2)): readable by poll(2) once the process has ended. Close-on-exec. */
int tsl_pidfd_open(pid_t pid);

/* openat2(2), kept below `directory`: a path with a symbolic link, a magic link of /proc or a `..` that leaves it is
 * refused with ELOOP or EXDEV. O_CLOEXEC is added; a file that O_CREAT makes has mode 0600. */
int tsl_openat2_beneath(int directory, const char *path, int flags);

/* getdents64(2): the next entries of a directory, as struct linux_dirent64; 0 at its end. */
ssize_t tsl_directory_entries(int directory, void *buffer, size_t size);

/* renameat2(2): fails with EEXIST when `to` is there. */
int tsl_rename_noreplace(int from_directory, const char *from, int to_directory, const char *to);
/* renameat2(2): swaps the two, which must both be there, in one step. */
int tsl_rename_exchange(int from_directory, const char *from, int to_directory, const char *to);

/* syncfs(2): puts all of the file system that a descriptor is on onto the disk. */
int tsl_syncfs(int descriptor);

/* The id of a group or user by its name, from the host's name service. -1 and errno ENOENT when there is none. */
int64_t tsl_group_id(const char *name);
int64_t tsl_user_id(const char *name);

/* Has all threads share so many heaps. By itself glibc gives each of the first threads one of its own (mallopt(3),
 * M_ARENA_MAX), and what one thread has freed no other uses. To be called before there are threads. */
void tsl_limit_heaps(int count);

/* Gives free heap back, which takes a few milliseconds. */
void tsl_trim_heap(void);

/* Gives memory back that this process may never need again: free heap, and the pages of programs and libraries that are
 * only mapped to be read or executed. Such a page is the file's own, in the page cache; a touch maps it again. */
void tsl_release_memory(void);
