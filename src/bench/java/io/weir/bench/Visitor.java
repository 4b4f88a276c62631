package io.weir.bench;

import java.io.IOException;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import java.util.stream.Stream;

import io.weir.bench.Visit.Place;

/**
 * The kinds of clients that visit a server in the soak: those that behave, and those of
 * which one may expect anything.
 */
enum Visitor {

	/** Exchange after exchange. */
	STEADY(8) {
		@Override
		void visit(Place place, Random random) throws IOException, InterruptedException {
			try (Visit visit = new Visit(place, random, 0)) {
				for (int i = random.nextInt(150); i >= 0; i--) {
					visit.exchange(1 + random.nextInt(1024));
					Thread.sleep(random.nextInt(30));
				}
				visit.finish("end_of_stream");
			}
		}
	},

	/** One exchange, as in the recipe. */
	RECIPE(8) {
		@Override
		void visit(Place place, Random random) throws IOException {
			try (Visit visit = new Visit(place, random, 0)) {
				visit.exchange(5);
				visit.finish("end_of_stream");
			}
		}
	},

	/** Many exchanges of a whole chunk before it reads, each one write. */
	PIPELINING(4) {
		@Override
		void visit(Place place, Random random) throws IOException {
			try (Visit visit = new Visit(place, random, 0)) {
				List<byte[]> units = Stream.generate(() -> visit.bytes(CHUNK)).limit(1 + random.nextInt(20)).toList();
				for (byte[] unit : units) {
					visit.send(Arrays.copyOf(unit, CHUNK + (place.records() ? Visit.RECORD : 0)));
				}
				for (byte[] unit : units) {
					visit.expect(unit);
				}
				visit.countRecords(place.records() ? units.size() : 0);
				visit.finish("end_of_stream");
			}
		}
	},

	/** Asks for much and reads it slowly: longer than the write timeout, all of it. */
	SLOW_READER(1) {
		@Override
		void visit(Place place, Random random) throws IOException, InterruptedException {
			// Units of a pipelined echo-record end anywhere
			if (place.records()) {
				STEADY.visit(place, random);
				return;
			}
			try (Visit visit = new Visit(place, random, SMALL)) {
				byte[] bytes = visit.bytes(600_000);
				Thread sender = Thread.startVirtualThread(() -> sendAll(visit, bytes));
				for (int from = 0; from < bytes.length; from += 6000) {
					visit.expect(bytes, from, from + 6000);
					Thread.sleep(40);
				}
				sender.join();
				visit.finish("end_of_stream");
			}
		}

		// What is not sent is missed by the reader
		private static void sendAll(Visit visit, byte[] bytes) {
			try {
				visit.send(bytes);
			}
			catch (IOException ex) {
				Thread.currentThread().interrupt();
			}
		}
	},

	/** Sends, reads nothing, and is closed. */
	NEVER_READER(1) {
		@Override
		boolean isExact() {
			return false;
		}

		@Override
		void visit(Place place, Random random) throws IOException {
			try (Visit visit = new Visit(place, random, SMALL)) {
				place.ledger().uncertain(visit.sendForEver(), Visit.RECORD);
				visit.ended("write_timeout");
			}
		}
	},

	/** Sends, reads nothing, and resets. */
	RESET_MID_WRITE(1) {
		@Override
		boolean isExact() {
			return false;
		}

		@Override
		void visit(Place place, Random random) throws IOException, InterruptedException {
			try (Visit visit = new Visit(place, random, SMALL)) {
				Thread sender = Thread
					.startVirtualThread(() -> place.ledger().uncertain(visit.sendForEver(), Visit.RECORD));
				Thread.sleep(300 + random.nextInt(700));
				visit.reset();
				sender.join();
			}
		}
	},

	/** Says nothing, or nothing more. */
	SILENT(2) {
		@Override
		void visit(Place place, Random random) throws IOException {
			try (Visit visit = new Visit(place, random, 0)) {
				if (random.nextBoolean()) {
					visit.exchange(10);
					byte[] unit = visit.bytes(7);
					visit.send(unit);
					visit.expect(unit);
					if (place.records()) {
						visit.send(visit.bytes(random.nextInt(Visit.RECORD)));
					}
				}
				visit.awaitEnd("idle_timeout");
			}
		}
	},

	/** A byte now and then, for longer than the idle timeout. */
	DRIPS(2) {
		@Override
		void visit(Place place, Random random) throws IOException, InterruptedException {
			try (Visit visit = new Visit(place, random, 0)) {
				for (int i = 0; i <= Visit.RECORD; i++) {
					byte[] one = visit.bytes(1);
					visit.send(one);
					if (i == 0 || !place.records()) {
						visit.expect(one);
					}
					Thread.sleep(200);
				}
				visit.countRecords(place.records() ? 1 : 0);
				visit.finish("end_of_stream");
			}
		}
	},

	/** Resets while the server waits for a unit. */
	RESET_MID_READ(2) {
		@Override
		void visit(Place place, Random random) throws IOException {
			try (Visit visit = new Visit(place, random, 0)) {
				visit.exchange(100);
				visit.reset();
			}
		}
	},

