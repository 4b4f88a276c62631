package io.weir.bench;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.InetSocketAddress;
import java.nio.channels.SelectionKey;
import java.nio.channels.Selector;
import java.util.ArrayList;
import java.util.List;

import javax.net.ssl.SSLContext;

import org.jspecify.annotations.Nullable;

/**
 * Drives the clients of one slice from one thread.
 */
final class LoadGenerator implements AutoCloseable {

	private static final double LEAD_IN_SECONDS = 0.2;

	private static final double PATIENCE_SECONDS = 10;

	private final Selector selector = Selector.open();

	private final Tally tally = new Tally();

	private final List<Client> clients = new ArrayList<>();

	private final List<NewcomerClient> newcomers = new ArrayList<>();

	LoadGenerator() throws IOException {
	}

	/**
	 * Creates clients and connects them.
	 * @param scenario what they do
	 * @param server where to
	 * @param tls protects the connections; null for none
	 * @throws IOException if the server does not accept
	 */
	void connect(Scenario scenario, InetSocketAddress server, @Nullable SSLContext tls) throws IOException {
		for (int i = 0; i < scenario.connections(); i++) {
			Client client = scenario.client(this.tally, i);
			this.clients.add(client);
			if (client instanceof NewcomerClient newcomer) {
				this.newcomers.add(newcomer);
			}
			client.start(server, tls, this.selector);
			// Answers what has come, so that the accept queue never fills
			select(0);
		}
	}

	/**
	 * Lets them work until they are well under way.
	 * @throws IOException if a connection is lost, other bytes come than expected, or
	 * none
	 */
	void leadIn() throws IOException {
		long begin = System.nanoTime();
		while (run(LEAD_IN_SECONDS).operations() == 0) {
			if (System.nanoTime() - begin > PATIENCE_SECONDS * 1e9) {
				throw new IOException("The server answered nothing in " + PATIENCE_SECONDS + " s");
			}
		}
	}

	/**
	 * Lets them work.
	 * @param seconds for how long
	 * @return what they did in this time
	 * @throws IOException if a connection is lost, or other bytes come than expected
	 */
	Tally run(double seconds) throws IOException {
		this.tally.reset();
		long end = System.nanoTime() + (long) (seconds * 1e9);
		for (long left = 1; left > 0; left = end - System.nanoTime()) {
			select(this.newcomers.isEmpty() ? Math.max(1, left / 1_000_000) : 1);
			for (NewcomerClient newcomer : this.newcomers) {
				newcomer.tick();
			}
		}
		this.newcomers.forEach(NewcomerClient::countWait);
		return this.tally;
	}

	private void select(long millis) throws IOException {
		try {
			if (millis > 0) {
				this.selector.select(LoadGenerator::ready, millis);
			}
			else {
				this.selector.selectNow(LoadGenerator::ready);
			}
		}
		catch (UncheckedIOException ex) {
			throw ex.getCause();
		}
	}

	private static void ready(SelectionKey key) {
		try {
			((Client) key.attachment()).ready();
		}
		catch (IOException ex) {
			throw new UncheckedIOException(ex);
		}
	}

	@Override
	public void close() throws IOException {
		for (Client client : this.clients) {
			client.close();
		}
		this.selector.close();
	}

}
