// SPDX-License-Identifier: Apache-2.0
/* The server's REST interface (docs/rest-api.md) as calls: JSON in and out, problems as failures. Belongs to one
 * thread. */
#ifndef FF_CLIENT_API_H
#define FF_CLIENT_API_H

#include <signal.h>
#include <stdbool.h>

#include <jansson.h>

#include "http.h"
#include "images.h"
#include "run.h"

struct ff_api {
	struct ff_http *http;
	const volatile sig_atomic_t *interrupts; /* a request ends when this is not 0; NULL for none */
	/* Called some ten times a second while a request runs, for what must not wait; false ends it. NULL for none. */
	bool (*meanwhile)(void *context);
	void *meanwhile_context;
	const char *select; /* the boards that work is for, instead of one by name; NULL: it has a name */
	bool all;           /* all of them, instead of any one */
};

/* Reads the server's address; makes no connection yet. False: run->failure. Release with ff_api_release(). */
bool ff_api_init(struct ff_api *api, struct ff_run *run);

/* Harmless on a zeroed one. */
void ff_api_release(struct ff_api *api);

/* Has done what must not wait. False: the request is to end. */
bool ff_api_meanwhile(const struct ff_api *api);

/* Runs a request whose answer is short. True: 2xx, and the JSON in it (NULL for 204). False: the failure; `answer` then
 * holds a problem's JSON if the server sent one, for the sake of the job in it, and is NULL otherwise. `answer` is a
 * new reference. */
bool ff_api_call(struct ff_api *api, const struct ff_http_request *request, json_t **answer,
		 struct ff_failure *failure);

/* GET with the deadline of a snapshot. `answer` as above. */
bool ff_api_get(struct ff_api *api, const char *path, json_t **answer, struct ff_failure *failure);

/* The board that is meant: the one named, or the server's only one. A new string, to be freed; NULL: the failure. */
char *ff_api_choose_board(struct ff_api *api, const char *named, struct ff_failure *failure);

/* Refuses a board that has another chip than --chip names; without --chip it asks nobody. Of a board whose chip the server does
 * not know yet, or remembers as another one, the chip is found out first, by a job. */
bool ff_api_check_chip(struct ff_api *api, const char *board, const struct ff_options *options,
		       struct ff_failure *failure);

/* Refuses images that ff_images_check_chip() refuses for the board's chip, which is found out as above; without any that it
 * looks at, and with --force, asks nobody. */
bool ff_api_check_images(struct ff_api *api, const char *board, const struct ff_images *images,
			 const struct ff_options *options, struct ff_failure *failure);

/* Has a job made that writes the images, with all that the options say about that: `resource` is "flash" or "test", `query`
 * what goes with it (NULL: nothing). Uploads the images, if there are any. `job` as ff_api_call()'s answer. */
bool ff_api_flash(struct ff_api *api, const char *board, const char *resource, const char *query,
		  const struct ff_images *images, const struct ff_options *options, struct ff_display *display,
		  json_t **job, struct ff_failure *failure);

/* Adds what the options say about any job to a resource's query, which begins here if there is none. */
void ff_api_add_job(char *resource, size_t size, const struct ff_options *options);

/* Adds that, and what the options say about the ways into the loader and out of it, where they are not the usual ones. */
void ff_api_add_resets(char *resource, size_t size, const struct ff_options *options);

/* Adds that, and what the options say about rate and loader to a resource's query, which begins here if there is none. */
void ff_api_add_loader(char *resource, size_t size, const struct ff_options *options);

/* The same with the flash settings. */
void ff_api_add_settings(char *resource, size_t size, const struct ff_options *options);

/* Uploads the images to a board's `resource` ("verify") and has a job made of them. `job` as above. */
bool ff_api_send(struct ff_api *api, const char *board, const char *resource, const struct ff_images *images,
		 struct ff_display *display, json_t **job, struct ff_failure *failure);

/* Asks a board's `resource` ("erase?offset=0x0&size=0x1000") for a job at once; a server that answers with the finished
 * job instead is as good. `job` as above. */
bool ff_api_begin(struct ff_api *api, const char *method, const char *board, const char *resource, json_t **job,
		  struct ff_failure *failure);

/* ff_api_begin() with POST, for resources without a query ("reset"). */
bool ff_api_start(struct ff_api *api, const char *board, const char *resource, json_t **job,
		  struct ff_failure *failure);

/* Says which boards there are, if the failure is that there is no such board; always false. */
bool ff_api_no_board(struct ff_api *api, const char *board, struct ff_failure *failure);

/* Turns the end of a request that got no answer into a failure; always false. */
bool ff_api_explain(const struct ff_api *api, enum ff_http_end end, struct ff_failure *failure);

/* Turns a response that is not 2xx into a failure; always false. `problem` receives its JSON or NULL; may be NULL. */
bool ff_api_problem(const struct ff_api *api, const struct ff_http_response *response, json_t **problem,
		    struct ff_failure *failure);

#endif
