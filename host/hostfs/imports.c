/* SPDX-License-Identifier: MIT */
/* The kernel's imports of section "host files" in asm/host.h. */
#include "hostfs/hostfs.h"
#include "machine/kernel.h"
#include "machine/kmem.h"
#include "machine/machine.h"

u32 w2c_host_file_stat(struct w2c_host *h, u32 root, u32 path, u32 len, u32 st)
{
	struct muslin *m = machine(h);

	return hostfs_stat(m->hostfs, root, kmem(m, path, len), len,
			   kmem_struct(m, st, struct host_stat));
}

u32 w2c_host_file_fstat(struct w2c_host *h, u32 file, u32 st)
{
	struct muslin *m = machine(h);

	return hostfs_fstat(m->hostfs, file,
			    kmem_struct(m, st, struct host_stat));
}

u32 w2c_host_file_access(struct w2c_host *h, u32 root, u32 path, u32 len,
			 u32 mode)
{
	struct muslin *m = machine(h);

	return hostfs_access(m->hostfs, root, kmem(m, path, len), len, mode);
}

u32 w2c_host_file_open(struct w2c_host *h, u32 root, u32 path, u32 len,
		       u32 flags)
{
	struct muslin *m = machine(h);

	return hostfs_open(m->hostfs, root, kmem(m, path, len), len, flags);
}

u32 w2c_host_file_create(struct w2c_host *h, u32 root, u32 path, u32 len,
			 u32 mode, u32 uid, u32 gid)
{
	struct muslin *m = machine(h);
	struct hostfs_owner owner = { uid, gid };

	return hostfs_open_new(m->hostfs, root, kmem(m, path, len), len, mode,
			       &owner);
}

void w2c_host_file_close(struct w2c_host *h, u32 file)
{
	struct muslin *m = machine(h);

	hostfs_close(m->hostfs, file);
}

u32 w2c_host_file_keep(struct w2c_host *h)
{
	return hostfs_keep(machine(h)->hostfs);
}

u32 w2c_host_file_exchange(struct w2c_host *h, u32 file, u32 other)
{
	struct muslin *m = machine(h);

	return hostfs_exchange(m->hostfs, file, other);
}

u32 w2c_host_file_read(struct w2c_host *h, u32 file, u32 buf, u32 len,
		       u64 offset)
{
	struct muslin *m = machine(h);

	return hostfs_read(m->hostfs, file, kmem(m, buf, len), len, offset);
}

u32 w2c_host_file_write(struct w2c_host *h, u32 file, u32 buf, u32 len,
			u64 offset)
{
	struct muslin *m = machine(h);

	return hostfs_write(m->hostfs, file, kmem(m, buf, len), len, offset);
}

u32 w2c_host_file_sync(struct w2c_host *h, u32 file, u32 datasync)
{
	struct muslin *m = machine(h);

	return hostfs_sync(m->hostfs, file, datasync);
}

u32 w2c_host_file_allocate(struct w2c_host *h, u32 file, u32 mode, u64 offset,
			   u64 len)
{
	struct muslin *m = machine(h);

	return hostfs_allocate(m->hostfs, file, mode, offset, len);
}

u32 w2c_host_file_seek(struct w2c_host *h, u32 file, u32 hole, u32 offset)
{
	struct muslin *m = machine(h);

	return hostfs_seek(m->hostfs, file, hole, kmem_struct(m, offset, uint64_t));
}

u32 w2c_host_file_readdir(struct w2c_host *h, u32 file, u64 pos, u32 buf,
			  u32 len)
{
	struct muslin *m = machine(h);

	return hostfs_readdir(m->hostfs, file, pos, kmem(m, buf, len), len);
}

u32 w2c_host_file_setattr(struct w2c_host *h, u32 file, u32 root, u32 path,
			  u32 len, u32 attr)
{
	struct muslin *m = machine(h);
	/* what is checked is what is used */
	struct host_attr a = *kmem_struct(m, attr, struct host_attr);

	return hostfs_setattr(m->hostfs, file, root, kmem(m, path, len), len,
			      &a);
}

u32 w2c_host_file_symlink(struct w2c_host *h, u32 root, u32 path, u32 len,
			  u32 target, u32 target_len, u32 uid, u32 gid)
{
	struct muslin *m = machine(h);
	struct hostfs_owner owner = { uid, gid };

	return hostfs_symlink(m->hostfs, root, kmem(m, path, len), len,
			      kmem(m, target, target_len), target_len, &owner);
}

