// SPDX-License-Identifier: Apache-2.0
#include "routes.h"

#include <microhttpd.h>

#include "api.h"

#define GET MHD_HTTP_METHOD_GET
#define POST MHD_HTTP_METHOD_POST
#define PATCH MHD_HTTP_METHOD_PATCH
#define PUT MHD_HTTP_METHOD_PUT
#define DELETE MHD_HTTP_METHOD_DELETE

static const struct ff_route routes[] = {
	{ GET, "/healthz", &ff_api_health },
	{ GET, "/metrics", &ff_api_metrics },
	{ GET, "/api/v1/boards", &ff_api_boards_list },
	{ GET, "/api/v1/boards/*", &ff_api_boards_get },
	{ GET, "/api/v1/boards/*/flash", &ff_api_flash_read },
	{ POST, "/api/v1/boards/*/flash", &ff_api_flash_form },
	{ PUT, "/api/v1/boards/*/flash", &ff_api_flash_body },
	{ POST, "/api/v1/boards/*/verify", &ff_api_verify_form },
	{ PUT, "/api/v1/boards/*/verify", &ff_api_verify_body },
	{ POST, "/api/v1/boards/*/test", &ff_api_test_form },
	{ PUT, "/api/v1/boards/*/test", &ff_api_test_body },
	{ POST, "/api/v1/boards/*/ram", &ff_api_ram_form },
	{ PUT, "/api/v1/boards/*/ram", &ff_api_ram_body },
	{ POST, "/api/v1/boards/*/erase", &ff_api_erase },
	{ GET, "/api/v1/boards/*/memory", &ff_api_memory_read },
	{ PUT, "/api/v1/boards/*/memory", &ff_api_memory_write },
	{ GET, "/api/v1/boards/*/flash-status", &ff_api_flash_status_read },
	{ PUT, "/api/v1/boards/*/flash-status", &ff_api_flash_status_write },
	{ POST, "/api/v1/boards/*/reset", &ff_api_boards_reset },
	{ POST, "/api/v1/boards/*/run", &ff_api_boards_run },
	{ POST, "/api/v1/boards/*/power", &ff_api_boards_power },
	{ GET, "/api/v1/boards/*/info", &ff_api_boards_get_info },
	{ POST, "/api/v1/boards/*/info", &ff_api_boards_probe },
	{ GET, "/api/v1/boards/*/console", &ff_api_console_read },
	{ POST, "/api/v1/boards/*/console", &ff_api_console_write },
	{ GET, "/api/v1/boards/*/tunnel", &ff_api_tunnel },
	{ GET, "/api/v1/jobs", &ff_api_jobs_list },
	{ GET, "/api/v1/jobs/*", &ff_api_jobs_get },
	{ DELETE, "/api/v1/jobs/*", &ff_api_jobs_cancel },
	{ GET, "/api/v1/jobs/*/events", &ff_api_jobs_events },
	{ GET, "/api/v1/jobs/*/content", &ff_api_jobs_content },
	{ POST, "/api/v1/leases", &ff_api_leases_take },
	{ GET, "/api/v1/leases", &ff_api_leases_list },
	{ GET, "/api/v1/leases/*", &ff_api_leases_get },
	{ PATCH, "/api/v1/leases/*", &ff_api_leases_renew },
	{ DELETE, "/api/v1/leases/*", &ff_api_leases_end },
	{ POST, "/api/v1/leases/*/renew", &ff_api_leases_renew },
};

const struct ff_route *ff_routes(size_t *count)
{
	*count = sizeof(routes) / sizeof(routes[0]);
	return routes;
}
