// SPDX-License-Identifier: Apache-2.0
/* Writes a bootloader that the chip encrypts with its own key: encrypted PORT OFFSET FILE */
#include <stdio.h>
#include <stdlib.h>

#include <farflash/farflash.h>

static void print_note(void *context, const char *text)
{
	fprintf(context, "note: %s\n", text);
}

int main(int argc, char **argv)
{
	if (argc != 4) {
		fprintf(stderr, "usage: encrypted PORT OFFSET FILE\n");
		return 2;
	}
	struct ff_region image = { .offset = (uint32_t)strtoul(argv[2], NULL, 0), .name = argv[3], .encrypt = true };
	struct ff_write_options options = { .flash_size = "detect" };
	struct ff_observer observer = { .context = stderr, .note = print_note };
	struct ff_write_report report = { 0 };
	struct ff_transport port = { 0 };
	struct ff_flasher *board = NULL;
	struct ff_error error = FF_ERROR_NONE;

	if (ff_source_open_file(&image.source, argv[3], &error) == FF_OK &&
	    ff_transport_open(&port, argv[1], NULL, &error) == FF_OK &&
	    ff_flasher_open(&board, &port, NULL, &observer, &error) == FF_OK) {
		printf("flash encryption: %s\n", ff_flash_encryption_name(ff_flasher_info(board)->flash_encryption));
		if (ff_flasher_write(board, &image, 1, &options, &report, &error) == FF_OK) {
			printf("%llu bytes written, %llu of them unverified\n", (unsigned long long)report.bytes,
			       (unsigned long long)report.unverified);
		}
	}
	ff_flasher_close(board, FF_AFTER_HARD_RESET, &error);
	ff_transport_close(&port);
	ff_source_close(&image.source);
	if (error.status != FF_OK) {
		fprintf(stderr, "%s: %s\n", ff_status_code(error.status), error.text);
	}
	return error.status == FF_OK ? 0 : 1;
}
