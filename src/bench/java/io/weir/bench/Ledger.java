package io.weir.bench;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;

/**
 * What clients know that the server must have counted. Of a connection that was lost
 * while the server wrote, nobody but the server knows the bytes: those are bounds then.
 */
final class Ledger {

	private static final String ACCEPTED = "tcp_server_accepted_connections_total";

	private static final String RECEIVED = "tcp_server_bytes_total{direction=\"received\"}";

	private static final String SENT = "tcp_server_bytes_total{direction=\"sent\"}";

	private static final String UNPACKED = "tcp_server_records_total{result=\"unpacked\"}";

	private static final String CLOSED = "tcp_server_connection_duration_seconds_count{reason=\"%s\"}";

	private static final String UNANSWERED = "tcp_server_unanswered_bytes_total";

	private final Map<String, Long> least = new TreeMap<>();

	private final Map<String, Long> slack = new TreeMap<>();

	synchronized void opened() {
		add(ACCEPTED, 1, 0);
	}

	/**
	 * Notes what went over a connection.
	 * @param received bytes that the server has received
	 * @param sent bytes that it has sent
	 * @param records records that it has unpacked
	 */
	synchronized void exchanged(long received, long sent, long records) {
		add(RECEIVED, received, 0);
		add(SENT, sent, 0);
		add(UNPACKED, records, 0);
	}

	/**
	 * Notes bytes of which nobody knows how far they came.
	 * @param bytes how many were sent to the server at most
	 * @param recordSize bytes of a record
	 */
	synchronized void uncertain(long bytes, int recordSize) {
		add(RECEIVED, 0, bytes);
		add(SENT, 0, bytes);
		add(UNANSWERED, 0, bytes);
		add(UNPACKED, 0, bytes / recordSize);
	}

	synchronized void closed(String reason) {
		add(CLOSED.formatted(reason), 1, 0);
		add("tcp_server_records_total{result=\"partial\"}", reason.equals("partial_record") ? 1 : 0, 0);
	}

	private void add(String series, long count, long more) {
		this.least.merge(series, count, Long::sum);
		this.slack.merge(series, more, Long::sum);
	}

	/**
	 * Compares with the server's counters.
	 * @param before the counters when this ledger was begun
	 * @param now the counters now
	 * @return what is not as it should be, empty if all is
	 */
	synchronized List<String> differences(Scrape before, Scrape now) {
		List<String> differences = new ArrayList<>();
		Map<String, Long> expected = new TreeMap<>(this.least);
		expected.putIfAbsent(UNANSWERED, 0L);
		now.series()
			.keySet()
			.stream()
			.filter((series) -> series.startsWith(CLOSED.substring(0, CLOSED.indexOf('%'))))
			.forEach((series) -> expected.putIfAbsent(series, 0L));
		expected.forEach((series, count) -> {
			double counted = now.get(series) - before.get(series);
			long max = count + this.slack.getOrDefault(series, 0L);
			if (!(counted >= count && counted <= max)) {
				differences.add("%s counted %,.0f, clients %,d".formatted(series, counted, count)
						+ ((max > count) ? " to %,d".formatted(max) : ""));
			}
		});
		return differences;
	}

}
