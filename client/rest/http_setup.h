// SPDX-License-Identifier: Apache-2.0
/* What every connection to the server has in common, whether it is for a request or a WebSocket: proxy, TLS, names. Between
 * http.c and channel.c. */
#ifndef FF_CLIENT_HTTP_SETUP_H
#define FF_CLIENT_HTTP_SETUP_H

#include <curl/curl.h>

#include "http.h"

/* Sets it; what goes wrong is written to `reason`, CURL_ERROR_SIZE bytes, while the connection is used. */
void ff_http_set_up(const struct ff_http *http, CURL *easy, char *reason);

#endif
