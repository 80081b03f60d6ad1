// SPDX-License-Identifier: Apache-2.0
#include "bus.h"

#include <stdlib.h>
#include <string.h>

#include "bytes.h"
#include "identity.h"
#include "spi.h"

#define PAGE_SIZE 4096u
#define PAGES_MAX 1024u /* a power of two */
#define LOADED_MAX 64u

struct page {
	uint32_t number; /* address / PAGE_SIZE */
	uint8_t *bytes;  /* owned, NULL in an unused slot */
};

/* Bytes that were loaded, one after the other. */
struct loaded {
	uint32_t address;
	uint64_t end;
};

struct ff_bus {
	const struct ff_model *model;
	uint32_t revision;
	struct ff_words identity;
	struct ff_spi spi;
	struct page pages[PAGES_MAX]; /* hash with linear probing; pages leave only all together */
	size_t page_count;
	struct loaded loaded[LOADED_MAX];
	size_t loaded_count;
};

struct ff_bus *ff_bus_new(const struct ff_model *model, struct ff_nor *nor, const struct ff_identity *identity)
{
	struct ff_bus *bus = calloc(1, sizeof(*bus));
	if (bus) {
		bus->model = model;
		bus->revision = identity->revision;
		bus->spi = (struct ff_spi){ .nor = nor, .registers = &model->spi };
		ff_identity_fill(&bus->identity, model, identity);
	}
	return bus;
}

static void drop_pages(struct ff_bus *bus)
{
	for (size_t i = 0; i < PAGES_MAX; i++) {
		free(bus->pages[i].bytes);
		bus->pages[i].bytes = NULL;
	}
	bus->page_count = 0;
	bus->loaded_count = 0;
}

void ff_bus_free(struct ff_bus *bus)
{
	if (bus) {
		drop_pages(bus);
		free(bus);
	}
}

void ff_bus_reset(struct ff_bus *bus)
{
	drop_pages(bus);
	bus->spi.attached = false;
	if (bus->spi.nor) {
		ff_status_power_up(ff_nor_registers(bus->spi.nor));
	}
}

/* The slot that holds the page, or the free one where it would go; NULL when the table is full without it. */
static const struct page *find_slot(const struct ff_bus *bus, uint32_t number)
{
	for (uint32_t i = 0; i < PAGES_MAX; i++) {
		const struct page *slot = &bus->pages[(number + i) & (PAGES_MAX - 1)];
		if (!slot->bytes || slot->number == number) {
			return slot;
		}
	}
	return NULL;
}

/* The bytes of a page for writing, or NULL when there is no memory for it. */
static uint8_t *page_for_write(struct ff_bus *bus, uint32_t number)
{
	struct page *slot = (struct page *)find_slot(bus, number);
	if (!slot) {
		return NULL;
	}
	if (!slot->bytes) {
		slot->bytes = calloc(1, PAGE_SIZE);
		slot->number = number;
		bus->page_count += slot->bytes ? 1 : 0;
	}
	return slot->bytes;
}

static const uint8_t *page_for_read(const struct ff_bus *bus, uint32_t number)
{
	const struct page *slot = find_slot(bus, number);
	return slot ? slot->bytes : NULL;
}

/* A program in more pieces than there is room for is loaded all the same; one only cannot jump into the last of them. */
static void note_loaded(struct ff_bus *bus, uint32_t address, size_t size)
{
	struct loaded *last = bus->loaded_count > 0 ? &bus->loaded[bus->loaded_count - 1] : NULL;
	if (last && last->end == address) {
		last->end += size;
	} else if (bus->loaded_count < LOADED_MAX) {
		bus->loaded[bus->loaded_count++] =
			(struct loaded){ .address = address, .end = (uint64_t)address + size };
	}
}

enum ff_status ff_bus_load(struct ff_bus *bus, uint32_t address, const uint8_t *bytes, size_t size)
{
	for (size_t done = 0; done < size;) {
		uint32_t at = address + (uint32_t)done;
		uint8_t *page = page_for_write(bus, at / PAGE_SIZE);
		if (!page) {
			return FF_ERR_NO_MEMORY;
		}
		size_t run = PAGE_SIZE - at % PAGE_SIZE;
		run = run < size - done ? run : size - done;
		memcpy(page + at % PAGE_SIZE, bytes + done, run);
		done += run;
	}
	note_loaded(bus, address, size);
	return FF_OK;
}

bool ff_bus_is_loaded(const struct ff_bus *bus, uint32_t address)
{
	for (size_t i = 0; i < bus->loaded_count; i++) {
		if (address >= bus->loaded[i].address && address < bus->loaded[i].end) {
			return true;
		}
	}
	return false;
}

bool ff_bus_holds(const struct ff_bus *bus, uint32_t address, const uint8_t *bytes, size_t size)
{
	for (size_t done = 0; done < size;) {
		uint32_t at = address + (uint32_t)done;
		const uint8_t *page = page_for_read(bus, at / PAGE_SIZE);
		size_t run = PAGE_SIZE - at % PAGE_SIZE;
		run = run < size - done ? run : size - done;
		if (!page || memcmp(page + at % PAGE_SIZE, bytes + done, run) != 0) {
			return false;
		}
		done += run;
	}
	return true;
}

uint32_t ff_bus_read(struct ff_bus *bus, uint32_t address)
{
	address &= ~3u;
	const uint32_t *fixed = ff_words_find(&bus->identity, address);
	if (fixed) {
		return *fixed;
	}
	const uint8_t *page = page_for_read(bus, address / PAGE_SIZE);
	return page ? ff_get_le32(page + address % PAGE_SIZE) : 0;
}

void ff_bus_write(struct ff_bus *bus, uint32_t address, uint32_t value)
{
	address &= ~3u;
	if (ff_words_find(&bus->identity, address)) {
		return;
	}
	uint8_t *page = page_for_write(bus, address / PAGE_SIZE);
	if (!page) {
		return;
	}
	ff_put_le32(page + address % PAGE_SIZE, value);
	/* All registers of the controller lie in one page, which the command register has just touched. */
	if (address == bus->spi.registers->base) {
		ff_spi_command(&bus->spi, page + address % PAGE_SIZE);
	}
}

static bool flash_has_power(struct ff_bus *bus)
{
	const struct ff_flash_power *power = &bus->model->flash_power;
	bool off_at_first = bus->revision >= power->first_revision && bus->revision <= power->last_revision;
	return !off_at_first || (ff_bus_read(bus, power->reg) & power->mask) == power->mask;
}

void ff_bus_attach_flash(struct ff_bus *bus)
{
	bus->spi.attached = flash_has_power(bus);
}

bool ff_bus_flash_attached(const struct ff_bus *bus)
{
	return bus->spi.attached;
}
