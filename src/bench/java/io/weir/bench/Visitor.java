package io.weir.bench;

import java.io.IOException;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.List;
import java.util.Objects;
import java.util.Random;
import java.util.function.Predicate;
import java.util.stream.Stream;

import javax.net.ssl.SSLContext;

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
				List<byte[]> lines = Stream.generate(() -> visit.line(CHUNK)).limit(1 + random.nextInt(20)).toList();
				for (byte[] line : lines) {
					visit.send(concatenation(line, visit.record()));
				}
				for (byte[] line : lines) {
					visit.expect(line);
				}
				visit.countRecords(lines.size());
				visit.finish("end_of_stream");
			}
		}
	},

	/**
	 * Asks for much and reads it slowly: longer than the write timeout, all of it. Not of
	 * echo-record, where the end of a pipelined line may be anywhere.
	 */
	SLOW_READER(1, Service::echoesAll) {
		@Override
		void visit(Place place, Random random) throws IOException, InterruptedException {
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
	NEVER_READER(1, Service::echoes) {
		@Override
		void visit(Place place, Random random) throws IOException {
			try (Visit visit = new Visit(place, random, SMALL)) {
				place.ledger().uncertain(visit.sendForEver(), Visit.RECORD);
				visit.ended("write_timeout");
			}
		}
	},

	/** Sends, reads nothing, and resets. */
	RESET_MID_WRITE(1, Service::echoes) {
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
				for (int i = random.nextInt(3); i > 0; i--) {
					visit.exchange(10);
				}
				if (random.nextBoolean()) {
					visit.exchangePart();
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
				byte[] line = visit.line(place.service().records() ? 1 : Visit.RECORD + 1);
				byte[] all = concatenation(line, visit.record());
				for (int i = 0; i < all.length; i++) {
					byte[] one = { all[i] };
					visit.send(one);
					if (i < line.length) {
						visit.expect(one);
					}
					Thread.sleep(250);
				}
				visit.countRecords(1);
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
	RESET_MID_RECORD(2, Service::records) {
		@Override
		void visit(Place place, Random random) throws IOException {
			try (Visit visit = new Visit(place, random, 0)) {
				visit.exchangePart();
				visit.reset();
			}
		}
	},

	/** Ends inside a record. */
	PARTIAL_RECORD(2, Service::records) {
		@Override
		void visit(Place place, Random random) throws IOException {
			try (Visit visit = new Visit(place, random, 0)) {
				visit.exchangePart();
				visit.finish("partial_record");
			}
		}
	},

	/** Leaves the network without a word. */
	VANISHES(1) {
		@Override
		void visit(Place place, Random random) throws IOException, InterruptedException {
			try (Visit visit = new Visit(place, random, 0)) {
				visit.exchangeAndVanish();
			}
		}
	},

	/** Sends anything. What does not come back must have been records, if any are due. */
	RANDOM_BYTES(4) {
		@Override
		void visit(Place place, Random random) throws IOException {
			Service service = place.service();
			try (Visit visit = new Visit(place, random, 0)) {
				byte[] bytes = visit.bytes(1 + random.nextInt(20_000));
				visit.send(bytes);
				visit.endStream();
				int back = visit.rest().length;
				int kept = bytes.length - back;
				if (kept < 0 || (back > 0 && !service.echoes()) || (kept > 0 && service.echoesAll())) {
					throw new IOException("%d of %d bytes came back".formatted(back, bytes.length));
				}
				visit.countRecords(kept / Visit.RECORD);
				visit.ended((service.records() && kept % Visit.RECORD != 0) ? "partial_record" : "end_of_stream");
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
			try (Visit visit = Visit.withoutTls(place, random)) {
				visit.ended("empty");
			}
		}
	},

	/** Ends its stream before it reads. */
	HALF_CLOSE(4) {
		@Override
		void visit(Place place, Random random) throws IOException {
			try (Visit visit = new Visit(place, random, 0)) {
				byte[] line = visit.line(1 + random.nextInt(1024));
				visit.send(line);
				// A record after a line could be taken for more of it
				if (line.length == 0) {
					visit.sendRecord();
				}
				visit.endStream();
				visit.expect(line);
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
					byte[] line = visit.line(1024);
					visit.send(line);
					Thread.sleep(300 + random.nextInt(700));
					visit.expect(line);
					visit.sendRecord();
				}
				visit.finish("end_of_stream");
			}
		}
	},

	/** Says nothing of a handshake, or only its beginning. */
	NO_HANDSHAKE(1, Service::isTls) {
		@Override
		void visit(Place place, Random random) throws IOException {
			try (Visit visit = Visit.withoutTls(place, random)) {
				visit.sendToNobody(Arrays.copyOf(HELLO, random.nextInt(HELLO.length + 1)));
				visit.awaitEnd("handshake_timeout");
			}
		}
	},

	/** Speaks as if there were no TLS, or nonsense. */
	NO_TLS(4, Service::isTls) {
		@Override
		void visit(Place place, Random random) throws IOException {
			try (Visit visit = Visit.withoutTls(place, random)) {
				visit.sendToNobody(random.nextBoolean() ? visit.bytes(1 + random.nextInt(20_000))
						: "GET / HTTP/1.1\r\nHost: localhost\r\n\r\n".getBytes(StandardCharsets.US_ASCII));
				visit.endStream();
				visit.skipRest();
				visit.ended("handshake_failed");
			}
		}
	},

	/**
	 * Shows no certificate, one that is not to be trusted, or trusts not the server's.
	 */
	BAD_CERTIFICATE(4, Service::isTls) {
		@Override
		void visit(Place place, Random random) throws IOException {
			List<SSLContext> bad = Objects.requireNonNull(place.tls()).bad();
			try (Visit visit = Visit.withoutTls(place, random)) {
				visit.beRefused(bad.get(random.nextInt(bad.size())));
			}
		}
	},

	/** Ends without a close_notify, as if somebody had cut its stream off. */
	TRUNCATED(2, Service::isTls) {
		@Override
		void visit(Place place, Random random) throws IOException {
			try (Visit visit = new Visit(place, random, 0)) {
				visit.exchange(100);
				visit.truncate();
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

	// RFC 8446, 5.1 and 4: the beginning of a record with a ClientHello
	private static final byte[] HELLO = { 22, 3, 1, 0, 100, 1, 0, 0, 96, 3, 3 };

	private static final List<String> REQUESTS = List.of("GET /actuator/env", "GET /actuator/heapdump",
			"POST /actuator/shutdown", "POST /actuator/tcpserver", "DELETE /actuator/tcpconnections/1",
			"GET /actuator/tcpconnections/none", "GET /actuator/loggers", "GET /%00%ff", "NONSENSE",
			"GET /" + "x".repeat(20_000));

	private final int weight;

	// Holds no state
	@SuppressWarnings("ImmutableEnumChecker")
	private final Predicate<Service> visits;

	Visitor(int weight) {
		this(weight, (_) -> true);
	}

	Visitor(int weight, Predicate<Service> visits) {
		this.weight = weight;
		this.visits = visits;
	}

	/**
	 * How often this one comes, compared with the others.
	 */
	int weight() {
		return this.weight;
	}

	/**
	 * Whether it is for servers that do this.
	 */
	boolean visits(Service service) {
		return this.visits.test(service);
	}

	/**
	 * Whether it knows every byte that the server has counted.
	 */
	boolean isExact() {
		return this != NEVER_READER && this != RESET_MID_WRITE;
	}

	/**
	 * Visits, from connect to close.
	 * @param place what is visited
	 * @param random decides
	 * @throws IOException if the server does anything but what it should
	 */
	abstract void visit(Place place, Random random) throws IOException, InterruptedException;

	private static byte[] concatenation(byte[] first, byte[] second) {
		byte[] both = Arrays.copyOf(first, first.length + second.length);
		System.arraycopy(second, 0, both, first.length, second.length);
		return both;
	}

}