	/** Resets inside a record. */
	RESET_MID_RECORD(2) {
		@Override
		void visit(Place place, Random random) throws IOException {
			try (Visit visit = new Visit(place, random, 0)) {
				byte[] unit = visit.bytes(100);
				visit.send(unit);
				visit.expect(unit);
				if (place.records()) {
					visit.send(visit.bytes(1 + random.nextInt(Visit.RECORD - 1)));
				}
				visit.reset();
			}
		}
	},

	/** Ends inside a record. */
	PARTIAL_RECORD(2) {
		@Override
		void visit(Place place, Random random) throws IOException {
			try (Visit visit = new Visit(place, random, 0)) {
				byte[] unit = visit.bytes(100);
				visit.send(unit);
				visit.expect(unit);
				if (place.records()) {
					visit.send(visit.bytes(1 + random.nextInt(Visit.RECORD - 1)));
				}
				visit.finish(place.records() ? "partial_record" : "end_of_stream");
			}
		}
	},

	/** Sends anything. What does not come back must have been records. */
	RANDOM_BYTES(4) {
		@Override
		void visit(Place place, Random random) throws IOException {
			try (Visit visit = new Visit(place, random, 0)) {
				byte[] bytes = visit.bytes(random.nextInt(20_000));
				visit.send(bytes);
				visit.endStream();
				int kept = bytes.length - visit.rest().length;
				if (kept < 0 || (kept > 0 && !place.records())) {
					throw new IOException("%d of %d bytes did not come back".formatted(kept, bytes.length));
				}
				visit.countRecords(kept / Visit.RECORD);
				visit.ended((kept % Visit.RECORD == 0) ? "end_of_stream" : "partial_record");
			}
		}
	},

	/** One of many that come at once and stay a while. */
	FLOOD(0) {
		@Override
		void visit(Place place, Random random) throws IOException, InterruptedException {
			try (Visit visit = new Visit(place, random, 0)) {
				Thread.sleep(300 + random.nextInt(300));
				visit.exchange(20);
				visit.finish("end_of_stream");
			}
		}
	},

	/** Connects and closes. */
	CONNECT_AND_CLOSE(4) {
		@Override
		void visit(Place place, Random random) throws IOException {
			try (Visit visit = new Visit(place, random, 0)) {
				visit.ended("end_of_stream");
			}
		}
	},

	/** Ends its stream before it reads. */
	HALF_CLOSE(4) {
		@Override
		void visit(Place place, Random random) throws IOException {
			try (Visit visit = new Visit(place, random, 0)) {
				byte[] unit = visit.bytes(1 + random.nextInt(1024));
				visit.send(unit);
				visit.endStream();
				visit.expect(unit);
				visit.awaitEnd("end_of_stream");
			}
		}
	},

	/** Stands still amid its exchanges, as a stopped process does. */
	PAUSES(2) {
		@Override
		void visit(Place place, Random random) throws IOException, InterruptedException {
			try (Visit visit = new Visit(place, random, SMALL)) {
				for (int i = 0; i < 3; i++) {
					visit.exchange(1024);
					byte[] unit = visit.bytes(1024);
					visit.send(unit);
					Thread.sleep(300 + random.nextInt(700));
					visit.expect(unit);
					if (place.records()) {
						visit.send(visit.bytes(Visit.RECORD));
						visit.countRecords(1);
					}
				}
				visit.finish("end_of_stream");
			}
		}
	},

	/** Asks the actuator for what it must not give. */
	ABUSE(2) {
		@Override
		void visit(Place place, Random random) throws IOException {
			String request = REQUESTS.get(random.nextInt(REQUESTS.size()));
			try (Socket socket = new Socket()) {
				socket.setSoTimeout(20_000);
				socket.connect(place.http(), 20_000);
				socket.getOutputStream()
					.write((request + " HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n")
						.getBytes(StandardCharsets.US_ASCII));
				if (random.nextInt(4) == 0) {
					return;
				}
				// To what is no HTTP, Tomcat answers with a page alone
				String answer = new String(socket.getInputStream().readNBytes(12), StandardCharsets.US_ASCII);
				if (answer.isEmpty() || answer.startsWith("HTTP/1.1 2")) {
					throw new IOException(
							request.substring(0, Math.min(40, request.length())) + " got '" + answer + "'");
				}
			}
		}
	};

	private static final int SMALL = 16 * 1024;

	private static final int CHUNK = 1024;

	private static final List<String> REQUESTS = List.of("GET /actuator/env", "GET /actuator/heapdump",
			"POST /actuator/shutdown", "POST /actuator/tcpserver", "DELETE /actuator/tcpconnections/1",
			"GET /actuator/tcpconnections/none", "GET /actuator/loggers", "GET /%00%ff", "NONSENSE",
			"GET /" + "x".repeat(20_000));

	private final int weight;

	Visitor(int weight) {
		this.weight = weight;
	}

	/**
	 * How often this one comes, compared with the others.
	 */
	int weight() {
		return this.weight;
	}

	/**
	 * Whether it knows every byte that the server has counted.
	 */
	boolean isExact() {
		return true;
	}

	/**
	 * Visits, from connect to close.
	 * @param place what is visited
	 * @param random decides
	 * @throws IOException if the server does anything but what it should
	 */
	abstract void visit(Place place, Random random) throws IOException, InterruptedException;

}
