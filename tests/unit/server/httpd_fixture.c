// SPDX-License-Identifier: Apache-2.0
#include "httpd_fixture.h"

#include <arpa/inet.h>
#include <poll.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cmocka.h>

#include "clock.h"
#include "listen.h"

/* The waker and the test both want to hear of changes. */
static void notify(void *context)
{
	struct ff_httpd_fixture *fixture = context;
	ff_waker_kick(fixture->waker);
	ff_fake_port_notify(&fixture->port);
}

static bool is_idle(void *context)
{
	struct ff_board_view view;
	ff_worker_view(((struct ff_httpd_fixture *)context)->worker, &view);
	return view.state == FF_BOARD_IDLE;
}

static bool has_wanted_resets(void *context)
{
	struct ff_httpd_fixture *fixture = context;
	pthread_mutex_lock(&fixture->port.mutex);
	bool enough = fixture->port.resets >= fixture->wanted_resets;
	pthread_mutex_unlock(&fixture->port.mutex);
	return enough;
}

void ff_httpd_fixture_wait_resets(struct ff_httpd_fixture *fixture, unsigned count)
{
	fixture->wanted_resets = count;
	ff_fake_port_wait(&fixture->port, has_wanted_resets, fixture);
}

static enum ff_status accept_jobs(void *context, struct ff_job *const *jobs, size_t count, struct ff_error *error)
{
	(void)jobs;
	(void)count;
	(void)error;
	struct ff_httpd_fixture *fixture = context;
	atomic_fetch_add(&fixture->accepting, 1);
	ff_fake_port_notify(&fixture->port);
	sem_wait(&fixture->disk);
	sem_post(&fixture->disk);
	return FF_OK;
}

static enum ff_status begin_job(void *context, struct ff_job *job, int64_t started_ms, struct ff_error *error)
{
	(void)context;
	(void)job;
	(void)started_ms;
	(void)error;
	return FF_OK;
}

static enum ff_status end_job(void *context, struct ff_job *job, const struct ff_job_view *view, struct ff_error *error)
{
	(void)view;
	return begin_job(context, job, 0, error);
}

static void forget_job(void *context, uint64_t number)
{
	(void)context;
	(void)number;
}

static void tell_history(void *context, const char *board, struct ff_board_history *history)
{
	(void)context;
	(void)board;
	*history = (struct ff_board_history){ .last_success_ms = 0 };
}

static void welcome(void *context, struct ff_worker *worker, struct ff_guest *guest)
{
	struct ff_httpd_fixture *fixture = context;
	assert_ptr_equal(worker, fixture->worker);
	atomic_store(&fixture->guest, guest);
	ff_fake_port_notify(&fixture->port);
}

static void start(struct ff_httpd_fixture *fixture)
{
	struct ff_error error = FF_ERROR_NONE;
	struct ff_listen_address address = { .host = "127.0.0.1", .port = "0" };
	struct ff_listener listener;
	assert_int_equal(ff_listen_open(&listener, &address, "--listen", &error), FF_OK);
	fixture->http_port = (uint16_t)atoi(strrchr(listener.url, ':') + 1);
	struct ff_httpd_options options = {
		.listen_fd = listener.fd,
		.boards = fixture->boards,
		.queue = fixture->queue,
		.store = fixture->store,
		.waker = fixture->waker,
		.max_upload = FF_HTTPD_FIXTURE_UPLOAD,
		.welcome = welcome,
		.welcome_context = fixture,
	};
	assert_int_equal(ff_httpd_start(&fixture->httpd, &options, &error), FF_OK);
}

