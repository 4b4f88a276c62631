package io.weir.kernel;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.EnumMap;
import java.util.HashMap;
import java.util.Map;
import java.util.NoSuchElementException;
import java.util.Random;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

/**
 * Tests for {@link InetDiagMessages} and the offsets of {@link TcpInfoField}.
 */
class InetDiagMessagesTests {

	// Linux 6.18 on x86-64: ss -tlnm says 0 7, rb131072, tb16384, d0; without INFO
	private static final String LISTENER = """
			ac000000 1400 0200 02000000 c9380000 # 172 bytes, SOCK_DIAG_BY_FAMILY, MULTI, sequence 2
			02 0a 00 00                          # AF_INET, LISTEN
			aa77 0000                            # 43639
			7f000001 00000000 00000000 00000000  # 127.0.0.1
			00000000 00000000 00000000 00000000
			00000000 01000000 00000000           # cookie 1
			00000000 00000000 07000000           # expires, rqueue, wqueue
			00000000 d4910000                    # uid, inode 37332
			0500 0800 00 000000                  # SHUTDOWN
			0800 0f00 00000000                   # CLASS_ID
			0c00 1500 01000000 00000000          # CGROUP_ID
			0600 1600 5200 0000                  # SOCKOPT
			2800 0700                            # SKMEMINFO
			00000000 00000200 00000000 00400000  # rmem_alloc, rcvbuf, wmem_alloc, sndbuf
			00000000 00000000 00000000 00000000  # fwd_alloc, wmem_queued, optmem, backlog
			00000000                             # drops
			0800 0400 62627200                   # CONG bbr
			""";

	// Linux 6.18 on x86-64, after 5 bytes in and 6 bytes out
	private static final String CONNECTION = """
			c8010000 1400 0000 03000000 c9380000 # 456 bytes, SOCK_DIAG_BY_FAMILY, sequence 3
			02 01 00 00                          # AF_INET, ESTABLISHED
			aa77 d250                            # 43639, 53840
			7f000001 00000000 00000000 00000000  # 127.0.0.1
			7f000001 00000000 00000000 00000000  # 127.0.0.1
			00000000 02000000 00000000           # cookie 2
			00000000 05000000 00000000           # expires, rqueue, wqueue
			00000000 d8910000                    # uid, inode 37336
			0500 0800 00 000000                  # SHUTDOWN
			0800 0f00 00000000                   # CLASS_ID
			0c00 1500 01000000 00000000          # CGROUP_ID
			0600 1600 5200 0000                  # SOCKOPT
			2800 0700                            # SKMEMINFO
			45030000 00000200 00000000 001e3c00  # rmem_alloc, rcvbuf, wmem_alloc, sndbuf
			bb0c0000 00000000 00000000 00000000  # fwd_alloc, wmem_queued, optmem, backlog
			00000000                             # drops
			1c01 0200                            # INFO, 280 bytes
			01 00 00 00 07 aa 01 00              # state, ca_state, retransmits, probes, backoff, ...
			e01c0300 409c0000 00800000 18020000  #   8 rto, ato, snd_mss, rcv_mss
			00000000 00000000 00000000 00000000  #  24 unacked, sacked, lost, retrans
			00000000 64000000 00000000 64000000  #  40 fackets, last_data_sent, ..., last_data_recv
			64000000 ffff0000 cbff0000 17000000  #  56 last_ack_recv, pmtu, rcv_ssthresh, rtt
			0d000000 ffffff7f 0b000000 cbff0000  #  72 rttvar, snd_ssthresh, snd_cwnd, advmss
			03000000 00000000 cbff0000 00000000  #  88 reordering, rcv_rtt, rcv_space, total_retrans
			62ced262 08000000 ffffffff ffffffff  # 104 pacing_rate, max_pacing_rate
			06000000 00000000 05000000 00000000  # 120 bytes_acked, bytes_received
			02000000 04000000 00000000 09000000  # 136 segs_out, segs_in, notsent_bytes, min_rtt
			01000000 01000000 388e03d9 00000000  # 152 data_segs_in, data_segs_out, delivery_rate
			00000000 00000000 00000000 00000000  # 168 busy_time, rwnd_limited
			00000000 00000000 02000000 00000000  # 184 sndbuf_limited, delivered, delivered_ce
			06000000 00000000 00000000 00000000  # 200 bytes_sent, bytes_retrans
			00000000 00000000 00000000 00000100  # 216
			00000100 00000000 00000000 00000000  # 232
			00000000 00000000 00000000 00000000  # 248
			00000000 00000000 00000000 00000000  # 264
			0800 0400 62627200                   # CONG bbr
			""";

