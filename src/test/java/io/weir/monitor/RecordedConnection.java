package io.weir.monitor;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStream;
import java.io.InputStreamReader;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Objects;

import org.jspecify.annotations.Nullable;

import io.weir.connection.Connection;
import io.weir.connection.ConnectionState;
import io.weir.kernel.SocketSample;
import io.weir.kernel.TcpInfoField;

/**
 * A connection's samples as {@link SlowConnectionTests} met them on real networks.
 *
 * @param name what it was
 * @param cause what was said of it at the end; null if nothing ever was
 * @param samples its samples in order
 */
record RecordedConnection(String name, @Nullable Cause cause, List<Sample> samples) {

	private static final List<TcpInfoField> FIELDS = List.of(TcpInfoField.BUSY_MICROS,
			TcpInfoField.RECEIVE_WINDOW_LIMITED_MICROS, TcpInfoField.SEND_BUFFER_LIMITED_MICROS,
			TcpInfoField.BYTES_SENT, TcpInfoField.BYTES_RETRANSMITTED, TcpInfoField.RETRANSMITS,
			TcpInfoField.BYTES_RECEIVED, TcpInfoField.RTT_MICROS, TcpInfoField.MIN_RTT_MICROS,
			TcpInfoField.RECEIVE_QUEUE, TcpInfoField.SEND_BUFFER, TcpInfoField.LAST_ACK_RECEIVED_MILLIS,
			TcpInfoField.CONSECUTIVE_TIMEOUTS, TcpInfoField.NOT_SENT, TcpInfoField.SEND_BUFFER_USED,
			TcpInfoField.UNACKED, TcpInfoField.CONGESTION_WINDOW);

	/**
	 * One sample.
	 *
	 * @param millis when, by any clock
	 * @param state what the connection's thread did
	 * @param bytesReceived what its application had read
	 * @param figures the kernel's figures
	 */
	record Sample(int millis, ConnectionState state, long bytesReceived, Figures figures) {

		static Sample of(long millis, Connection connection, SocketSample sample) {
			Figures figures = new Figures();
			FIELDS.stream().filter(sample::has).forEach((field) -> figures.with(field, sample.get(field)));
			return new Sample((int) millis, connection.state(), connection.bytesReceived(), figures);
		}

		private String text() {
			StringBuilder text = new StringBuilder(
					this.millis + "," + this.state.text().charAt(0) + "," + this.bytesReceived);
			for (TcpInfoField field : FIELDS) {
				text.append(',').append(this.figures.has(field) ? Long.toString(this.figures.get(field)) : "");
			}
			return text.toString();
		}

		private static Sample parse(String line) {
			String[] parts = line.split(",", -1);
			Figures figures = new Figures();
			// The first ones were recorded without the last figures
			for (int i = 0; i < Math.min(FIELDS.size(), parts.length - 3); i++) {
				if (!parts[i + 3].isEmpty()) {
					figures.with(FIELDS.get(i), Long.parseLong(parts[i + 3]));
				}
			}
			ConnectionState state = switch (parts[1]) {
				case "w" -> ConnectionState.WRITING;
				case "h" -> ConnectionState.HANDSHAKING;
				case "c" -> ConnectionState.CLOSING;
				default -> ConnectionState.READING;
			};
			return new Sample(Integer.parseInt(parts[0]), state, Long.parseLong(parts[2]), figures);
		}

	}

	/**
	 * The lines of the resource: one that begins with "#" has name and cause, the samples
	 * follow.
	 */
	List<String> lines() {
		List<String> lines = new ArrayList<>();
		lines.add("#" + this.name + ";" + ((this.cause != null) ? this.cause.text() : ""));
		this.samples.forEach((sample) -> lines.add(sample.text()));
		return lines;
	}

	static List<RecordedConnection> read() throws IOException {
		List<RecordedConnection> recorded = new ArrayList<>();
		try (InputStream resource = RecordedConnection.class.getResourceAsStream("recorded_samples.csv");
				BufferedReader reader = new BufferedReader(
						new InputStreamReader(Objects.requireNonNull(resource), StandardCharsets.UTF_8))) {
			for (String line : reader.lines().toList()) {
				if (line.startsWith("#")) {
					String[] head = line.substring(1).split(";", -1);
					Cause cause = head[1].isEmpty() ? null : Cause.valueOf(head[1].toUpperCase(Locale.ROOT));
					recorded.add(new RecordedConnection(head[0], cause, new ArrayList<>()));
				}
				else {
					recorded.getLast().samples.add(Sample.parse(line));
				}
			}
		}
		return recorded;
	}

}
