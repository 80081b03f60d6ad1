// SPDX-License-Identifier: Apache-2.0
/* Reads on, for a while, what a client sends that was answered before its body had been read.
 *
 * Closing a socket with unread input resets the connection, and a client that writes its whole body before it looks
 * for the answer (Node, Python) then loses the answer. So the socket stays half open and its input is
 * thrown away until the client has seen the answer and closes: FF_LINGER_SECONDS at most. One thread of its own, no
 * memory per connection. new/free; any thread. */
#ifndef FF_HTTP_LINGER_H
#define FF_HTTP_LINGER_H

#define FF_LINGER_SECONDS 10
#define FF_LINGER_MAX 32 /* sockets at a time; more are closed at once */

struct ff_linger;

/* NULL: no memory, thread or descriptor left. */
struct ff_linger *ff_linger_new(void);

/* Closes what is left. NULL is harmless. */
void ff_linger_free(struct ff_linger *linger);

/* Takes a duplicate of `socket`; the caller's own may be closed at any time. */
void ff_linger_take(struct ff_linger *linger, int socket);

#endif
