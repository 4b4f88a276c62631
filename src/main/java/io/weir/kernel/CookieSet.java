package io.weir.kernel;

import java.util.Arrays;

/**
 * A set of socket cookies that, once it has grown, allocates nothing. Cookies are never
 * 0, which marks a free place. Not thread-safe.
 */
final class CookieSet {

	private long[] places = new long[64];

	private int size;

	/**
	 * Adds a cookie.
	 * @param cookie any number but 0
	 * @return whether it is new
	 */
	boolean add(long cookie) {
		if (this.size * 2 >= this.places.length) {
			grow();
		}
		int place = place(cookie);
		if (this.places[place] == cookie) {
			return false;
		}
		this.places[place] = cookie;
		this.size++;
		return true;
	}

	int size() {
		return this.size;
	}

	void clear() {
		Arrays.fill(this.places, 0);
		this.size = 0;
	}

	private int place(long cookie) {
		// Multiplied by 2^64 / golden ratio, as cookies are consecutive numbers
		int place = (int) ((cookie * 0x9e37_79b9_7f4a_7c15L) >>> 32) & (this.places.length - 1);
		while (this.places[place] != 0 && this.places[place] != cookie) {
			place = (place + 1) & (this.places.length - 1);
		}
		return place;
	}

	private void grow() {
		long[] old = this.places;
		this.places = new long[old.length * 2];
		for (long cookie : old) {
			if (cookie != 0) {
				this.places[place(cookie)] = cookie;
			}
		}
	}

}
