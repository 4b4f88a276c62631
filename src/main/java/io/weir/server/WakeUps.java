package io.weir.server;

import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.SocketAddress;
import java.net.StandardProtocolFamily;
import java.nio.channels.SocketChannel;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;

import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Connections to a listening socket that only take the accept loop out of accept(2). Safe
 * for any thread.
 */
final class WakeUps {

	private static final Logger logger = LoggerFactory.getLogger(WakeUps.class);

	private final InetSocketAddress target;

	// Local addresses of those that were not accepted yet
	private final Set<SocketAddress> made = ConcurrentHashMap.newKeySet();

	WakeUps(InetSocketAddress listener) {
		this.target = new InetSocketAddress(
				listener.getAddress().isAnyLocalAddress() ? InetAddress.ofLiteral("127.0.0.1") : listener.getAddress(),
				listener.getPort());
	}

	/**
	 * Connects, waits for the effect, and closes.
	 * @param effect what is waited for
	 * @param millis for how long at most
	 */
	void connect(CountDownLatch effect, long millis) {
		try (SocketChannel channel = SocketChannel.open(StandardProtocolFamily.INET)) {
			channel.bind(new InetSocketAddress(this.target.getAddress(), 0));
			this.made.add(channel.getLocalAddress());
			channel.configureBlocking(false);
			channel.connect(this.target);
			effect.await(millis, TimeUnit.MILLISECONDS);
		}
		catch (IOException ex) {
			logger.debug("Waking up the accept loop: {}", ex.toString());
		}
		catch (InterruptedException ex) {
			Thread.currentThread().interrupt();
		}
	}

	/**
	 * Whether an accepted socket is one of these; asked once.
	 */
	boolean remove(SocketChannel accepted) throws IOException {
		return this.made.remove(accepted.getRemoteAddress());
	}

}
