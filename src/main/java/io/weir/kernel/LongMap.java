package io.weir.kernel;

import java.util.Arrays;

/**
 * A hash map from {@code long} to {@code long} that, once it has grown, allocates
 * nothing. It never holds the key 0, which marks a free place. Not thread-safe.
 */
public final class LongMap {

	private long[] keys = new long[64];

	private long[] values = new long[64];

	private int size;

	/**
	 * Puts a value in, in place of the key's last one.
	 * @param key any number; 0 is ignored
	 * @return whether the key was not there before
	 */
	public boolean put(long key, long value) {
		if (key == 0) {
			return false;
		}
		if (this.size * 2 >= this.keys.length) {
			grow();
		}
		int place = place(key);
		boolean added = this.keys[place] != key;
		this.keys[place] = key;
		this.values[place] = value;
		this.size += added ? 1 : 0;
		return added;
	}

	/**
	 * Finds a key's value.
	 * @return the value; 0 where the key has none
	 */
	public long get(long key) {
		int place = place(key);
		// A place that is free keeps its last value
		return (key != 0 && this.keys[place] == key) ? this.values[place] : 0;
	}

	/**
	 * Removes all keys and keeps the room for them.
	 */
	public void clear() {
		Arrays.fill(this.keys, 0);
		this.size = 0;
	}

	// The key's place, or the free one where it belongs
	private int place(long key) {
		// Times 2^64 / golden ratio: keys may be consecutive numbers
		int place = (int) ((key * 0x9e37_79b9_7f4a_7c15L) >>> 32) & (this.keys.length - 1);
		while (this.keys[place] != 0 && this.keys[place] != key) {
			place = (place + 1) & (this.keys.length - 1);
		}
		return place;
	}

	private void grow() {
		long[] oldKeys = this.keys;
		long[] oldValues = this.values;
		this.keys = new long[oldKeys.length * 2];
		this.values = new long[oldKeys.length * 2];
		for (int i = 0; i < oldKeys.length; i++) {
			if (oldKeys[i] != 0) {
				int place = place(oldKeys[i]);
				this.keys[place] = oldKeys[i];
				this.values[place] = oldValues[i];
			}
		}
	}

}
