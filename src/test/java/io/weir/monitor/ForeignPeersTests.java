package io.weir.monitor;

import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.concurrent.atomic.AtomicLong;

import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

import io.weir.transport.FirstBytes;

import static org.assertj.core.api.Assertions.assertThat;

/**
 * Tests for {@link ForeignPeers} and {@link ForeignProtocol}.
 */
class ForeignPeersTests {

	private final AtomicLong now = new AtomicLong();

	private static byte[] bytes(String text) {
		return text.translateEscapes().getBytes(StandardCharsets.ISO_8859_1);
	}

	private static void send(ForeignPeers peers, byte[] first) {
		send(peers, first, first.length);
	}

	// In reads of so many bytes, until enough have come
	private static void send(ForeignPeers peers, byte[] first, int size) {
		FirstBytes watcher = peers.watcher();
		for (int i = 0; i < first.length && watcher != null; i += size) {
			int count = Math.min(size, first.length - i);
			// Not at the beginning of the buffer, and with room behind
			ByteBuffer buffer = ByteBuffer.allocateDirect(count + 10).position(7).put(first, i, count);
			watcher = watcher.came(buffer, 7, 7 + count);
			assertThat(buffer.position()).isEqualTo(7 + count);
		}
	}

	private List<ForeignProtocol> found(String protocol, boolean tls, byte[] first) {
		List<ForeignProtocol> found = found(protocol, tls, first, first.length);
		for (int size = 1; size < first.length; size++) {
			assertThat(found(protocol, tls, first, size)).as("in reads of %d", size).isEqualTo(found);
		}
		return found;
	}

	private List<ForeignProtocol> found(String protocol, boolean tls, byte[] first, int size) {
		ForeignPeers peers = new ForeignPeers(protocol, tls, this.now::get);
		send(peers, first, size);
		List<ForeignProtocol> found = new ArrayList<>();
		for (ForeignProtocol foreign : ForeignProtocol.values()) {
			if (peers.recent(foreign) > 0) {
				found.add(foreign);
			}
		}
		return found;
	}

	// What records take for data, what other protocols do, and what a TLS port meets
	@ParameterizedTest
	@CsvSource(delimiter = '|', textBlock = """
			PROXY TCP4 192.0.2.1 192.0.2.2 1 2\\r\\n                     | PROXY_HEADER |              | PROXY_HEADER
			PROXY UNKNOWN\\r\\n                                          | PROXY_HEADER |              | PROXY_HEADER
			\\r\\n\\r\\n\\0\\r\\nQUIT\\n\\041\\021                     | PROXY_HEADER | PROXY_HEADER | PROXY_HEADER
			\\026\\003\\001\\002\\000\\001\\000                         | TLS          |              |
			\\026\\003\\003\\002\\000\\001\\000                         | TLS          |              |
			\\026\\003\\003\\002\\000\\002\\000                         |              |              |
			\\025\\003\\003\\000\\002\\001\\132                         |              |              |
			\\200\\056\\001\\003\\001                                 |              |              |
			GET / HTTP/1.1\\r\\n                                         | HTTP         |              | NO_TLS
			PRI * HTTP/2.0\\r\\n\\r\\nSM\\r\\n\\r\\n                     | HTTP         |              | NO_TLS
			GETTING on                                                   |              |              | NO_TLS
			PROX                                                         |              |              |
			PROXIES                                                      |              |              | NO_TLS
			OPTIONS * HTTP                                               |              |              | NO_TLS
			OPTIONS * HTTP/1.1\\r\\n                                     | HTTP         |              | NO_TLS
			\\r\\n\\r\\n\\0\\r\\nQUIET                              |              |              | NO_TLS
			data\\n                                                       |              |              | NO_TLS
			\\000\\000\\000\\001ab                                      |              |              | NO_TLS
			""")
	void firstBytesTellTheProtocol(String text, @Nullable String asRecords, @Nullable String asBytes,
			@Nullable String asTls) {
		byte[] first = bytes(text);
		for (String protocol : List.of("record", "echo-record")) {
			assertThat(found(protocol, false, first)).isEqualTo(kinds(asRecords));
		}
		for (String protocol : List.of("echo", "discard", "my-own")) {
			assertThat(found(protocol, false, first)).isEqualTo(kinds(asBytes));
		}
		for (String protocol : List.of("record", "echo")) {
			assertThat(found(protocol, true, first)).isEqualTo(kinds(asTls));
		}
	}

	private static List<ForeignProtocol> kinds(@Nullable String name) {
		return (name != null) ? List.of(ForeignProtocol.valueOf(name)) : List.of();
	}

	@Test
	void whenTheFirstByteTellsThenNoMoreAreLookedAt() {
		for (boolean tls : new boolean[] { true, false }) {
			ForeignPeers peers = new ForeignPeers("record", tls, this.now::get);
			assertThat(peers.watcher().came(ByteBuffer.wrap(bytes("data")), 0, 1)).isNull();
		}
	}

	@Test
	void whenEnoughHasComeThenNoMoreIsLookedAt() {
		for (String rest : List.of("Y ", "?", "Y of the first 16 bytes")) {
			FirstBytes watcher = Objects.requireNonNull(new ForeignPeers("record", false, this.now::get).watcher()
				.came(ByteBuffer.wrap(bytes("PROX")), 0, 4));
			ByteBuffer second = ByteBuffer.wrap(bytes(rest));
			assertThat(watcher.came(second, 0, second.limit())).isNull();
		}
	}

	@Test
	void anOldCountIsForgotten() {
		ForeignPeers peers = new ForeignPeers("record", false, this.now::get);
		for (int i = 0; i < 20; i++) {
			send(peers, bytes("PROXY TCP4"));
			this.now.addAndGet(Duration.ofSeconds(30).toNanos());
		}
		assertThat(peers.recent(ForeignProtocol.PROXY_HEADER)).isEqualTo(9);
		this.now.addAndGet(Duration.ofSeconds(269).toNanos());
		assertThat(peers.recent(ForeignProtocol.PROXY_HEADER)).isEqualTo(1);
		this.now.addAndGet(Duration.ofSeconds(1).toNanos());
		assertThat(peers.recent(ForeignProtocol.PROXY_HEADER)).isZero();
	}

}
