// SPDX-License-Identifier: GPL-2.0
/* The kernel's way to user memory: page tables, walked in software. */
#include <linux/mm.h>
#include <linux/sizes.h>
#include <linux/uaccess.h>
#include <linux/vmalloc.h>
#include <asm/fault.h>

static pte_t user_pte(unsigned long addr)
{
	pmd_t *pmd = pmd_off(current->mm, addr), upper = READ_ONCE(*pmd);

	if (unlikely(pmd_leaf(upper)))
		return pmd_pte_at(upper, addr);
	return pmd_present(upper) ? READ_ONCE(*pte_offset_kernel(&upper, addr)) : __pte(0);
}

/* What the host's mapping would allow, see wasm_tlb_sync(). */
static bool pte_allows(pte_t pte, bool write)
{
	unsigned long want = _PAGE_PRESENT | _PAGE_READ | _PAGE_ACCESSED;

	if (write)
		want = _PAGE_PRESENT | _PAGE_WRITE | _PAGE_ACCESSED | _PAGE_DIRTY;
	return (pte_val(pte) & want) == want;
}

/* Nobody takes the page away from here on, who would first have to tell the host. */
static void begin(struct mm_struct *mm)
{
	if (!wasm_one_cpu)
		spin_lock(&mm->context.lock);
}

static void end(struct mm_struct *mm)
{
	if (!wasm_one_cpu)
		spin_unlock(&mm->context.lock);
}

void wasm_user_done(void)
{
	end(current->mm);
}

/*
 * The kernel's address of user address addr, good to the end of its page; NULL if
 * there is no such memory.
 */
void *wasm_user_ptr(unsigned long addr, bool write)
{
	struct mm_struct *mm = current->mm;
	pte_t pte;

	if (unlikely(!mm))
		return NULL;
	for (;;) {
		begin(mm);
		pte = user_pte(addr);
		if (likely(pte_allows(pte, write)))
			return __va((pte_val(pte) & PAGE_MASK) | (addr & ~PAGE_MASK));
		end(mm);
		if (faulthandler_disabled() || wasm_fault_in(addr, write, NULL))
			return NULL;
	}
}

static unsigned long chunk(unsigned long addr, unsigned long n)
{
	return min(n, PAGE_SIZE - (addr & ~PAGE_MASK));
}

unsigned long raw_copy_from_user(void *to, const void __user *from, unsigned long n)
{
	unsigned long addr = (unsigned long)from, len;
	void *p;

	for (; n; n -= len, addr += len, to += len) {
		len = chunk(addr, n);
		p = wasm_user_ptr(addr, false);
		if (!p)
			break;
		memcpy(to, p, len);
		wasm_user_done();
	}
	return n;
}

unsigned long raw_copy_to_user(void __user *to, const void *from, unsigned long n)
{
	unsigned long addr = (unsigned long)to, len;
	void *p;

	for (; n; n -= len, addr += len, from += len) {
		len = chunk(addr, n);
		p = wasm_user_ptr(addr, true);
		if (!p)
			break;
		memcpy(p, from, len);
		wasm_user_done();
	}
	return n;
}

unsigned long __clear_user(void __user *to, unsigned long n)
{
	unsigned long addr = (unsigned long)to, len;
	void *p;

	for (; n; n -= len, addr += len) {
		len = chunk(addr, n);
		p = wasm_user_ptr(addr, true);
		if (!p)
			break;
		memset(p, 0, len);
		wasm_user_done();
	}
	return n;
}

/* Bytes before the NUL, count if there is none, -EFAULT. */
static long string_op(char *dst, unsigned long addr, long count)
{
	long done = 0, end, len, n;
	char *p;

	if (!access_ok((void __user *)addr, 1))
		return -EFAULT;
	end = min_t(unsigned long, count, TASK_SIZE - addr);
	while (done < end) {
		len = chunk(addr + done, end - done);
		p = wasm_user_ptr(addr + done, false);
		if (!p)
			return -EFAULT;
		n = strnlen(p, len);
		if (dst)
			memcpy(dst + done, p, n);
		wasm_user_done();
		/* not a copy of the NUL, which another CPU may have written over */
		if (dst && n < len)
			dst[done + n] = 0;
		done += n;
		if (n < len)
			return done;
	}
	/* what ends with the last address has no NUL, however many were asked for */
	return end < count ? -EFAULT : count;
}

long strncpy_from_user(char *dst, const char __user *src, long count)
{
	return count > 0 ? string_op(dst, (unsigned long)src, count) : 0;
}

/* Counts the NUL; 0 for a fault, more than count if there is no NUL. */
long strnlen_user(const char __user *s, long count)
{
	long n = string_op(NULL, (unsigned long)s, count);

	return n < 0 ? 0 : n + 1;
}

/* There is no way back from a fault of the kernel: it looks before it reads. */
bool copy_from_kernel_nofault_allowed(const void *src, size_t size)
{
	unsigned long first = (unsigned long)src, last = first + size - 1;

	if (last < first)
		return false;
	if (is_vmalloc_addr(src))
		return vmalloc_to_page(src) && is_vmalloc_addr((void *)last) &&
			vmalloc_to_page((void *)last);
	return first >= PAGE_OFFSET + SZ_64K && last < (unsigned long)high_memory;
}
