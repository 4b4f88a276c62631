package io.weir.monitor;

import java.nio.ByteBuffer;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.function.LongSupplier;

import org.jspecify.annotations.Nullable;

import io.weir.connection.CloseReason;
import io.weir.connection.Connection;
import io.weir.connection.ConnectionListener;
import io.weir.connection.RejectReason;
import io.weir.transport.FirstBytes;

/**
 * Counts the peers of late whose first bytes are those of another protocol, however they
 * are split into reads, or are no PROXY header where a trusted proxy must send one. Safe
 * for any thread.
 */
public final class ForeignPeers implements ConnectionListener {

	private static final Set<String> OF_RECORDS = Set.of("record", "echo-record");

	// The types of TLS records; a negative byte begins a hello in the form of SSL 2
	private static final int FIRST_TYPE = 20;

	private static final int LAST_TYPE = 23;

	private final Map<ForeignProtocol, RecentCount> counts = new EnumMap<>(ForeignProtocol.class);

	private final boolean tls;

	private final List<ForeignBeginning> beginnings;

	// The same object for all connections
	private final FirstBytes watcher = this::firstRead;

	/**
	 * Creates the counts.
	 * @param protocol the name of what serves connections
	 * @param tls whether they are protected
	 */
	public ForeignPeers(String protocol, boolean tls) {
		this(protocol, tls, System::nanoTime);
	}

	ForeignPeers(String protocol, boolean tls, LongSupplier nanoTime) {
		for (ForeignProtocol foreign : ForeignProtocol.values()) {
			this.counts.put(foreign, new RecentCount(nanoTime));
		}
		this.tls = tls;
		this.beginnings = beginnings(protocol, tls);
	}

	private static List<ForeignBeginning> beginnings(String protocol, boolean tls) {
		if (tls) {
			return ForeignBeginning.INSTEAD_OF_TLS;
		}
		return hasRecords(protocol) ? ForeignBeginning.INSTEAD_OF_RECORDS : ForeignBeginning.INSTEAD_OF_DATA;
	}

	/**
	 * Whether a protocol is one of records, to which text is no data.
	 * @param protocol its name
	 */
	public static boolean hasRecords(String protocol) {
		return OF_RECORDS.contains(protocol);
	}

	@Override
	public void opened(Connection connection) {
		connection.watchFirstBytes(this.watcher);
	}

	@Override
	public void closed(Connection connection, CloseReason reason) {
		// Its first bytes are long past
	}

	@Override
	public void rejected(Connection connection, RejectReason reason) {
		if (reason == RejectReason.PROXY_HEADER) {
			count(ForeignProtocol.NO_PROXY_HEADER);
		}
	}

	FirstBytes watcher() {
		return this.watcher;
	}

	private @Nullable FirstBytes firstRead(ByteBuffer bytes, int begin, int end) {
		if (isEnough(bytes, begin, end)) {
			return null;
		}
		return new Pieces(bytes, begin, end);
	}

	// Counts the peer if the bytes are foreign; false if more of them are needed to know
	private boolean isEnough(ByteBuffer bytes, int begin, int end) {
		boolean enough = true;
		for (ForeignBeginning beginning : this.beginnings) {
			if (beginning.agrees(bytes, begin, end)) {
				if (end - begin >= beginning.length()) {
					count(beginning.protocol());
					return true;
				}
				enough = false;
			}
		}
		if (enough && this.tls && !isTls(bytes.get(begin))) {
			count(ForeignProtocol.NO_TLS);
		}
		return enough;
	}

	private static boolean isTls(byte type) {
		return type < 0 || (type >= FIRST_TYPE && type <= LAST_TYPE);
	}

	private void count(ForeignProtocol foreign) {
		Objects.requireNonNull(this.counts.get(foreign)).increment();
	}

	/**
	 * How many there were in the last five minutes.
	 */
	long recent(ForeignProtocol foreign) {
		return Objects.requireNonNull(this.counts.get(foreign)).get();
	}

	/**
	 * What a connection has sent so far, while that may be the beginning of another
	 * protocol.
	 */
	private final class Pieces implements FirstBytes {

		private final ByteBuffer seen = ByteBuffer.allocate(ForeignBeginning.MAX_LENGTH);

		private Pieces(ByteBuffer bytes, int begin, int end) {
			add(bytes, begin, end);
		}

		private void add(ByteBuffer bytes, int begin, int end) {
			int count = Math.min(end - begin, this.seen.remaining());
			this.seen.put(this.seen.position(), bytes, begin, count);
			this.seen.position(this.seen.position() + count);
		}

		@Override
		public @Nullable FirstBytes came(ByteBuffer bytes, int begin, int end) {
			add(bytes, begin, end);
			return isEnough(this.seen, 0, this.seen.position()) ? null : this;
		}

	}

}
