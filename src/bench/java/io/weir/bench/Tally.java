package io.weir.bench;

/**
 * What clients have done since the last reset.
 */
final class Tally {

	private final LatencyHistogram latencies = new LatencyHistogram();

	private long operations;

	void done(long operations) {
		this.operations += operations;
	}

	void done(long operations, long nanos) {
		this.operations += operations;
		this.latencies.record(nanos);
	}

	void reset() {
		this.operations = 0;
		this.latencies.reset();
	}

	long operations() {
		return this.operations;
	}

	LatencyHistogram latencies() {
		return this.latencies;
	}

}
