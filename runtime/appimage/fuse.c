/* Mounts by the helper of FUSE 3 or 2 and speaks the kernel's own protocol, so that no library is needed (Linux
 * include/uapi/linux/fuse.h, used under its BSD-2-Clause licence). SPDX-License-Identifier: Apache-2.0 */
#define _GNU_SOURCE
#include "runtime.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/fuse.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/uio.h>
#include <sys/wait.h>
#include <unistd.h>

enum { REQUEST_MAX = 1 << 16, READ_MAX = 1 << 20, NAMED_TYPES = 4, DAY = 86400 };

/* ---- mounting ---- */

static void silence(void)
{
	int null_fd = open("/dev/null", O_RDWR);
	if (null_fd < 0)
		return;
	dup2(null_fd, 0);
	dup2(null_fd, 1);
	dup2(null_fd, 2);
	if (null_fd > 2)
		close(null_fd);
}

/* The helper sends the open device as a message over the socket that it is told of. */
static int receive_fd(int socket_fd)
{
	char byte;
	union {
		struct cmsghdr align;
		char room[CMSG_SPACE(sizeof(int))];
	} control;
	struct iovec data = { &byte, 1 };
	struct msghdr message = { .msg_iov = &data, .msg_iovlen = 1, .msg_control = control.room, .msg_controllen = sizeof control.room };
	ssize_t got;
	do
		got = recvmsg(socket_fd, &message, MSG_CMSG_CLOEXEC);
	while (got < 0 && errno == EINTR);
	struct cmsghdr *head = got > 0 ? CMSG_FIRSTHDR(&message) : NULL;
	if (head == NULL || head->cmsg_level != SOL_SOCKET || head->cmsg_type != SCM_RIGHTS)
		return -1;
	int fd;
	memcpy(&fd, CMSG_DATA(head), sizeof fd);
	return fd;
}

static int mount_by(const char *helper, const char *folder, const char *options)
{
	int pair[2];
	if (socketpair(AF_UNIX, SOCK_STREAM, 0, pair) != 0)
		return -1;
	pid_t child = fork();
	if (child == 0) {
		char number[16];
		close(pair[1]);
		snprintf(number, sizeof number, "%d", pair[0]);
		setenv("_FUSE_COMMFD", number, 1);
		silence();
		execlp(helper, helper, "-o", options, "--", folder, (char *)NULL);
		_exit(127);
	}
	close(pair[0]);
	int fd = child < 0 ? -1 : receive_fd(pair[1]);
	int status = 1;
	while (child > 0 && waitpid(child, &status, 0) < 0 && errno == EINTR)
		;
	close(pair[1]);
	return fd;
}

int mount_fuse(struct mounted *mounted, const char *name)
{
	static const char *const helpers[] = { "fusermount3", "fusermount" };
	char options[128];
	char safe[49];
	size_t length = 0;
	for (; name[length] != 0 && length < sizeof safe - 1; length++) {
		char letter = name[length];
		int is_plain = (letter >= '0' && letter <= '9') || ((letter | 32) >= 'a' && (letter | 32) <= 'z') || strchr("._-+", letter);
		safe[length] = is_plain ? letter : '_';
	}
	safe[length] = 0;
	snprintf(options, sizeof options, "ro,nosuid,nodev,subtype=AppImage,fsname=%s", length > 0 ? safe : "AppImage");
	for (size_t index = 0; index < sizeof helpers / sizeof *helpers; index++) {
		mounted->helper = helpers[index];
		mounted->fuse_fd = mount_by(mounted->helper, mounted->folder, options);
		if (mounted->fuse_fd >= 0)
			return 1;
	}
	return 0;
}

/* Lazily: what is open stays readable, because we go on answering until the last file is closed. */
static void ask_for_unmount(const struct mounted *mounted)
{
	pid_t child = fork();
	if (child != 0)
		return;
	execlp(mounted->helper, mounted->helper, "-u", "-z", "-q", "--", mounted->folder, (char *)NULL);
	_exit(127);
}

