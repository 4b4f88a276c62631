package io.weir.bench;

import java.util.Arrays;

/**
 * Counts times in classes less than 2 % wide, without garbage.
 */
final class LatencyHistogram {

	private static final int PER_OCTAVE_BITS = 6;

	private static final int PER_OCTAVE = 1 << PER_OCTAVE_BITS;

	private final long[] counts = new long[(Long.SIZE - PER_OCTAVE_BITS) * PER_OCTAVE];

	private long total;

	void record(long nanos) {
		this.counts[index(Math.max(0, nanos))]++;
		this.total++;
	}

	void reset() {
		Arrays.fill(this.counts, 0);
		this.total = 0;
	}

	/**
	 * The time within which a share of all was done.
	 * @param share 0.99 for the 99th percentile
	 * @return nanoseconds, 0 if there was nothing
	 */
	long percentile(double share) {
		long rank = (long) Math.ceil(share * this.total);
		long seen = 0;
		for (int i = 0; i < this.counts.length; i++) {
			seen += this.counts[i];
			if (seen >= rank && seen > 0) {
				return middle(i);
			}
		}
		return 0;
	}

	private static int index(long nanos) {
		if (nanos < PER_OCTAVE) {
			return (int) nanos;
		}
		int shift = Long.SIZE - 1 - Long.numberOfLeadingZeros(nanos) - PER_OCTAVE_BITS;
		return (shift + 1) * PER_OCTAVE + (int) (nanos >>> shift) - PER_OCTAVE;
	}

	private static long middle(int index) {
		if (index < PER_OCTAVE) {
			return index;
		}
		int shift = index / PER_OCTAVE - 1;
		return ((long) (index % PER_OCTAVE + PER_OCTAVE) << shift) + (1L << shift) / 2;
	}

}
