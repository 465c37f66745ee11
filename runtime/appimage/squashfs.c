/* A squashfs 4.0 reader for gzip and zstd (format: Linux fs/squashfs). SPDX-License-Identifier: Apache-2.0
 * Every number that comes from the file is held against its bounds before it is used. */
#include "squashfs.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <zlib.h>
#include <zstd.h>

enum { METADATA = 8192, META_SLOTS = 64, DATA_SLOTS = 12, GZIP = 1, ZSTD = 6 };
#define STORED_BLOCK (1u << 24)

struct meta_slot {
	uint64_t at, next;
	uint32_t length;
	unsigned char bytes[METADATA];
};

struct data_slot {
	uint64_t at, used;
	uint32_t length;
	unsigned char *bytes;
};

struct sq {
	int fd;
	uint64_t base, used, inodes, directories, root, clock;
	uint32_t block_size, fragments, inode_count;
	uint16_t method;
	uint64_t *fragment_blocks;
	ZSTD_DCtx *zstd;
	unsigned char *packed;
	struct meta_slot meta[META_SLOTS];
	struct data_slot data[DATA_SLOTS];
};

static uint16_t u16(const unsigned char *at) { return (uint16_t)(at[0] | at[1] << 8); }
static uint32_t u32(const unsigned char *at) { return u16(at) | (uint32_t)u16(at + 2) << 16; }
static uint64_t u64(const unsigned char *at) { return u32(at) | (uint64_t)u32(at + 4) << 32; }

static int read_exact(const struct sq *fs, uint64_t at, void *bytes, size_t length)
{
	if (at > fs->used || length > fs->used - at)
		return -EIO;
	for (size_t done = 0; done < length;) {
		ssize_t got = pread(fs->fd, (char *)bytes + done, length - done, (off_t)(fs->base + at + done));
		if (got < 0 && errno == EINTR)
			continue;
		if (got <= 0)
			return -EIO;
		done += (size_t)got;
	}
	return 0;
}

/* The unpacked length, or a negative errno. */
static int unpack(struct sq *fs, const unsigned char *packed, uint32_t packed_length, unsigned char *bytes, uint32_t room)
{
	if (fs->method == ZSTD) {
		size_t length = ZSTD_decompressDCtx(fs->zstd, bytes, room, packed, packed_length);
		return ZSTD_isError(length) ? -EIO : (int)length;
	}
	uLongf length = room;
	return uncompress(bytes, &length, packed, packed_length) == Z_OK ? (int)length : -EIO;
}

static int meta_block(struct sq *fs, uint64_t at, struct meta_slot **found)
{
	struct meta_slot *slot = &fs->meta[(at ^ at >> 7 ^ at >> 14) % META_SLOTS];
	*found = slot;
	if (slot->length > 0 && slot->at == at)
		return 0;
	unsigned char head[2];
	int failed = read_exact(fs, at, head, 2);
	if (failed)
		return failed;
	uint32_t length = u16(head) & 0x7fff;
	if (length == 0 || length > METADATA)
		return -EIO;
	slot->length = 0;
	int is_stored = u16(head) & 0x8000;
	failed = read_exact(fs, at + 2, is_stored ? slot->bytes : fs->packed, length);
	if (failed)
		return failed;
	int unpacked = is_stored ? (int)length : unpack(fs, fs->packed, length, slot->bytes, METADATA);
	if (unpacked <= 0)
		return -EIO;
	slot->at = at;
	slot->next = at + 2 + length;
	slot->length = (uint32_t)unpacked;
	return 0;
}

static int read_meta(struct sq *fs, struct sq_place *place, void *bytes, size_t length)
{
	for (size_t done = 0; done < length;) {
		struct meta_slot *slot;
		int failed = meta_block(fs, place->block, &slot);
		if (failed)
			return failed;
		if (place->offset > slot->length)
			return -EIO;
		size_t part = slot->length - place->offset;
		if (part > length - done)
			part = length - done;
		memcpy((char *)bytes + done, slot->bytes + place->offset, part);
		done += part;
		place->offset += (uint32_t)part;
		if (place->offset < slot->length)
			continue;
		place->block = slot->next;
		place->offset = 0;
	}
	return 0;
}

