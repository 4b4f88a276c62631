package io.weir.bench;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Queue;
import java.util.Random;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.locks.LockSupport;
import java.util.concurrent.locks.ReentrantLock;
import java.util.regex.Pattern;
import java.util.stream.Stream;

import org.jspecify.annotations.Nullable;

import io.weir.bench.Visit.Place;

/**
 * Lets good and bad clients visit a Weir for minutes, in storms; looks at it all the
 * while, and after each storm when all have gone: whether the server counted what they
 * did, whether it serves as many at once as it may, and whether it holds no more files,
 * threads, series and heap than after the first storms. Each of the services in turn.
 */
final class Soak {

	private static final List<Storm> STORMS = List.of(Storm.values());

	private static final int MAX_CONNECTIONS = 64;

	private static final Duration IDLE_TIMEOUT = Duration.ofSeconds(5);

	private static final Duration GRACE_PERIOD = Duration.ofSeconds(5);

	// On a machine that others use too
	private static final Duration EXIT_TIME = GRACE_PERIOD.plusSeconds(6);

	private static final Duration SETTLE_TIME = Duration.ofSeconds(60);

	// Before the first of them are idle for too long
	private static final Duration FILL_TIME = Duration.ofSeconds(4);

	private static final int WARMING_VISITS = 200;

	private static final double VISITS_PER_SECOND = 12;

	private static final Duration SHORTEST_STORM = Duration.ofSeconds(2);

	private static final int STORMS_PER_PART = 12;

	private static final Duration INTERVAL = Duration.ofSeconds(10);

	private static final Duration PROBE_PAUSE = Duration.ofMillis(50);

	// Generous: the machine may be busy with other work
	private static final long PROBE_P99_NANOS = Duration.ofMillis(500).toNanos();

	private static final long PROBE_MAX_NANOS = Duration.ofSeconds(3).toNanos();

	private static final int SPARE_FILES = 20;

	private static final int MORE_FILES = 3;

	private static final int MORE_THREADS = 12;

	private static final double MORE_HEAP = 12e6;

	private static final int MAX_WARNINGS_PER_SHORTAGE = 20;

	private static final Pattern WARNING = Pattern.compile("^\\S+ +(WARN|ERROR) .*");

	private static final Pattern SHORT_OF_FILES = Pattern
		.compile("Cannot accept connections for now \\(EMFILE|Too many open files|Socket accept failed");

	// What the visitors give reason for: all have one address, some never read
	private static final Pattern CAUSED = Pattern
		.compile(": jdk: |127\\.0\\.0\\.1 has \\d+ of at most|slow for one cause: peer_reads_slowly");

	private static final String NOT_TLS = "began with something that is not TLS";

	private static final String NO_ROOM = "limit of open files leaves room for";

	// Spring MVC's own, one for each
	private static final String WRONG_METHOD = "HttpRequestMethodNotSupportedException";

	private static final String ACTIVE = "tcp_server_active_connections";

	private static final String FULL = "tcp_server_state{state=\"full\"}";

	private static final String EMFILE = "tcp_server_accept_errors_total{error=\"EMFILE\"}";

	private static final String HEAP = "jvm_memory_used_bytes{area=\"heap\"";

	/**
	 * What a storm is of.
	 */
	private enum Storm {

		/** All kinds of visitors. */
		ALL,

		/** Only those that know what the server must have counted, to the byte. */
		EXACT,

		/** All kinds, and now and then the server may open hardly a file more. */
		NO_FILES

	}

	private final Options options;

	private final Machine machine = new Machine(MAX_CONNECTIONS * 8);

	private final Duration duration;

	private final List<Service> services;

	private final Duration part;

	private final Duration storm;

	private final Queue<String> violations = new ConcurrentLinkedQueue<>();

	private final List<String> summary = new ArrayList<>();

	Soak(Options options, Duration duration) {
		this.options = options;
		this.duration = duration;
		this.services = Arrays.stream(Service.values())
			.filter((service) -> options.only().isEmpty() || options.only().contains(service.protocol()))
			.toList();
		this.part = duration.dividedBy(this.services.size());
		Duration storm = this.part.dividedBy(STORMS_PER_PART);
		this.storm = (storm.compareTo(SHORTEST_STORM) > 0) ? storm : SHORTEST_STORM;
	}

