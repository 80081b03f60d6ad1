// SPDX-License-Identifier: Apache-2.0
/* The standard descriptors of a program, for its main. */
#ifndef FF_BASE_STANDARD_H
#define FF_BASE_STANDARD_H

/* Puts something into those that whoever started the program has closed: otherwise the next port or file would get one of
 * their numbers, and what is printed would end there. What takes their place can be read to its end and not written, so
 * that a closed output still shows as a failed write. Before anything else is opened. */
void ff_standard_occupy(void);

#endif
