// SPDX-License-Identifier: GPL-2.0
/*
 * Streams: byte streams of the host, as character devices.  Minor n is the
 * host's stream n; /dev/stream0 is the control channel of init, which makes
 * the nodes of the others when a program is to have them as its files.
 *
 * The host neither blocks nor keeps data back, so there is no buffer here: a
 * reader that finds nothing asks for an interrupt and sleeps.  The interrupt
 * does not say which stream it is about: it wakes everybody, who look and ask
 * again.
 */

#include <linux/cdev.h>
#include <linux/device.h>
#include <linux/fs.h>
#include <linux/init.h>
#include <linux/poll.h>
#include <linux/sched/mm.h>
#include <linux/sched/signal.h>
#include <linux/sizes.h>
#include <linux/slab.h>
#include <linux/uio.h>
#include <linux/wait.h>
#include <asm/host.h>
#include <asm/host_page.h>
#include "drivers.h"

static DECLARE_WAIT_QUEUE_HEAD(stream_wait);
static atomic_t stream_files[HOST_STREAMS];	/* open files */
static const struct class stream_class = { .name = "stream" };
static struct cdev stream_cdev;

/*
 * The embedder does what the control channel says, so that is init's alone.  Init
 * opens it once, and it is of use to those only who run in init's memory: the
 * leaders of sessions, too.  Who gets hold of the open file, root perhaps, by
 * pidfd_getfd() or an exec that should not be, has got nothing.
 */
static struct mm_struct *ctl_mm;

static int ctl_open(void)
{
	if (!is_global_init(current))
		return -EPERM;
	if (cmpxchg(&ctl_mm, NULL, current->mm))
		return -EBUSY;
	mmgrab(ctl_mm);		/* for ever: no other one is to be at its address */
	return 0;
}

static bool may_use(int n)
{
	return n != HOST_STREAM_CTL || current->mm == ctl_mm;
}

void wasm_stream_irq(void)
{
	wake_up_all(&stream_wait);
}

static int stream_ready(int n, int events)
{
	int r = host_stream_poll(n);

	return r < 0 ? POLLERR : r & (events | POLLERR | POLLHUP);
}

/* Watch, then look: what becomes ready after the look is an interrupt. */
static int stream_watch(int n, int events)
{
	host_stream_watch(n, events);
	return stream_ready(n, events);
}

/*
 * After -EAGAIN of the host: 0 to try again.  The watch of those who do not
 * wait here is for their epoll, which sleeps until the queue is woken.
 */
static int stream_sleep(struct kiocb *iocb, int n, int events)
{
	if ((iocb->ki_filp->f_flags & O_NONBLOCK) ||
	    (iocb->ki_flags & IOCB_NOWAIT)) {
		host_stream_watch(n, events);
		return -EAGAIN;
	}
	return wait_event_interruptible(stream_wait, stream_watch(n, events));
}

static ssize_t stream_read_iter(struct kiocb *iocb, struct iov_iter *to)
{
	int n = iminor(file_inode(iocb->ki_filp));
	size_t len = min_t(size_t, iov_iter_count(to), SZ_64K);
	size_t done;
	long r = 0;
	void *buf;

	if (!may_use(n))
		return -EPERM;
	if (!len)
		return 0;
	/* What was read cannot be given back if the buffer is bad. */
	len -= fault_in_iov_iter_writeable(to, len);
	if (!len)
		return -EFAULT;
	buf = kmalloc(len, GFP_KERNEL);
	if (!buf)
		return -ENOMEM;

	do {
		r = host_stream_read(n, buf, len);
		if (r != -EAGAIN)
			break;
		r = stream_sleep(iocb, n, POLLIN);
	} while (!r);

	if (r > 0) {
		done = copy_to_iter(buf, r, to);
		r = done ? done : -EFAULT;
	}
	kfree(buf);
	return r;
}

/* Writes all of buf, unless it may not wait; what it wrote, or an error. */
static ssize_t stream_put(struct kiocb *iocb, int n, const void *buf,
			  size_t len)
{
	size_t done = 0;
	long r = 0;

	while (done < len) {
		r = host_stream_write(n, buf + done, len - done);
		if (r > 0)
			done += r;
		else if (r == -EAGAIN)
			r = stream_sleep(iocb, n, POLLOUT);
		if (r < 0)
			break;
	}
	/* As a pipe does: the signal also if part of it was written. */
	if (r == -EPIPE)
		send_sig(SIGPIPE, current, 0);
	return done ? done : r;
}

