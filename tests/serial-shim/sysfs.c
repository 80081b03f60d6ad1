// SPDX-License-Identifier: Apache-2.0
/* The entries of our ports below /sys/class/tty, as libserialport 0.1.1 and others read them: by lstat() and readlink() of
 * the entry, by fopen() of device/../busnum and its neighbours, by realpath() of device, and by listing the folder. And the
 * device files /dev/ttyACMN, which exist only here. */
#include <dirent.h>
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "ports.h"

#define SYSFS "/sys/class/tty"
#define PLAIN_TARGET "../../devices/platform/serial-shim/tty/ttyS0"
#define USB_ROOT "devices/pci0000:00/0000:00:14.0"
#define LISTINGS_MAX 8
#define CONTENT_SIZE 96

/* What an entry of sysfs leads to. */
struct entry {
	bool found;
	bool has_usb;
	char name[32];    /* "ttyACM3" */
	const char *rest; /* of the path, behind the name: "" or "/device/../busnum" */
	struct shim_usb usb;
};

static struct entry find_entry(const char *path)
{
	struct entry entry = { .found = false };
	if (strncmp(path, SYSFS "/", strlen(SYSFS "/")) != 0) {
		return entry;
	}
	const char *name = path + strlen(SYSFS "/");
	size_t size = strcspn(name, "/");
	if (strncmp(name, "pts/", 4) == 0) {
		size = 4 + strcspn(name + 4, "/");
	}
	if (size >= sizeof(entry.name)) {
		return entry;
	}
	memcpy(entry.name, name, size);
	entry.rest = name + size;
	int saved = errno;
	pthread_mutex_lock(&shim_mutex);
	const struct shim_port *port = shim_port_of_name(entry.name);
	entry.found = port != NULL;
	entry.has_usb = port && shim_usb_of_port(port, &entry.usb);
	pthread_mutex_unlock(&shim_mutex);
	errno = saved;
	return entry;
}

/* The folder of the interface, without what leads to the root. */
static void usb_folder(const struct entry *entry, char *out, size_t size)
{
	const struct shim_usb *usb = &entry->usb;
	snprintf(out, size, USB_ROOT "/usb%u/%s/%s:1.%u", usb->bus, usb->path, usb->path, usb->interface);
}

/* ---- the entry itself ---- */

static int link_stat(const char *path, struct stat *info)
{
	struct entry entry = find_entry(path);
	char real[64];
	if (entry.found && entry.rest[0] == '\0') {
		*info = (struct stat){ .st_mode = S_IFLNK | 0777 };
		return 0;
	}
	pthread_mutex_lock(&shim_mutex);
	const char *device = shim_device_path(path, real, sizeof(real));
	pthread_mutex_unlock(&shim_mutex);
	return fstatat(AT_FDCWD, device, info, AT_SYMLINK_NOFOLLOW);
}

int lstat(const char *path, struct stat *info)
{
	return link_stat(path, info);
}

/* What lstat() was to programs linked before glibc 2.33, as Debian's libserialport is. */
int __lxstat(int version, const char *path, struct stat *info);

int __lxstat(int version, const char *path, struct stat *info)
{
	(void)version;
	return link_stat(path, info);
}

int stat(const char *path, struct stat *info)
{
	char real[64];
	pthread_mutex_lock(&shim_mutex);
	const char *device = shim_device_path(path, real, sizeof(real));
	pthread_mutex_unlock(&shim_mutex);
	return fstatat(AT_FDCWD, device, info, 0);
}

ssize_t readlink(const char *path, char *target, size_t capacity)
{
	struct entry entry = find_entry(path);
	if (!entry.found || entry.rest[0] != '\0') {
		return syscall(SYS_readlink, path, target, capacity);
	}
	char text[256] = PLAIN_TARGET;
	if (entry.has_usb) {
		char folder[160];
		usb_folder(&entry, folder, sizeof(folder));
		snprintf(text, sizeof(text), "../../%s/tty/%s", folder, entry.name);
	}
	size_t size = strlen(text) < capacity ? strlen(text) : capacity;
	memcpy(target, text, size);
	return (ssize_t)size;
}

/* ---- its files ---- */

/* The file below the folder of the device, which is one above that of the interface. */
static bool file_content(const struct entry *entry, char *out)
{
	static const char up[] = "/device/../";
	const struct shim_usb *usb = &entry->usb;
	if (!entry->found || !entry->has_usb || strncmp(entry->rest, up, strlen(up)) != 0) {
		return false;
	}
	const char *file = entry->rest + strlen(up);
	int length = -1;
	if (strcmp(file, "busnum") == 0) {
		length = snprintf(out, CONTENT_SIZE, "%u\n", usb->bus);
	} else if (strcmp(file, "devnum") == 0) {
		length = snprintf(out, CONTENT_SIZE, "%u\n", usb->address);
	} else if (strcmp(file, "idVendor") == 0) {
		length = snprintf(out, CONTENT_SIZE, "%04x\n", usb->vendor);
	} else if (strcmp(file, "idProduct") == 0) {
		length = snprintf(out, CONTENT_SIZE, "%04x\n", usb->product);
	} else if (strcmp(file, "serial") == 0 && usb->serial[0]) {
		length = snprintf(out, CONTENT_SIZE, "%s\n", usb->serial);
	} else if (strcmp(file, "product") == 0) {
		length = snprintf(out, CONTENT_SIZE, "serial shim\n");
	}
	return length > 0;
}

