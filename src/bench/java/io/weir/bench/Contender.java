package io.weir.bench;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.stream.Stream;

import org.jspecify.annotations.Nullable;

/**
 * A server that takes part: how its process is started.
 *
 * @param name as in the options and results
 * @param weir the Weir that it is; null for a peer
 * @param protocols what it serves: {@code echo}, {@code echo-record}, {@code tls}
 * @param jvm more options for the JVM than all have
 */
record Contender(String name, Options.@Nullable Weir weir, Set<String> protocols, List<String> jvm) {

	static final String WEIR = "weir";

	static final String WEIR2 = "weir2";

	static final String BASELINE = "netty-epoll";

	// Tells how far one could get; takes part only if asked for
	private static final String FLOOR = "bare-loop";

	private static final String MAX_CONNECTIONS = "--tcp.server.max-connections=";

	private static final Set<String> ECHO = Set.of(Scenario.ECHO);

	private static final Set<String> ECHO_RECORD = Set.of(Scenario.ECHO, Scenario.RECORD);

	private static final Set<String> ECHO_TLS = Set.of(Scenario.ECHO, Scenario.TLS);

	private static final Set<String> ALL = Set.of(Scenario.ECHO, Scenario.RECORD, Scenario.TLS);

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
		Stream<Contender> peers = Stream.of(peer(BASELINE, ALL, NETTY), peer("netty-nio", ECHO_RECORD, NETTY),
				peer("reactor-netty", ECHO, NETTY), peer("spring-integration", ECHO, List.of()),
				// One buffer of 64 KiB for each connection
				peer("platform-threads", ECHO_RECORD, List.of("-XX:MaxDirectMemorySize=2g")),
				peer(FLOOR, ECHO_TLS, List.of()));
		return Stream.concat(weirs, peers)
			.filter((contender) -> options.only().isEmpty() ? !contender.name.equals(FLOOR)
					: options.only().contains(contender.name))
			.toList();
	}

	static Contender weir(String name, Options.Weir weir) {
		return new Contender(name, weir, ALL, weir.jvm());
	}

	private static Contender peer(String name, Set<String> protocols, List<String> jvm) {
		return new Contender(name, null, protocols, jvm);
	}

	boolean isWeir() {
		return this.weir != null;
	}

	/**
	 * Whether it can serve.
	 * @param protocol {@code echo}, {@code echo-record} or {@code tls}
	 */
	boolean speaks(String protocol) {
		return this.protocols.contains(protocol);
	}

	/**
	 * The command that starts it.
	 * @param protocol {@code tls}, which is echo over TLS, or Weir's name of a protocol
	 * @param cores how many cores it has
	 * @param port where it listens
	 * @param httpPort where the actuator does, if there is one
	 * @param certificate what it shows, if it speaks TLS
	 */
	List<String> command(String protocol, int cores, int port, int httpPort, @Nullable Certificate certificate) {
		List<String> command = new ArrayList<>();
		command.add(Path.of(System.getProperty("java.home"), "bin", "java").toString());
		command.addAll(JVM);
		command.addAll(this.jvm);
		if (this.weir == null) {
			command.addAll(List.of("-classpath", System.getProperty("java.class.path"), "io.weir.bench.peer.Peer",
					this.name, protocol, String.valueOf(port), String.valueOf(cores)));
			if (certificate != null) {
				command.addAll(List.of(certificate.certificate().toString(), certificate.key().toString()));
			}
		}
		else {
			command.addAll(List.of("-jar", this.weir.jar(), "--tcp.server.host=127.0.0.1", "--tcp.server.port=" + port,
					"--tcp.server.protocol=" + (protocol.equals(Scenario.TLS) ? Scenario.ECHO : protocol),
					"--server.port=" + httpPort));
			if (certificate != null) {
				command.addAll(List.of("--tcp.server.ssl.bundle=bench",
						"--spring.ssl.bundle.pem.bench.keystore.certificate=" + certificate.certificate(),
						"--spring.ssl.bundle.pem.bench.keystore.private-key=" + certificate.key()));
			}
			if (this.weir.args().stream().noneMatch((arg) -> arg.startsWith(MAX_CONNECTIONS))) {
				command.add(MAX_CONNECTIONS + "30000");
			}
			command.addAll(this.weir.args());
		}
		return command;
	}

}