/* ---- answering ---- */

struct session {
	struct sq *fs;
	int fd;
	unsigned char *answer;
};

struct listing {
	size_t count, room;
	struct sq_entry *entries;
};

static void reply(const struct session *session, uint64_t unique, int failed, const void *body, size_t length)
{
	struct fuse_out_header head = { (uint32_t)(sizeof head + (failed ? 0 : length)), failed, unique };
	struct iovec parts[2] = { { &head, sizeof head }, { (void *)body, length } };
	/* A failure means that the caller is gone; nobody waits for the answer. */
	ssize_t ignored = writev(session->fd, parts, failed || length == 0 ? 1 : 2);
	(void)ignored;
}

/* The root is node 1 for the kernel; any other node is its inode reference, moved past that. */
static uint64_t reference_of(const struct sq *fs, uint64_t node) { return node == FUSE_ROOT_ID ? sq_root(fs) : node - 2; }
static uint64_t node_of(const struct sq *fs, uint64_t reference) { return reference == sq_root(fs) ? FUSE_ROOT_ID : reference + 2; }

static void fill_attributes(const struct sq_inode *inode, struct fuse_attr *attributes)
{
	static const uint32_t types[NAMED_TYPES] = { 0, S_IFDIR, S_IFREG, S_IFLNK };
	memset(attributes, 0, sizeof *attributes);
	attributes->ino = inode->number;
	attributes->size = inode->size;
	attributes->blocks = (inode->size + 511) / 512;
	attributes->atime = attributes->mtime = attributes->ctime = inode->mtime;
	attributes->mode = (inode->type < NAMED_TYPES ? types[inode->type] : S_IFIFO) | (inode->mode & 0777);
	attributes->nlink = inode->links;
	attributes->uid = getuid();
	attributes->gid = getgid();
	attributes->blksize = 4096;
}

struct wanted {
	const char *name;
	uint64_t reference;
};

static int find_name(void *context, const struct sq_entry *entry)
{
	struct wanted *wanted = context;
	if (strcmp(wanted->name, entry->name) != 0)
		return 0;
	wanted->reference = entry->reference;
	return 1;
}

static void answer_lookup(const struct session *session, const struct fuse_in_header *head, const char *name)
{
	struct sq_inode folder, inode;
	struct fuse_entry_out entry = { .entry_valid = DAY, .attr_valid = DAY };
	struct wanted wanted = { name, 0 };
	int found = sq_inode(session->fs, reference_of(session->fs, head->nodeid), &folder);
	if (found == 0)
		found = sq_list(session->fs, &folder, find_name, &wanted);
	int failed = found < 0 ? found : 0;
	if (found == 1) {
		failed = sq_inode(session->fs, wanted.reference, &inode);
		entry.nodeid = node_of(session->fs, wanted.reference);
		if (failed == 0)
			fill_attributes(&inode, &entry.attr);
	}
	/* Node 0 lets the kernel remember that there is no such name. */
	reply(session, head->unique, failed, &entry, sizeof entry);
}

static void answer_attributes(const struct session *session, const struct fuse_in_header *head)
{
	struct sq_inode inode;
	struct fuse_attr_out out = { .attr_valid = DAY };
	int failed = sq_inode(session->fs, reference_of(session->fs, head->nodeid), &inode);
	if (failed == 0)
		fill_attributes(&inode, &out.attr);
	reply(session, head->unique, failed, &out, sizeof out);
}

static void answer_link(const struct session *session, const struct fuse_in_header *head)
{
	struct sq_inode inode;
	char target[4096];
	int failed = sq_inode(session->fs, reference_of(session->fs, head->nodeid), &inode);
	if (failed == 0)
		failed = sq_readlink(session->fs, &inode, target, sizeof target);
	reply(session, head->unique, failed, target, failed ? 0 : inode.size);
}