	private static final String DONE = "14000000 0300 0200 02000000 c9380000 00000000";

	// Where INFO's header is in CONNECTION
	private static final int INFO = 164;

	@Test
	void listenerIsRead() throws NetlinkException {
		InetDiagMessages messages = messages(Hex.littleEndian(LISTENER + DONE), 2);
		assertThat(messages.next()).isEqualTo(InetDiagMessages.Kind.SOCKET);
		assertThat(messages.state()).isEqualTo(TcpState.LISTEN);
		assertThat(messages.localAddress()).isEqualTo(0x7f000001);
		assertThat(messages.localPort()).isEqualTo(43639);
		assertThat(messages.remotePort()).isZero();
		assertThat(messages.cookie()).isEqualTo(1);
		assertThat(messages.inode()).isEqualTo(37332);
		assertThat(messages.get(TcpInfoField.RECEIVE_QUEUE)).isZero();
		assertThat(messages.get(TcpInfoField.SEND_QUEUE)).isEqualTo(7);
		assertThat(messages.get(TcpInfoField.RECEIVE_BUFFER)).isEqualTo(131072);
		assertThat(messages.get(TcpInfoField.SEND_BUFFER)).isEqualTo(16384);
		assertThat(messages.get(TcpInfoField.DROPS)).isZero();
		assertThat(messages.has(TcpInfoField.RTT_MICROS)).isFalse();
		assertThat(messages.next()).isEqualTo(InetDiagMessages.Kind.DONE);
	}

	@Test
	void connectionIsRead() throws NetlinkException {
		InetDiagMessages messages = messages(Hex.littleEndian(CONNECTION), 3);
		assertThat(messages.next()).isEqualTo(InetDiagMessages.Kind.SOCKET);
		assertThat(messages.localPort()).isEqualTo(43639);
		assertThat(messages.remoteAddress()).isEqualTo(0x7f000001);
		assertThat(messages.remotePort()).isEqualTo(53840);
		assertThat(messages.cookie()).isEqualTo(2);
		ConnectionDiagnostics connection = ConnectionDiagnostics.of(messages);
		assertThat(connection.state()).isEqualTo(TcpState.ESTABLISHED);
		assertThat(connection.congestionControl()).isEqualTo("bbr");
		Map<TcpInfoField, Long> expected = new EnumMap<>(TcpInfoField.class);
		for (TcpInfoField figure : TcpInfoField.values()) {
			expected.put(figure, 0L);
		}
		expected.put(TcpInfoField.RTT_MICROS, 23L);
		expected.put(TcpInfoField.RTT_VAR_MICROS, 13L);
		expected.put(TcpInfoField.RTO_MICROS, 204000L);
		expected.put(TcpInfoField.MIN_RTT_MICROS, 9L);
		expected.put(TcpInfoField.CONGESTION_WINDOW, 11L);
		expected.remove(TcpInfoField.SLOW_START_THRESHOLD);
		expected.put(TcpInfoField.SEND_MSS, 32768L);
		expected.put(TcpInfoField.RECEIVE_QUEUE, 5L);
		expected.put(TcpInfoField.RECEIVE_BUFFER, 131072L);
		expected.put(TcpInfoField.SEND_BUFFER, 3939840L);
		expected.put(TcpInfoField.RECEIVE_BUFFER_USED, 837L);
		expected.put(TcpInfoField.BYTES_ACKED, 6L);
		expected.put(TcpInfoField.BYTES_RECEIVED, 5L);
		expected.put(TcpInfoField.BYTES_SENT, 6L);
		expected.put(TcpInfoField.DELIVERY_RATE, 3640888888L);
		expected.put(TcpInfoField.LAST_DATA_SENT_MILLIS, 100L);
		expected.put(TcpInfoField.LAST_DATA_RECEIVED_MILLIS, 100L);
		expected.put(TcpInfoField.LAST_ACK_RECEIVED_MILLIS, 100L);
		expected.put(TcpInfoField.RECEIVE_SPACE, 65483L);
		assertThat(connection.figures()).containsExactlyInAnyOrderEntriesOf(expected);
		assertThat(messages.next()).isEqualTo(InetDiagMessages.Kind.END);
	}