static int read_superblock(struct sq *fs)
{
	unsigned char head[96];
	fs->used = sizeof head;
	int failed = read_exact(fs, 0, head, sizeof head);
	if (failed)
		return failed;
	fs->inode_count = u32(head + 4);
	fs->block_size = u32(head + 12);
	fs->fragments = u32(head + 16);
	fs->method = u16(head + 20);
	fs->root = u64(head + 32);
	fs->used = u64(head + 40);
	fs->inodes = u64(head + 64);
	fs->directories = u64(head + 72);
	if (u32(head) != 0x73717368 || u16(head + 28) != 4 || (fs->method != GZIP && fs->method != ZSTD))
		return -EINVAL;
	if (fs->block_size < 4096 || fs->block_size > 1 << 20 || (fs->block_size & (fs->block_size - 1)) != 0)
		return -EINVAL;
	if (fs->inodes > fs->used || fs->directories > fs->used)
		return -EINVAL;
	if (fs->fragments == 0)
		return 0;
	uint32_t count = (fs->fragments - 1) / (METADATA / 16) + 1;
	uint64_t list = u64(head + 80);
	if (list > fs->used || (uint64_t)count * 8 > fs->used - list)
		return -EINVAL;
	fs->fragment_blocks = calloc(count, 8);
	return fs->fragment_blocks == NULL ? -ENOMEM : read_exact(fs, list, fs->fragment_blocks, (size_t)count * 8);
}

int sq_open(int fd, uint64_t offset, struct sq **opened)
{
	struct sq *fs = calloc(1, sizeof *fs);
	if (fs == NULL)
		return -ENOMEM;
	fs->fd = fd;
	fs->base = offset;
	int failed = read_superblock(fs);
	if (failed)
		return failed;
	fs->packed = malloc(fs->block_size > METADATA ? fs->block_size : METADATA);
	fs->zstd = fs->method == ZSTD ? ZSTD_createDCtx() : NULL;
	if (fs->packed == NULL || (fs->method == ZSTD && fs->zstd == NULL))
		return -ENOMEM;
	*opened = fs;
	return 0;
}

uint64_t sq_root(const struct sq *fs) { return fs->root; }
uint32_t sq_inode_count(const struct sq *fs) { return fs->inode_count; }
uint64_t sq_used_bytes(const struct sq *fs) { return fs->used; }

static int read_folder(struct sq *fs, struct sq_place *place, struct sq_inode *inode, int is_extended)
{
	unsigned char body[24];
	int failed = read_meta(fs, place, body, is_extended ? 24 : 16);
	if (failed)
		return failed;
	inode->links = u32(is_extended ? body : body + 4);
	uint32_t size = is_extended ? u32(body + 4) : u16(body + 8);
	inode->size = size < 3 ? 0 : size - 3;
	inode->rest.block = fs->directories + u32(is_extended ? body + 8 : body);
	inode->rest.offset = u16(is_extended ? body + 18 : body + 10);
	return 0;
}

static int read_file(struct sq *fs, struct sq_place *place, struct sq_inode *inode, int is_extended)
{
	unsigned char body[40];
	int failed = read_meta(fs, place, body, is_extended ? 40 : 16);
	if (failed)
		return failed;
	inode->links = is_extended ? u32(body + 24) : 1;
	inode->start = is_extended ? u64(body) : u32(body);
	inode->size = is_extended ? u64(body + 8) : u32(body + 12);
	inode->fragment = u32(is_extended ? body + 28 : body + 4);
	inode->fragment_offset = u32(is_extended ? body + 32 : body + 8);
	inode->rest = *place;
	if (inode->fragment != SQ_NONE && inode->fragment >= fs->fragments)
		return -EIO;
	return inode->size > (uint64_t)INT64_MAX ? -EIO : 0;
}

