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
	{ GET, "/healthz", &ff_api_health, FF_SCOPE_OPEN },
	{ GET, "/metrics", &ff_api_metrics, FF_SCOPE_READ },
	{ GET, "/api/v1/boards", &ff_api_boards_list, FF_SCOPE_READ },
	{ GET, "/api/v1/boards/*", &ff_api_boards_get, FF_SCOPE_READ },
	{ GET, "/api/v1/boards/*/flash", &ff_api_flash_read, FF_SCOPE_FLASH },
	{ POST, "/api/v1/boards/*/flash", &ff_api_flash_form, FF_SCOPE_FLASH },
	{ PUT, "/api/v1/boards/*/flash", &ff_api_flash_body, FF_SCOPE_FLASH },
	{ POST, "/api/v1/boards/*/verify", &ff_api_verify_form, FF_SCOPE_FLASH },
	{ PUT, "/api/v1/boards/*/verify", &ff_api_verify_body, FF_SCOPE_FLASH },
	{ POST, "/api/v1/boards/*/test", &ff_api_test_form, FF_SCOPE_FLASH },
	{ PUT, "/api/v1/boards/*/test", &ff_api_test_body, FF_SCOPE_FLASH },
	{ POST, "/api/v1/boards/*/ram", &ff_api_ram_form, FF_SCOPE_FLASH },
	{ PUT, "/api/v1/boards/*/ram", &ff_api_ram_body, FF_SCOPE_FLASH },
	{ POST, "/api/v1/boards/*/erase", &ff_api_erase, FF_SCOPE_FLASH },
	{ GET, "/api/v1/boards/*/memory", &ff_api_memory_read, FF_SCOPE_FLASH },
	{ PUT, "/api/v1/boards/*/memory", &ff_api_memory_write, FF_SCOPE_FLASH },
	{ GET, "/api/v1/boards/*/flash-status", &ff_api_flash_status_read, FF_SCOPE_FLASH },
	{ PUT, "/api/v1/boards/*/flash-status", &ff_api_flash_status_write, FF_SCOPE_FLASH },
	{ POST, "/api/v1/boards/*/reset", &ff_api_boards_reset, FF_SCOPE_CONSOLE },
	{ GET, "/api/v1/boards/*/quarantine", &ff_api_quarantine_get, FF_SCOPE_READ },
	{ PUT, "/api/v1/boards/*/quarantine", &ff_api_quarantine_put, FF_SCOPE_FLASH },
	{ DELETE, "/api/v1/boards/*/quarantine", &ff_api_quarantine_end, FF_SCOPE_FLASH },
	{ POST, "/api/v1/boards/*/run", &ff_api_boards_run, FF_SCOPE_CONSOLE },
	{ POST, "/api/v1/boards/*/power", &ff_api_boards_power, FF_SCOPE_FLASH },
	{ GET, "/api/v1/boards/*/info", &ff_api_boards_get_info, FF_SCOPE_READ },
	{ POST, "/api/v1/boards/*/info", &ff_api_boards_probe, FF_SCOPE_FLASH },
	{ GET, "/api/v1/boards/*/console", &ff_api_console_read, FF_SCOPE_CONSOLE },
	{ POST, "/api/v1/boards/*/console", &ff_api_console_write, FF_SCOPE_CONSOLE },
	{ GET, "/api/v1/boards/*/tunnel", &ff_api_tunnel, FF_SCOPE_CONSOLE },
	{ GET, "/api/v1/firmware", &ff_api_firmware_list, FF_SCOPE_READ },
	{ POST, "/api/v1/firmware", &ff_api_firmware_post, FF_SCOPE_FLASH },
	{ GET, "/api/v1/firmware/*", &ff_api_firmware_get, FF_SCOPE_FLASH },
	{ PUT, "/api/v1/firmware/*", &ff_api_firmware_put, FF_SCOPE_FLASH },
	{ DELETE, "/api/v1/firmware/*", &ff_api_firmware_delete, FF_SCOPE_ADMIN },
	{ POST, "/api/v1/flash", &ff_api_any_flash_form, FF_SCOPE_FLASH },
	{ PUT, "/api/v1/flash", &ff_api_any_flash_body, FF_SCOPE_FLASH },
	{ POST, "/api/v1/verify", &ff_api_any_verify_form, FF_SCOPE_FLASH },
	{ PUT, "/api/v1/verify", &ff_api_any_verify_body, FF_SCOPE_FLASH },
	{ POST, "/api/v1/test", &ff_api_any_test_form, FF_SCOPE_FLASH },
	{ PUT, "/api/v1/test", &ff_api_any_test_body, FF_SCOPE_FLASH },
	{ POST, "/api/v1/erase", &ff_api_any_erase, FF_SCOPE_FLASH },
	{ POST, "/api/v1/reset", &ff_api_any_reset, FF_SCOPE_CONSOLE },
	{ POST, "/api/v1/info", &ff_api_any_probe, FF_SCOPE_FLASH },
	{ GET, "/api/v1/batches/*", &ff_api_batches_get, FF_SCOPE_READ },
	{ DELETE, "/api/v1/batches/*", &ff_api_batches_cancel, FF_SCOPE_READ },
	{ GET, "/api/v1/batches/*/events", &ff_api_batches_events, FF_SCOPE_READ },
	{ GET, "/api/v1/jobs", &ff_api_jobs_list, FF_SCOPE_READ },
	{ GET, "/api/v1/jobs/*", &ff_api_jobs_get, FF_SCOPE_READ },
	{ DELETE, "/api/v1/jobs/*", &ff_api_jobs_cancel, FF_SCOPE_READ },
	{ GET, "/api/v1/jobs/*/events", &ff_api_jobs_events, FF_SCOPE_READ },
	{ GET, "/api/v1/jobs/*/content", &ff_api_jobs_content, FF_SCOPE_FLASH },
	{ GET, "/api/v1/audit", &ff_api_audit_list, FF_SCOPE_ADMIN },
	{ DELETE, "/api/v1/boards/*/lease", &ff_api_leases_take_away, FF_SCOPE_ADMIN },
	{ POST, "/api/v1/leases", &ff_api_leases_take, FF_SCOPE_FLASH },
	{ GET, "/api/v1/leases", &ff_api_leases_list, FF_SCOPE_READ },
	{ GET, "/api/v1/leases/*", &ff_api_leases_get, FF_SCOPE_FLASH },
	{ PATCH, "/api/v1/leases/*", &ff_api_leases_renew, FF_SCOPE_FLASH },
	{ DELETE, "/api/v1/leases/*", &ff_api_leases_end, FF_SCOPE_FLASH },
	{ POST, "/api/v1/leases/*/renew", &ff_api_leases_renew, FF_SCOPE_FLASH },
};

const struct ff_route *ff_routes(size_t *count)
{
	*count = sizeof(routes) / sizeof(routes[0]);
	return routes;
}
