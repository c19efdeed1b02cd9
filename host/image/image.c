/* SPDX-License-Identifier: MIT */
#define _GNU_SOURCE
#include <elf.h>
#include <errno.h>
#include <link.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/auxv.h>
#include <sys/mman.h>
#include <unistd.h>

#include "process/cpu.h"
#include "devices/ctl.h"
#include "image/impl.h"
#include "core/memory-file.h"
#include "cache/cache.h"

/* --- which program is this? --- */

static int find_build_id(struct dl_phdr_info *info, size_t size, void *arg)
{
	uintptr_t here = (uintptr_t)find_build_id;
	const ElfW(Phdr) *ph = info->dlpi_phdr;
	bool ours = false;
	int i;

	(void)size;
	for (i = 0; i < info->dlpi_phnum; i++)
		ours |= ph[i].p_type == PT_LOAD &&
			here - (info->dlpi_addr + ph[i].p_vaddr) < ph[i].p_memsz;
	for (i = 0; ours && i < info->dlpi_phnum; i++) {
		const char *p = (char *)(info->dlpi_addr + ph[i].p_vaddr);
		const char *end = p + ph[i].p_memsz;

		while (ph[i].p_type == PT_NOTE && p + sizeof(ElfW(Nhdr)) < end) {
			const ElfW(Nhdr) *n = (void *)p;

			p += sizeof(*n) + ((n->n_namesz + 3) & -4u);
			if (n->n_type == NT_GNU_BUILD_ID && n->n_descsz <= 32) {
				memcpy(arg, p, n->n_descsz);
				return 1;
			}
			p += (n->n_descsz + 3) & -4u;
		}
	}
	return ours ? -1 : 0;
}

bool image_identify(const struct muslin *m, struct head *h)
{
	memcpy(h->magic, IMAGE_MAGIC, sizeof(h->magic));
	h->code = (uintptr_t)image_identify;
	h->signal_frame = getauxval(AT_MINSIGSTKSZ);
	snprintf(h->cpu, sizeof(h->cpu), "%s", cpu_flags());
	if (strlen(m->cmdline) >= sizeof(h->cmdline))
		return false;
	strcpy(h->cmdline, m->cmdline);
	return dl_iterate_phdr(find_build_id, h->build) == 1;
}

void image_name(const struct muslin *m, char *name)
{
	struct head *h = calloc(1, sizeof(*h));
	uint64_t sum = 0;

	if (h && image_identify(m, h))
		sum = cache_hash(m->ctl->memory, h, offsetof(struct head, machine));
	free(h);
	snprintf(name, CACHE_NAME_SIZE, "%016llx" CACHE_BOOT_SUFFIX,
		 (unsigned long long)sum);
}

/* --- is it whole, and ours? --- */

void image_sum_table(const struct image *im, uint8_t sum[SIPHASH_SIZE])
{
	const struct head *h = &im->head;
	struct siphash s;

	siphash_begin(&s, im->secret);
	siphash_add(&s, h, offsetof(struct head, table));
	siphash_add(&s, &h->memory_size, sizeof(*h) - offsetof(struct head, memory_size));
	siphash_add(&s, im->part, h->nparts * sizeof(*im->part));
	siphash_end(&s, sum);
}

void image_sum(const struct image *im, uint8_t sum[SIPHASH_SIZE])
{
	struct siphash s;
	uint32_t i;

	siphash_begin(&s, im->secret + SIPHASH_KEY);
	for (i = 0; i < im->head.nparts; i++)
		if (im->part[i].kind != PART_MEMORY)
			siphash_add(&s, im->data[i], im->part[i].size);
	siphash_end(&s, sum);
}