	@ParameterizedTest
	@ValueSource(strings = { "LITTLE_ENDIAN", "BIG_ENDIAN" })
	void everyFigureIsTakenFromItsField(String order) throws NetlinkException {
		Map<String, Long> fields = new HashMap<>();
		ByteBuffer datagram = filled(order.equals("BIG_ENDIAN") ? ByteOrder.BIG_ENDIAN : ByteOrder.LITTLE_ENDIAN,
				fields);
		InetDiagMessages messages = messages(datagram, 5);
		assertThat(messages.next()).isEqualTo(InetDiagMessages.Kind.SOCKET);
		assertThat(messages.localPort()).isEqualTo(0x1234);
		assertThat(messages.remotePort()).isEqualTo(0xfedc);
		assertThat(messages.localAddress()).isEqualTo(0x0a010203);
		assertThat(messages.remoteAddress()).isEqualTo(0xc0a80102);
		assertThat(messages.congestionControl()).isEqualTo("reno");
		Map<TcpInfoField, String> names = Map.ofEntries(Map.entry(TcpInfoField.RTT_MICROS, "rtt"),
				Map.entry(TcpInfoField.RTT_VAR_MICROS, "rttvar"), Map.entry(TcpInfoField.RTO_MICROS, "rto"),
				Map.entry(TcpInfoField.MIN_RTT_MICROS, "min_rtt"),
				Map.entry(TcpInfoField.CONGESTION_WINDOW, "snd_cwnd"),
				Map.entry(TcpInfoField.SLOW_START_THRESHOLD, "snd_ssthresh"),
				Map.entry(TcpInfoField.SEND_MSS, "snd_mss"), Map.entry(TcpInfoField.RETRANSMITS, "total_retrans"),
				Map.entry(TcpInfoField.RETRANSMITS_IN_FLIGHT, "retrans"),
				Map.entry(TcpInfoField.CONSECUTIVE_TIMEOUTS, "retransmits"), Map.entry(TcpInfoField.LOST, "lost"),
				Map.entry(TcpInfoField.SACKED, "sacked"), Map.entry(TcpInfoField.UNACKED, "unacked"),
				Map.entry(TcpInfoField.RECEIVE_QUEUE, "rqueue"), Map.entry(TcpInfoField.SEND_QUEUE, "wqueue"),
				Map.entry(TcpInfoField.RECEIVE_BUFFER, "rcvbuf"), Map.entry(TcpInfoField.SEND_BUFFER, "sndbuf"),
				Map.entry(TcpInfoField.RECEIVE_BUFFER_USED, "rmem_alloc"),
				Map.entry(TcpInfoField.SEND_BUFFER_USED, "wmem_queued"), Map.entry(TcpInfoField.DROPS, "drops"),
				Map.entry(TcpInfoField.BYTES_ACKED, "bytes_acked"),
				Map.entry(TcpInfoField.BYTES_RECEIVED, "bytes_received"),
				Map.entry(TcpInfoField.BYTES_SENT, "bytes_sent"),
				Map.entry(TcpInfoField.BYTES_RETRANSMITTED, "bytes_retrans"),
				Map.entry(TcpInfoField.DELIVERY_RATE, "delivery_rate"),
				Map.entry(TcpInfoField.BUSY_MICROS, "busy_time"),
				Map.entry(TcpInfoField.RECEIVE_WINDOW_LIMITED_MICROS, "rwnd_limited"),
				Map.entry(TcpInfoField.SEND_BUFFER_LIMITED_MICROS, "sndbuf_limited"),
				Map.entry(TcpInfoField.LAST_DATA_SENT_MILLIS, "last_data_sent"),
				Map.entry(TcpInfoField.LAST_DATA_RECEIVED_MILLIS, "last_data_recv"),
				Map.entry(TcpInfoField.LAST_ACK_RECEIVED_MILLIS, "last_ack_recv"),
				Map.entry(TcpInfoField.RECEIVE_SPACE, "rcv_space"), Map.entry(TcpInfoField.NOT_SENT, "notsent_bytes"));
		for (TcpInfoField figure : TcpInfoField.values()) {
			assertThat(messages.get(figure)).as(figure.key()).isEqualTo(fields.get(names.get(figure)));
		}
	}

