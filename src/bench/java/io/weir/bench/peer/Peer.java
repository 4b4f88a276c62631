package io.weir.bench.peer;

import java.io.IOException;

import ch.qos.logback.classic.Level;
import ch.qos.logback.classic.Logger;
import io.netty.handler.ssl.JdkSslContext;
import io.netty.handler.ssl.SslContext;
import org.slf4j.LoggerFactory;

/**
 * Starts one of the peers: its name, what it serves ({@code echo}, {@code echo-record} or
 * {@code tls}), the port and the number of event loops are the arguments, for TLS also
 * the files of certificate and key. It ends with its standard input, so no peer outlives
 * the benchmark.
 */
public final class Peer {

	/**
	 * Connections that may wait to be accepted, as many as Weir asks for by default.
	 */
	static final int BACKLOG = 4096;

	private Peer() {
	}

	/**
	 * Serves until standard input ends.
	 * @param args name, protocol, port, event loops; for TLS, certificate and key
	 * @throws Exception if it cannot start
	 */
	public static void main(String[] args) throws Exception {
		((Logger) LoggerFactory.getLogger(Logger.ROOT_LOGGER_NAME)).setLevel(Level.WARN);
		boolean records = args[1].equals("echo-record");
		int port = Integer.parseInt(args[2]);
		int loops = Integer.parseInt(args[3]);
		SslContext tls = args[1].equals("tls") ? NettyServer.tls(args[4], args[5]) : null;
		switch (args[0]) {
			case "netty-epoll" -> NettyServer.epoll(loops).start(port, records, tls);
			case "netty-nio" -> NettyServer.nio(loops).start(port, records, tls);
			case "reactor-netty" -> ReactorNettyServer.start(port, loops);
			case "spring-integration" -> IntegrationServer.start(port);
			case "platform-threads" -> PlatformThreadServer.start(port, records);
			case "bare-loop" -> BareLoopServer.start(port, (tls != null) ? ((JdkSslContext) tls).context() : null);
			default -> throw new IllegalArgumentException("No such peer: " + args[0]);
		}
		awaitEndOfInput();
		System.exit(0);
	}

	private static void awaitEndOfInput() throws IOException {
		while (System.in.read() >= 0) {
			// Nothing to say to a peer
		}
	}

}
