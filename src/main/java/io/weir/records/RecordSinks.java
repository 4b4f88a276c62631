package io.weir.records;

import java.io.IOException;
import java.net.InetSocketAddress;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.atomic.LongAdder;
import java.util.function.Function;

import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

import io.weir.api.RecordSink;
import io.weir.api.UnpackedRecord;
import io.weir.text.EscapedFailure;

/**
 * The sinks of records in their order: the user's, then the writer. Safe for any thread.
 */
public final class RecordSinks implements AutoCloseable {

	private static final Logger logger = LoggerFactory.getLogger(RecordSinks.class);

	private final List<String> fields;

	private final List<SinkWatch> users;

	private final List<RecordSink> all;

	private final @Nullable RecordWriter writer;

	private final LongAdder thrown = new LongAdder();

	// Of the thrown ones those that waited for the writer when their connection was cut
	private final LongAdder cut = new LongAdder();

	// Of drains only
	private long told;

	/**
	 * Creates the sinks.
	 * @param fields the names of the values
	 * @param users the user's sinks
	 * @param output where records are written; null if they are not
	 * @param addressText writes a peer's address in lines
	 */
	public RecordSinks(RecordFields fields, List<RecordSink> users, @Nullable RecordOutput output,
			Function<InetSocketAddress, String> addressText) {
		this.fields = fields.names();
		this.users = users.stream().map(SinkWatch::new).toList();
		this.writer = (output != null) ? new RecordWriter(new JsonEncoder(fields, addressText), output) : null;
		List<RecordSink> sinks = new ArrayList<>(this.users);
		if (this.writer != null) {
			sinks.add(this.writer);
		}
		this.all = List.copyOf(sinks);
	}

	/**
	 * Whether there is no sink at all.
	 */
	public boolean isEmpty() {
		return this.all.isEmpty();
	}

	/**
	 * Gives a record to each sink, and waits as long as they do.
	 * @param connection the number of its connection
	 * @param peer the client
	 * @param values the record
	 * @throws IOException if a sink throws; those behind it don't get the record
	 */
	public void give(long connection, InetSocketAddress peer, List<Object> values) throws IOException {
		UnpackedRecord record = new UnpackedRecord(connection, peer, Instant.now(), this.fields, values);
		for (RecordSink sink : this.all) {
			boolean taken = false;
			try {
				sink.accept(record);
				taken = true;
			}
			// Not to be mistaken for a failure of the connection's own
			catch (IOException | RuntimeException ex) {
				throw new RecordSinkException(type(sink), ex);
			}
			finally {
				if (!taken) {
					this.thrown.increment();
					if (sink.equals(this.writer)) {
						this.cut.increment();
					}
				}
			}
		}
	}

	private static Class<?> type(RecordSink sink) {
		return (sink instanceof SinkWatch watch) ? watch.type() : sink.getClass();
	}

	/**
	 * Whether there is an output, so that what is unpacked is written or waits.
	 */
	public boolean isWritten() {
		return this.writer != null;
	}

	/**
	 * What became of the records so far.
	 */
	public RecordCounts counts() {
		long failed = this.thrown.sum();
		return (this.writer != null) ? new RecordCounts(this.writer.written(), failed + this.writer.givenUp())
				: new RecordCounts(0, failed);
	}

	/**
	 * Why records can't be written now, or why a sink of the user's takes none. It is to
	 * be asked about each second: that a sink takes none is seen from two such looks.
	 * @return null if they can
	 */
	public @Nullable WriteFault fault() {
		return fault(System.nanoTime());
	}

	@Nullable WriteFault fault(long now) {
		WriteFault first = (this.writer != null) ? this.writer.fault() : null;
		for (SinkWatch user : this.users) {
			WriteFault fault = user.fault(now);
			first = (first != null) ? first : fault;
		}
		return first;
	}

	/**
	 * Flushes all sinks at once, and gives up what can't be written in that time.
	 * @param atMost how long to wait
	 * @return how many records the output could not write since the last call, those
	 * included that waited when their connection was cut
	 */
	public long finish(Duration atMost) {
		long begin = System.nanoTime();
		List<Thread> flushes = this.users.stream()
			.map((sink) -> Thread.ofPlatform().daemon().name("weir-records-flush").start(() -> flush(sink, atMost)))
			.toList();
		if (this.writer != null) {
			finish(this.writer, atMost);
		}
		try {
			for (Thread flush : flushes) {
				if (!flush.join(atMost.minusNanos(System.nanoTime() - begin))) {
					logger.warn("A record sink was not flushed within {} ms", atMost.toMillis());
				}
			}
		}
		catch (InterruptedException ex) {
			Thread.currentThread().interrupt();
		}
		long lost = this.cut.sum() + ((this.writer != null) ? this.writer.givenUp() : 0);
		long news = lost - this.told;
		this.told = lost;
		return news;
	}

	private static void flush(RecordSink sink, Duration atMost) {
		try {
			sink.flush(atMost);
		}
		// An Error would end the process before what others hold is flushed
		catch (Throwable ex) {
			logger.warn("The record sink {} could not be flushed", type(sink).getName(), new EscapedFailure(ex));
		}
	}

	private static void finish(RecordWriter writer, Duration atMost) {
		try {
			writer.flush(atMost);
		}
		catch (IOException ex) {
			WriteFault fault = writer.fault();
			writer.giveUp();
			logger.warn("Weir ends, and {} to {}. Cause: {}", ex.getMessage(), writer.output().text(),
					(fault != null) ? fault.reason() : "it takes them too slowly");
		}
	}

	/**
	 * Ends the writer's thread.
	 */
	@Override
	public void close() {
		if (this.writer != null) {
			this.writer.close();
		}
	}

}
