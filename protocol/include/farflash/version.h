// SPDX-License-Identifier: Apache-2.0
/* Which libfarflash a program was compiled for, and which one it runs with. The build reads its version from here. */
#ifndef FARFLASH_VERSION_H
#define FARFLASH_VERSION_H

/* Major, minor, patch; as text, and as 0xMMmmpp for #if. */
#define FF_VERSION "0.1.0"
#define FF_VERSION_NUMBER 0x000100

/* The number in libfarflash.so.N. It grows with every release in which a program compiled for an older one could not run
 * any more: a function, constant or member of a struct that is gone or means something else. A constant added at the end
 * of an enum, before its COUNT, is no such change. */
#define FF_ABI_VERSION 0

#ifdef __cplusplus
extern "C" {
#endif
#pragma GCC visibility push(default)

/* FF_VERSION of the library at run time. Never NULL. Any thread. */
const char *ff_version(void);

#pragma GCC visibility pop
#ifdef __cplusplus
}
#endif

#endif
