package io.weir;

import java.io.Closeable;
import java.io.IOException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.locks.LockSupport;

import javax.net.ssl.SSLSocket;

import org.awaitility.Awaitility;
import org.jspecify.annotations.Nullable;

import static org.assertj.core.api.Assertions.assertThat;

/**
 * Another client, which exchanges bytes with the server again and again on a thread of
 * its own while peers misbehave. Its close fails if it was not served as ever.
 */
public final class Bystander implements AutoCloseable {

	/**
	 * An exchange takes less than 1 ms; a server that is held up by a peer takes as long
	 * as that peer likes.
	 */
	private static final Duration SLOW = Duration.ofSeconds(2);

	private static final Duration PAUSE = Duration.ofMillis(20);

	private static final Duration CALM = Duration.ofMillis(500);

	private final Closeable peer;

	private final Exchange exchange;

	private volatile Duration limit;

	private final Thread thread;

	private volatile boolean enough;

	private volatile @Nullable Throwable failure;

	private final AtomicInteger exchanges = new AtomicInteger();

	private volatile Duration slowest = Duration.ZERO;

	private final List<Duration> waits = new CopyOnWriteArrayList<>();

	// Of the exchange that is under way
	private volatile @Nullable Stopwatch underWay;

	/**
	 * Begins.
	 * @param peer the client, connected; closed with this
	 * @param exchange what it does again and again; returns when it has been served
	 */
	public Bystander(Closeable peer, Exchange exchange) {
		this(peer, SLOW, exchange);
	}

	/**
	 * Begins.
	 * @param peer the client, connected; closed with this
	 * @param limit no exchange may take as long
	 * @param exchange what it does again and again; returns when it has been served
	 */
	public Bystander(Closeable peer, Duration limit, Exchange exchange) {
		this.peer = peer;
		this.limit = limit;
		this.exchange = exchange;
		this.thread = Thread.ofPlatform().daemon().name("bystander").start(this::run);
	}

	/**
	 * One that sends some bytes and awaits them back.
	 */
	public static Bystander echoing(Peer peer) {
		byte[] bytes = { 'd', 'a', 't', 'a', '\n' };
		return new Bystander(peer, () -> assertThat(peer.send(bytes).receive(bytes.length)).isEqualTo(bytes));
	}

	/**
	 * One that sends some bytes over TLS and awaits them back.
	 * @param limit no exchange may take as long
	 */
	public static Bystander echoing(SSLSocket socket, Duration limit) {
		return new Bystander(socket, limit, () -> TlsClient.echo(socket));
	}

	private void run() {
		try {
			while (!this.enough) {
				Stopwatch now = Stopwatch.start();
				this.underWay = now;
				this.exchange.run();
				this.underWay = null;
				Duration time = now.time();
				this.slowest = (time.compareTo(this.slowest) > 0) ? time : this.slowest;
				this.exchanges.incrementAndGet();
				this.waits.addAll(waits(time));
				LockSupport.parkNanos(PAUSE.toNanos());
			}
		}
		catch (Throwable ex) {
			this.failure = ex;
		}
	}

	// While one exchange takes long, others would have begun and waited, too
	private static List<Duration> waits(Duration time) {
		List<Duration> waits = new ArrayList<>(List.of(time));
		for (Duration wait = time.minus(PAUSE); wait.isPositive(); wait = wait.minus(PAUSE)) {
			waits.add(wait);
		}
		return waits;
	}

	/**
	 * How long exchanges take that begin at regular intervals, whether or not the one
	 * before is done; the one that is under way as if it were done now.
	 */
	public List<Duration> waits() {
		List<Duration> all = new ArrayList<>(this.waits);
		Stopwatch now = this.underWay;
		if (now != null) {
			all.addAll(waits(now.time()));
		}
		return all;
	}

	/**
	 * Takes its slowest exchange until now for what the machine takes without a peer that
	 * misbehaves: the limit is longer by three times that from now on.
	 */
	public void calibrate() {
		Awaitility.await("a calm time").pollDelay(CALM).until(() -> this.exchanges.get() > 0);
		Duration calm = this.slowest;
		this.slowest = Duration.ZERO;
		this.waits.clear();
		this.limit = this.limit.plus(calm.multipliedBy(3));
	}

	/**
	 * The limit of an exchange.
	 */
	public Duration limit() {
		return this.limit;
	}

	/**
	 * How often it has been served.
	 */
	public int exchanges() {
		return this.exchanges.get();
	}

	/**
	 * Waits until it has been served some more times, begun from now on.
	 */
	public void awaitServed() {
		int before = this.exchanges.get();
		Awaitility.await("the other client is served").until(() -> this.exchanges.get() > before + 2);
	}

	/**
	 * Ends it, however it was served.
	 */
	public void end() {
		this.enough = true;
		try {
			this.peer.close();
		}
		catch (IOException ex) {
			this.failure = ex;
		}
	}

	/**
	 * Ends it.
	 * @throws AssertionError if it was not served, or slowly
	 */
	@Override
	public void close() throws IOException {
		this.enough = true;
		Awaitility.await().atMost(Duration.ofSeconds(20)).until(() -> !this.thread.isAlive());
		this.peer.close();
		assertThat(this.failure).as("failure of the other client").isNull();
		assertThat(this.exchanges.get()).as("exchanges of the other client").isPositive();
		assertThat(this.slowest).as("slowest exchange of the other client").isLessThan(this.limit);
	}

	/**
	 * What a bystander does again and again.
	 */
	@FunctionalInterface
	public interface Exchange {

		/**
		 * Is served once.
		 */
		void run() throws Exception;

	}

}