	@ParameterizedTest
	@CsvSource({ "0, 0", "96, 14", "104, 16", "136, 18", "148, 19", "151, 19", "152, 20", "192, 24", "200, 24",
			"207, 24", "208, 25", "216, 26", "280, 26" })
	void whatAnOlderKernelsTcpInfoDoesNotHoldIsAbsent(int length, int present) throws NetlinkException {
		ByteBuffer datagram = filled(ByteOrder.LITTLE_ENDIAN, new HashMap<>());
		// The attribute's end, and the bytes beyond become a padded attribute that is
		// skipped
		int info = datagram.limit() - 4 - 280;
		datagram.putShort(info, (short) (4 + length));
		if (length < 276) {
			int next = info + 4 + ((length + 3) & ~3);
			datagram.putShort(next, (short) (datagram.limit() - next));
			datagram.putShort(next + 2, (short) 99);
		}
		InetDiagMessages messages = messages(datagram, 5);
		messages.next();
		int count = 0;
		for (TcpInfoField figure : TcpInfoField.values()) {
			boolean fits = figure.offset() + figure.width() <= length;
			if (figure.part() == TcpInfoField.Part.INFO) {
				assertThat(messages.has(figure)).as(figure.key()).isEqualTo(fits);
				count += fits ? 1 : 0;
			}
		}
		assertThat(count).isEqualTo(present);
	}

	@Test
	void whatAnOlderKernelsMemInfoDoesNotHoldIsAbsent() throws NetlinkException {
		ByteBuffer datagram = Hex.littleEndian(LISTENER);
		// Linux 4.6 has no SK_MEMINFO_DROPS
		datagram.putShort(124, (short) 36);
		datagram.putInt(160, 0x00160004);
		InetDiagMessages messages = messages(datagram, 2);
		messages.next();
		assertThat(messages.has(TcpInfoField.DROPS)).isFalse();
		assertThat(messages.get(TcpInfoField.RECEIVE_BUFFER)).isEqualTo(131072);
	}

	@Test
	void timeWaitHasNeitherInfoNorMemInfo() throws NetlinkException {
		InetDiagMessages messages = messages(Hex.littleEndian("""
				58000000 1400 0000 01000000 00000000
				02 06 03 00 aa77 d250
				7f000001 00000000 00000000 00000000
				7f000001 00000000 00000000 00000000
				00000000 ffffffff 01000000 10270000 00000000 00000000 00000000 00000000
				"""), 1);
		assertThat(messages.next()).isEqualTo(InetDiagMessages.Kind.SOCKET);
		assertThat(messages.state()).isEqualTo(TcpState.TIME_WAIT);
		assertThat(messages.cookie()).isEqualTo(0x1_ffff_ffffL);
		assertThat(messages.congestionControl()).isNull();
		assertThat(ConnectionDiagnostics.of(messages).figures()).containsOnlyKeys(TcpInfoField.RECEIVE_QUEUE,
				TcpInfoField.SEND_QUEUE);
		assertThatExceptionOfType(NoSuchElementException.class).isThrownBy(() -> messages.get(TcpInfoField.RTT_MICROS))
			.withMessage("rttMicros");
	}

