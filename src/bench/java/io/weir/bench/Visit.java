package io.weir.bench;

import java.io.IOException;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.util.Arrays;
import java.util.Random;

import javax.net.ssl.SSLContext;
import javax.net.ssl.SSLException;
import javax.net.ssl.SSLSocket;

import org.jspecify.annotations.Nullable;

/**
 * One connection of a {@link Visitor}: a blocking client that verifies every byte, and
 * keeps the account of what the server must have counted.
 */
final class Visit implements AutoCloseable {

	/**
	 * Bytes of a record of the default format.
	 */
	static final int RECORD = 22;

	// Newcomers wait long at the server's limits
	private static final int TIMEOUT_MILLIS = 60_000;

	// Longer than keep-alive probes go unanswered, shorter than the idle timeout
	private static final int VANISHED_MILLIS = 4000;

	private Place place;

	private final Random random;

	private final Socket tcp = new Socket();

	// What an application's bytes go through
	private Socket socket = this.tcp;

	/**
	 * Connects, and shakes hands where there is TLS.
	 * @param place where to
	 * @param random makes the bytes
	 * @param buffer size of the socket's buffers; 0 leaves them to the kernel
	 * @throws IOException if nobody listens
	 */
	Visit(Place place, Random random, int buffer) throws IOException {
		this(place, random, buffer, (place.tls() != null) ? place.tls().good() : null);
	}

	private Visit(Place place, Random random, int buffer, @Nullable SSLContext tls) throws IOException {
		this.place = place;
		this.random = random;
		if (buffer > 0) {
			this.tcp.setReceiveBufferSize(buffer);
			this.tcp.setSendBufferSize(buffer);
		}
		this.tcp.setTcpNoDelay(true);
		this.tcp.setSoTimeout(TIMEOUT_MILLIS);
		this.tcp.connect(place.tcp(), TIMEOUT_MILLIS);
		place.ledger().opened();
		if (tls != null) {
			try {
				shakeHands(tls);
			}
			catch (IOException ex) {
				this.tcp.close();
				throw ex;
			}
		}
	}

	/**
	 * Connects and says nothing, not even where TLS is due.
	 */
	static Visit withoutTls(Place place, Random random) throws IOException {
		return new Visit(place, random, 0, null);
	}

	private void shakeHands(SSLContext tls) throws IOException {
		SSLSocket over = (SSLSocket) tls.getSocketFactory()
			.createSocket(this.tcp, "localhost", this.tcp.getPort(), false);
		if (this.random.nextInt(4) == 0) {
			over.setEnabledProtocols(new String[] { "TLSv1.2" });
		}
		over.startHandshake();
		this.socket = over;
	}

	/**
	 * Shakes hands in vain.
	 * @param tls something bad
	 * @throws IOException if that works
	 */
	void beRefused(SSLContext tls) throws IOException {
		try {
			shakeHands(tls);
			// With TLS 1.3 a client is done before the server has looked at it
			this.socket.getInputStream().read();
		}
		catch (SSLException ex) {
			ended("handshake_failed");
			return;
		}
		throw new IOException("The handshake did not fail");
	}

	/**
	 * Keeps another account from now on.
	 */
	void moveTo(Place other) {
		this.place = other;
	}

	byte[] bytes(int count) {
		byte[] bytes = new byte[count];
		this.random.nextBytes(bytes);
		return bytes;
	}

	/**
	 * Bytes that an exchange begins with.
	 * @param size how many, at most a chunk
	 * @return none where there are only records
	 */
	byte[] line(int size) {
		return bytes(this.place.service().lines() ? size : 0);
	}

	/**
	 * Bytes that an exchange ends with.
	 * @return none where there are no records
	 */
	byte[] record() {
		return bytes(this.place.service().records() ? RECORD : 0);
	}

	void send(byte[] bytes) throws IOException {
		this.socket.getOutputStream().write(bytes);
		this.place.ledger().exchanged(bytes.length, 0, 0);
	}

	/**
	 * Sends bytes that no application gets.
	 */
	void sendToNobody(byte[] bytes) throws IOException {
		this.tcp.getOutputStream().write(bytes);
	}

	/**
	 * Sends until that fails, and reads nothing.
	 * @return how many bytes at the most
	 */
	long sendForEver() {
		byte[] bytes = new byte[8192];
		long sent = 0;
		try {
			while (true) {
				sent += bytes.length;
				this.socket.getOutputStream().write(bytes);
			}
		}
		catch (IOException ex) {
			return sent;
		}
	}

