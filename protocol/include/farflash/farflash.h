// SPDX-License-Identifier: Apache-2.0
/* libfarflash: flashes Espressif boards over their serial bootloader, near or far. */
#ifndef FARFLASH_FARFLASH_H
#define FARFLASH_FARFLASH_H

#include <farflash/flasher.h>
#include <farflash/log.h>
#include <farflash/security.h>
#include <farflash/sink.h>
#include <farflash/status.h>
#include <farflash/transport.h>
#include <farflash/version.h>
#include <farflash/wiring.h>

#endif
