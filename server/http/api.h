// SPDX-License-Identifier: Apache-2.0
/* The handlers behind the routes, one file for each group. */
#ifndef FF_HTTP_API_H
#define FF_HTTP_API_H

#include "request.h"

/* api_audit.c */
extern const struct ff_handler ff_api_audit_list;

/* api_boards.c */
extern const struct ff_handler ff_api_boards_list;
extern const struct ff_handler ff_api_boards_get;
extern const struct ff_handler ff_api_boards_reset;
extern const struct ff_handler ff_api_boards_run;
extern const struct ff_handler ff_api_boards_power;
extern const struct ff_handler ff_api_any_reset;
extern const struct ff_handler ff_api_any_probe;
extern const struct ff_handler ff_api_boards_get_info;
extern const struct ff_handler ff_api_boards_probe;

/* api_console.c */
extern const struct ff_handler ff_api_console_read;
extern const struct ff_handler ff_api_console_write;
extern const struct ff_handler ff_api_tunnel;

/* api_firmware.c */
extern const struct ff_handler ff_api_firmware_list;
extern const struct ff_handler ff_api_firmware_get;
extern const struct ff_handler ff_api_firmware_put;
extern const struct ff_handler ff_api_firmware_post;
extern const struct ff_handler ff_api_firmware_delete;

/* api_flash.c */
extern const struct ff_handler ff_api_flash_form;
extern const struct ff_handler ff_api_flash_body;
extern const struct ff_handler ff_api_test_form;
extern const struct ff_handler ff_api_test_body;
extern const struct ff_handler ff_api_ram_form;
extern const struct ff_handler ff_api_ram_body;
extern const struct ff_handler ff_api_verify_form;
extern const struct ff_handler ff_api_verify_body;

/* The same for boards that a selector chooses. */
extern const struct ff_handler ff_api_any_flash_form;
extern const struct ff_handler ff_api_any_flash_body;
extern const struct ff_handler ff_api_any_test_form;
extern const struct ff_handler ff_api_any_test_body;
extern const struct ff_handler ff_api_any_verify_form;
extern const struct ff_handler ff_api_any_verify_body;

/* api_batches.c */
extern const struct ff_handler ff_api_batches_get;
extern const struct ff_handler ff_api_batches_cancel;
extern const struct ff_handler ff_api_batches_events;

/* api_jobs.c */
extern const struct ff_handler ff_api_jobs_list;
extern const struct ff_handler ff_api_jobs_get;
extern const struct ff_handler ff_api_jobs_cancel;
extern const struct ff_handler ff_api_jobs_events;
extern const struct ff_handler ff_api_jobs_content;

/* api_leases.c */
extern const struct ff_handler ff_api_leases_take;
extern const struct ff_handler ff_api_leases_list;
extern const struct ff_handler ff_api_leases_get;
extern const struct ff_handler ff_api_leases_renew;
extern const struct ff_handler ff_api_leases_end;
extern const struct ff_handler ff_api_leases_take_away;

/* api_quarantine.c */
extern const struct ff_handler ff_api_quarantine_get;
extern const struct ff_handler ff_api_quarantine_put;
extern const struct ff_handler ff_api_quarantine_end;

/* api_seen.c */
extern const struct ff_handler ff_api_health;
extern const struct ff_handler ff_api_metrics;

/* api_work.c */
extern const struct ff_handler ff_api_flash_read;
extern const struct ff_handler ff_api_erase;
extern const struct ff_handler ff_api_any_erase;
extern const struct ff_handler ff_api_memory_read;
extern const struct ff_handler ff_api_memory_write;
extern const struct ff_handler ff_api_flash_status_read;
extern const struct ff_handler ff_api_flash_status_write;

#endif