	/**
	 * Runs it.
	 * @return whether all was as it should be
	 */
	boolean run() throws IOException, InterruptedException {
		System.out.println(this.machine.description());
		System.out.printf("Soak of %s, -Dbench.seed=%d%n", this.duration, this.options.seed());
		long begin = System.nanoTime();
		for (Service service : this.services) {
			try (Part part = new Part(service)) {
				part.run(this.part);
			}
		}
		Duration cpu = ProcessHandle.current().info().totalCpuDuration().orElse(Duration.ZERO);
		this.summary.forEach(System.out::println);
		System.out.printf("Clients used %.0f %% of a core%n", 100.0 * cpu.toNanos() / (System.nanoTime() - begin));
		System.out.println(this.violations.isEmpty() ? "Nothing was wrong" : this.violations.size() + " violations:");
		this.violations.stream().limit(50).forEach(System.out::println);
		return this.violations.isEmpty();
	}

	private void violated(String what) {
		if (this.violations.size() < 10) {
			System.out.println("VIOLATION " + what);
		}
		this.violations.add(what);
	}

	/**
	 * What a client does.
	 */
	private interface Visiting {

		void visit() throws IOException, InterruptedException;

	}

	/**
	 * What a server holds.
	 */
	private record Level(long files, long threads, long series, double heap, double direct) {

		@Override
		public String toString() {
			return "files %d, threads %d, series %d, heap %.1f MB, direct %.1f MB".formatted(this.files, this.threads,
					this.series, this.heap / 1e6, this.direct / 1e6);
		}

	}

	/**
	 * The time with one server.
	 */
	private final class Part implements AutoCloseable {

		private final Service service;

		private final @Nullable TlsClients tls;

		private final ServerProcess server;

		private final AtomicInteger visiting = new AtomicInteger();

		private final AtomicInteger visits = new AtomicInteger();

		private final LatencyHistogram recent = new LatencyHistogram();

		private final LatencyHistogram all = new LatencyHistogram();

		// Held by the probe during an exchange, and by a check that wants it to be quiet
		private final ReentrantLock probing = new ReentrantLock(true);

		private final String hardFiles;

		private volatile Place place;

		private volatile boolean ended;

		private volatile boolean shortOfFiles;

		private volatile @Nullable Scrape last;

		private long max;

		private int shortages;

		Part(Service service) throws IOException, InterruptedException {
			this.service = service;
			Path logs = Files.createDirectories(Soak.this.options.output().resolve("logs"));
			this.tls = service.isTls() ? TlsClients.in(logs, Certificate.in(logs)) : null;
			Options.Weir weir = Soak.this.options.weir();
			List<String> args = new ArrayList<>(List.of("--tcp.server.max-connections=" + MAX_CONNECTIONS,
					"--tcp.server.idle-timeout=" + IDLE_TIMEOUT.toSeconds() + "s", "--tcp.server.write-timeout=2s",
					"--tcp.server.send-buffer-size=64KB", "--tcp.server.keep-alive.idle=1s",
					"--tcp.server.keep-alive.interval=1s", "--tcp.server.keep-alive.count=1",
					"--tcp.server.drain.grace-period=" + GRACE_PERIOD.toSeconds() + "s"));
			if (this.tls != null) {
				args.addAll(List.of("--tcp.server.ssl.client-auth=need", "--tcp.server.ssl.handshake-timeout=8s",
						"--spring.ssl.bundle.pem.bench.truststore.certificate=" + this.tls.authority()));
			}
			args.addAll(weir.args());
			List<String> jvm = List.of("-Xmx160m", "-XX:+UseSerialGC");
			this.server = new ServerProcess(
					Contender
						.weir("soak",
								new Options.Weir(weir.jar(), Stream.concat(jvm.stream(), weir.jvm().stream()).toList(),
										args)),
					service.protocol(), Soak.this.machine.cpuCount(), Soak.this.machine, logs);
			this.server.awaitStarted();
			this.hardFiles = Machine.field(proc("limits"), "Max open files").split(" +", -1)[1];
			this.place = newPlace();
		}

		private Place newPlace() {
			return new Place(this.server.address(), this.server.actuator(), this.service, this.tls, new Ledger());
		}

		private Path proc(String file) {
			return Path.of("/proc/" + this.server.pid() + "/" + file);
		}