static int keep_entry(void *context, const struct sq_entry *entry)
{
	struct listing *listing = context;
	if (listing->count == listing->room) {
		size_t room = listing->room * 2 + 32;
		struct sq_entry *larger = realloc(listing->entries, room * sizeof *larger);
		if (larger == NULL)
			return -ENOMEM;
		listing->entries = larger;
		listing->room = room;
	}
	listing->entries[listing->count++] = *entry;
	return 0;
}

static void answer_open(const struct session *session, const struct fuse_in_header *head, const struct fuse_open_in *in)
{
	struct sq_inode inode;
	struct fuse_open_out out = { .open_flags = FOPEN_KEEP_CACHE };
	struct sq_file *file = NULL;
	struct listing *listing = NULL;
	int failed = sq_inode(session->fs, reference_of(session->fs, head->nodeid), &inode);
	if (failed == 0 && head->opcode == FUSE_OPEN) {
		failed = (in->flags & O_ACCMODE) != O_RDONLY ? -EROFS : sq_file_open(session->fs, &inode, &file);
		out.fh = (uintptr_t)file;
	} else if (failed == 0) {
		listing = calloc(1, sizeof *listing);
		failed = listing == NULL ? -ENOMEM : sq_list(session->fs, &inode, keep_entry, listing);
		out.fh = (uintptr_t)listing;
		if (failed && listing != NULL) {
			free(listing->entries);
			free(listing);
		}
	}
	reply(session, head->unique, failed, &out, sizeof out);
}

static void answer_read(const struct session *session, const struct fuse_in_header *head, const struct fuse_read_in *in)
{
	size_t length = in->size > READ_MAX ? READ_MAX : in->size;
	ssize_t got = sq_file_read(session->fs, (const struct sq_file *)(uintptr_t)in->fh, in->offset, session->answer, length);
	reply(session, head->unique, got < 0 ? (int)got : 0, session->answer, got < 0 ? 0 : (size_t)got);
}

static void answer_list(const struct session *session, const struct fuse_in_header *head, const struct fuse_read_in *in)
{
	static const uint32_t types[NAMED_TYPES] = { 0, S_IFDIR >> 12, S_IFREG >> 12, S_IFLNK >> 12 };
	const struct listing *listing = (const struct listing *)(uintptr_t)in->fh;
	size_t room = in->size > READ_MAX ? READ_MAX : in->size, used = 0;
	/* Places 0 and 1 are the folder itself and its parent, whose number nobody asks for. */
	for (uint64_t at = in->offset; at < listing->count + 2; at++) {
		const struct sq_entry *entry = at < 2 ? NULL : &listing->entries[at - 2];
		const char *name = entry ? entry->name : at == 0 ? "." : "..";
		size_t length = strlen(name), size = FUSE_DIRENT_ALIGN(FUSE_NAME_OFFSET + length);
		if (used + size > room)
			break;
		struct fuse_dirent *out = (struct fuse_dirent *)(session->answer + used);
		memset(out, 0, size);
		out->ino = entry ? entry->number : FUSE_ROOT_ID;
		out->off = at + 1;
		out->namelen = (uint32_t)length;
		out->type = entry ? types[entry->type % 7 < NAMED_TYPES ? entry->type % 7 : 0] : S_IFDIR >> 12;
		memcpy(out->name, name, length);
		used += size;
	}
	reply(session, head->unique, 0, session->answer, used);
}

static void answer_init(const struct session *session, const struct fuse_in_header *head, const struct fuse_init_in *in)
{
	struct fuse_init_out out = { .major = FUSE_KERNEL_VERSION, .minor = 31 };
	if (in->major < FUSE_KERNEL_VERSION) {
		reply(session, head->unique, -EPROTO, NULL, 0);
		return;
	}
	/* To a newer major version we say ours, and the kernel asks again. */
	if (in->major == FUSE_KERNEL_VERSION) {
		out.minor = in->minor < out.minor ? in->minor : out.minor;
		out.max_readahead = in->max_readahead;
		out.flags = in->flags & (FUSE_ASYNC_READ | FUSE_PARALLEL_DIROPS | FUSE_CACHE_SYMLINKS | FUSE_MAX_PAGES);
		out.max_write = 4096;
		out.max_background = 16;
		out.congestion_threshold = 12;
		out.time_gran = 1;
		out.max_pages = READ_MAX / 4096;
	}
	reply(session, head->unique, 0, &out, out.minor < 23 ? FUSE_COMPAT_22_INIT_OUT_SIZE : sizeof out);
}

