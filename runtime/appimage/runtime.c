/* The AppImage runtime of Slipway: a type 2 AppImage is this program with a squashfs behind it (AppImageSpec, type 2).
 * Mounts where FUSE 2 or 3 is there, and extracts to a private folder where it is not. SPDX-License-Identifier: Apache-2.0 */
#define _GNU_SOURCE
#include "runtime.h"

#include <elf.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#ifndef RUNTIME_VERSION
#define RUNTIME_VERSION "1"
#endif

/* Reserved places that tools find by their names: update information, and a detached signature with its key. */
__asm__(".section .upd_info,\"aR\",@progbits\n.zero 1024\n"
	".section .sha256_sig,\"aR\",@progbits\n.zero 1024\n"
	".section .sig_key,\"aR\",@progbits\n.zero 8192\n"
	".text\n");

static const char help_text[] =
	"An AppImage: the app starts when this file is run. Options of the AppImage itself, as the first argument:\n"
	"  --appimage-extract [PATTERN]  unpack into ./squashfs-root\n"
	"  --appimage-extract-and-run    run from a private folder that is removed afterwards (also: APPIMAGE_EXTRACT_AND_RUN=1)\n"
	"  --appimage-mount              mount, print where, and wait to be stopped\n"
	"  --appimage-offset             print where the file system begins\n"
	"  --appimage-updateinformation  print the update information\n"
	"  --appimage-version            print the version of the runtime\n"
	"  --appimage-help               print this\n";

static int self_fd;
static char self_path[PATH_MAX];
static char work_folder[PATH_MAX];

static int complain(const char *what, int failed)
{
	fprintf(stderr, "AppImage: %s: %s\n", what, strerror(failed < 0 ? -failed : failed));
	return 127;
}

/* ---- this file ---- */

static int read_at(void *bytes, size_t length, uint64_t at) { return pread(self_fd, bytes, length, (off_t)at) == (ssize_t)length ? 0 : -EIO; }

/* The ELF ends with its section headers; the file system begins there. */
static int elf_size(Elf64_Ehdr *head, uint64_t *size)
{
	if (read_at(head, sizeof *head, 0) != 0 || memcmp(head->e_ident, ELFMAG, SELFMAG) != 0)
		return -ENOEXEC;
	*size = head->e_shoff + (uint64_t)head->e_shentsize * head->e_shnum;
	return 0;
}

/* Prints a text section of this file, which ends with the first zero. */
static int print_section(const char *wanted)
{
	Elf64_Ehdr head;
	Elf64_Shdr names, section;
	uint64_t size;
	char name[32], text[8193];
	if (elf_size(&head, &size) != 0 || read_at(&names, sizeof names, head.e_shoff + (uint64_t)head.e_shstrndx * sizeof names) != 0)
		return complain("this file", EIO);
	for (int index = 0; index < head.e_shnum; index++) {
		memset(name, 0, sizeof name);
		if (read_at(&section, sizeof section, head.e_shoff + (uint64_t)index * sizeof section) != 0)
			return complain("this file", EIO);
		if (pread(self_fd, name, sizeof name - 1, (off_t)(names.sh_offset + section.sh_name)) <= 0 || strcmp(name, wanted) != 0)
			continue;
		memset(text, 0, sizeof text);
		if (read_at(text, section.sh_size < sizeof text ? section.sh_size : sizeof text - 1, section.sh_offset) != 0)
			return complain("this file", EIO);
		puts(text);
		return 0;
	}
	return complain(wanted, ENOENT);
}

/* ---- running ---- */

static const char *base_name(const char *path)
{
	const char *slash = strrchr(path, '/');
	return slash ? slash + 1 : path;
}

/* A folder of our own, which nobody else may look into. */
static int make_folder(char *folder, size_t room, const char *prefix)
{
	const char *base = getenv("TMPDIR");
	if (base == NULL || base[0] != '/')
		base = "/tmp";
	int length = snprintf(folder, room, "%s/.%s_%.12sXXXXXX", base, prefix, base_name(self_path));
	if (length < 0 || (size_t)length >= room)
		return -ENAMETOOLONG;
	return mkdtemp(folder) == NULL ? -errno : 0;
}

static void set_environment(const char *folder, const char *name)
{
	setenv("APPIMAGE", self_path, 1);
	setenv("APPDIR", folder, 1);
	setenv("ARGV0", name, 1);
	if (work_folder[0] != 0)
		setenv("OWD", work_folder, 1);
}

static int run_app(const char *folder, char **arguments)
{
	char program[PATH_MAX + 16];
	snprintf(program, sizeof program, "%s/AppRun", folder);
	set_environment(folder, arguments[0]);
	arguments[0] = program;
	execv(program, arguments);
	return complain(program, errno);
}

static volatile sig_atomic_t app_process;

static void pass_on(int signal_number, siginfo_t *from, void *context)
{
	(void)context;
	/* What the terminal sends, the app has got as well. */
	if (app_process > 0 && from->si_code <= 0)
		kill((pid_t)app_process, signal_number);
}

static int wait_for_app(pid_t child)
{
	static const int passed[] = { SIGTERM, SIGINT, SIGHUP, SIGQUIT, SIGUSR1, SIGUSR2 };
	struct sigaction action = { .sa_sigaction = pass_on, .sa_flags = SA_SIGINFO };
	int status = 0;
	app_process = child;
	for (size_t index = 0; index < sizeof passed / sizeof *passed; index++)
		sigaction(passed[index], &action, NULL);
	while (waitpid(child, &status, 0) < 0 && errno == EINTR)
		;
	app_process = 0;
	return status;
}