		void run(Duration time) throws IOException, InterruptedException {
			long end = System.nanoTime() + time.toNanos();
			Random random = new Random(Soak.this.options.seed());
			// A server that is cold, and so slow, would not stand the first storm in time
			for (int i = 0; i < WARMING_VISITS; i++) {
				Visitor.RECIPE.visit(this.place, random);
			}
			settle(0);
			this.place = newPlace();
			// Some meters are recorded a little after a close
			Thread.sleep(500);
			Scrape before = scrape();
			List<Thread> watching = List.of(Thread.ofPlatform().daemon().start(this::scrapeAlways),
					Thread.ofPlatform().daemon().start(this::report), Thread.startVirtualThread(this::probe));
			Level first = null;
			Level level = null;
			// The first three storms are what the others are compared with
			for (int i = 0; i <= STORMS.size() || System.nanoTime() < end; i++) {
				Storm storm = STORMS.get(i % STORMS.size());
				storm(storm, random);
				settle(1);
				fill(random);
				settle(1);
				before = check(storm, before);
				level = level();
				if (i == STORMS.size() - 1) {
					first = level;
				}
				else if (first != null) {
					compare(first, level);
				}
			}
			this.ended = true;
			for (Thread thread : watching) {
				thread.join();
			}
			if (this.all.percentile(0.99) > PROBE_P99_NANOS || this.max > PROBE_MAX_NANOS) {
				violated("the probe waited too long");
			}
			terminate(random);
			int warnings = checkLog();
			Soak.this.summary
				.add("%s: %,d visits; probe p50 %.2f, p99 %.2f, max %.2f ms; warnings %d; level first %s; last %s"
					.formatted(this.service.protocol(), this.visits.get(), this.all.percentile(0.5) / 1e6,
							this.all.percentile(0.99) / 1e6, this.max / 1e6, warnings, first, level));
		}

		private void violated(String what) {
			Soak.this.violated(this.service.protocol() + ": " + what);
		}

		private void storm(Storm storm, Random random) throws IOException, InterruptedException {
			List<Visitor> kinds = Arrays.stream(Visitor.values())
				.filter((kind) -> kind.visits(this.service))
				.filter((kind) -> storm != Storm.EXACT || kind.isExact())
				.filter((kind) -> storm != Storm.NO_FILES || kind != Visitor.ABUSE)
				.toList();
			int weights = kinds.stream().mapToInt(Visitor::weight).sum();
			long begin = System.nanoTime();
			int quarter = 0;
			double errors = metric(EMFILE);
			kinds.forEach((kind) -> start(kind, random.nextLong()));
			while (System.nanoTime() - begin < Soak.this.storm.toNanos()) {
				int pick = random.nextInt(weights);
				for (Visitor kind : kinds) {
					pick -= kind.weight();
					if (pick < 0) {
						start(kind, random.nextLong());
						break;
					}
				}
				// A flood at each quarter; files are short after each, for half of one
				int now = (int) (8 * (System.nanoTime() - begin) / Soak.this.storm.toNanos());
				if (now > quarter) {
					quarter = now;
					if (storm == Storm.NO_FILES) {
						limitFiles(now % 2 == 1);
					}
					for (int i = 0; now % 2 == 1 && i < MAX_CONNECTIONS + 20; i++) {
						start(Visitor.FLOOD, random.nextLong());
					}
				}
				LockSupport.parkNanos((long) (-Math.log(1 - random.nextDouble()) / VISITS_PER_SECOND * 1e9));
			}
			if (storm == Storm.NO_FILES) {
				limitFiles(false);
				this.shortages += 4;
				if (metric(EMFILE) == errors) {
					violated("accept never failed: the limit of open files did not bite");
				}
			}
		}

		private double metric(String name) throws IOException, InterruptedException {
			return scrape().get(name);
		}

		private void limitFiles(boolean few) throws IOException, InterruptedException {
			this.shortOfFiles |= few;
			String soft = few ? String.valueOf(files() + SPARE_FILES) : this.hardFiles;
			Process prlimit = new ProcessBuilder("prlimit", "--pid", String.valueOf(this.server.pid()),
					"--nofile=" + soft + ":")
				.inheritIO()
				.start();
			if (prlimit.waitFor() != 0) {
				throw new IOException("prlimit failed");
			}
			this.shortOfFiles = few;
		}

		private void start(Visitor kind, long seed) {
			start(kind + " (" + seed + ")", () -> kind.visit(this.place, new Random(seed)));
		}