	@Test
	void attributesOfTheSocketBeforeAreForgotten() throws NetlinkException {
		String bare = """
				58000000 1400 0000 03000000 00000000
				02 01 00 00 aa77 d251
				7f000001 00000000 00000000 00000000
				7f000001 00000000 00000000 00000000
				00000000 03000000 00000000 00000000 00000000 00000000 00000000 00000000
				""";
		InetDiagMessages messages = messages(Hex.littleEndian(CONNECTION + bare), 3);
		assertThat(messages.next()).isEqualTo(InetDiagMessages.Kind.SOCKET);
		assertThat(messages.has(TcpInfoField.RTT_MICROS)).isTrue();
		assertThat(messages.next()).isEqualTo(InetDiagMessages.Kind.SOCKET);
		assertThat(messages.remotePort()).isEqualTo(53841);
		assertThat(messages.has(TcpInfoField.RTT_MICROS)).isFalse();
		assertThat(messages.has(TcpInfoField.RECEIVE_BUFFER)).isFalse();
		assertThat(messages.congestionControl()).isNull();
	}

	@Test
	void whatHasNoSampleYetIsAbsent() throws NetlinkException {
		ByteBuffer datagram = Hex.littleEndian(CONNECTION);
		datagram.putInt(INFO + 4 + 68, 0);
		datagram.putInt(INFO + 4 + 72, 250000);
		datagram.putInt(INFO + 4 + 148, -1);
		datagram.putLong(INFO + 4 + 160, 0);
		InetDiagMessages messages = messages(datagram, 3);
		messages.next();
		assertThat(messages.has(TcpInfoField.RTT_MICROS)).isFalse();
		assertThat(messages.has(TcpInfoField.RTT_VAR_MICROS)).isFalse();
		assertThat(messages.has(TcpInfoField.MIN_RTT_MICROS)).isFalse();
		assertThat(messages.has(TcpInfoField.SLOW_START_THRESHOLD)).isFalse();
		assertThat(messages.has(TcpInfoField.DELIVERY_RATE)).isFalse();
		assertThat(messages.has(TcpInfoField.RTO_MICROS)).isTrue();
	}

	@ParameterizedTest
	@EnumSource(TcpState.class)
	void aFinIsNoPayload(TcpState state) throws NetlinkException {
		Map<String, Long> fields = new HashMap<>();
		ByteBuffer datagram = filled(ByteOrder.LITTLE_ENDIAN, fields);
		datagram.put(17, (byte) Long.numberOfTrailingZeros(state.bit()));
		InetDiagMessages messages = messages(datagram, 5);
		messages.next();
		assertThat(messages.state()).isEqualTo(state);
		long received = switch (state) {
			case CLOSE_WAIT, LAST_ACK, CLOSING -> 1;
			default -> 0;
		};
		long inQueue = switch (state) {
			case FIN_WAIT1, LAST_ACK, CLOSING -> 1;
			default -> 0;
		};
		long acknowledged = (state == TcpState.FIN_WAIT2) ? 1 : 0;
		assertThat(messages.get(TcpInfoField.RECEIVE_QUEUE) + received).isEqualTo(fields.get("rqueue"));
		assertThat(messages.get(TcpInfoField.BYTES_RECEIVED) + received).isEqualTo(fields.get("bytes_received"));
		assertThat(messages.get(TcpInfoField.SEND_QUEUE) + inQueue).isEqualTo(fields.get("wqueue"));
		assertThat(messages.get(TcpInfoField.NOT_SENT) + inQueue).isEqualTo(fields.get("notsent_bytes"));
		assertThat(messages.get(TcpInfoField.BYTES_ACKED) + acknowledged).isEqualTo(fields.get("bytes_acked"));
		assertThat(messages.get(TcpInfoField.BYTES_SENT)).isEqualTo(fields.get("bytes_sent"));
	}

	@Test
	void aFinThatWasReadIsNotInTheQueue() throws NetlinkException {
		ByteBuffer datagram = Hex.littleEndian(CONNECTION);
		datagram.put(17, (byte) 8);
		datagram.putInt(16 + 56, 0);
		InetDiagMessages messages = messages(datagram, 3);
		messages.next();
		assertThat(messages.state()).isEqualTo(TcpState.CLOSE_WAIT);
		assertThat(messages.get(TcpInfoField.RECEIVE_QUEUE)).isZero();
		assertThat(messages.get(TcpInfoField.BYTES_RECEIVED)).isEqualTo(4);
	}

