/* A squashfs 4.0 reader for gzip and zstd, small enough for an AppImage runtime. SPDX-License-Identifier: Apache-2.0 */
#ifndef SLIPWAY_SQUASHFS_H
#define SLIPWAY_SQUASHFS_H

#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

enum { SQ_FOLDER = 1, SQ_FILE = 2, SQ_SYMLINK = 3, SQ_NAME_MAX = 256 };
#define SQ_NONE 0xffffffffu

/* A place in metadata: absolute offset of the packed block in the file, and offset in the unpacked block. */
struct sq_place {
	uint64_t block;
	uint32_t offset;
};

struct sq_inode {
	uint16_t type; /* basic types only: an extended one is told as its basic one */
	uint16_t mode; /* permission bits */
	uint32_t mtime, number, links;
	uint64_t size; /* bytes of a file or a link target, or of a listing */
	uint64_t start;
	uint32_t fragment, fragment_offset;
	struct sq_place rest; /* block words of a file, target of a link, listing of a folder */
};

struct sq_file {
	struct sq_inode inode;
	uint32_t blocks;
	uint64_t *offsets;
	uint32_t *words;
};

struct sq_entry {
	char name[SQ_NAME_MAX + 1];
	uint64_t reference;
	uint32_t number;
	uint16_t type;
};

struct sq;

/* All of these give 0 (or a count) or a negative errno. */
int sq_open(int fd, uint64_t offset, struct sq **opened);
uint64_t sq_root(const struct sq *fs);
uint32_t sq_inode_count(const struct sq *fs);
uint64_t sq_used_bytes(const struct sq *fs);
int sq_inode(struct sq *fs, uint64_t reference, struct sq_inode *inode);
int sq_readlink(struct sq *fs, const struct sq_inode *inode, char *target, size_t room);
int sq_file_open(struct sq *fs, const struct sq_inode *inode, struct sq_file **file);
void sq_file_close(struct sq_file *file);
ssize_t sq_file_read(struct sq *fs, const struct sq_file *file, uint64_t offset, void *bytes, size_t length);

/* Calls `each` for every entry, until it gives something else than 0, which is then the answer. */
typedef int sq_each(void *context, const struct sq_entry *entry);
int sq_list(struct sq *fs, const struct sq_inode *folder, sq_each *each, void *context);

#endif
