package io.weir.protocol;

import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.List;
import java.util.function.Function;

import ch.qos.logback.classic.Level;
import ch.qos.logback.classic.spi.ILoggingEvent;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.Test;
import org.slf4j.event.KeyValuePair;

import io.weir.NoRecords;
import io.weir.transport.BufferPool;
import io.weir.CapturedLog;
import io.weir.ServedConnection;
import io.weir.api.ConnectionHandler;
import io.weir.struct.StructFormat;

import static org.assertj.core.api.Assertions.assertThat;

/**
 * Tests for {@link WireLog}, as the handlers use it.
 */
class WireLogTests {

	private static final BufferPool POOL = BufferPool.direct();

	private static final String RECORD = "b'\\x00\\x00\\x00\\x01ab\\x00\\x00\\x00\\x00\\x00\\x00\\x00\\x02"
			+ "\\x00\\x03\\x00\\x03@ \\x00\\x00'";

	@Test
	void whenTheRecipesClientComesThenTheLinesAreTheRecipes() throws Exception {
		List<String> lines = lines(new EchoRecordHandler(1024, Recipe.FORMAT, POOL, NoRecords.create()), (served) -> {
			exchange(served, Recipe.DATA);
			return Recipe.RECORD;
		});
		assertThat(lines).containsExactly("recv: b'data\\n'", "sent: b'data\\n'", "recv: " + RECORD,
				"recv unpacked: (1, b'ab', 2, 3, 3, 2.5)", "no data");
	}

	@Test
	void whenAnExchangeIsLoggedThenEachLineNamesConnectionAndPeer() throws Exception {
		try (CapturedLog log = CapturedLog.debug(WireLog.class.getName());
				ServedConnection served = new ServedConnection(new DiscardHandler(POOL))) {
			served.peer().endStream();
			served.reason();
			ILoggingEvent event = log.events().getFirst();
			assertThat(event.getLevel()).isEqualTo(Level.DEBUG);
			assertThat(event.getKeyValuePairs()).extracting((KeyValuePair pair) -> pair.key + "=" + pair.value)
				.containsExactly("connection=1", "peer=" + served.connection().peerText());
		}
	}

	@Test
	void whenThereIsNothingBeforeTheRecordThenNoDataIsLogged() throws Exception {
		assertThat(lines(new EchoRecordHandler(1024, Recipe.FORMAT, POOL, NoRecords.create()), (served) -> Recipe.DATA))
			.containsExactly("recv: b'data\\n'", "sent: b'data\\n'", "no data");
		assertThat(lines(new RecordHandler(Recipe.FORMAT, POOL, NoRecords.create()), (served) -> new byte[0]))
			.containsExactly("no data");
	}

	@Test
	void whenARecordIsPartialThenTheDiscardedBytesAreCounted() throws Exception {
		String line = "end of stream inside a record: 7 of 22 bytes came and are discarded";
		assertThat(lines(new EchoRecordHandler(1024, Recipe.FORMAT, POOL, NoRecords.create()), (served) -> {
			exchange(served, Recipe.DATA);
			return Arrays.copyOf(Recipe.RECORD, 7);
		})).endsWith(line).doesNotContain("no data");
		assertThat(lines(new RecordHandler(Recipe.FORMAT, POOL, NoRecords.create()),
				(served) -> Arrays.copyOf(Recipe.RECORD, 7)))
			.containsExactly(line);
	}

	@Test
	void whenRecordsComeThenEachHasItsLines() throws Exception {
		assertThat(lines(new RecordHandler(Recipe.FORMAT, POOL, NoRecords.create()), (served) -> Recipe.records(2)))
			.containsExactly("recv: " + RECORD, "recv unpacked: (1, b'ab', 2, 3, 3, 2.5)", "recv: " + RECORD,
					"recv unpacked: (1, b'ab', 2, 3, 3, 2.5)", "no data");
	}

	@Test
	void whenBytesAreManyThenTheyAreCutAfter256AndTheLengthIsNamed() throws Exception {
		List<String> lines = lines(new EchoRecordHandler(1024, Recipe.FORMAT, POOL, NoRecords.create()), (served) -> {
			byte[] bytes = new byte[1000];
			Arrays.fill(bytes, (byte) 'x');
			return bytes;
		});
		assertThat(lines.get(0)).startsWith("recv: b'" + "x".repeat(256) + "'").contains("1000").hasSizeLessThan(300);
		assertThat(lines.get(1)).startsWith("sent: b'" + "x".repeat(256) + "'").contains("1000").hasSizeLessThan(300);
		assertThat(lines(new DiscardHandler(POOL), (served) -> new byte[256]).getFirst())
			.isEqualTo("recv: b'" + "\\x00".repeat(256) + "'");
	}

	@Test
	void whenATupleIsLongThenItIsCutAfter256AndTheLengthIsNamed() throws Exception {
		List<String> lines = lines(new RecordHandler(StructFormat.parse("400s"), POOL, NoRecords.create()),
				(served) -> new byte[400]);
		// (b'...',) around four characters each
		assertThat(lines.get(1)).startsWith("recv unpacked: (b'\\x00\\x00")
			.contains(Integer.toString(4 * 400 + 6))
			.hasSizeLessThan(320);
	}

	@Test
	void whenAPeerSendsLineBreaksThenNoLineIsForged() throws Exception {
		List<String> lines = lines(new EchoHandler(POOL),
				(served) -> "a\r\n2026 INFO forged\u001b[0m\u0085\u2028'\"".getBytes(StandardCharsets.UTF_8));
		assertThat(lines).allSatisfy((line) -> assertThat(line).isPrintable().matches("\\p{ASCII}+"));
		assertThat(lines.getFirst())
			.isEqualTo("recv: b'a\\r\\n2026 INFO forged\\x1b[0m\\xc2\\x85\\xe2\\x80\\xa8\\'\"'");
	}

	@Test
	void whenAtInfoThenAConnectionCostsNoLine() throws Exception {
		try (CapturedLog log = CapturedLog.info("io.weir");
				ServedConnection served = new ServedConnection(
						new EchoRecordHandler(1024, Recipe.FORMAT, POOL, NoRecords.create()))) {
			served.peer().send(Recipe.DATA).receive(5);
			served.peer().send(Arrays.copyOf(Recipe.RECORD, 7)).endStream();
			served.reason();
			assertThat(log.messages()).isEmpty();
		}
	}

	private static List<String> lines(ConnectionHandler handler, Function<ServedConnection, byte[]> last)
			throws Exception {
		try (CapturedLog log = CapturedLog.debug(WireLog.class.getName());
				ServedConnection served = new ServedConnection(handler)) {
			served.peer().send(last.apply(served)).endStream();
			served.reason();
			return log.messages();
		}
	}

	private static void exchange(ServedConnection served, byte[] bytes) {
		try {
			assertThat(served.peer().send(bytes).receive(bytes.length)).isEqualTo(bytes);
			Awaitility.await().until(() -> served.connection().bytesSent() == bytes.length);
		}
		catch (java.io.IOException ex) {
			throw new java.io.UncheckedIOException(ex);
		}
	}

}
