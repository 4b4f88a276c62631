package io.weir.bench;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;

import org.jspecify.annotations.Nullable;

/**
 * A server that takes part: how its process is started.
 *
 * @param name as in the options and results
 * @param weir the Weir that it is; null for a peer
 * @param records whether it also serves the exchange with records
 * @param jvm options for the JVM beside those that all have
 */
record Contender(String name, Options.@Nullable Weir weir, boolean records, List<String> jvm) {

	static final String WEIR = "weir";

	static final String WEIR2 = "weir2";

	static final String BASELINE = "netty-epoll";

	private static final String MAX_CONNECTIONS = "--tcp.server.max-connections=";

	private static final List<String> JVM = List.of("-Xmx512m", "--enable-native-access=ALL-UNNAMED");

	// Netty's checks against its users' mistakes cost a little; and without Unsafe its
	// buffers are slower
	private static final List<String> NETTY = List.of("-Dio.netty.leakDetection.level=disabled",
			"-Dio.netty.buffer.checkBounds=false", "-Dio.netty.buffer.checkAccessible=false",
			"-Dio.netty.noUnsafe=false", "--sun-misc-unsafe-memory-access=allow");

	/**
	 * All that take part, as asked for.
	 * @param options the options
	 */
	static List<Contender> all(Options options) {
		Stream<Contender> weirs = (options.weir2() != null)
				? Stream.of(weir(WEIR, options.weir()), weir(WEIR2, options.weir2()))
				: Stream.of(weir(WEIR, options.weir()));
		Stream<Contender> peers = Stream.of(peer(BASELINE, true, NETTY), peer("netty-nio", true, NETTY),
				peer("reactor-netty", false, NETTY), peer("spring-integration", false, List.of()),
				// One buffer of 64 KiB for each connection
				peer("platform-threads", true, List.of("-XX:MaxDirectMemorySize=2g")));
		return Stream.concat(weirs, peers)
			.filter((contender) -> options.only().isEmpty() || options.only().contains(contender.name))
			.toList();
	}

	static Contender weir(String name, Options.Weir weir) {
		return new Contender(name, weir, true, weir.jvm());
	}

	private static Contender peer(String name, boolean records, List<String> jvm) {
		return new Contender(name, null, records, jvm);
	}

	boolean isWeir() {
		return this.weir != null;
	}

	/**
	 * Whether it can serve.
	 * @param protocol {@code echo} or {@code record}
	 */
	boolean speaks(String protocol) {
		return this.records || protocol.equals(Scenario.ECHO);
	}

	/**
	 * The command that starts it.
	 * @param protocol {@code echo} or {@code record}
	 * @param cores how many cores it has
	 * @param port where it listens
	 * @param httpPort where the actuator does, if there is one
	 */
	List<String> command(String protocol, int cores, int port, int httpPort) {
		List<String> command = new ArrayList<>();
		command.add(Path.of(System.getProperty("java.home"), "bin", "java").toString());
		command.addAll(JVM);
		command.addAll(this.jvm);
		if (this.weir == null) {
			command.addAll(List.of("-classpath", System.getProperty("java.class.path"), "io.weir.bench.peer.Peer",
					this.name, protocol, String.valueOf(port), String.valueOf(cores)));
		}
		else {
			command.addAll(List.of("-jar", this.weir.jar(), "--tcp.server.host=127.0.0.1", "--tcp.server.port=" + port,
					"--tcp.server.protocol=" + (protocol.equals(Scenario.RECORD) ? "echo-record" : protocol),
					"--server.port=" + httpPort));
			if (this.weir.args().stream().noneMatch((arg) -> arg.startsWith(MAX_CONNECTIONS))) {
				command.add(MAX_CONNECTIONS + "30000");
			}
			command.addAll(this.weir.args());
		}
		return command;
	}

}
