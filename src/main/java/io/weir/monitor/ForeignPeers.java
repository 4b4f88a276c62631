package io.weir.monitor;

import java.nio.ByteBuffer;
import java.util.EnumMap;
import java.util.Map;
import java.util.Set;
import java.util.function.LongSupplier;

import org.jspecify.annotations.Nullable;

import io.weir.connection.CloseReason;
import io.weir.connection.Connection;
import io.weir.connection.ConnectionListener;
import io.weir.transport.FirstBytes;

/**
 * Counts the peers of late whose first bytes are those of another protocol. Looks at the
 * first read of a connection only, so bytes that come one by one are not recognised. Safe
 * for any thread.
 */
public final class ForeignPeers implements ConnectionListener {

	private static final Set<String> OF_RECORDS = Set.of("record", "echo-record");

	private final Map<ForeignProtocol, RecentCount> counts = new EnumMap<>(ForeignProtocol.class);

	// The same object for all connections
	private final FirstBytes watcher;

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
		boolean records = hasRecords(protocol);
		this.watcher = tls ? this::lookForTls : (bytes, begin, end) -> lookForData(bytes, begin, end, records);
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

	FirstBytes watcher() {
		return this.watcher;
	}

	private void lookForTls(ByteBuffer bytes, int begin, int end) {
		count(ForeignProtocol.insteadOfTls(bytes, begin, end));
	}

	private void lookForData(ByteBuffer bytes, int begin, int end, boolean records) {
		count(ForeignProtocol.insteadOfData(bytes, begin, end, records));
	}

	private void count(@Nullable ForeignProtocol foreign) {
		RecentCount count = (foreign != null) ? this.counts.get(foreign) : null;
		if (count != null) {
			count.increment();
		}
	}

	/**
	 * How many there were in the last five minutes.
	 */
	long recent(ForeignProtocol foreign) {
		RecentCount count = this.counts.get(foreign);
		return (count != null) ? count.get() : 0;
	}

}