int ff_httpd_fixture_set_up(void **state)
{
	struct ff_httpd_fixture *fixture = calloc(1, sizeof(*fixture));
	*state = fixture;
	ff_fake_port_init(&fixture->port);
	strcpy(fixture->data_dir, "/tmp/farflash-test-XXXXXX");
	assert_non_null(mkdtemp(fixture->data_dir));
	struct ff_error error = FF_ERROR_NONE;
	fixture->waker = ff_waker_new();
	assert_non_null(fixture->waker);
	const struct ff_firmware_options firmware = {
		.data_dir = fixture->data_dir,
		.notify = ff_waker_kick,
		.notify_context = fixture->waker,
	};
	assert_int_equal(ff_firmware_store_new(&fixture->store, &firmware, &error), FF_OK);
	sem_init(&fixture->disk, 0, 1);
	fixture->ledger = (struct ff_ledger){ .accept = accept_jobs,
					      .begin = begin_job,
					      .end = end_job,
					      .forget = forget_job,
					      .history = tell_history,
					      .context = fixture };
	struct ff_queue_options queue = {
		.ledger = &fixture->ledger,
		.notify = notify,
		.notify_context = fixture,
		.store = fixture->store,
		.max_content = FF_HTTPD_FIXTURE_UPLOAD,
	};
	fixture->queue = ff_queue_new(&queue);
	assert_non_null(fixture->queue);
	struct ff_worker_options options = {
		.name = "lab1",
		.address = fixture->port.address,
		.notify = notify,
		.notify_context = fixture,
		.open = ff_fake_port_open,
	};
	assert_int_equal(ff_worker_new(&fixture->worker, &options, &error), FF_OK);
	fixture->boards = ff_boards_new();
	assert_non_null(fixture->boards);
	assert_int_equal(ff_boards_add(fixture->boards, fixture->worker), FF_OK);
	start(fixture);
	ff_fake_port_wait(&fixture->port, is_idle, fixture);
	return 0;
}

/* In the order in which the program stops. */
void ff_httpd_fixture_stop(struct ff_httpd_fixture *fixture)
{
	if (!fixture->httpd) {
		return;
	}
	ff_httpd_quiesce(fixture->httpd);
	ff_queue_stop(fixture->queue);
	ff_fake_port_hold_resets(&fixture->port, false);
	ff_worker_stop(fixture->worker, "the server is stopping");
	assert_true(ff_worker_join(fixture->worker, ff_deadline_ms(FF_HTTPD_FIXTURE_PATIENCE_MS)));
	ff_httpd_stop(fixture->httpd);
	fixture->httpd = NULL;
}

int ff_httpd_fixture_tear_down(void **state)
{
	struct ff_httpd_fixture *fixture = *state;
	ff_httpd_fixture_stop(fixture);
	ff_boards_free(fixture->boards);
	ff_worker_free(fixture->worker);
	ff_queue_free(fixture->queue);
	ff_firmware_store_free(fixture->store);
	ff_waker_free(fixture->waker);
	ff_fake_port_release(&fixture->port);
	sem_destroy(&fixture->disk);
	assert_int_equal(remove(fixture->data_dir), 0);
	free(fixture);
	return 0;
}

int ff_httpd_fixture_dial(const struct ff_httpd_fixture *fixture)
{
	struct sockaddr_in address = {
		.sin_family = AF_INET,
		.sin_port = htons(fixture->http_port),
		.sin_addr = { htonl(INADDR_LOOPBACK) },
	};
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	assert_int_equal(connect(fd, (struct sockaddr *)&address, sizeof(address)), 0);
	return fd;
}

int ff_httpd_fixture_ask(const struct ff_httpd_fixture *fixture, const char *request)
{
	int fd = ff_httpd_fixture_dial(fixture);
	assert_int_equal(send(fd, request, strlen(request), MSG_NOSIGNAL), strlen(request));
	return fd;
}

void ff_httpd_fixture_hear(int fd, char answer[FF_HTTPD_FIXTURE_ANSWER], const char *end)
{
	int64_t deadline = ff_deadline_ms(FF_HTTPD_FIXTURE_PATIENCE_MS);
	size_t size = 0;
	answer[0] = 0;
	while (!end || !strstr(answer, end)) {
		struct pollfd poll_fd = { .fd = fd, .events = POLLIN };
		if (poll(&poll_fd, 1, ff_deadline_poll_ms(deadline)) != 1) {
			fail_msg("nothing more came after \"%s\"", answer);
		}
		ssize_t got = recv(fd, answer + size, FF_HTTPD_FIXTURE_ANSWER - 1 - size, 0);
		if (got <= 0) {
			assert_null(end);
			assert_int_equal(got, 0);
			break;
		}
		size += (size_t)got;
		answer[size] = 0;
	}
	if (!end) {
		close(fd);
	}
}

void ff_httpd_fixture_check(const struct ff_httpd_fixture *fixture, const char *request, const char *status,
			    const char *words)
{
	char answer[FF_HTTPD_FIXTURE_ANSWER];
	ff_httpd_fixture_hear(ff_httpd_fixture_ask(fixture, request), answer, NULL);
	if (!strstr(answer, status) || !strstr(answer, words)) {
		fail_msg("\"%s\" lacks \"%s\" or \"%s\"", answer, status, words);
	}
}
