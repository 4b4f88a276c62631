package io.weir.bench;

import java.util.List;
import java.util.function.BiFunction;

/**
 * A load, by the clients that make it.
 *
 * @param name as in the options
 * @param title for people
 * @param protocol what servers have to speak: {@code echo}, {@code echo-record}, or
 * {@code tls}, which is echo over TLS
 * @param connections how many at once
 * @param counts what it counts
 * @param factory makes a client with a number
 */
record Scenario(String name, String title, String protocol, int connections, Counts counts,
		BiFunction<Tally, Integer, Client> factory) {

	static final String ECHO = "echo";

	static final String RECORD = "echo-record";

	static final String TLS = "tls";

	/**
	 * The loads that all servers are measured under.
	 */
	static final List<Scenario> ALL = List.of(pingPong("pingpong-1", 1), pingPong("pingpong-64", 64),
			pingPong("pingpong-1000", 1000), streaming("stream-1", 1, 1024 * 1024),
			streaming("stream-16", 16, 256 * 1024), pingPong("pingpong-64", 64).overTls(),
			streaming("stream-1", 1, 1024 * 1024).overTls(),
			new Scenario("connect-echo-close", "connect, 64 bytes there and back, close; 16 at once", ECHO, 16,
					Counts.OPERATIONS, ConnectingClient::new),
			new Scenario("record-64", "the recipe's exchange of line and record, 64 connections", RECORD, 64,
					Counts.OPERATIONS, RecordClient::new),
			newcomer("newcomer-64", "a newcomer's wait behind 64 busy connections", 64, PingPongClient::new),
			newcomer("newcomer-stream-24", "a newcomer's wait behind 24 streams", 24,
					(tally, id) -> new StreamingClient(tally, 256 * 1024)));

	/**
	 * Messages of 64 bytes, each sent when the one before has come back.
	 * @param name as in the options
	 * @param connections how many at once
	 */
	static Scenario pingPong(String name, int connections) {
		return new Scenario(name, "64 bytes there and back, " + connections(connections), ECHO, connections,
				Counts.OPERATIONS, PingPongClient::new);
	}

	private static Scenario streaming(String name, int connections, int window) {
		return new Scenario(name, "a stream there and back, " + connections(connections), ECHO, connections,
				Counts.BYTES, (tally, id) -> new StreamingClient(tally, window));
	}

	// What the busy ones do is not counted
	private static Scenario newcomer(String name, String title, int busy, BiFunction<Tally, Integer, Client> factory) {
		return new Scenario(name, title, ECHO, busy + 1, Counts.WAITS,
				(tally, id) -> (id < busy) ? factory.apply(new Tally(), id) : new NewcomerClient(tally, id));
	}

	private Scenario overTls() {
		return new Scenario("tls-" + this.name, this.title + ", TLS 1.3", TLS, this.connections, this.counts,
				this.factory);
	}

	private static String connections(int count) {
		return "%,d connection%s".formatted(count, (count == 1) ? "" : "s");
	}

	Client client(Tally tally, int id) {
		return this.factory.apply(tally, id);
	}

	/**
	 * What a load counts.
	 */
	enum Counts {

		/**
		 * Operations, each with its time.
		 */
		OPERATIONS,

		/**
		 * Bytes.
		 */
		BYTES,

		/**
		 * How long newcomers wait for an answer. What the server's processor time is for
		 * can't be told.
		 */
		WAITS

	}

}