int sq_inode(struct sq *fs, uint64_t reference, struct sq_inode *inode)
{
	struct sq_place place = { fs->inodes + (reference >> 16), reference & 0xffff };
	unsigned char head[16];
	int failed = read_meta(fs, &place, head, sizeof head);
	if (failed)
		return failed;
	memset(inode, 0, sizeof *inode);
	int is_extended = u16(head) > 7;
	inode->type = (uint16_t)(u16(head) - (is_extended ? 7 : 0));
	inode->mode = u16(head + 2) & 07777;
	inode->mtime = u32(head + 8);
	inode->number = u32(head + 12);
	inode->fragment = SQ_NONE;
	inode->links = 1;
	if (inode->type == SQ_FOLDER)
		return read_folder(fs, &place, inode, is_extended);
	if (inode->type == SQ_FILE)
		return read_file(fs, &place, inode, is_extended);
	if (inode->type != SQ_SYMLINK)
		return inode->type > 7 ? -EIO : 0;
	unsigned char body[8];
	failed = read_meta(fs, &place, body, sizeof body);
	inode->links = u32(body);
	inode->size = u32(body + 4);
	inode->rest = place;
	return failed;
}

int sq_readlink(struct sq *fs, const struct sq_inode *inode, char *target, size_t room)
{
	if (inode->type != SQ_SYMLINK)
		return -EINVAL;
	if (inode->size >= room)
		return -ENAMETOOLONG;
	struct sq_place place = inode->rest;
	target[inode->size] = 0;
	return read_meta(fs, &place, target, inode->size);
}

int sq_file_open(struct sq *fs, const struct sq_inode *inode, struct sq_file **opened)
{
	if (inode->type != SQ_FILE)
		return -EINVAL;
	uint64_t blocks = inode->size / fs->block_size;
	if (inode->fragment == SQ_NONE && inode->size % fs->block_size != 0)
		blocks++;
	if (blocks > fs->used) /* even a hole takes four bytes in the table */
		return -EIO;
	struct sq_file *file = calloc(1, sizeof *file);
	if (file == NULL)
		return -ENOMEM;
	file->inode = *inode;
	file->blocks = (uint32_t)blocks;
	file->offsets = calloc(blocks + 1, sizeof *file->offsets);
	file->words = calloc(blocks + 1, sizeof *file->words);
	struct sq_place place = inode->rest;
	int failed = file->offsets == NULL || file->words == NULL ? -ENOMEM : read_meta(fs, &place, file->words, blocks * 4);
	uint64_t at = inode->start;
	for (uint64_t index = 0; failed == 0 && index < blocks; index++) {
		file->offsets[index] = at;
		at += file->words[index] & (STORED_BLOCK - 1);
	}
	if (failed)
		sq_file_close(file);
	else
		*opened = file;
	return failed;
}

void sq_file_close(struct sq_file *file)
{
	free(file->offsets);
	free(file->words);
	free(file);
}

/* One unpacked data block, kept in the slot that was used longest ago. */
static int data_block(struct sq *fs, uint64_t at, uint32_t word, struct data_slot **found)
{
	struct data_slot *slot = &fs->data[0];
	for (int index = 0; index < DATA_SLOTS; index++) {
		struct data_slot *one = &fs->data[index];
		if (one->length > 0 && one->at == at) {
			one->used = ++fs->clock;
			*found = one;
			return 0;
		}
		if (one->used < slot->used)
			slot = one;
	}
	uint32_t length = word & (STORED_BLOCK - 1);
	if (length == 0 || length > fs->block_size || word >= STORED_BLOCK * 2)
		return -EIO;
	if (slot->bytes == NULL && (slot->bytes = malloc(fs->block_size)) == NULL)
		return -ENOMEM;
	slot->length = 0;
	int is_stored = (word & STORED_BLOCK) != 0;
	int failed = read_exact(fs, at, is_stored ? slot->bytes : fs->packed, length);
	if (failed)
		return failed;
	int unpacked = is_stored ? (int)length : unpack(fs, fs->packed, length, slot->bytes, fs->block_size);
	if (unpacked <= 0)
		return -EIO;
	slot->at = at;
	slot->length = (uint32_t)unpacked;
	slot->used = ++fs->clock;
	*found = slot;
	return 0;
}