static FILE *open_file(const char *path, const char *mode, const char *symbol)
{
	char content[CONTENT_SIZE];
	struct entry entry = find_entry(path);
	if (file_content(&entry, content)) {
		FILE *file = tmpfile();
		if (file) {
			fputs(content, file);
			rewind(file);
		}
		return file;
	}
	FILE *(*next)(const char *, const char *) = (FILE * (*)(const char *, const char *)) dlsym(RTLD_NEXT, symbol);
	return next(path, mode);
}

FILE *fopen(const char *path, const char *mode)
{
	return open_file(path, mode, "fopen");
}

FILE *fopen64(const char *path, const char *mode)
{
	return open_file(path, mode, "fopen64");
}

static char *real_path(const char *path, char *out)
{
	struct entry entry = find_entry(path);
	char text[PATH_MAX], folder[160], real[64];
	pthread_mutex_lock(&shim_mutex);
	bool is_device = shim_device_path(path, real, sizeof(real)) != path;
	pthread_mutex_unlock(&shim_mutex);
	if (is_device) {
		snprintf(text, sizeof(text), "%s", path);
	} else if (entry.found && entry.has_usb && strcmp(entry.rest, "/device") == 0) {
		usb_folder(&entry, folder, sizeof(folder));
		snprintf(text, sizeof(text), "/sys/%s", folder);
	} else {
		char *(*next)(const char *, char *) = (char *(*)(const char *, char *))dlsym(RTLD_NEXT, "realpath");
		return next(path, out);
	}
	return out ? strcpy(out, text) : strdup(text);
}

char *realpath(const char *path, char *out)
{
	return real_path(path, out);
}

/* The same with the compiler's check of the buffer, which is at least PATH_MAX long. */
char *__realpath_chk(const char *path, char *out, size_t size);

char *__realpath_chk(const char *path, char *out, size_t size)
{
	(void)size;
	return real_path(path, out);
}

/* ---- the folder ---- */

/* Folders that are being listed: our names come first. */
static struct listing {
	DIR *dir;
	size_t next;
	struct dirent entry;
} listings[LISTINGS_MAX];

static struct listing *listing_of(const DIR *dir)
{
	for (size_t i = 0; i < LISTINGS_MAX; i++) {
		if (listings[i].dir == dir) {
			return &listings[i];
		}
	}
	return NULL;
}

DIR *opendir(const char *path)
{
	DIR *(*next)(const char *) = (DIR * (*)(const char *)) dlsym(RTLD_NEXT, "opendir");
	DIR *dir = next(path);
	if (dir && strcmp(path, SYSFS) == 0) {
		pthread_mutex_lock(&shim_mutex);
		struct listing *listing = listing_of(NULL);
		if (listing) {
			*listing = (struct listing){ .dir = dir };
		}
		pthread_mutex_unlock(&shim_mutex);
	}
	return dir;
}

int closedir(DIR *dir)
{
	int (*next)(DIR *) = (int (*)(DIR *))dlsym(RTLD_NEXT, "closedir");
	pthread_mutex_lock(&shim_mutex);
	struct listing *listing = listing_of(dir);
	if (listing) {
		listing->dir = NULL;
	}
	pthread_mutex_unlock(&shim_mutex);
	return next(dir);
}

/* The next of our names, or NULL. */
static struct dirent *next_of_ours(DIR *dir)
{
	struct dirent *found = NULL;
	pthread_mutex_lock(&shim_mutex);
	struct listing *listing = listing_of(dir);
	if (listing) {
		listing->entry = (struct dirent){ .d_type = DT_LNK, .d_ino = 1 };
		if (shim_usb_name(listing->next, listing->entry.d_name, sizeof(listing->entry.d_name))) {
			listing->next++;
			found = &listing->entry;
		}
	}
	pthread_mutex_unlock(&shim_mutex);
	return found;
}

struct dirent *readdir(DIR *dir)
{
	struct dirent *(*next)(DIR *) = (struct dirent * (*)(DIR *)) dlsym(RTLD_NEXT, "readdir");
	struct dirent *ours = next_of_ours(dir);
	return ours ? ours : next(dir);
}

int readdir_r(DIR *dir, struct dirent *entry, struct dirent **result)
{
	int (*next)(DIR *, struct dirent *, struct dirent **) =
		(int (*)(DIR *, struct dirent *, struct dirent **))dlsym(RTLD_NEXT, "readdir_r");
	const struct dirent *ours = next_of_ours(dir);
	if (!ours) {
		return next(dir, entry, result);
	}
	*entry = *ours;
	*result = entry;
	return 0;
}
