// SPDX-License-Identifier: Apache-2.0
/* encrypt-flash-data and decrypt-flash-data: flash encryption with a key that somebody has in a file. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <openssl/crypto.h>

#include "commands.h"
#include "file.h"
#include "flashcrypt.h"
#include "imagechip.h"
#include "images.h"
#include "outfile.h"
#include "utf8.h"

/* The key is read into memory that is wiped, past every buffer that would keep a copy. */
static enum ff_status read_key(struct ff_crypt_key *key, enum ff_crypt_scheme scheme, const char *path,
			       struct ff_error *error)
{
	uint8_t bytes[FF_CRYPT_MAX_KEY + 1]; /* one more tells a file that is too long */
	struct ff_error why = FF_ERROR_NONE;
	enum ff_status status = FF_OK;
	size_t size = 0;
	ssize_t got = 1;
	int fd = open(path, O_RDONLY | O_CLOEXEC);

	if (fd < 0) {
		return ff_error_set_errno(error, FF_ERR_ARGUMENT, errno, "cannot open the key file %.200s", path);
	}
	while (size < sizeof(bytes) && got != 0 && status == FF_OK) {
		got = read(fd, bytes + size, sizeof(bytes) - size);
		if (got < 0 && errno != EINTR) {
			status = ff_error_set_errno(&why, FF_ERR_ARGUMENT, errno, "cannot read it");
		}
		size += got > 0 ? (size_t)got : 0;
	}
	close(fd);
	if (status == FF_OK && size == sizeof(bytes)) {
		status = ff_error_set(&why, FF_ERR_ARGUMENT, "more than %d bytes: not a key", FF_CRYPT_MAX_KEY);
	}
	if (status == FF_OK) {
		status = ff_crypt_key_set(key, scheme, bytes, size, &why);
	}
	OPENSSL_cleanse(bytes, sizeof(bytes));
	return status == FF_OK ? FF_OK : ff_error_set(error, status, "key file %.120s: %s", path, why.text);
}

static bool same_file(const char *a, const char *b)
{
	struct stat left, right;

	return stat(a, &left) == 0 && stat(b, &right) == 0 && left.st_dev == right.st_dev &&
	       left.st_ino == right.st_ino;
}

static enum ff_status check_chip(const struct ff_options *options, struct ff_error *error)
{
	const struct ff_imagechip *chip = options->chip != NULL ? ff_imagechip_by_name(options->chip) : NULL;

	if (options->chip == NULL) {
		return FF_OK;
	}
	if (chip == NULL) {
		return ff_error_set(error, FF_ERR_ARGUMENT, "there is no chip '%.40s'", options->chip);
	}
	if (chip->id == FF_IMAGECHIP_NO_ID) {
		return ff_error_set(error, FF_ERR_UNSUPPORTED, "the %s has no flash encryption", chip->name);
	}
	if ((chip->id == 0) == options->files.aes_xts) {
		return ff_error_set(error, FF_ERR_ARGUMENT, "the %s %s: %s --aes-xts", chip->name,
				    chip->id == 0 ? "has its own scheme" : "uses AES-XTS",
				    chip->id == 0 ? "leave out" : "add");
	}
	return FF_OK;
}

static enum ff_status check_options(const struct ff_options *options, struct ff_error *error)
{
	const struct ff_file_options *files = &options->files;

	if (options->word_count == 0) {
		return ff_error_set(error, FF_ERR_ARGUMENT, "which content? give a FILE");
	}
	if (files->key_file == NULL) {
		return ff_error_set(error, FF_ERR_ARGUMENT, "with which key? give -k KEYFILE");
	}
	if (files->output == NULL) {
		return ff_error_set(error, FF_ERR_ARGUMENT, "where to? give -o FILE");
	}
	if (!files->address_given) {
		return ff_error_set(error, FF_ERR_ARGUMENT, "where in flash does it belong? give -a OFFSET");
	}
	if (files->aes_xts && files->conf_given) {
		return ff_error_set(error, FF_ERR_ARGUMENT,
				    "--flash-crypt-conf is the ESP32's: leave it or --aes-xts out");
	}
	if (same_file(files->key_file, files->output)) {
		return ff_error_set(error, FF_ERR_ARGUMENT, "the output %.200s would overwrite the key", files->output);
	}
	return check_chip(options, error);
}

static enum ff_status read_content(struct ff_buf *content, const char *path, struct ff_error *error)
{
	struct ff_error why = FF_ERROR_NONE;
	enum ff_status status = ff_file_read(content, path, &why);

	return status == FF_OK ? FF_OK : ff_error_set(error, status, "%.200s: %s", path, why.text);
}

static enum ff_status crypt_content(struct ff_run *run, struct ff_buf *content, bool decrypt, struct ff_error *error)
{
	const struct ff_file_options *files = &run->options->files;
	const struct ff_crypt_job job = { .address = files->address,
					  .conf = files->conf_given ? files->conf : FF_CRYPT_CONF_ALL,
					  .decrypt = decrypt };
	const char *path = run->options->words[0].text;
	struct ff_error why = FF_ERROR_NONE;
	struct ff_crypt_key key;
	enum ff_status status = read_key(&key, files->aes_xts ? FF_CRYPT_XTS : FF_CRYPT_ESP32, files->key_file, error);

	if (status != FF_OK) {
		ff_crypt_key_wipe(&key);
		return status;
	}
	status = ff_crypt_run(&key, &job, content->bytes, content->size, &why);
	ff_crypt_key_wipe(&key);
	if (status == FF_OK && job.conf == 0) {
		ff_display_note(run->display,
				"with --flash-crypt-conf 0 the same content looks the same everywhere in flash");
	}
	return status == FF_OK ? FF_OK : ff_error_set(error, status, "%.120s: %s", path, why.text);
}

static enum ff_status write_output(const struct ff_buf *content, const char *path, struct ff_error *error)
{
	struct ff_outfile file;
	enum ff_status status = ff_outfile_open(&file, path, 0666, error);

	if (status == FF_OK) {
		status = ff_outfile_write(&file, content->bytes, content->size, error);
	}
	if (status == FF_OK) {
		status = ff_outfile_commit(&file, error);
	}
	ff_outfile_abort(&file);
	return status;
}

static bool run_crypt(struct ff_run *run, bool decrypt)
{
	const struct ff_options *options = run->options;
	struct ff_error error = FF_ERROR_NONE;
	struct ff_buf content;
	enum ff_status status = check_options(options, &error);

	ff_buf_init(&content, FF_IMAGES_MAX_CONTENT);
	if (status == FF_OK) {
		status = read_content(&content, options->words[0].text, &error);
	}
	if (status == FF_OK) {
		status = crypt_content(run, &content, decrypt, &error);
	}
	if (status == FF_OK) {
		status = write_output(&content, options->files.output, &error);
	}
	if (status == FF_OK) {
		run->result = json_pack("{s:o, s:I}", "output", ff_utf8_text(options->files.output), "size",
					(json_int_t)content.size);
		if (!options->json) {
			printf("Wrote %zu %s bytes to %s, for flash address 0x%x\n", content.size,
			       decrypt ? "decrypted" : "encrypted", options->files.output, options->files.address);
		}
	}
	ff_buf_release(&content);
	return status == FF_OK || ff_failure_set_error(&run->failure, NULL, &error);
}

bool ff_cmd_encrypt_flash_data(struct ff_run *run)
{
	return run_crypt(run, false);
}

bool ff_cmd_decrypt_flash_data(struct ff_run *run)
{
	return run_crypt(run, true);
}