static int extract_and_run(struct sq *fs, char **arguments)
{
	char folder[PATH_MAX];
	struct extraction extraction = { .is_private = 1 };
	int failed = make_folder(folder, sizeof folder, "appimage");
	if (failed)
		return complain("cannot make a folder to extract to", failed);
	failed = extract(fs, folder, &extraction);
	pid_t child = failed ? -1 : fork();
	if (child == 0)
		_exit(run_app(folder, arguments));
	int status = child > 0 ? wait_for_app(child) : 0;
	remove_folder(folder);
	if (failed)
		return complain("cannot extract", failed);
	if (child < 0)
		return complain("cannot start", EAGAIN);
	if (WIFSIGNALED(status)) {
		/* Ends as the app did, so that whoever waits sees it. */
		signal(WTERMSIG(status), SIG_DFL);
		raise(WTERMSIG(status));
	}
	return WIFEXITED(status) ? WEXITSTATUS(status) : 127;
}

/* Mounts and leaves a process behind that serves the mount until every copy of `alive_fd` is closed. */
static int mount_app(struct sq *fs, struct mounted *mounted, int *alive_fd)
{
	int ends[2];
	if (access("/dev/fuse", F_OK) != 0 || make_folder(mounted->folder, sizeof mounted->folder, "mount") != 0)
		return 0;
	if (pipe(ends) != 0 || !mount_fuse(mounted, base_name(self_path))) {
		rmdir(mounted->folder);
		return 0;
	}
	pid_t child = fork();
	if (child == 0) {
		close(ends[1]);
		setsid();
		/* Twice, so that the app is nobody's parent but its own children's. */
		if (fork() != 0)
			_exit(0);
		serve_fuse(fs, mounted, ends[0]);
	}
	close(ends[0]);
	close(mounted->fuse_fd);
	while (child > 0 && waitpid(child, NULL, 0) < 0 && errno == EINTR)
		;
	/* Out of the way of scripts, which use and close the low numbers. */
	*alive_fd = fcntl(ends[1], F_DUPFD, 200);
	if (*alive_fd < 0)
		*alive_fd = ends[1];
	else
		close(ends[1]);
	return child > 0;
}

static void stop(int signal_number) { (void)signal_number; }

static int mount_and_wait(struct sq *fs)
{
	struct mounted mounted;
	struct sigaction action = { .sa_handler = stop };
	int alive_fd;
	sigset_t stops, before;
	sigemptyset(&stops);
	sigaddset(&stops, SIGINT);
	sigaddset(&stops, SIGTERM);
	sigaddset(&stops, SIGHUP);
	if (!mount_app(fs, &mounted, &alive_fd))
		return complain("cannot mount: /dev/fuse and fusermount3 or fusermount are needed", ENODEV);
	/* Blocked until we wait, so that a stop in between is not lost. */
	sigprocmask(SIG_BLOCK, &stops, &before);
	sigaction(SIGINT, &action, NULL);
	sigaction(SIGTERM, &action, NULL);
	sigaction(SIGHUP, &action, NULL);
	puts(mounted.folder);
	fflush(stdout);
	sigsuspend(&before);
	return 0;
}

static int extract_here(struct sq *fs, const char *pattern)
{
	struct extraction extraction = { .pattern = pattern, .is_loud = 1 };
	if (mkdir("squashfs-root", 0755) != 0 && errno != EEXIST)
		return complain("squashfs-root", errno);
	int failed = extract(fs, "squashfs-root", &extraction);
	return failed ? complain("cannot extract", failed) : 0;
}

static int run(struct sq *fs, char **arguments, int is_extracted)
{
	struct mounted mounted;
	int alive_fd;
	if (!is_extracted && mount_app(fs, &mounted, &alive_fd))
		return run_app(mounted.folder, arguments);
	return extract_and_run(fs, arguments);
}

int main(int count, char **arguments)
{
	Elf64_Ehdr head;
	uint64_t offset;
	struct sq *fs;
	const char *option = count > 1 && strncmp(arguments[1], "--appimage-", 11) == 0 ? arguments[1] + 11 : "";
	ssize_t length = readlink("/proc/self/exe", self_path, sizeof self_path - 1);
	self_fd = open("/proc/self/exe", O_RDONLY | O_CLOEXEC);
	if (length <= 0 || self_fd < 0 || elf_size(&head, &offset) != 0)
		return complain("cannot read this file; is /proc mounted?", errno);
	if (getcwd(work_folder, sizeof work_folder) == NULL)
		work_folder[0] = 0;
	if (strcmp(option, "offset") == 0)
		return printf("%llu\n", (unsigned long long)offset) < 0;
	if (strcmp(option, "version") == 0)
		return puts("Slipway AppImage runtime " RUNTIME_VERSION) < 0;
	if (strcmp(option, "help") == 0)
		return fputs(help_text, stdout) < 0;
	if (strcmp(option, "updateinformation") == 0 || strcmp(option, "updateinfo") == 0)
		return print_section(".upd_info");
	if (strcmp(option, "signature") == 0)
		return print_section(".sha256_sig");
	int failed = sq_open(self_fd, offset, &fs);
	if (failed)
		return complain("no sound file system is behind the runtime", failed);
	if (strcmp(option, "extract") == 0)
		return extract_here(fs, count > 2 ? arguments[2] : NULL);
	if (strcmp(option, "mount") == 0)
		return mount_and_wait(fs);
	const char *wish = getenv("APPIMAGE_EXTRACT_AND_RUN");
	int is_extracted = strcmp(option, "extract-and-run") == 0;
	if (option[0] != 0 && !is_extracted) {
		fprintf(stderr, "AppImage: there is no %s\n%s", arguments[1], help_text);
		return 2;
	}
	if (is_extracted) {
		arguments[1] = arguments[0];
		arguments++;
	}
	return run(fs, arguments, is_extracted || (wish != NULL && strcmp(wish, "1") == 0));
}
