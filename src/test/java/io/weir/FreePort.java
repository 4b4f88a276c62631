package io.weir;

import java.io.IOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ThreadLocalRandom;

/**
 * A port for who can't use port 0.
 */
public final class FreePort {

	// No port twice: who got it may not listen yet
	private static final Set<Integer> FOUND = ConcurrentHashMap.newKeySet();

	private FreePort() {
	}

	/**
	 * Finds one below Linux's range of ephemeral ports, so that no one who asks for any
	 * port gets it in the meantime.
	 */
	public static int find() throws IOException {
		IOException last = new IOException("not tried");
		for (int i = 0; i < 100; i++) {
			int port = ThreadLocalRandom.current().nextInt(20_000, 32_000);
			if (!FOUND.add(port)) {
				continue;
			}
			try (ServerSocket socket = new ServerSocket(port, 1, InetAddress.ofLiteral("0.0.0.0"))) {
				return socket.getLocalPort();
			}
			catch (IOException ex) {
				last = ex;
			}
		}
		throw last;
	}

}
