/* Unpacks the file system into a folder, never through a link that was there before. SPDX-License-Identifier: Apache-2.0 */
#define _GNU_SOURCE
#include "runtime.h"

#include <errno.h>
#include <fcntl.h>
#include <fnmatch.h>
#include <ftw.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { DEPTH_MAX = 512 };

struct walk {
	struct sq *fs;
	const struct extraction *extraction;
	int folder_fd;
	int depth;
	int is_chosen; /* something above matched the pattern */
	char path[PATH_MAX];
};

static int extract_folder(const struct walk *walk, uint64_t reference);

static int write_file(const struct walk *walk, const char *name, const struct sq_inode *inode)
{
	struct sq_file *file;
	int failed = sq_file_open(walk->fs, inode, &file);
	if (failed)
		return failed;
	int fd = openat(walk->folder_fd, name, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
	failed = fd < 0 ? -errno : 0;
	static char piece[1 << 18];
	for (uint64_t at = 0; failed == 0 && at < inode->size;) {
		ssize_t got = sq_file_read(walk->fs, file, at, piece, sizeof piece);
		if (got <= 0)
			failed = got == 0 ? -EIO : (int)got;
		for (ssize_t done = 0; failed == 0 && done < got;) {
			ssize_t put = write(fd, piece + done, (size_t)(got - done));
			if (put < 0 && errno != EINTR)
				failed = -errno;
			else if (put > 0)
				done += put;
		}
		if (failed == 0)
			at += (uint64_t)got;
	}
	if (failed == 0 && fchmod(fd, inode->mode & 0777) != 0)
		failed = -errno;
	if (fd >= 0)
		close(fd);
	sq_file_close(file);
	return failed;
}

static int enter_folder(const struct walk *walk, const struct sq_entry *entry, const struct sq_inode *inode, struct walk *inner)
{
	if (walk->depth >= DEPTH_MAX)
		return -ELOOP;
	if (mkdirat(walk->folder_fd, entry->name, 0700) != 0 && errno != EEXIST)
		return -errno;
	int fd = openat(walk->folder_fd, entry->name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	if (fd < 0)
		return -errno;
	inner->folder_fd = fd;
	inner->depth = walk->depth + 1;
	int failed = extract_folder(inner, entry->reference);
	if (failed == 0 && fchmod(fd, (inode->mode & 0777) | (walk->extraction->is_private ? 0700 : 0)) != 0)
		failed = -errno;
	close(fd);
	return failed;
}

/* Whether the first steps of the pattern are this folder, so that what matches may be in it. */
static int leads_on(const char *pattern, const char *path, int depth)
{
	char start[PATH_MAX];
	const char *end = pattern;
	for (int step = 0; end != NULL && step <= depth; step++)
		end = strchr(step == 0 ? end : end + 1, '/');
	if (end == NULL || end - pattern >= PATH_MAX)
		return 0;
	memcpy(start, pattern, (size_t)(end - pattern));
	start[end - pattern] = 0;
	return fnmatch(start, path, FNM_PATHNAME) == 0;
}

static int extract_entry(void *context, const struct sq_entry *entry)
{
	const struct walk *walk = context;
	struct walk inner = *walk;
	int length = snprintf(inner.path, sizeof inner.path, "%s%s%s", walk->path, walk->path[0] ? "/" : "", entry->name);
	if (length < 0 || (size_t)length >= sizeof inner.path)
		return -ENAMETOOLONG;
	const char *pattern = walk->extraction->pattern;
	inner.is_chosen = walk->is_chosen || pattern == NULL || fnmatch(pattern, inner.path, FNM_PATHNAME) == 0;
	struct sq_inode inode;
	int failed = sq_inode(walk->fs, entry->reference, &inode);
	if (failed)
		return failed;
	if (!inner.is_chosen && (inode.type != SQ_FOLDER || !leads_on(pattern, inner.path, walk->depth)))
		return 0;
	if (walk->extraction->is_loud && inner.is_chosen)
		printf("squashfs-root/%s\n", inner.path);
	if (inode.type == SQ_FOLDER)
		return enter_folder(walk, entry, &inode, &inner);
	if (unlinkat(walk->folder_fd, entry->name, 0) != 0 && errno != ENOENT)
		return -errno;
	if (inode.type == SQ_FILE)
		return write_file(walk, entry->name, &inode);
	if (inode.type != SQ_SYMLINK)
		return 0;
	char target[PATH_MAX];
	failed = sq_readlink(walk->fs, &inode, target, sizeof target);
	if (failed == 0 && symlinkat(target, walk->folder_fd, entry->name) != 0)
		failed = -errno;
	return failed;
}

static int extract_folder(const struct walk *walk, uint64_t reference)
{
	struct sq_inode inode;
	int failed = sq_inode(walk->fs, reference, &inode);
	return failed ? failed : sq_list(walk->fs, &inode, extract_entry, (void *)walk);
}

int extract(struct sq *fs, const char *folder, const struct extraction *extraction)
{
	struct walk walk = { .fs = fs, .extraction = extraction };
	walk.folder_fd = open(folder, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	if (walk.folder_fd < 0)
		return -errno;
	int failed = extract_folder(&walk, sq_root(fs));
	close(walk.folder_fd);
	return failed;
}

static int remove_entry(const char *path, const struct stat *facts, int type, struct FTW *place)
{
	(void)facts, (void)type, (void)place;
	remove(path);
	return 0;
}

void remove_folder(const char *folder) { nftw(folder, remove_entry, 16, FTW_DEPTH | FTW_PHYS | FTW_MOUNT); }