/* Copies from block `index` of a file, where the block after the last one is its fragment. */
static ssize_t read_part(struct sq *fs, const struct sq_file *file, uint64_t offset, void *bytes, size_t length)
{
	uint64_t index = offset / fs->block_size;
	uint32_t skip = offset % fs->block_size;
	if (length > fs->block_size - skip)
		length = fs->block_size - skip;
	struct data_slot *slot;
	int failed;
	if (index < file->blocks) {
		if (file->words[index] == 0) {
			memset(bytes, 0, length);
			return (ssize_t)length;
		}
		failed = data_block(fs, file->offsets[index], file->words[index], &slot);
	} else {
		unsigned char record[16];
		uint32_t fragment = file->inode.fragment;
		struct sq_place place = { fs->fragment_blocks[fragment / (METADATA / 16)], fragment % (METADATA / 16) * 16 };
		failed = read_meta(fs, &place, record, sizeof record);
		if (failed == 0)
			failed = data_block(fs, u64(record), u32(record + 8), &slot);
		if (failed == 0 && file->inode.fragment_offset > slot->length)
			failed = -EIO;
		skip += file->inode.fragment_offset;
	}
	if (failed)
		return failed;
	if (skip > slot->length || length > slot->length - skip)
		return -EIO;
	memcpy(bytes, slot->bytes + skip, length);
	return (ssize_t)length;
}

ssize_t sq_file_read(struct sq *fs, const struct sq_file *file, uint64_t offset, void *bytes, size_t length)
{
	if (offset >= file->inode.size)
		return 0;
	if (length > file->inode.size - offset)
		length = (size_t)(file->inode.size - offset);
	for (size_t done = 0; done < length;) {
		ssize_t part = read_part(fs, file, offset + done, (char *)bytes + done, length - done);
		if (part < 0)
			return part;
		done += (size_t)part;
	}
	return (ssize_t)length;
}

static int read_entry(struct sq *fs, struct sq_place *place, const unsigned char *run, struct sq_entry *entry, uint64_t *left)
{
	unsigned char head[8];
	int failed = read_meta(fs, place, head, sizeof head);
	if (failed)
		return failed;
	size_t length = (size_t)u16(head + 6) + 1;
	if (length > SQ_NAME_MAX || *left < length + sizeof head)
		return -EIO;
	failed = read_meta(fs, place, entry->name, length);
	if (failed)
		return failed;
	*left -= length + sizeof head;
	entry->name[length] = 0;
	if (strlen(entry->name) != length || strchr(entry->name, '/') != NULL || strcmp(entry->name, ".") == 0 || strcmp(entry->name, "..") == 0)
		return -EIO;
	entry->reference = (uint64_t)u32(run + 4) << 16 | u16(head);
	entry->number = u32(run + 8) + (uint32_t)(int16_t)u16(head + 2);
	entry->type = u16(head + 4);
	return 0;
}

int sq_list(struct sq *fs, const struct sq_inode *folder, sq_each *each, void *context)
{
	if (folder->type != SQ_FOLDER)
		return -ENOTDIR;
	struct sq_place place = folder->rest;
	for (uint64_t left = folder->size; left > 0;) {
		unsigned char run[12];
		if (left < sizeof run)
			return -EIO;
		int answer = read_meta(fs, &place, run, sizeof run);
		left -= sizeof run;
		if (answer == 0 && u32(run) >= 256)
			answer = -EIO;
		for (uint32_t index = 0; answer == 0 && index <= u32(run); index++) {
			struct sq_entry entry;
			answer = read_entry(fs, &place, run, &entry, &left);
			if (answer == 0)
				answer = each(context, &entry);
		}
		if (answer != 0)
			return answer;
	}
	return 0;
}