		private void start(String name, Visiting visiting) {
			this.visiting.incrementAndGet();
			this.visits.incrementAndGet();
			Thread.startVirtualThread(() -> {
				try {
					visiting.visit();
				}
				catch (IOException | InterruptedException | RuntimeException ex) {
					violated(name + ": " + ex);
				}
				finally {
					this.visiting.decrementAndGet();
				}
			});
		}

		// As many as there may be, at once: one permit that was not given back is missed
		private void fill(Random random) throws IOException, InterruptedException {
			CountDownLatch seen = new CountDownLatch(1);
			for (int i = 1; i < MAX_CONNECTIONS; i++) {
				long seed = random.nextLong();
				start("one of " + MAX_CONNECTIONS, () -> {
					try (Visit visit = new Visit(this.place, new Random(seed), 0)) {
						visit.exchange(20);
						seen.await();
						visit.finish("end_of_stream");
					}
				});
			}
			long end = System.nanoTime() + FILL_TIME.toNanos();
			Scrape now = scrape();
			while ((now.get(ACTIVE) < MAX_CONNECTIONS || now.get(FULL) == 0) && System.nanoTime() < end) {
				Thread.sleep(50);
				now = scrape();
			}
			seen.countDown();
			if (now.get(ACTIVE) < MAX_CONNECTIONS || now.get(FULL) == 0) {
				violated("%.0f connections at once, and no more".formatted(now.get(ACTIVE)));
			}
		}

		// One connection that sees how long an echo takes while others do what they want
		private void probe() {
			try (Visit visit = new Visit(this.place, new Random(1), 0)) {
				while (!this.ended) {
					this.probing.lock();
					try {
						visit.moveTo(this.place);
						long begin = System.nanoTime();
						visit.exchange(64);
						timed(System.nanoTime() - begin);
					}
					finally {
						this.probing.unlock();
					}
					Thread.sleep(PROBE_PAUSE);
				}
				visit.finish("end_of_stream");
			}
			catch (IOException | InterruptedException ex) {
				violated("probe: " + ex);
			}
		}

		private synchronized void timed(long nanos) {
			this.recent.record(nanos);
			this.all.record(nanos);
			this.max = Math.max(this.max, nanos);
		}

		private Scrape scrape() throws IOException, InterruptedException {
			return Scrape.parse(new String(this.server.get("/actuator/prometheus"), StandardCharsets.UTF_8));
		}

		private void scrapeAlways() {
			while (!this.ended) {
				boolean mayFail = this.shortOfFiles;
				try {
					Thread.sleep(1000);
					this.server.get("/actuator/tcpserver");
					this.server.get("/actuator/tcpconnections");
					look(scrape());
				}
				catch (IOException | InterruptedException ex) {
					// Without a file, Tomcat has no connection for a scrape
					if (!mayFail && !this.shortOfFiles) {
						violated("actuator: " + ex);
					}
				}
			}
		}

		private void look(Scrape now) {
			Scrape before = this.last;
			if (before != null) {
				now.decreasedSince(before).forEach(this::violated);
			}
			this.last = now;
			for (String state : List.of("starting", "draining", "stopped", "failed")) {
				if (now.get("tcp_server_state{state=\"" + state + "\"}") > 0) {
					violated("state " + state);
				}
			}
			if (now.get(ACTIVE) > MAX_CONNECTIONS) {
				violated("more connections than there may be");
			}
		}

		private void report() {
			long begin = System.nanoTime();
			while (!this.ended) {
				LockSupport.parkNanos(INTERVAL.toNanos());
				Scrape now = this.last;
				if (now == null) {
					continue;
				}
				synchronized (this) {
					System.out.printf(
							"%4d s %-11s %5d visits, %3d now; probe p50 %5.2f, p99 %6.2f ms; active %.0f, accepted %,.0f, "
									+ "received %,.0f, sent %,.0f, records %,.0f; files %d, threads %d, series %d, heap %.0f MB%n",
							(System.nanoTime() - begin) / 1_000_000_000, this.service.protocol(), this.visits.get(),
							this.visiting.get(), this.recent.percentile(0.5) / 1e6, this.recent.percentile(0.99) / 1e6,
							now.get(ACTIVE), now.get("tcp_server_accepted_connections_total"),
							now.get("tcp_server_bytes_total{direction=\"received\"}"),
							now.get("tcp_server_bytes_total{direction=\"sent\"}"),
							now.get("tcp_server_records_total{result=\"unpacked\"}"), files(), threads(),
							now.ownSeries(), now.sum(HEAP) / 1e6);
					this.recent.reset();
				}
			}
		}

