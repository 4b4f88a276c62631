package io.weir.tls;

import java.io.OutputStream;
import java.nio.ByteBuffer;
import java.time.Duration;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;

import javax.net.ssl.SSLSocket;

import org.awaitility.Awaitility;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

import io.weir.connection.CloseReason;
import io.weir.connection.Connection;

import static org.assertj.core.api.Assertions.assertThat;

/**
 * What TLS has read of the socket and the handler has not, decrypted or not, is known.
 */
@Timeout(60)
class TlsHeldBytesTests extends TlsTest {

	// TLS 1.3 with AES-GCM: header, content type and tag (RFC 8446, 5.2), and the padding
	// that the JDK's client adds
	private static final int OVERHEAD = 5 + 1 + 16 + 16;

	// Some of it may come with the last bytes of the handshake
	@Test
	void whatAHandlerNeverReadsIsInTheKernelOrCounted() throws Exception {
		TlsServer server = new TlsServer(certificates, (connection) -> {
			try {
				Thread.sleep(60_000);
			}
			catch (InterruptedException ex) {
				// The test is over
			}
		}, ClientAuth.NONE, Duration.ofSeconds(10), Duration.ofMinutes(5));
		this.running = server;
		for (int i = 0; i < 20; i++) {
			try (SSLSocket client = server.jdk(null, "TLSv1.3")) {
				client.startHandshake();
				client.getOutputStream().write(new byte[100]);
				Connection connection = server.only();
				Awaitility.await()
					.untilAsserted(() -> assertThat(
							connection.channel().socket().getInputStream().available() + connection.bytesHeld())
						.isEqualTo(100 + OVERHEAD));
				connection.end(CloseReason.CLOSED_BY_OPERATOR);
			}
			Awaitility.await().until(() -> server.registry.active() == 0);
		}
	}

	@Test
	void whatTheHandlerHasNotReadIsCountedAndNothingWhileItReads() throws Exception {
		LinkedBlockingQueue<Integer> reads = new LinkedBlockingQueue<>();
		LinkedBlockingQueue<Integer> counts = new LinkedBlockingQueue<>();
		CountDownLatch begun = new CountDownLatch(1);
		TlsServer server = new TlsServer(certificates, (connection) -> {
			begun.countDown();
			try {
				int count = 0;
				while (count >= 0) {
					count = connection.read(ByteBuffer.allocate(reads.take()));
					counts.add(count);
				}
			}
			catch (InterruptedException ex) {
				// The test is over
			}
		}, ClientAuth.NONE, Duration.ofSeconds(10), Duration.ofMinutes(5));
		this.running = server;
		try (SSLSocket client = server.jdk(null, "TLSv1.3")) {
			client.startHandshake();
			assertThat(begun.await(10, TimeUnit.SECONDS)).isTrue();
			Connection connection = server.only();
			OutputStream out = client.getOutputStream();
			for (int i = 0; i < 3; i++) {
				out.write(new byte[100]);
			}
			// As long as the handler is not in a read, the kernel has all of it
			Awaitility.await()
				.until(() -> connection.channel().socket().getInputStream().available() == 3 * (100 + OVERHEAD));
			assertThat(connection.bytesHeld()).isZero();
			reads.add(1);
			assertThat(counts.take()).isOne();
			Awaitility.await()
				.untilAsserted(() -> assertThat(connection.bytesHeld()).isEqualTo(99 + 2 * (100 + OVERHEAD)));
			// And a byte of the next record
			reads.add(100);
			assertThat(counts.take()).isEqualTo(100);
			reads.add(150);
			assertThat(counts.take()).isEqualTo(150);
			Awaitility.await().untilAsserted(() -> assertThat(connection.bytesHeld()).isEqualTo(49));
			// The second of these has to wait
			reads.add(100);
			reads.add(100);
			assertThat(counts.take()).isEqualTo(49);
			Awaitility.await().untilAsserted(() -> assertThat(connection.bytesHeld()).isZero());
			// The read that waits has no room for all that comes now
			out.write(new byte[101]);
			assertThat(counts.take()).isEqualTo(100);
			Awaitility.await().untilAsserted(() -> assertThat(connection.bytesHeld()).isOne());
		}
	}

}
