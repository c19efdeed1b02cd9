// SPDX-License-Identifier: GPL-2.0
/*
 * ttyW0, the terminal of whoever runs the machine, and the console.  The host
 * has put its own terminal into raw mode: echo, line editing, signals and
 * output processing are all done by the line discipline here.
 */

#include <linux/console.h>
#include <linux/init.h>
#include <linux/kfifo.h>
#include <linux/spinlock.h>
#include <linux/tty.h>
#include <linux/tty_driver.h>
#include <linux/tty_flip.h>
#include <linux/workqueue.h>
#include <asm/host.h>
#include "drivers.h"

static struct tty_driver *wasm_tty_driver;
static struct tty_port wasm_tty_port;
static bool throttled;
static DEFINE_SPINLOCK(in_lock);	/* one reads at a time */

/* Output that the host did not take yet; the lock is for both. */
static DEFINE_KFIFO(out_fifo, u8, 8192);
static DEFINE_SPINLOCK(out_lock);

static void tty_pump_out(void)
{
	unsigned int n;
	unsigned char *p;
	long r;

	while ((n = kfifo_out_linear_ptr(&out_fifo, &p, kfifo_size(&out_fifo)))) {
		r = host_tty_write(p, n);
		if (r == -EAGAIN)
			return;
		/* A terminal that is gone swallows everything. */
		kfifo_skip_count(&out_fifo, r < 0 ? n : r);
	}
}

/*
 * Reads once: the host interrupts again after that if there is more, and the
 * line discipline can throttle in between.
 */
static void tty_pump_in(void)
{
	u8 buf[256];
	int room = tty_buffer_request_room(&wasm_tty_port, sizeof(buf));
	long r;

	if (throttled || !room)
		return;
	r = host_tty_read(buf, room);
	if (r > 0) {
		tty_insert_flip_string(&wasm_tty_port, buf, r);
		tty_flip_buffer_push(&wasm_tty_port);
	} else if (r != -EAGAIN) {
		tty_port_tty_hangup(&wasm_tty_port, false);
	}
}

void wasm_tty_irq(void)
{
	unsigned long flags;

	if (!tty_port_initialized(&wasm_tty_port))
		return;
	spin_lock_irqsave(&in_lock, flags);
	tty_pump_in();
	spin_unlock_irqrestore(&in_lock, flags);
	spin_lock_irqsave(&out_lock, flags);
	tty_pump_out();
	spin_unlock_irqrestore(&out_lock, flags);
	tty_port_tty_wakeup(&wasm_tty_port);
}

static struct winsize tty_size(void)
{
	unsigned long size = host_tty_size();

	return (struct winsize){ .ws_row = size >> 16, .ws_col = size };
}

static void tty_resize(struct work_struct *work)
{
	struct tty_struct *tty = tty_port_tty_get(&wasm_tty_port);
	struct winsize ws = tty_size();

	if (!tty)
		return;
	tty_do_resize(tty, &ws);
	tty_kref_put(tty);
}
static DECLARE_WORK(tty_resize_work, tty_resize);

void wasm_tty_winch(void)
{
	schedule_work(&tty_resize_work);
}

static int wasm_tty_activate(struct tty_port *port, struct tty_struct *tty)
{
	unsigned long flags;

	throttled = false;
	/* It says that it wants input by reading. */
	spin_lock_irqsave(&in_lock, flags);
	tty_pump_in();
	spin_unlock_irqrestore(&in_lock, flags);
	return 0;
}

/*
 * Init has had it open as its console since before there was a terminal; who
 * opens it now is to find the size.
 */
static int wasm_tty_open(struct tty_struct *tty, struct file *file)
{
	int r = tty_port_open(&wasm_tty_port, tty, file);
	struct winsize ws = tty_size();

	if (!r)
		tty_do_resize(tty, &ws);
	return r;
}

static void wasm_tty_close(struct tty_struct *tty, struct file *file)
{
	tty_port_close(&wasm_tty_port, tty, file);
}

static void wasm_tty_hangup(struct tty_struct *tty)
{
	tty_port_hangup(&wasm_tty_port);
}

