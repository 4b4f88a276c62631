package io.weir.server;

import java.net.InetAddress;

import org.jspecify.annotations.Nullable;

import io.weir.connection.RejectReason;
import io.weir.connection.Slot;
import io.weir.transport.AddressPrefix;

/**
 * Decides whether a newcomer may come in, and gives it its place among the connections
 * that may be open at once. Safe for any thread.
 */
final class Admission {

	private final int max;

	private final AdmissionRules rules;

	private final AddressCounts addresses;

	// Guarded by this
	private int taken;

	// Guarded by this
	private boolean woken;

	/**
	 * Creates an admission with all places free.
	 * @param max how many connections may be open at once
	 * @param rules whose they may be
	 */
	Admission(int max, AdmissionRules rules) {
		this.max = max;
		this.rules = rules;
		this.addresses = new AddressCounts(rules.maxPerAddress());
	}

	/**
	 * Takes a place.
	 * @return null if there is none now
	 */
	synchronized @Nullable Slot tryAcquire() {
		return (this.taken < this.max) ? take() : null;
	}

	/**
	 * Waits for a place. One thread at a time.
	 * @param millis how long; 0 is for ever
	 * @return null if the time is over, or {@link #wakeUp()} was called
	 * @throws InterruptedException if the thread was interrupted
	 */
	synchronized @Nullable Slot acquire(long millis) throws InterruptedException {
		long end = System.nanoTime() + millis * 1_000_000;
		while (this.taken >= this.max && !this.woken) {
			long left = (millis == 0) ? 0 : Math.ceilDiv(end - System.nanoTime(), 1_000_000L);
			if (left < 0 || (left == 0 && millis > 0)) {
				return null;
			}
			wait(left);
		}
		this.woken = false;
		return tryAcquire();
	}

	/**
	 * Lets the thread that waits for a place, or the next one, go on without.
	 */
	synchronized void wakeUp() {
		this.woken = true;
		notifyAll();
	}

	private Slot take() {
		// First: without memory for it no place is lost
		OwnedSlot slot = new OwnedSlot();
		this.taken++;
		return slot;
	}

	private synchronized void giveBack() {
		this.taken--;
		notifyAll();
	}

	/**
	 * How many places are taken.
	 */
	synchronized int taken() {
		return this.taken;
	}

	/**
	 * How many client addresses have as many connections as they may.
	 */
	int addressesAtLimit() {
		return this.addresses.atMax();
	}

	/**
	 * A place that is given back once, with its share of its client's address.
	 */
	private final class OwnedSlot implements Slot {

		// Guarded by this
		private boolean closed;

		// Guarded by this
		private @Nullable AddressPrefix address;

		@Override
		public @Nullable RejectReason admit(InetAddress client) {
			boolean allowed = Admission.this.rules.allow().isEmpty() || Admission.this.rules.allow().contains(client);
			if (!allowed || Admission.this.rules.deny().contains(client)) {
				return RejectReason.DENIED;
			}
			return (Admission.this.rules.maxPerAddress() == 0 || count(client)) ? null : RejectReason.ADDRESS_LIMIT;
		}

		// One that is closed has nothing to give back any more
		private synchronized boolean count(InetAddress client) {
			this.address = this.closed ? null : Admission.this.addresses.tryAdd(client);
			return this.address != null;
		}

		@Override
		public @Nullable RejectReason admitProxy(InetAddress proxy) {
			return Admission.this.rules.deny().contains(proxy) ? RejectReason.DENIED : null;
		}

		@Override
		public void close() {
			AddressPrefix counted;
			synchronized (this) {
				if (this.closed) {
					return;
				}
				this.closed = true;
				counted = this.address;
			}
			if (counted != null) {
				Admission.this.addresses.remove(counted);
			}
			giveBack();
		}

	}

}
