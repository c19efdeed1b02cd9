// SPDX-License-Identifier: GPL-2.0
/*
 * eth0: Ethernet frames that the host carries, if it was asked to.
 *
 * The host keeps what has arrived, so there is no ring here: an interrupt says
 * that there is a frame, or room for one again, or that the link has changed.
 * A frame is copied once, with its checksum made on the way.
 */

#include <linux/etherdevice.h>
#include <linux/if_vlan.h>
#include <linux/init.h>
#include <linux/netdevice.h>
#include <linux/rtnetlink.h>
#include <linux/sizes.h>
#include <linux/skbuff.h>
#include <linux/workqueue.h>
#include <asm/host.h>
#include <asm/host_page.h>
#include "drivers.h"

struct wasm_net {
	struct napi_struct napi;
	void *frame;		/* HOST_NET_FRAME bytes, of which one is sent */
};

static struct net_device *wasm_net;

static int net_open(struct net_device *dev)
{
	struct wasm_net *p = netdev_priv(dev);

	napi_enable(&p->napi);
	netif_start_queue(dev);
	/* what came before is no interrupt any more */
	napi_schedule(&p->napi);
	return 0;
}

static int net_stop(struct net_device *dev)
{
	struct wasm_net *p = netdev_priv(dev);

	netif_stop_queue(dev);
	napi_disable(&p->napi);
	return 0;
}

/* Who wakes the queue has its lock, as this has: it does not come in between. */
static netdev_tx_t net_xmit(struct sk_buff *skb, struct net_device *dev)
{
	struct wasm_net *p = netdev_priv(dev);
	unsigned int len = skb->len;
	int r = -EMSGSIZE;

	if (len <= HOST_NET_FRAME) {
		skb_copy_and_csum_dev(skb, p->frame);
		r = host_net_send(p->frame, len);
	}
	if (r == -EAGAIN) {
		netif_stop_queue(dev);
		return NETDEV_TX_BUSY;
	}
	if (r)
		dev->stats.tx_dropped++;
	else
		dev_sw_netstats_tx_add(dev, 1, len);
	dev_consume_skb_any(skb);
	return NETDEV_TX_OK;
}

static void net_take(struct napi_struct *napi, unsigned int len)
{
	struct net_device *dev = napi->dev;
	struct sk_buff *skb = napi_alloc_skb(napi, len);

	if (!skb) {
		host_net_receive(NULL, 0);
		dev->stats.rx_dropped++;
		return;
	}
	skb_put(skb, len);
	host_net_receive(skb->data, len);
	if (len < ETH_HLEN) {
		dev_kfree_skb(skb);
		dev->stats.rx_length_errors++;
		return;
	}
	dev_sw_netstats_rx_add(dev, len);
	skb->protocol = eth_type_trans(skb, dev);
	napi_gro_receive(napi, skb);
}

static int net_poll(struct napi_struct *napi, int budget)
{
	int done = 0;
	long len;

	netif_tx_lock(napi->dev);
	if (netif_queue_stopped(napi->dev))
		netif_wake_queue(napi->dev);
	netif_tx_unlock(napi->dev);
	while (done < budget) {
		len = host_net_next();
		if (len < 0)
			break;
		net_take(napi, len);
		done++;
	}
	if (done < budget)
		napi_complete_done(napi, done);
	return done;
}

static const struct net_device_ops net_ops = {
	.ndo_open		= net_open,
	.ndo_stop		= net_stop,
	.ndo_start_xmit		= net_xmit,
	.ndo_get_stats64	= dev_get_tstats64,
	.ndo_set_mac_address	= eth_mac_addr,
	.ndo_validate_addr	= eth_validate_addr,
};

static int net_probe(void)
{
	struct net_device *dev;
	struct wasm_net *p;
	u8 address[ETH_ALEN];
	int r, mtu = host_net_link(address);

	if (mtu < 0)
		return mtu;
	dev = alloc_etherdev(sizeof(*p));
	if (!dev)
		return -ENOMEM;
	p = netdev_priv(dev);
	p->frame = kmalloc(HOST_NET_FRAME, GFP_KERNEL);
	r = -ENOMEM;
	if (!p->frame)
		goto out_free;
	dev->netdev_ops = &net_ops;
	dev->pcpu_stat_type = NETDEV_PCPU_STAT_TSTATS;
	dev->features = dev->hw_features = NETIF_F_SG | NETIF_F_HW_CSUM;
	dev->vlan_features = dev->features;
	dev->max_mtu = HOST_NET_FRAME - VLAN_ETH_HLEN;
	dev->mtu = clamp_t(unsigned int, mtu, dev->min_mtu, dev->max_mtu);
	eth_hw_addr_set(dev, address);
	netif_napi_add(dev, &p->napi, net_poll);
	r = register_netdev(dev);
	if (r)
		goto out_frame;
	wasm_net = dev;
	return 0;
out_frame:
	netif_napi_del(&p->napi);
	kfree(p->frame);
out_free:
	free_netdev(dev);
	return r;
}

/* The link goes down with the host's peer; a boot image's machine may get one. */
static void net_change(struct work_struct *work)
{
	u8 address[ETH_ALEN];

	if (!wasm_net) {
		net_probe();
		return;
	}
	rtnl_lock();
	if (host_net_link(address) > 0)
		netif_carrier_on(wasm_net);
	else
		netif_carrier_off(wasm_net);
	rtnl_unlock();
}
static DECLARE_WORK(net_change_work, net_change);

void wasm_net_irq(void)
{
	struct wasm_net *p;
	u8 address[ETH_ALEN];

	if (!wasm_net || (host_net_link(address) > 0) != netif_carrier_ok(wasm_net))
		schedule_work(&net_change_work);
	if (wasm_net && netif_running(wasm_net)) {
		p = netdev_priv(wasm_net);
		napi_schedule(&p->napi);
	}
}

static int __init net_init(void)
{
	int r = net_probe();

	return r == -ENODEV ? 0 : r;
}
device_initcall(net_init);
