package io.weir;

import java.util.ArrayList;
import java.util.List;
import java.util.Objects;

import org.springframework.boot.builder.SpringApplicationBuilder;
import org.springframework.context.ConfigurableApplicationContext;

import io.weir.server.TcpServer;

/**
 * The application in this JVM, on free ports unless the arguments say otherwise.
 */
final class RunningWeir implements AutoCloseable {

	private final ConfigurableApplicationContext context;

	private RunningWeir(ConfigurableApplicationContext context) {
		this.context = context;
	}

	static RunningWeir start(String... arguments) {
		return start(List.of(), arguments);
	}

	/**
	 * Starts the application with configurations of a test's own.
	 */
	static RunningWeir start(List<Class<?>> configurations, String... arguments) {
		List<Class<?>> sources = new ArrayList<>(configurations);
		sources.addFirst(WeirApplication.class);
		List<String> all = new ArrayList<>(List.of("--tcp.server.port=0", "--server.port=0"));
		// The last one counts
		all.removeIf((argument) -> List.of(arguments)
			.stream()
			.anyMatch((other) -> other.startsWith(argument.substring(0, argument.indexOf('=') + 1))));
		all.addAll(List.of(arguments));
		return new RunningWeir(new SpringApplicationBuilder(sources.toArray(Class<?>[]::new)).logStartupInfo(false)
			.registerShutdownHook(false)
			.run(all.toArray(String[]::new)));
	}

	TcpServer server() {
		return bean(TcpServer.class);
	}

	<T> T bean(Class<T> type) {
		return this.context.getBean(type);
	}

	int tcpPort() {
		return Objects.requireNonNull(server().address()).getPort();
	}

	int httpPort() {
		return port("local.server.port");
	}

	int managementPort() {
		return port("local.management.port");
	}

	private int port(String property) {
		return Integer.parseInt(Objects.requireNonNull(this.context.getEnvironment().getProperty(property)));
	}

	@Override
	public void close() {
		this.context.close();
	}

}
