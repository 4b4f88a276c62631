package io.weir.records;

import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.charset.StandardCharsets;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.atomic.AtomicInteger;

import org.junit.jupiter.api.Test;

import io.weir.api.UnpackedRecord;
import io.weir.struct.StructFormat;
import io.weir.transport.SocketAddresses;

import static org.assertj.core.api.Assertions.assertThat;

/**
 * Tests for {@link LineText}.
 */
class LineTextTests {

	private final LineText text = new LineText(RecordFields.of(List.of("number", "tag:hex"), StructFormat.parse("q2s")),
			SocketAddresses::text, SocketAddresses::text);

	@Test
	void whenARecordIsWrittenThenItIsItsLineWithoutTheEnd() {
		assertThat(json(record(1, "127.0.0.1", 7))).isEqualTo("{\"at\":\"2026-11-25T18:00:00.123456Z\","
				+ "\"connection\":1,\"peer\":\"127.0.0.1:40112\",\"number\":7,\"tag\":\"6162\"}");
	}

	@Test
	void whenAClientIsWrittenThenItHasNoPort() {
		assertThat(this.text.client(record(1, "127.0.0.1", 7))).isEqualTo("127.0.0.1");
		assertThat(this.text.client(record(1, "2001:db8:0:0:0:0:0:7", 7))).isEqualTo("2001:db8::7");
		assertThat(json(record(1, "2001:db8:0:0:0:0:0:7", 7))).contains("\"peer\":\"[2001:db8::7]:40112\"");
	}

	@Test
	void whenManyThreadsWriteThenEachGetsItsOwn() throws Exception {
		AtomicInteger wrong = new AtomicInteger();
		List<Thread> threads = new ArrayList<>();
		for (int connection = 0; connection < 8; connection++) {
			// Lines of eight lengths
			UnpackedRecord record = record(connection, "10.0.0.1", (long) Math.pow(10, connection));
			byte[] expected = this.text.json(record);
			threads.add(Thread.ofPlatform().unstarted(() -> {
				for (int i = 0; i < 50_000; i++) {
					if (!Arrays.equals(this.text.json(record), expected)) {
						wrong.incrementAndGet();
					}
				}
			}));
		}
		threads.forEach(Thread::start);
		for (Thread thread : threads) {
			thread.join();
		}
		assertThat(wrong).hasValue(0);
	}

	private String json(UnpackedRecord record) {
		return new String(this.text.json(record), StandardCharsets.UTF_8);
	}

	private static UnpackedRecord record(long connection, String address, long number) {
		return new UnpackedRecord(connection, new InetSocketAddress(InetAddress.ofLiteral(address), 40_112),
				Instant.parse("2026-11-25T18:00:00.123456789Z"), List.of("number", "tag"),
				List.of(number, "ab".getBytes(StandardCharsets.US_ASCII)));
	}

}
