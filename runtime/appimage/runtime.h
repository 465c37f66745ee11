/* The parts of the AppImage runtime. SPDX-License-Identifier: Apache-2.0 */
#ifndef SLIPWAY_RUNTIME_H
#define SLIPWAY_RUNTIME_H

#include "squashfs.h"

struct mounted {
	int fuse_fd;
	const char *helper; /* fusermount3 or fusermount: the one that unmounts too */
	char folder[4096];
};

/* Mounts nothing but /dev/fuse through the helper; false where that cannot be done here. */
int mount_fuse(struct mounted *mounted, const char *name);
/* Answers the kernel until the file system is gone; asks for that when the other end of `alive_fd` is closed. Does not return. */
void serve_fuse(struct sq *fs, const struct mounted *mounted, int alive_fd) __attribute__((noreturn));

struct extraction {
	const char *pattern; /* NULL: everything */
	int is_private;      /* for us alone, and to be removed again */
	int is_loud;         /* prints every path */
};
/* Unpacks into the folder, which is there. 0 or a negative errno. */
int extract(struct sq *fs, const char *folder, const struct extraction *extraction);
/* Removes a folder that we made, and everything in it. */
void remove_folder(const char *folder);

#endif
