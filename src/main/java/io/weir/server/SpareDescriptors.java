package io.weir.server;

import java.io.IOException;
import java.net.StandardProtocolFamily;
import java.nio.channels.SocketChannel;
import java.util.ArrayList;
import java.util.List;

import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * A few file descriptors that connections cannot take, given up when no other is left, so
 * that the actuator's web server can accept those who ask for the health. For one thread.
 */
final class SpareDescriptors {

	static final int COUNT = 8;

	private static final Logger logger = LoggerFactory.getLogger(SpareDescriptors.class);

	// All of them or none. A socket needs no file, and without an address no port
	private final List<SocketChannel> held = new ArrayList<>(COUNT);

	/**
	 * Takes them all, unless they are held.
	 * @throws IOException if that is not possible; none is held then
	 */
	void hold() throws IOException {
		if (!this.held.isEmpty()) {
			return;
		}
		try {
			for (int i = 0; i < COUNT; i++) {
				this.held.add(SocketChannel.open(StandardProtocolFamily.INET));
			}
		}
		catch (Throwable ex) {
			release();
			throw ex;
		}
	}

	/**
	 * Gives them up.
	 */
	void release() {
		for (SocketChannel spare : this.held) {
			try {
				spare.close();
			}
			catch (IOException ex) {
				logger.warn("Closing a spare descriptor failed: {}", ex.toString());
			}
		}
		this.held.clear();
	}

}