		// Waits until all visitors have gone and the server has noticed
		private void settle(int open) throws IOException, InterruptedException {
			long end = System.nanoTime() + SETTLE_TIME.toNanos();
			Scrape now = scrape();
			while ((this.visiting.get() > 0 || now.get(ACTIVE) > open) && System.nanoTime() < end) {
				Thread.sleep(200);
				now = scrape();
			}
			if (this.visiting.get() > 0 || now.get(ACTIVE) > open) {
				violated("%d visitors and %.0f connections are left over".formatted(this.visiting.get(),
						now.get(ACTIVE)));
			}
		}

		// The meters may be late, so look again
		private Scrape check(Storm storm, Scrape before) throws IOException, InterruptedException {
			this.probing.lock();
			try {
				Ledger ledger = this.place.ledger();
				Scrape now = scrape();
				for (int i = 0; i < 5 && !ledger.differences(before, now).isEmpty(); i++) {
					Thread.sleep(200);
					now = scrape();
				}
				ledger.differences(before, now).forEach((difference) -> violated(storm + ": " + difference));
				this.place = newPlace();
				return now;
			}
			finally {
				this.probing.unlock();
			}
		}

		private Level level() throws IOException, InterruptedException {
			// Before a GC closes what nobody else has closed
			long files = files();
			Process jcmd = new ProcessBuilder(Path.of(System.getProperty("java.home"), "bin", "jcmd").toString(),
					String.valueOf(this.server.pid()), "GC.run")
				.redirectOutput(ProcessBuilder.Redirect.DISCARD)
				.start();
			if (jcmd.waitFor() != 0) {
				throw new IOException("jcmd failed");
			}
			Scrape now = scrape();
			return new Level(files, threads(), now.ownSeries(), now.sum(HEAP),
					now.sum("jvm_buffer_memory_used_bytes{id=\"direct\""));
		}

		private long files() {
			try (Stream<Path> files = Files.list(proc("fd"))) {
				return files.count();
			}
			catch (IOException ex) {
				return -1;
			}
		}

		private long threads() {
			return Long.parseLong(Machine.field(proc("status"), "Threads:"));
		}

		private void compare(Level first, Level now) {
			if (now.files > first.files + MORE_FILES || now.threads > first.threads + MORE_THREADS
					|| now.series != first.series || now.heap > first.heap + MORE_HEAP) {
				violated("it holds more than after the first storms: " + now + "; then " + first);
			}
		}

		private void terminate(Random random) throws IOException, InterruptedException {
			List<Visit> quiet = new ArrayList<>();
			try {
				for (int i = 0; i < 10; i++) {
					Visit visit = new Visit(this.place, random, 0);
					quiet.add(visit);
					visit.exchange(100);
				}
				Thread ending = Thread.ofVirtual().start(() -> quiet.forEach((visit) -> {
					try {
						visit.awaitEnd("drained");
						visit.endStream();
					}
					catch (IOException ex) {
						violated("at the end: " + ex);
					}
				}));
				int exit = this.server.terminate(EXIT_TIME);
				ending.join();
				if (exit != 143) {
					violated("exit code " + exit);
				}
			}
			finally {
				for (Visit visit : quiet) {
					visit.close();
				}
			}
		}

		private int checkLog() throws IOException {
			int expected = 0;
			boolean drained = false;
			for (String line : Files.readAllLines(this.server.log())) {
				drained |= line.contains(": 10 connections drained, 0 cut");
				if (WARNING.matcher(line).matches()) {
					if (SHORT_OF_FILES.matcher(line).find()) {
						expected++;
					}
					else if (!isCaused(line)) {
						violated("the log: " + line);
					}
				}
			}
			if (!drained) {
				violated("the log says nothing of 10 connections drained, see " + this.server.log());
			}
			if (expected > this.shortages * MAX_WARNINGS_PER_SHORTAGE) {
				violated(expected + " warnings for lack of files in the log");
			}
			return expected;
		}

		private boolean isCaused(String line) {
			return line.contains(WRONG_METHOD) || CAUSED.matcher(line).find()
					|| (this.tls != null && line.contains(NOT_TLS)) || (this.shortages > 0 && line.contains(NO_ROOM));
		}

		@Override
		public void close() {
			this.ended = true;
			this.server.close();
		}

	}

}
