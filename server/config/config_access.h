// SPDX-License-Identifier: Apache-2.0
/* Who gets in, and how much of the server anybody may take: what command line and file say of it. Parsing is pure. */
#ifndef FF_SERVER_CONFIG_ACCESS_H
#define FF_SERVER_CONFIG_ACCESS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <farflash/status.h>

#define FF_CONFIG_MAX_HOSTS 16

/* X(member of the file's structure, key, argument of the option or NULL for a switch, help) */
#define FF_CONFIG_ACCESS_MAP(X) \
	X(tokens, "tokens", "FILE", \
	  "The tokens that farflashd token makes (default: tokens.json in the data directory)") \
	X(require_tokens, "require-tokens", NULL, "Let nobody in without a token, even while there is none") \
	X(insecure, "insecure", NULL, \
	  "Let other machines in without tokens: whoever reaches the server can do anything") \
	X(tls_cert, "tls-cert", "FILE", "Serve HTTPS with this certificate, PEM, with the chain behind it") \
	X(tls_key, "tls-key", "FILE", "Its private key, PEM, without a password") \
	X(max_connections, "max-connections", "N", "HTTP connections at a time (default 512)") \
	X(max_connections_per_address, "max-connections-per-address", "N", "The same of one address (default 256)") \
	X(max_header, "max-header", "BYTES", "Largest headers of a request (default 16384)") \
	X(header_timeout, "header-timeout", "SECONDS", "Time for the headers of a request (default 20)") \
	X(body_timeout, "body-timeout", "SECONDS", "Time for each 64 KB of a body (default 60)") \
	X(idle_timeout, "idle-timeout", "SECONDS", "Time in which something has to move (default 60)") \
	X(max_rate, "max-rate", "N", "Requests a second of one address, twice as many at once (default 2000; 0: any)") \
	X(max_streams, "max-streams", "N", "Answers that are streams at a time (default 256)")

enum ff_config_access_key {
#define FF_CONFIG_ACCESS_ENUM(member, key, argument, help) FF_CONFIG_ACCESS_##member,
	FF_CONFIG_ACCESS_MAP(FF_CONFIG_ACCESS_ENUM)
#undef FF_CONFIG_ACCESS_ENUM
		FF_CONFIG_ACCESS_COUNT
};

struct ff_config_access {
	char *hosts[FF_CONFIG_MAX_HOSTS]; /* names of the server beside its addresses; owned, as all texts here */
	size_t host_count;
	char *tokens; /* NULL: the usual place */
	bool require_tokens;
	bool insecure;
	char *tls_cert; /* NULL: no TLS */
	char *tls_key;
	uint32_t max_connections;
	uint32_t max_connections_per_address;
	uint32_t max_header;
	uint32_t header_timeout_s;
	uint32_t body_timeout_s;
	uint32_t idle_timeout_s;
	uint32_t max_rate; /* 0: any */
	uint32_t max_streams;
};

/* The defaults. */
void ff_config_access_init(struct ff_config_access *access);

void ff_config_access_release(struct ff_config_access *access);

/* Adds a name by which clients may call the server. FF_ERR_ARGUMENT, FF_ERR_NO_MEMORY. */
FF_WARN_UNUSED enum ff_status ff_config_access_add_host(struct ff_config_access *access, const char *text,
							struct ff_error *error);

/* A switch takes "true" or "false". FF_ERR_ARGUMENT with the key, FF_ERR_NO_MEMORY. */
FF_WARN_UNUSED enum ff_status ff_config_access_set(struct ff_config_access *access, enum ff_config_access_key key,
						   const char *value, struct ff_error *error);

#endif
