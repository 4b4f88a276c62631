package io.weir.records;

import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.charset.StandardCharsets;
import java.time.Instant;
import java.util.List;
import java.util.Queue;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.stream.IntStream;

import org.junit.jupiter.api.Test;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

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
		Queue<String> wrong = new ConcurrentLinkedQueue<>();
		List<Thread> threads = IntStream.range(0, 8).mapToObj((connection) -> Thread.ofPlatform().start(() -> {
			for (int i = 0; i < 5_000; i++) {
				JsonNode line = new JsonMapper().readTree(json(record(connection, "10.0.0." + connection, i)));
				if (line.get("connection").intValue() != connection || line.get("number").intValue() != i) {
					wrong.add(line.toString());
				}
			}
		})).toList();
		for (Thread thread : threads) {
			thread.join();
		}
		assertThat(wrong).isEmpty();
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