	/**
	 * Reads what comes back, if anything does.
	 */
	void expect(byte[] bytes) throws IOException {
		expect(bytes, 0, bytes.length);
	}

	void expect(byte[] bytes, int from, int to) throws IOException {
		if (!this.place.service().echoes()) {
			return;
		}
		byte[] read = this.socket.getInputStream().readNBytes(to - from);
		this.place.ledger().exchanged(0, read.length, 0);
		if (!Arrays.equals(read, 0, read.length, bytes, from, to)) {
			throw new IOException("Of %d bytes %d came back, different from %d on".formatted(to - from, read.length,
					Arrays.mismatch(read, 0, read.length, bytes, from, to)));
		}
	}

	/**
	 * Reads to the end of the stream.
	 */
	byte[] rest() throws IOException {
		byte[] read = this.socket.getInputStream().readAllBytes();
		this.place.ledger().exchanged(0, read.length, 0);
		return read;
	}

	/**
	 * Reads to the end of the stream what no application has sent.
	 */
	void skipRest() throws IOException {
		this.tcp.getInputStream().readAllBytes();
	}

	/**
	 * Sends a line, which comes back, then a record: what there is of both.
	 * @param size of the line, at most a chunk
	 */
	void exchange(int size) throws IOException {
		byte[] line = line(size);
		send(line);
		expect(line);
		sendRecord();
	}

	void sendRecord() throws IOException {
		byte[] record = record();
		int cut = this.random.nextInt(record.length + 1);
		send(Arrays.copyOf(record, cut));
		send(Arrays.copyOfRange(record, cut, record.length));
		countRecords(1);
	}

	/**
	 * Begins an exchange and stops amid its record, if there is one.
	 */
	void exchangePart() throws IOException {
		byte[] line = line(100);
		send(line);
		expect(line);
		byte[] record = record();
		send(Arrays.copyOf(record, Math.min(1 + this.random.nextInt(RECORD - 1), record.length)));
	}

	/**
	 * Notes records that were sent, if there are any.
	 */
	void countRecords(long count) {
		this.place.ledger().exchanged(0, 0, this.place.service().records() ? count : 0);
	}

	/**
	 * Ends this side's stream, before or after the server has.
	 */
	void endStream() throws IOException {
		this.socket.shutdownOutput();
	}

	/**
	 * Ends the stream and waits for the server's end, without a byte more.
	 * @param reason what the server must call it
	 */
	void finish(String reason) throws IOException {
		endStream();
		awaitEnd(reason);
	}

	/**
	 * Waits for the server's end, without a byte more.
	 * @param reason what the server must call it
	 */
	void awaitEnd(String reason) throws IOException {
		int more = rest().length;
		ended(reason);
		if (more > 0) {
			throw new IOException(more + " bytes came that nobody had sent");
		}
	}

	void ended(String reason) {
		this.place.ledger().closed(reason);
	}

	/**
	 * Closes with RST.
	 */
	void reset() throws IOException {
		this.tcp.setSoLinger(true, 0);
		this.tcp.close();
		ended("reset");
	}

	/**
	 * Ends the stream below TLS, without a close_notify.
	 */
	void truncate() throws IOException {
		this.tcp.shutdownOutput();
		skipRest();
		ended("io_error");
	}

	/**
	 * Exchanges something and leaves the network without a word.
	 */
	void exchangeAndVanish() throws IOException, InterruptedException {
		DeafSocket deaf = new DeafSocket(this.tcp);
		exchange(100);
		// What is not acknowledged would be sent again
		Thread.sleep(200);
		deaf.deafen();
		Thread.sleep(VANISHED_MILLIS);
		// RST, to nobody: the server has given up
		this.tcp.setSoLinger(true, 0);
		ended("io_error");
	}

	@Override
	public void close() throws IOException {
		this.tcp.close();
	}

	/**
	 * What is visited.
	 *
	 * @param tcp the server's address
	 * @param http the actuator's
	 * @param service what it does
	 * @param tls what its clients need for TLS; null without
	 * @param ledger where visits keep their account
	 */
	record Place(InetSocketAddress tcp, InetSocketAddress http, Service service, @Nullable TlsClients tls,
			Ledger ledger) {
	}

}
