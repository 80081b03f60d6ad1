// SPDX-License-Identifier: Apache-2.0
/* Writes one file through a channel of our own, here a TCP connection: custom_transport HOST PORT OFFSET FILE */
#include <errno.h>
#include <netdb.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

#include <farflash/farflash.h>

struct channel {
	int fd;
};

/* Waits until the channel is ready, at the latest until the deadline; one that has passed means only to look. */
static enum ff_status wait_for(const struct channel *channel, short events, int64_t deadline_us, struct ff_error *error)
{
	struct pollfd ready = { .fd = channel->fd, .events = events };
	int count;
	do {
		int64_t left_ms = (deadline_us - ff_now_us() + 999) / 1000;
		count = poll(&ready, 1, left_ms > 0 ? (int)left_ms : 0);
	} while (count < 0 && errno == EINTR);
	if (count < 0) {
		return ff_error_set_errno(error, FF_ERR_IO, errno, "cannot wait for the board");
	}
	return count > 0 ? FF_OK : ff_error_set(error, FF_ERR_TIMEOUT, "the board did not answer in time");
}

static enum ff_status channel_read(void *self, uint8_t *bytes, size_t capacity, size_t *got, int64_t deadline_us,
				   struct ff_error *error)
{
	struct channel *channel = self;
	enum ff_status status = wait_for(channel, POLLIN, deadline_us, error);
	if (status != FF_OK) {
		return status;
	}
	ssize_t count = recv(channel->fd, bytes, capacity, 0);
	if (count <= 0) {
		return ff_error_set(error, FF_ERR_LOST, "the connection to the board ended");
	}
	*got = (size_t)count;
	return FF_OK;
}

static enum ff_status channel_write(void *self, const uint8_t *bytes, size_t size, int64_t deadline_us,
				    struct ff_error *error)
{
	struct channel *channel = self;
	while (size > 0) {
		enum ff_status status = wait_for(channel, POLLOUT, deadline_us, error);
		if (status != FF_OK) {
			return status;
		}
		ssize_t count = send(channel->fd, bytes, size, MSG_NOSIGNAL | MSG_DONTWAIT);
		if (count < 0) {
			return ff_error_set_errno(error, FF_ERR_LOST, errno, "the connection to the board ended");
		}
		bytes += count;
		size -= (size_t)count;
	}
	return FF_OK;
}

static enum ff_status channel_drain(void *self, int64_t deadline_us, struct ff_error *error)
{
	(void)self, (void)deadline_us, (void)error;
	return FF_OK; /* nobody can tell what lies beyond the socket */
}

static enum ff_status channel_discard(void *self, int64_t deadline_us, struct ff_error *error)
{
	struct channel *channel = self;
	uint8_t unread[256];
	(void)deadline_us, (void)error;
	while (recv(channel->fd, unread, sizeof(unread), MSG_DONTWAIT) > 0) {
	}
	return FF_OK;
}

static enum ff_status channel_set_baud(void *self, uint32_t baud, int64_t deadline_us, struct ff_error *error)
{
	(void)self, (void)deadline_us;
	return baud == 115200 ? FF_OK : ff_error_set(error, FF_ERR_UNSUPPORTED, "this channel has one rate");
}

static enum ff_status channel_set_lines(void *self, const struct ff_line_step *steps, size_t count,
					struct ff_error *error)
{
	(void)self, (void)steps, (void)count;
	return ff_error_set(error, FF_ERR_UNSUPPORTED, "this channel has no control lines");
}

static int channel_poll_fd(void *self)
{
	struct channel *channel = self;
	return channel->fd;
}

static void channel_close(void *self)
{
	struct channel *channel = self;
	close(channel->fd);
	free(channel);
}

static const struct ff_transport_ops channel_ops = {
	.read = channel_read,
	.write = channel_write,
	.drain = channel_drain,
	.discard = channel_discard,
	.set_baud = channel_set_baud,
	.set_lines = channel_set_lines,
	.poll_fd = channel_poll_fd,
	.close = channel_close,
};

static int dial(const char *host, const char *port)
{
	struct addrinfo hints = { .ai_socktype = SOCK_STREAM }, *found = NULL;
	if (getaddrinfo(host, port, &hints, &found) != 0) {
		return -1;
	}
	int fd = socket(found->ai_family, found->ai_socktype | SOCK_CLOEXEC, 0);
	if (fd >= 0 && connect(fd, found->ai_addr, found->ai_addrlen) != 0) {
		close(fd);
		fd = -1;
	}
	freeaddrinfo(found);
	return fd;
}

static enum ff_status open_channel(struct ff_transport *transport, const char *host, const char *port,
				   struct ff_error *error)
{
	struct channel *channel = malloc(sizeof(*channel));
	if (!channel) {
		return ff_error_set(error, FF_ERR_NO_MEMORY, "no memory for the channel");
	}
	channel->fd = dial(host, port);
	if (channel->fd < 0) {
		free(channel);
		return ff_error_set(error, FF_ERR_UNREACHABLE, "cannot connect to %s port %s", host, port);
	}
	*transport = (struct ff_transport){ .ops = &channel_ops, .self = channel, .fixed_baud = true };
	return FF_OK;
}

int main(int argc, char **argv)
{
	if (argc != 5) {
		fprintf(stderr, "usage: custom_transport HOST PORT OFFSET FILE\n");
		return 2;
	}
	struct ff_region app = { .offset = (uint32_t)strtoul(argv[3], NULL, 0), .name = argv[4] };
	struct ff_transport channel = { 0 };
	struct ff_flasher *board = NULL;
	struct ff_error error = FF_ERROR_NONE;

	if (ff_source_open_file(&app.source, argv[4], &error) == FF_OK &&
	    open_channel(&channel, argv[1], argv[2], &error) == FF_OK &&
	    ff_flasher_open(&board, &channel, NULL, NULL, &error) == FF_OK &&
	    ff_flasher_write(board, &app, 1, NULL, NULL, &error) == FF_OK) {
		printf("%s: written and verified; now reset it\n", ff_flasher_info(board)->chip);
	}
	ff_flasher_close(board, FF_AFTER_NO_RESET, &error);
	ff_transport_close(&channel);
	ff_source_close(&app.source);
	if (error.status != FF_OK) {
		fprintf(stderr, "%s\n", error.text);
	}
	return error.status == FF_OK ? 0 : 1;
}