	@Test
	void errorsComeWithTheirNumber() {
		InetDiagMessages messages = messages(Hex.littleEndian("""
				5c000000 0200 0000 05000000 c9380000 feffffff # ENOENT, then the request
				48000000 1400 0100 05000000 00000000
				02064a00 ffffffff 00010001 7f000001 00000000 00000000 00000000
				7f000001 00000000 00000000 00000000 00000000 ffffffff ffffffff
				"""), 5);
		assertThatExceptionOfType(NetlinkException.class).isThrownBy(messages::next)
			.satisfies((ex) -> assertThat(ex.errno()).isEqualTo(2));
	}

	@Test
	void aDumpMayEndWithAnError() {
		assertThatExceptionOfType(NetlinkException.class)
			.isThrownBy(messages(Hex.littleEndian("14000000 0300 0200 02000000 c9380000 f4ffffff"), 2)::next)
			.satisfies((ex) -> assertThat(ex.errno()).isEqualTo(12));
	}

	@ParameterizedTest
	@ValueSource(strings = { "14000000 1400 0000", // a header is cut off
			"0f000000 1400 0000 01000000 00000000", // shorter than its header
			"00000000 1400 0000 01000000 00000000", "ffffffff 1400 0000 01000000 00000000",
			"14000000 1400 0000 01000000 00000000", // longer than the datagram
			"10000000 1400 0000 01000000 00000000", // without a socket
			"10000000 0200 0000 01000000 00000000", // an error without its number
			"14000000 0200 0000 01000000 00000000 00000000", // an acknowledgement nobody
																// asked for
			"14000000 0200 0000 01000000 00000000 00000080", "14000000 0300 0200 02000000 00000000 00000000" })
	void malformedMessagesAreRefused(String dump) {
		assertThatExceptionOfType(NetlinkException.class).isThrownBy(messages(Hex.littleEndian(dump), 1)::next)
			.withMessageStartingWith("the kernel's answer cannot be read: it has ")
			.satisfies((ex) -> assertThat(ex.errno()).isZero());
	}

	@ParameterizedTest
	@CsvSource({ "16, 10, a socket of address family 10", "17, 0, a socket in state 0", "17, 77, a socket in state 77",
			"88, 3, an attribute of 3 bytes", "89, 127, an attribute of 32517 bytes" })
	void malformedSocketsAreRefused(int index, byte value, String what) {
		ByteBuffer datagram = Hex.littleEndian(CONNECTION);
		datagram.put(index, value);
		assertThatExceptionOfType(NetlinkException.class).isThrownBy(messages(datagram, 3)::next)
			.withMessageEndingWith(what);
	}

	@Test
	void unknownMessagesAreSkipped() throws NetlinkException {
		InetDiagMessages messages = messages(
				Hex.littleEndian(
						"10000000 0100 0000 02000000 00000000 12000000 9900 0000 02000000 00000000 eeee 0000" + DONE),
				2);
		assertThat(messages.next()).isEqualTo(InetDiagMessages.Kind.DONE);
	}

	@Test
	void congestionControlWithoutATerminatorEndsWithItsAttribute() throws NetlinkException {
		ByteBuffer datagram = Hex.littleEndian(CONNECTION);
		datagram.put(datagram.limit() - 1, (byte) 'x');
		InetDiagMessages messages = messages(datagram, 3);
		messages.next();
		assertThat(messages.congestionControl()).isEqualTo("bbrx");
	}

	@Test
	void whateverComesItEndsAndThrowsNothingElse() {
		Random random = new Random(20250923);
		byte[] original = Hex.bytes(CONNECTION + LISTENER.replace(" 02000000 c938", " 03000000 c938")
				+ DONE.replace(" 02000000 c938", " 03000000 c938"));
		int sockets = 0;
		int refused = 0;
		for (int round = 0; round < 50_000; round++) {
			byte[] bytes = original.clone();
			int length = bytes.length;
			switch (random.nextInt(4)) {
				case 0 -> random.nextBytes(bytes);
				case 1 -> length = random.nextInt(length + 1);
				default -> {
					for (int i = random.nextInt(1, 8); i > 0; i--) {
						// Rather where lengths and types are than in the figures
						int index = random.nextBoolean() ? random.nextInt(bytes.length) : new int[] { 0, 1, 4, 6, 16,
								17, 88, 96, 104, 116, 124, 164, 165, 448, 456, 460, 472 }[random.nextInt(17)];
						bytes[index] = (byte) random.nextInt(256);
					}
				}
			}
			InetDiagMessages messages = new InetDiagMessages(ByteBuffer.wrap(bytes).order(ByteOrder.LITTLE_ENDIAN));
			messages.reset(length, 3);
			try {
				int steps = 0;
				while (messages.next() == InetDiagMessages.Kind.SOCKET) {
					sockets++;
					ConnectionDiagnostics.of(messages);
					assertThat(messages.localPort() + messages.remotePort()).isNotNegative();
					assertThat(++steps).isLessThanOrEqualTo(original.length / 16);
				}
			}
			catch (NetlinkException ex) {
				refused++;
			}
		}
		assertThat(sockets).isGreaterThan(5_000);
		assertThat(refused).isGreaterThan(5_000);
	}

