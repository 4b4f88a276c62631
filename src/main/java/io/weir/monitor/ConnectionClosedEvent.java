package io.weir.monitor;

import jdk.jfr.Category;
import jdk.jfr.DataAmount;
import jdk.jfr.Description;
import jdk.jfr.Enabled;
import jdk.jfr.Event;
import jdk.jfr.Label;
import jdk.jfr.Name;
import jdk.jfr.StackTrace;
import jdk.jfr.Timespan;
import org.jspecify.annotations.Nullable;

import io.weir.transport.SocketAddresses;

/**
 * The Flight Recorder event of a connection that ended or was refused. What is not known
 * is null, or -1 for a number.
 */
@Name("io.weir.ConnectionClosed")
@Label("Connection Closed")
@Description("A connection of Weir's ended or was refused")
@Category({ "Weir", "Connections" })
@StackTrace(false)
@Enabled
@SuppressWarnings("unused") // The recorder reads the fields
final class ConnectionClosedEvent extends Event {

	@Label("Id")
	@Description("The connection's number; 0 if it was refused before it had one")
	private long id;

	@Label("Peer")
	private @Nullable String peer;

	@Label("Via")
	@Description("The proxy that the client came by")
	private @Nullable String via;

	@Label("Reason")
	private @Nullable String reason;

	@Label("Detail")
	@Description("What failed")
	private @Nullable String detail;

	@Label("Open For")
	@Timespan(Timespan.NANOSECONDS)
	private long openFor;

	@Label("Bytes Received")
	@DataAmount
	private long bytesReceived;

	@Label("Bytes Sent")
	@DataAmount
	private long bytesSent;

	@Label("Records")
	private long records;

	@Label("Round-Trip Time")
	@Timespan(Timespan.MICROSECONDS)
	private long roundTripTime;

	@Label("Retransmits")
	private long retransmits;

	/**
	 * Records the end of a connection, if events are recorded.
	 */
	void record(ClosedConnection closed) {
		this.id = closed.id();
		this.peer = SocketAddresses.text(closed.peer());
		this.via = SocketAddresses.textOrNull(closed.via());
		this.reason = closed.reason();
		this.detail = closed.detail();
		this.openFor = closed.openNanos();
		this.bytesReceived = closed.bytesReceived();
		this.bytesSent = closed.bytesSent();
		this.records = closed.records();
		this.roundTripTime = closed.rttMicros();
		this.retransmits = closed.retransmits();
		commit();
	}

}
