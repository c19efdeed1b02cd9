/* SPDX-License-Identifier: MIT */
/* What tells a file of the host from others, and whose file system it is of. */
#define _GNU_SOURCE
#include <linux/magic.h>
#include <stdio.h>
#include <sys/statfs.h>
#include <sys/sysmacros.h>

#include "hostfs/impl.h"

struct id hostfs_id(const struct stat *st)
{
	return (struct id){
		.ino = st->st_ino,
		.dev_major = major(st->st_dev),
		.dev_minor = minor(st->st_dev),
	};
}

struct id hostfs_stat_id(const struct host_stat *st)
{
	return (struct id){
		.ino = st->ino,
		.dev_major = st->dev_major,
		.dev_minor = st->dev_minor,
	};
}

struct fd_path hostfs_fd_path(int fd)
{
	struct fd_path p;

	snprintf(p.text, sizeof(p.text), "/proc/thread-self/fd/%d", fd);
	return p;
}

/* From linux/magic.h; of those that are not in it, the kernel's file is named. */
static const unsigned int kernels[] = {
	AAFS_MAGIC,
	ANON_INODE_FS_MAGIC,
	BDEVFS_MAGIC,
	BINDERFS_SUPER_MAGIC,
	BINFMTFS_MAGIC,
	BPF_FS_MAGIC,
	CGROUP2_SUPER_MAGIC,
	CGROUP_SUPER_MAGIC,
	DAXFS_MAGIC,
	DEBUGFS_MAGIC,
	DEVMEM_MAGIC,
	DEVPTS_SUPER_MAGIC,
	DMA_BUF_MAGIC,
	EFIVARFS_MAGIC,
	NSFS_MAGIC,
	OPENPROM_SUPER_MAGIC,
	PIPEFS_MAGIC,
	PROC_SUPER_MAGIC,
	PSTOREFS_MAGIC,
	RDTGROUP_SUPER_MAGIC,
	SECRETMEM_MAGIC,
	SECURITYFS_MAGIC,
	SELINUX_MAGIC,
	SMACK_MAGIC,
	SOCKFS_MAGIC,
	SYSFS_MAGIC,
	TRACEFS_MAGIC,
	USBDEVICE_SUPER_MAGIC,
	XENFS_SUPER_MAGIC,
	0x62656570,	/* configfs: fs/configfs/mount.c */
	0x65735543,	/* fusectl: fs/fuse/control.c */
	0x19800202,	/* mqueue: ipc/mqueue.c */
	0x6e667364,	/* nfsd: fs/nfsd/nfsctl.c */
	0x67596969,	/* rpc_pipefs: net/sunrpc/rpc_pipe.c */
	0x0a647361,	/* functionfs: drivers/usb/gadget/function/f_fs.c */
	0xaee71ee7,	/* gadgetfs: drivers/usb/gadget/legacy/inode.c */
	0x66726f67,	/* ibmasmfs: drivers/misc/ibmasm/ibmasmfs.c */
	0x00726a77,	/* ipathfs: drivers/infiniband/hw/qib/qib_fs.c */
	0x76a9f425,	/* ocfs2_dlmfs: fs/ocfs2/dlmfs/userdlm.h */
	0x50494446,	/* pidfs: include/uapi/linux/magic.h, new there */
};

/* A file system that cannot be asked is not trusted. */
bool hostfs_kernels(int fd)
{
	struct statfs s;
	size_t i;

	if (fstatfs(fd, &s))
		return true;
	for (i = 0; i < sizeof(kernels) / sizeof(*kernels); i++)
		if ((unsigned int)s.f_type == kernels[i])
			return true;
	return false;
}