static ssize_t stream_write_iter(struct kiocb *iocb, struct iov_iter *from)
{
	int n = iminor(file_inode(iocb->ki_filp));
	size_t size = min_t(size_t, iov_iter_count(from), SZ_64K);
	size_t len, done = 0;
	ssize_t r = 0;
	void *buf;

	if (!may_use(n))
		return -EPERM;
	if (!size)
		return 0;
	buf = kmalloc(size, GFP_KERNEL);
	if (!buf)
		return -ENOMEM;

	while (iov_iter_count(from)) {
		len = copy_from_iter(buf, min(size, iov_iter_count(from)), from);
		r = len ? stream_put(iocb, n, buf, len) : -EFAULT;
		if (r > 0)
			done += r;
		if (r < (ssize_t)len || !len) {
			iov_iter_revert(from, len - max_t(ssize_t, r, 0));
			break;
		}
	}
	kfree(buf);
	return done ? done : r;
}

static __poll_t stream_poll(struct file *file, poll_table *wait)
{
	int n = iminor(file_inode(file));
	__poll_t want = poll_requested_events(wait);
	int events = 0, r;

	if (!may_use(n))
		return EPOLLERR;
	if (want & (EPOLLIN | EPOLLRDNORM))
		events |= POLLIN;
	if (want & (EPOLLOUT | EPOLLWRNORM))
		events |= POLLOUT;

	poll_wait(file, &stream_wait, wait);
	r = stream_ready(n, events);
	if (!r)
		r = stream_watch(n, events);
	if (r & POLLIN)
		r |= POLLRDNORM;
	if (r & POLLOUT)
		r |= POLLWRNORM;
	return mangle_poll(r);
}

static loff_t stream_llseek(struct file *file, loff_t offset, int whence)
{
	int n = iminor(file_inode(file));

	return may_use(n) ? host_stream_seek(n, offset, whence) : -EPERM;
}

void wasm_stream_get(int n)
{
	atomic_inc(&stream_files[n]);
}

static int stream_open_file(struct inode *inode, struct file *file)
{
	int n = iminor(inode);
	int r = n == HOST_STREAM_CTL ? ctl_open() : 0;

	if (r)
		return r;
	if (host_stream_poll(n) < 0)
		return -ENXIO;
	wasm_stream_get(n);
	if (host_stream_seek(n, 0, SEEK_CUR) < 0)
		return stream_open(inode, file);
	/* The position is the host's, and it has no other. */
	file->f_mode &= ~(FMODE_PREAD | FMODE_PWRITE | FMODE_ATOMIC_POS);
	return 0;
}

void wasm_stream_put(int n)
{
	if (atomic_dec_and_test(&stream_files[n]))
		host_stream_close(n);
}

static int stream_release(struct inode *inode, struct file *file)
{
	wasm_stream_put(iminor(inode));
	return 0;
}

/* For init, which says what access it is for: the host's descriptor has that. */
static long stream_ioctl(struct file *file, unsigned int cmd, unsigned long arg)
{
	int n = iminor(file_inode(file));

	if (cmd != HOST_STREAM_FILE)
		return -ENOTTY;
	if (n == HOST_STREAM_CTL || current->mm != ctl_mm)
		return -EPERM;
	return wasm_stream_file(n, arg);
}

static const struct file_operations stream_fops = {
	.open		= stream_open_file,
	.release	= stream_release,
	.read_iter	= stream_read_iter,
	.write_iter	= stream_write_iter,
	.splice_read	= copy_splice_read,
	.splice_write	= iter_file_splice_write,
	.poll		= stream_poll,
	.unlocked_ioctl	= stream_ioctl,
	.llseek		= stream_llseek,
};

static int __init stream_init(void)
{
	struct device *ctl;
	dev_t dev;
	int r;

	r = alloc_chrdev_region(&dev, 0, HOST_STREAMS, "stream");
	if (r)
		return r;
	r = class_register(&stream_class);
	if (r)
		goto out_region;
	cdev_init(&stream_cdev, &stream_fops);
	r = cdev_add(&stream_cdev, dev, HOST_STREAMS);
	if (r)
		goto out_class;
	ctl = device_create(&stream_class, NULL, dev + HOST_STREAM_CTL, NULL,
			    "stream%d", HOST_STREAM_CTL);
	if (!IS_ERR(ctl))
		return 0;
	r = PTR_ERR(ctl);
	cdev_del(&stream_cdev);
out_class:
	class_unregister(&stream_class);
out_region:
	unregister_chrdev_region(dev, HOST_STREAMS);
	return r;
}
device_initcall(stream_init);