u32 w2c_host_file_readlink(struct w2c_host *h, u32 root, u32 path, u32 len,
			   u32 buf, u32 n)
{
	struct muslin *m = machine(h);

	return hostfs_readlink(m->hostfs, root, kmem(m, path, len), len,
			       kmem(m, buf, n), n);
}

u32 w2c_host_file_unlink(struct w2c_host *h, u32 root, u32 path, u32 len)
{
	struct muslin *m = machine(h);

	return hostfs_unlink(m->hostfs, root, kmem(m, path, len), len);
}

u32 w2c_host_file_mkdir(struct w2c_host *h, u32 root, u32 path, u32 len,
			u32 mode, u32 uid, u32 gid)
{
	struct muslin *m = machine(h);
	struct hostfs_owner owner = { uid, gid };

	return hostfs_mkdir(m->hostfs, root, kmem(m, path, len), len, mode,
			    &owner);
}

u32 w2c_host_file_rmdir(struct w2c_host *h, u32 root, u32 path, u32 len)
{
	struct muslin *m = machine(h);

	return hostfs_rmdir(m->hostfs, root, kmem(m, path, len), len);
}

u32 w2c_host_file_mknod(struct w2c_host *h, u32 root, u32 path, u32 len,
			u32 mode, u32 uid, u32 gid)
{
	struct muslin *m = machine(h);
	struct hostfs_owner owner = { uid, gid };

	return hostfs_mknod(m->hostfs, root, kmem(m, path, len), len, mode,
			    &owner);
}

u32 w2c_host_file_link(struct w2c_host *h, u32 root, u32 old, u32 old_len,
		       u32 new, u32 new_len)
{
	struct muslin *m = machine(h);

	return hostfs_link(m->hostfs, root, kmem(m, old, old_len), old_len,
			   kmem(m, new, new_len), new_len);
}

u32 w2c_host_file_rename(struct w2c_host *h, u32 root, u32 old, u32 old_len,
			 u32 new, u32 new_len, u32 flags)
{
	struct muslin *m = machine(h);

	return hostfs_rename(m->hostfs, root, kmem(m, old, old_len), old_len,
			     kmem(m, new, new_len), new_len, flags);
}

u32 w2c_host_file_getxattr(struct w2c_host *h, u32 root, u32 path, u32 len, u32 name,
			   u32 name_len, u32 value, u32 n)
{
	struct muslin *m = machine(h);

	return hostfs_getxattr(m->hostfs, root, kmem(m, path, len), len,
			       kmem(m, name, name_len), name_len, kmem(m, value, n), n);
}

u32 w2c_host_file_setxattr(struct w2c_host *h, u32 root, u32 path, u32 len, u32 name,
			   u32 name_len, u32 value, u32 n, u32 flags)
{
	struct muslin *m = machine(h);

	return hostfs_setxattr(m->hostfs, root, kmem(m, path, len), len,
			       kmem(m, name, name_len), name_len, kmem(m, value, n), n, flags);
}

u32 w2c_host_file_removexattr(struct w2c_host *h, u32 root, u32 path, u32 len, u32 name,
			      u32 name_len)
{
	struct muslin *m = machine(h);

	return hostfs_removexattr(m->hostfs, root, kmem(m, path, len), len,
				  kmem(m, name, name_len), name_len);
}

u32 w2c_host_file_listxattr(struct w2c_host *h, u32 root, u32 path, u32 len, u32 names, u32 n)
{
	struct muslin *m = machine(h);

	return hostfs_listxattr(m->hostfs, root, kmem(m, path, len), len, kmem(m, names, n), n);
}

u32 w2c_host_file_watch(struct w2c_host *h, u32 root, u32 path, u32 len, u32 st)
{
	struct muslin *m = machine(h);

	return hostfs_watch(m->hostfs, root, kmem(m, path, len), len,
			    kmem_struct(m, st, struct host_stat));
}

void w2c_host_file_unwatch(struct w2c_host *h, u32 watch)
{
	hostfs_unwatch(machine(h)->hostfs, watch);
}

u32 w2c_host_file_heard(struct w2c_host *h, u32 watches, u32 n)
{
	struct muslin *m = machine(h);

	return hostfs_heard(m->hostfs, kmem_array(m, watches, n, int), n);
}

u32 w2c_host_file_statfs(struct w2c_host *h, u32 root, u32 st)
{
	struct muslin *m = machine(h);

	return hostfs_statfs(m->hostfs, root,
			     kmem_struct(m, st, struct host_statfs));
}
