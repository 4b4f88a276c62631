package io.weir.monitor;

import java.util.Arrays;

import org.jspecify.annotations.Nullable;

import io.weir.connection.Connection;
import io.weir.kernel.SocketSample;
import io.weir.kernel.TcpInfoField;
import io.weir.monitor.SampleSummary.RoundTripTimes;

/**
 * Sums a sample up while it is taken, without garbage per connection. One thread at a
 * time.
 */
final class SampleSums {

	private final ConnectionTable table = new ConnectionTable();

	private long[] rtts = new long[64];

	private int rttCount;

	private long receiveQueues;

	private long sendQueues;

	private long retransmits;

	private final Diagnoses diagnoses;

	SampleSums(Diagnoses diagnoses) {
		this.diagnoses = diagnoses;
	}

	/**
	 * Starts a sample.
	 * @param open the connections that count
	 */
	void begin(Iterable<Connection> open) {
		this.table.begin(open);
		this.diagnoses.begin();
		this.rttCount = 0;
		this.receiveQueues = 0;
		this.sendQueues = 0;
	}

	/**
	 * Adds a socket, if it is one of the connections.
	 */
	void add(SocketSample sample) {
		Connection connection = this.table.find(sample);
		if (connection == null) {
			return;
		}
		long rtt = sample.has(TcpInfoField.RTT_MICROS) ? sample.get(TcpInfoField.RTT_MICROS) : -1;
		long total = sample.has(TcpInfoField.RETRANSMITS) ? sample.get(TcpInfoField.RETRANSMITS) : -1;
		this.retransmits += Math.max(0, total - Math.max(0, connection.lastRetransmits()));
		connection.sampled(rtt, total);
		this.diagnoses.add(connection, sample);
		this.receiveQueues += sample.get(TcpInfoField.RECEIVE_QUEUE);
		this.sendQueues += sample.get(TcpInfoField.SEND_QUEUE);
		if (rtt >= 0) {
			if (this.rttCount == this.rtts.length) {
				this.rtts = Arrays.copyOf(this.rtts, this.rttCount * 2);
			}
			this.rtts[this.rttCount++] = rtt;
		}
	}

	/**
	 * Ends a sample, and sums up what was added.
	 * @param complete whether all connections were added
	 * @return null if they were not
	 */
	@Nullable SampleSummary summarize(boolean complete) {
		this.table.end();
		this.diagnoses.end(complete);
		if (!complete) {
			return null;
		}
		RoundTripTimes times = null;
		if (this.rttCount > 0) {
			Arrays.sort(this.rtts, 0, this.rttCount);
			times = new RoundTripTimes(this.rtts[0], this.rtts[this.rttCount / 2], this.rtts[this.rttCount - 1]);
		}
		return new SampleSummary(times, this.receiveQueues, this.sendQueues);
	}

	/**
	 * Segments sent again, over all samples so far.
	 */
	long retransmits() {
		return this.retransmits;
	}

}