static void answer_release(const struct session *session, const struct fuse_in_header *head, const struct fuse_release_in *in)
{
	if (head->opcode == FUSE_RELEASE) {
		sq_file_close((struct sq_file *)(uintptr_t)in->fh);
	} else {
		free(((struct listing *)(uintptr_t)in->fh)->entries);
		free((struct listing *)(uintptr_t)in->fh);
	}
	reply(session, head->unique, 0, NULL, 0);
}

static void answer_room(const struct session *session, const struct fuse_in_header *head)
{
	struct fuse_statfs_out out = { .st = { .bsize = 4096, .frsize = 4096, .namelen = 255 } };
	out.st.blocks = (sq_used_bytes(session->fs) + 4095) / 4096;
	out.st.files = sq_inode_count(session->fs);
	reply(session, head->unique, 0, &out, sizeof out);
}

static void answer(const struct session *session, const unsigned char *request)
{
	const struct fuse_in_header *head = (const struct fuse_in_header *)request;
	const void *body = request + sizeof *head;
	switch (head->opcode) {
	case FUSE_INIT: answer_init(session, head, body); break;
	case FUSE_LOOKUP: answer_lookup(session, head, body); break;
	case FUSE_GETATTR: answer_attributes(session, head); break;
	case FUSE_READLINK: answer_link(session, head); break;
	case FUSE_OPEN:
	case FUSE_OPENDIR: answer_open(session, head, body); break;
	case FUSE_READ: answer_read(session, head, body); break;
	case FUSE_READDIR: answer_list(session, head, body); break;
	case FUSE_RELEASE:
	case FUSE_RELEASEDIR: answer_release(session, head, body); break;
	case FUSE_STATFS: answer_room(session, head); break;
	case FUSE_DESTROY: reply(session, head->unique, 0, NULL, 0); break;
	case FUSE_FORGET:
	case FUSE_BATCH_FORGET:
	case FUSE_INTERRUPT: break; /* no answer is wanted */
	default: reply(session, head->unique, -ENOSYS, NULL, 0);
	}
}

void serve_fuse(struct sq *fs, const struct mounted *mounted, int alive_fd)
{
	struct session session = { fs, mounted->fuse_fd, malloc(READ_MAX) };
	unsigned char *request = malloc(REQUEST_MAX + 1);
	/* The app's terminal and pipes must end with the app, not with us. */
	silence();
	signal(SIGCHLD, SIG_IGN);
	signal(SIGPIPE, SIG_IGN);
	signal(SIGHUP, SIG_IGN);
	signal(SIGINT, SIG_IGN);
	fcntl(session.fd, F_SETFL, O_NONBLOCK);
	if (session.answer == NULL || request == NULL || chdir("/") != 0)
		_exit(1);
	struct pollfd waits[2] = { { session.fd, POLLIN, 0 }, { alive_fd, POLLIN, 0 } };
	for (;;) {
		if (poll(waits, 2, -1) < 0 && errno != EINTR)
			break;
		if (waits[1].fd >= 0 && (waits[1].revents & (POLLHUP | POLLIN | POLLERR | POLLNVAL))) {
			ask_for_unmount(mounted);
			waits[1].fd = -1;
		}
		if (!(waits[0].revents & (POLLIN | POLLERR | POLLHUP)))
			continue;
		ssize_t got = read(session.fd, request, REQUEST_MAX);
		if (got < 0 && (errno == EAGAIN || errno == EINTR || errno == ENOENT))
			continue;
		if (got < (ssize_t)sizeof(struct fuse_in_header))
			break;
		request[got] = 0;
		answer(&session, request);
	}
	rmdir(mounted->folder);
	_exit(0);
}
