package io.weir.bench;

import java.io.IOException;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.util.Arrays;
import java.util.Random;

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

	private Place place;

	private final Random random;

	private final Socket socket = new Socket();

	/**
	 * Connects.
	 * @param place where to
	 * @param random makes the bytes
	 * @param buffer size of the socket's buffers; 0 leaves them to the kernel
	 * @throws IOException if nobody listens
	 */
	Visit(Place place, Random random, int buffer) throws IOException {
		this.place = place;
		this.random = random;
		if (buffer > 0) {
			this.socket.setReceiveBufferSize(buffer);
			this.socket.setSendBufferSize(buffer);
		}
		this.socket.setTcpNoDelay(true);
		this.socket.setSoTimeout(TIMEOUT_MILLIS);
		this.socket.connect(place.tcp(), TIMEOUT_MILLIS);
		place.ledger().opened();
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

	void send(byte[] bytes) throws IOException {
		this.socket.getOutputStream().write(bytes);
		this.place.ledger().exchanged(bytes.length, 0, 0);
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

	void expect(byte[] bytes) throws IOException {
		expect(bytes, 0, bytes.length);
	}

	void expect(byte[] bytes, int from, int to) throws IOException {
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
	 * Sends bytes that come back, and a record after them if the server wants one.
	 * @param size how many, at most a chunk
	 */
	void exchange(int size) throws IOException {
		byte[] unit = bytes(size);
		send(unit);
		expect(unit);
		if (this.place.records()) {
			int cut = this.random.nextInt(RECORD);
			send(bytes(cut));
			send(bytes(RECORD - cut));
			countRecords(1);
		}
	}

	void countRecords(long count) {
		this.place.ledger().exchanged(0, 0, count);
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
		this.socket.setSoLinger(true, 0);
		this.socket.close();
		ended("reset");
	}

	@Override
	public void close() throws IOException {
		this.socket.close();
	}

	/**
	 * What is visited.
	 *
	 * @param tcp the server's address
	 * @param http the actuator's
	 * @param records whether a record follows each echo
	 * @param ledger where visits keep their account
	 */
	record Place(InetSocketAddress tcp, InetSocketAddress http, boolean records, Ledger ledger) {
	}

}