	private static InetDiagMessages messages(ByteBuffer datagram, int sequence) {
		InetDiagMessages messages = new InetDiagMessages(datagram);
		messages.reset(datagram.capacity(), sequence);
		return messages;
	}

	/**
	 * Lays out a socket as the kernel's headers declare it, each field with a value of
	 * its own.
	 */
	private static ByteBuffer filled(ByteOrder order, Map<String, Long> fields) {
		ByteBuffer datagram = ByteBuffer.allocate(16 + 72 + 8 + 12 + 40 + 4 + 280).order(order);
		datagram.putInt(datagram.capacity()).putShort((short) 20).putShort((short) 0).putInt(5).putInt(0);
		datagram.put((byte) 2).put((byte) 1).putShort((short) 0);
		datagram.put(Hex.bytes("1234 fedc 0a010203 000000000000000000000000 c0a80102 000000000000000000000000"));
		datagram.putInt(0).putInt(7).putInt(0);
		put(datagram, fields, 4, "expires rqueue wqueue uid inode");
		datagram.putShort((short) 5).putShort((short) 8).putInt(0);
		datagram.putShort((short) 9).putShort((short) (4 | 0x8000)).put(Hex.bytes("72656e6f 00 000000"));
		datagram.putShort((short) 40).putShort((short) 7);
		put(datagram, fields, 4, "rmem_alloc rcvbuf wmem_alloc sndbuf fwd_alloc wmem_queued optmem backlog drops");
		datagram.putShort((short) 284).putShort((short) 2);
		put(datagram, fields, 1, "state ca_state retransmits probes backoff options wscale flags");
		put(datagram, fields, 4, "rto ato snd_mss rcv_mss unacked sacked lost retrans fackets");
		put(datagram, fields, 4, "last_data_sent last_ack_sent last_data_recv last_ack_recv");
		put(datagram, fields, 4, "pmtu rcv_ssthresh rtt rttvar snd_ssthresh snd_cwnd advmss reordering");
		put(datagram, fields, 4, "rcv_rtt rcv_space total_retrans");
		put(datagram, fields, 8, "pacing_rate max_pacing_rate bytes_acked bytes_received");
		put(datagram, fields, 4, "segs_out segs_in notsent_bytes min_rtt data_segs_in data_segs_out");
		put(datagram, fields, 8, "delivery_rate busy_time rwnd_limited sndbuf_limited");
		put(datagram, fields, 4, "delivered delivered_ce");
		put(datagram, fields, 8, "bytes_sent bytes_retrans");
		put(datagram, fields, 4, "dsack_dups reord_seen rcv_ooopack snd_wnd");
		return datagram;
	}

	private static void put(ByteBuffer datagram, Map<String, Long> fields, int width, String names) {
		for (String name : names.split(" ", -1)) {
			int number = fields.size() + 1;
			switch (width) {
				case 1 -> {
					datagram.put((byte) (0x80 + number));
					fields.put(name, 0x80L + number);
				}
				case 4 -> {
					datagram.putInt(0x8000_0100 + number);
					fields.put(name, 0x8000_0100L + number);
				}
				default -> {
					datagram.putLong(0x0102_0304_0506_0700L + number);
					fields.put(name, 0x0102_0304_0506_0700L + number);
				}
			}
		}
	}

}
