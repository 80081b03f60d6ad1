// SPDX-License-Identifier: Apache-2.0
/* The HTTP server in this process, before a board at a fake port; and clients that are bare sockets: they cut, stall and leave as
 * no library would. Failures end the test. */
#ifndef FF_TEST_HTTPD_FIXTURE_H
#define FF_TEST_HTTPD_FIXTURE_H

#include <semaphore.h>
#include <stdatomic.h>
#include <stdint.h>

#include "fake_port.h"
#include "httpd.h"

#define FF_HTTPD_FIXTURE_UPLOAD 65536
#define FF_HTTPD_FIXTURE_PATIENCE_MS 10000
#define FF_HTTPD_FIXTURE_ANSWER 16384

struct ff_httpd_fixture {
	struct ff_fake_port port;
	struct ff_boards *boards;
	struct ff_worker *worker;
	struct ff_queue *queue;
	struct ff_waker *waker;
	struct ff_firmware_store *store;
	struct ff_httpd *httpd;
	char data_dir[64];
	uint16_t http_port;
	unsigned wanted_resets;
	struct ff_ledger ledger;
	sem_t disk; /* taken: it is slow */
	atomic_uint accepting;
	_Atomic(struct ff_guest *) guest; /* the last WebSocket that was handed over */
};

/* For cmocka: the state is the fixture. */
int ff_httpd_fixture_set_up(void **state);
int ff_httpd_fixture_tear_down(void **state);

/* Stops the server, in the order in which the program does. */
void ff_httpd_fixture_stop(struct ff_httpd_fixture *fixture);

/* A connection; and one with a request that it has sent. */
int ff_httpd_fixture_dial(const struct ff_httpd_fixture *fixture);
int ff_httpd_fixture_ask(const struct ff_httpd_fixture *fixture, const char *request);

/* Reads until `end` stands in the answer, or NULL: until the connection ends. Without `end` the socket is closed. */
void ff_httpd_fixture_hear(int fd, char answer[FF_HTTPD_FIXTURE_ANSWER], const char *end);

/* Asks on a connection of its own: the whole answer has the status and the words. */
void ff_httpd_fixture_check(const struct ff_httpd_fixture *fixture, const char *request, const char *status,
			    const char *words);

/* Waits until the board has been reset so many times. */
void ff_httpd_fixture_wait_resets(struct ff_httpd_fixture *fixture, unsigned count);

#endif
