// SPDX-License-Identifier: Apache-2.0
/* Writes one file into a board's flash: flash PORT OFFSET FILE */
#include <stdio.h>
#include <stdlib.h>

#include <farflash/farflash.h>

int main(int argc, char **argv)
{
	if (argc != 4) {
		fprintf(stderr, "usage: flash PORT OFFSET FILE\n");
		return 2;
	}
	struct ff_region app = { .offset = (uint32_t)strtoul(argv[2], NULL, 0), .name = argv[3] };
	struct ff_transport port = { 0 };
	struct ff_flasher *board = NULL;
	struct ff_error error = FF_ERROR_NONE;

	if (ff_source_open_file(&app.source, argv[3], &error) == FF_OK &&
	    ff_transport_open(&port, argv[1], NULL, &error) == FF_OK &&
	    ff_flasher_open(&board, &port, NULL, NULL, &error) == FF_OK &&
	    ff_flasher_write(board, &app, 1, NULL, NULL, &error) == FF_OK) {
		printf("%s: written and verified\n", ff_flasher_info(board)->chip);
	}
	ff_flasher_close(board, FF_AFTER_HARD_RESET, &error);
	ff_transport_close(&port);
	ff_source_close(&app.source);
	if (error.status != FF_OK) {
		fprintf(stderr, "%s\n", error.text);
	}
	return error.status == FF_OK ? 0 : 1;
}
