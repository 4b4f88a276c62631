package io.weir.records;

import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.util.Arrays;
import java.util.concurrent.locks.Lock;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.Function;

import io.weir.api.RecordText;
import io.weir.api.UnpackedRecord;

/**
 * Writes records as the writer's lines, each apart. Safe for any thread.
 */
public final class LineText implements RecordText {

	// Lines are rarely longer
	private static final int USUAL = 64 << 10;

	private final JsonEncoder encoder;

	private final Function<InetAddress, String> hostText;

	private final Lines line = new Lines();

	// Guards the encoder and its line
	private final Lock lock = new ReentrantLock();

	/**
	 * Creates it.
	 * @param fields the names of the values
	 * @param addressText writes a peer's address with its port
	 * @param hostText writes it without
	 */
	public LineText(RecordFields fields, Function<InetSocketAddress, String> addressText,
			Function<InetAddress, String> hostText) {
		this.encoder = new JsonEncoder(fields, addressText);
		this.hostText = hostText;
	}

	@Override
	public byte[] json(UnpackedRecord record) {
		this.lock.lock();
		try {
			this.line.clear(USUAL);
			this.encoder.encode(record, this.line);
			return Arrays.copyOf(this.line.bytes(), this.line.size() - 1);
		}
		finally {
			this.lock.unlock();
		}
	}

	@Override
	public String client(UnpackedRecord record) {
		return this.hostText.apply(record.peer().getAddress());
	}

}
