// SPDX-License-Identifier: Apache-2.0
/* The commands, as a table: name, help, options and what runs. Each ff_cmd_* does what `run` of struct ff_command says. */
#ifndef FF_CLIENT_COMMANDS_H
#define FF_CLIENT_COMMANDS_H

#include "command.h"
#include "run.h"

/* Ends with an entry without a name. */
extern const struct ff_command ff_commands[];

bool ff_cmd_boards(struct ff_run *run);
bool ff_cmd_lease(struct ff_run *run);
bool ff_cmd_quarantine(struct ff_run *run);
bool ff_cmd_jobs(struct ff_run *run);
bool ff_cmd_audit(struct ff_run *run);
bool ff_cmd_firmware(struct ff_run *run);
bool ff_cmd_write_flash(struct ff_run *run);
bool ff_cmd_reset(struct ff_run *run);
bool ff_cmd_power(struct ff_run *run);
bool ff_cmd_monitor(struct ff_run *run);
bool ff_cmd_connect(struct ff_run *run);
bool ff_cmd_flash_id(struct ff_run *run);
bool ff_cmd_read_mac(struct ff_run *run);
bool ff_cmd_chip_id(struct ff_run *run);
bool ff_cmd_erase_flash(struct ff_run *run);
bool ff_cmd_erase_region(struct ff_run *run);
bool ff_cmd_read_flash(struct ff_run *run);
bool ff_cmd_verify_flash(struct ff_run *run);
bool ff_cmd_read_flash_status(struct ff_run *run);
bool ff_cmd_write_flash_status(struct ff_run *run);
bool ff_cmd_get_security_info(struct ff_run *run);
bool ff_cmd_read_mem(struct ff_run *run);
bool ff_cmd_write_mem(struct ff_run *run);
bool ff_cmd_dump_mem(struct ff_run *run);
bool ff_cmd_image_info(struct ff_run *run);
bool ff_cmd_merge_bin(struct ff_run *run);
bool ff_cmd_encrypt_flash_data(struct ff_run *run);
bool ff_cmd_decrypt_flash_data(struct ff_run *run);
bool ff_cmd_elf2image(struct ff_run *run);
bool ff_cmd_test(struct ff_run *run);
bool ff_cmd_load_ram(struct ff_run *run);
bool ff_cmd_run(struct ff_run *run);

#endif
