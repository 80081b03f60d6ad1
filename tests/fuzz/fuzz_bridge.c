// SPDX-License-Identifier: Apache-2.0
/* The whole server's end of a board's TCP ports, threads and all, in front of a loopback plug: whatever a client sends, in
 * whatever pieces, the session ends when the client does, and the next client finds the board as if nothing had been. The
 * first byte chooses the port and the pieces. */
#include <stdint.h>
#include <sys/socket.h>
#include <unistd.h>

#include "loopback.h"

#define MAX_INPUT 4096

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size)
{
	size_t heard = 0;
	(void)loopback_start();
	if (size < 2 || size > MAX_INPUT) {
		return 0;
	}
	bool raw = bytes[0] & 1;
	bool reads = bytes[0] & 2;
	int fd = loopback_dial(raw);
	bool open = loopback_send(fd, bytes + 1, size - 1, bytes[0] & 4 ? 1 + bytes[0] / 8 : size, reads, &heard);
	if (raw) { /* all of it comes back */
		while (heard < size - 1) {
			CHECK(open && loopback_hear(fd, false, &heard));
		}
	} else if (open && shutdown(fd, SHUT_WR) == 0) {
		while (loopback_hear(fd, false, &heard)) {
		}
	}
	close(fd);
	loopback_probe();
	return 0;
}