static ssize_t wasm_tty_write(struct tty_struct *tty, const u8 *buf, size_t n)
{
	unsigned long flags;

	spin_lock_irqsave(&out_lock, flags);
	n = kfifo_in(&out_fifo, buf, n);
	tty_pump_out();
	spin_unlock_irqrestore(&out_lock, flags);
	return n;
}

/* flush_chars follows. */
static int wasm_tty_put_char(struct tty_struct *tty, u8 c)
{
	unsigned long flags;
	int n;

	spin_lock_irqsave(&out_lock, flags);
	n = kfifo_put(&out_fifo, c);
	spin_unlock_irqrestore(&out_lock, flags);
	return n;
}

static void wasm_tty_flush_chars(struct tty_struct *tty)
{
	unsigned long flags;

	spin_lock_irqsave(&out_lock, flags);
	tty_pump_out();
	spin_unlock_irqrestore(&out_lock, flags);
}

static unsigned int wasm_tty_write_room(struct tty_struct *tty)
{
	return kfifo_avail(&out_fifo);
}

static unsigned int wasm_tty_chars_in_buffer(struct tty_struct *tty)
{
	return kfifo_len(&out_fifo);
}

static void wasm_tty_flush_buffer(struct tty_struct *tty)
{
	unsigned long flags;

	spin_lock_irqsave(&out_lock, flags);
	kfifo_reset_out(&out_fifo);
	spin_unlock_irqrestore(&out_lock, flags);
	tty_wakeup(tty);
}

static void wasm_tty_throttle(struct tty_struct *tty)
{
	throttled = true;
}

static void wasm_tty_unthrottle(struct tty_struct *tty)
{
	unsigned long flags;

	throttled = false;
	spin_lock_irqsave(&in_lock, flags);
	tty_pump_in();
	spin_unlock_irqrestore(&in_lock, flags);
}

static const struct tty_operations wasm_tty_ops = {
	.open			= wasm_tty_open,
	.close			= wasm_tty_close,
	.hangup			= wasm_tty_hangup,
	.write			= wasm_tty_write,
	.put_char		= wasm_tty_put_char,
	.flush_chars		= wasm_tty_flush_chars,
	.write_room		= wasm_tty_write_room,
	.chars_in_buffer	= wasm_tty_chars_in_buffer,
	.flush_buffer		= wasm_tty_flush_buffer,
	.throttle		= wasm_tty_throttle,
	.unthrottle		= wasm_tty_unthrottle,
};

static const struct tty_port_operations wasm_tty_port_ops = {
	.activate	= wasm_tty_activate,
};

static void wasm_console_write(struct console *con, const char *s, unsigned int n)
{
	host_console_write(s, n);
}

static struct tty_driver *wasm_console_device(struct console *con, int *index)
{
	*index = 0;
	return wasm_tty_driver;
}

static struct console wasm_console = {
	.name	= "ttyW",
	.write	= wasm_console_write,
	.device	= wasm_console_device,
	.flags	= CON_PRINTBUFFER,
	.index	= -1,
};

static int __init wasm_tty_init(void)
{
	struct tty_driver *drv;
	int r;

	drv = tty_alloc_driver(1, TTY_DRIVER_REAL_RAW);
	if (IS_ERR(drv))
		return PTR_ERR(drv);
	drv->driver_name = "ttyW";
	drv->name = "ttyW";
	drv->type = TTY_DRIVER_TYPE_CONSOLE;
	drv->init_termios = tty_std_termios;
	drv->init_termios.c_iflag |= IUTF8;
	tty_set_operations(drv, &wasm_tty_ops);

	tty_port_init(&wasm_tty_port);
	wasm_tty_port.ops = &wasm_tty_port_ops;
	tty_port_link_device(&wasm_tty_port, drv, 0);

	r = tty_register_driver(drv);
	if (r) {
		tty_port_destroy(&wasm_tty_port);
		tty_driver_kref_put(drv);
		return r;
	}
	wasm_tty_driver = drv;
	register_console(&wasm_console);
	return 0;
}
device_initcall(wasm_tty_init);
