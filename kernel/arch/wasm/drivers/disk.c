// SPDX-License-Identifier: GPL-2.0
/*
 * vda, vdb ...: files of the host, if it was given some.
 *
 * A request goes to the host as it is, with where its memory is; a thread of the
 * host's does it while the machine goes on, and an interrupt says that some are
 * done.  What is written is in the host's page cache, a volatile one: flushes
 * and FUA reach its disk.
 */

#include <linux/blk-mq.h>
#include <linux/blkdev.h>
#include <linux/init.h>
#include <linux/slab.h>
#include <asm/host.h>
#include <asm/host_page.h>
#include "drivers.h"

static struct blk_mq_tag_set *disk_tags[HOST_DISKS];

static int disk_op(const struct request *rq)
{
	switch (req_op(rq)) {
	case REQ_OP_READ:
		return HOST_DISK_READ;
	case REQ_OP_WRITE:
		return rq->cmd_flags & REQ_FUA ? HOST_DISK_WRITE_FUA : HOST_DISK_WRITE;
	case REQ_OP_FLUSH:
		return HOST_DISK_FLUSH;
	case REQ_OP_DISCARD:
		return HOST_DISK_TRIM;
	case REQ_OP_WRITE_ZEROES:
		return HOST_DISK_ZERO;
	default:
		return -EOPNOTSUPP;
	}
}

static void disk_fill(struct host_disk_request *r, struct request *rq)
{
	struct req_iterator iter;
	struct bio_vec bv;

	r->nsegments = 0;
	r->length = r->op == HOST_DISK_FLUSH ? 0 : blk_rq_bytes(rq);
	r->block = r->op == HOST_DISK_FLUSH ? 0 : lower_32_bits(blk_rq_pos(rq));
	r->block_high = r->op == HOST_DISK_FLUSH ? 0 : upper_32_bits(blk_rq_pos(rq));
	if (r->op > HOST_DISK_WRITE_FUA)
		return;
	rq_for_each_bvec(bv, rq, iter) {
		r->segments[r->nsegments].address = (unsigned long)bvec_virt(&bv);
		r->segments[r->nsegments].length = bv.bv_len;
		r->nsegments++;
	}
}

static blk_status_t disk_queue_rq(struct blk_mq_hw_ctx *hctx,
				  const struct blk_mq_queue_data *bd)
{
	struct host_disk_request *r = blk_mq_rq_to_pdu(bd->rq);
	int n = (long)hctx->queue->queuedata;
	int op = disk_op(bd->rq);

	if (op < 0)
		return BLK_STS_NOTSUPP;
	r->tag = bd->rq->tag;
	r->op = op;
	disk_fill(r, bd->rq);
	blk_mq_start_request(bd->rq);
	switch (host_disk_start(n, r)) {
	case 0:
		return BLK_STS_OK;
	case -EAGAIN:
		return BLK_STS_DEV_RESOURCE;
	default:
		return BLK_STS_IOERR;
	}
}

static const struct blk_mq_ops disk_mq_ops = {
	.queue_rq = disk_queue_rq,
};

static const struct block_device_operations disk_fops = {
	.owner = THIS_MODULE,
};

void wasm_disk_irq(void)
{
	struct host_disk_done done[16];
	struct request *rq;
	int i, n;

	do {
		n = host_disk_done(done, ARRAY_SIZE(done));
		for (i = 0; i < n; i++) {
			rq = blk_mq_tag_to_rq(disk_tags[done[i].disk]->tags[0], done[i].tag);
			if (rq)
				blk_mq_end_request(rq, errno_to_blk_status(done[i].error));
		}
	} while (n == ARRAY_SIZE(done));
}

static struct blk_mq_tag_set *disk_make_tags(void)
{
	struct blk_mq_tag_set *set = kzalloc(sizeof(*set), GFP_KERNEL);
	int r;

	if (!set)
		return ERR_PTR(-ENOMEM);
	set->ops = &disk_mq_ops;
	set->nr_hw_queues = 1;
	set->nr_maps = 1;
	set->queue_depth = HOST_DISK_TAGS;
	set->numa_node = NUMA_NO_NODE;
	set->cmd_size = sizeof(struct host_disk_request);
	set->flags = BLK_MQ_F_SHOULD_MERGE | BLK_MQ_F_NO_SCHED_BY_DEFAULT;
	r = blk_mq_alloc_tag_set(set);
	if (!r)
		return set;
	kfree(set);
	return ERR_PTR(r);
}

static int disk_add(int n, const struct host_disk *d)
{
	struct queue_limits limits = {
		.logical_block_size	= HOST_DISK_BLOCK,
		.physical_block_size	= 4096,
		.max_segments		= HOST_DISK_SEGMENTS,
		.max_segment_size	= HOST_DISK_MOST,
		.max_hw_sectors		= HOST_DISK_MOST >> SECTOR_SHIFT,
		.features		= BLK_FEAT_WRITE_CACHE | BLK_FEAT_FUA,
	};
	struct blk_mq_tag_set *set;
	struct gendisk *disk;
	int r;

	if (d->flags & HOST_DISK_DISCARD) {
		limits.max_hw_discard_sectors = 1 << 20;
		limits.max_write_zeroes_sectors = 1 << 20;
		limits.discard_granularity = 4096;
		limits.max_discard_segments = 1;
	}
	set = disk_make_tags();
	if (IS_ERR(set))
		return PTR_ERR(set);
	disk = blk_mq_alloc_disk(set, &limits, (void *)(long)n);
	r = PTR_ERR_OR_ZERO(disk);
	if (r)
		goto out_tags;
	disk_tags[n] = set;
	disk->fops = &disk_fops;
	snprintf(disk->disk_name, DISK_NAME_LEN, "vd%c", 'a' + n);
	set_capacity(disk, d->blocks | (u64)d->blocks_high << 32);
	set_disk_ro(disk, d->flags & HOST_DISK_READ_ONLY);
	r = add_disk(disk);
	if (!r)
		return 0;
	put_disk(disk);
	disk_tags[n] = NULL;
out_tags:
	blk_mq_free_tag_set(set);
	kfree(set);
	return r;
}

static int __init disk_init(void)
{
	struct host_disk d;
	int n, r;

	for (n = 0; n < HOST_DISKS && !host_disk_info(n, &d); n++) {
		r = disk_add(n, &d);
		if (r)
			pr_err("vd%c: error %d\n", 'a' + n, r);
	}
	return 0;
}
device_initcall(disk_init);
