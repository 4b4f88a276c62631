package io.weir.kernel;

import java.io.IOException;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.OptionalLong;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

import io.weir.Command;

/**
 * What {@code ss} of iproute2 says about one socket, as the independent opinion that
 * tests compare with. It prints the kernel's figures as they are, the FIN included, and
 * leaves most of them out when they are 0.
 */
final class Ss {

	private static final Pattern SKMEM = Pattern
		.compile("skmem:\\(r(\\d+),rb(\\d+),t(\\d+),tb(\\d+),f(\\d+),w(\\d+),o(\\d+),bl(\\d+),d(\\d+)\\)");

	private static final Pattern PAIR = Pattern.compile("(\\w+):(\\S+)");

	private final String line;

	private final String[] columns;

	private final Map<String, String> pairs = new HashMap<>();

	private final Matcher skmem;

	private Ss(String line) {
		this.line = line;
		this.columns = line.split("\\s+");
		Matcher pair = PAIR.matcher(line);
		while (pair.find()) {
			this.pairs.put(pair.group(1), pair.group(2));
		}
		this.skmem = SKMEM.matcher(line);
		if (!this.skmem.find()) {
			throw new IllegalStateException("No skmem: " + line);
		}
	}

	static Ss listener(int port) throws IOException {
		return only(Command.output("ss", "-tlnmiOH", "sport", "=", ":" + port));
	}

	static Ss connection(int localPort, int remotePort) throws IOException {
		return only(Command.output("ss", "-tnmiOH", "state", "connected", "sport", "=", ":" + localPort, "and", "dport",
				"=", ":" + remotePort));
	}

	private static Ss only(String output) {
		List<String> lines = output.lines().filter((line) -> !line.isBlank()).toList();
		if (lines.size() != 1) {
			throw new IllegalStateException("Not one socket: " + output);
		}
		return new Ss(lines.get(0));
	}

	String state() {
		return this.columns[0];
	}

	long receiveQueue() {
		return Long.parseLong(this.columns[1]);
	}

	long sendQueue() {
		return Long.parseLong(this.columns[2]);
	}

	String congestionControl() {
		return this.line.replaceFirst(".*skmem:\\S+ +(?:ts +)?(?:sack +)?(?:ecn +)?(\\w+) .*", "$1");
	}

	/**
	 * One figure, without any correction.
	 * @return the figure; empty where {@code ss} prints nothing that says so
	 */
	OptionalLong figure(TcpInfoField figure) {
		return switch (figure) {
			case RECEIVE_QUEUE -> OptionalLong.of(receiveQueue());
			case SEND_QUEUE -> OptionalLong.of(sendQueue());
			case RECEIVE_BUFFER_USED -> memory(1);
			case RECEIVE_BUFFER -> memory(2);
			case SEND_BUFFER -> memory(4);
			case SEND_BUFFER_USED -> memory(6);
			case DROPS -> memory(9);
			case RTT_MICROS -> thousandths(part("rtt", 0));
			case RTT_VAR_MICROS -> this.pairs.containsKey("rtt")
					? OptionalLong.of(Math.round(Double.parseDouble(part("rtt", 1)) * 1000)) : OptionalLong.empty();
			case RTO_MICROS -> thousandths(part("rto", 0));
			case MIN_RTT_MICROS -> thousandths(part("minrtt", 0));
			case CONGESTION_WINDOW -> count("cwnd");
			case SLOW_START_THRESHOLD -> this.pairs.containsKey("ssthresh") ? count("ssthresh") : OptionalLong.empty();
			case SEND_MSS -> count("mss");
			case RETRANSMITS -> OptionalLong.of(Long.parseLong(part("retrans", 1)));
			case RETRANSMITS_IN_FLIGHT -> OptionalLong.of(Long.parseLong(part("retrans", 0)));
			case CONSECUTIVE_TIMEOUTS -> OptionalLong.empty();
			case LOST -> count("lost");
			case SACKED -> count("sacked");
			case UNACKED -> count("unacked");
			case BYTES_ACKED -> count("bytes_acked");
			case BYTES_RECEIVED -> count("bytes_received");
			case BYTES_SENT -> count("bytes_sent");
			case BYTES_RETRANSMITTED -> count("bytes_retrans");
			case DELIVERY_RATE -> bitsPerSecond("delivery_rate");
			case BUSY_MICROS -> milliseconds("busy");
			case RECEIVE_WINDOW_LIMITED_MICROS -> milliseconds("rwnd_limited");
			case SEND_BUFFER_LIMITED_MICROS -> milliseconds("sndbuf_limited");
			case LAST_DATA_SENT_MILLIS -> count("lastsnd");
			case LAST_DATA_RECEIVED_MILLIS -> count("lastrcv");
			case LAST_ACK_RECEIVED_MILLIS -> count("lastack");
			case RECEIVE_SPACE -> count("rcv_space");
			case NOT_SENT -> count("notsent");
		};
	}

	private OptionalLong memory(int group) {
		return OptionalLong.of(Long.parseLong(this.skmem.group(group)));
	}

	private OptionalLong count(String name) {
		return OptionalLong.of(Long.parseLong(part(name, 0)));
	}

	// Of "retrans:1/5" or "rtt:0.016/0.009", and 0 where it is left out
	private String part(String name, int index) {
		return this.pairs.getOrDefault(name, "0/0").split("/", -1)[index];
	}

	private static OptionalLong thousandths(String value) {
		long micros = Math.round(Double.parseDouble(value) * 1000);
		return (micros != 0) ? OptionalLong.of(micros) : OptionalLong.empty();
	}

	// "busy:12ms", "rwnd_limited:8ms(66.7%)"; only whole milliseconds are known
	private OptionalLong milliseconds(String name) {
		String value = this.pairs.getOrDefault(name, "0ms").replaceFirst("ms.*", "");
		return OptionalLong.of(Long.parseLong(value) * 1000);
	}

	private OptionalLong bitsPerSecond(String name) {
		Matcher rate = Pattern.compile(" " + name + " (\\d+)bps").matcher(this.line);
		return rate.find() ? OptionalLong.of(Long.parseLong(rate.group(1)) / 8) : OptionalLong.empty();
	}

	@Override
	public String toString() {
		return this.line;
	}

}
