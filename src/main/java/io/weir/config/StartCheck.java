package io.weir.config;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Collectors;

import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

import org.springframework.boot.SpringApplication;
import org.springframework.boot.context.event.ApplicationContextInitializedEvent;
import org.springframework.boot.context.event.ApplicationFailedEvent;
import org.springframework.boot.context.event.ApplicationStartedEvent;
import org.springframework.boot.context.event.ApplicationStartingEvent;
import org.springframework.boot.context.event.SpringApplicationEvent;
import org.springframework.boot.logging.LogLevel;
import org.springframework.boot.logging.LoggingSystem;
import org.springframework.context.ApplicationContext;
import org.springframework.context.ApplicationListener;
import org.springframework.core.env.ConfigurableEnvironment;

/**
 * Looks for the user's mistakes when all of the configuration is read and nothing is
 * started. In another application than Weir's own it leaves alone what is the
 * application's, and warns of unknown environment variables, which may be its own too.
 */
class StartCheck implements ApplicationListener<SpringApplicationEvent> {

	private static final Logger logger = LoggerFactory.getLogger(StartCheck.class);

	@Override
	public void onApplicationEvent(SpringApplicationEvent event) {
		boolean service = Service.is(event.getSpringApplication());
		switch (event) {
			case ApplicationStartingEvent starting -> Service.starting(starting.getSpringApplication());
			case ApplicationContextInitializedEvent initialized -> {
				check(initialized.getApplicationContext().getEnvironment(), service);
				if (service) {
					quieten(initialized.getSpringApplication(), initialized.getApplicationContext(), LogLevel.ERROR);
				}
			}
			case ApplicationStartedEvent started when service ->
				quieten(started.getSpringApplication(), started.getApplicationContext(), null);
			case ApplicationFailedEvent failed when service && failed.getApplicationContext() != null ->
				quieten(failed.getSpringApplication(), failed.getApplicationContext(), null);
			default -> {
			}
		}
	}

	private static void check(ConfigurableEnvironment environment, boolean service) {
		ConfigurationCheck tcpServer = ConfigurationCheck.ofTcpServer(environment);
		EnvironmentVariables variables = EnvironmentVariables.of(environment, tcpServer.settings());
		List<Mistake> mistakes = new ArrayList<>(tcpServer.unknown(service ? "tcp" : "tcp.server"));
		if (service) {
			mistakes.addAll(variables.unknown());
		}
		mistakes.addAll(tcpServer.bad());
		mistakes.addAll(new RecordsCheck(environment).mistakes());
		if (service) {
			mistakes.addAll(new ConfigurationCheck(environment, "server", HttpProperties.class).bad());
			mistakes.addAll(new ConfigurationCheck(environment, "management.server", HttpProperties.class).bad());
			mistakes.addAll(temporaryFolder(environment));
			mistakes.addAll(Plugins.find().unreadable());
		}
		if (!mistakes.isEmpty()) {
			throw new InvalidConfigurationException(mistakes);
		}
		log(variables, service);
	}

	// Tomcat needs it
	private static List<Mistake> temporaryFolder(ConfigurableEnvironment environment) {
		String folder = environment.getProperty("java.io.tmpdir", "");
		Path path = Path.of(folder);
		if (Files.isDirectory(path) && Files.isWritable(path)) {
			return List.of();
		}
		String problem = Files.isDirectory(path) ? "can't be written to" : "does not exist";
		return List.of(new Mistake("Folder for temporary files", folder, null, null,
				"it " + problem + "; make it, mount one, or name another with the JVM's option -Djava.io.tmpdir"));
	}

	private static void log(EnvironmentVariables variables, boolean service) {
		List<Path> plugins = Plugins.find().jars();
		if (!plugins.isEmpty()) {
			logger.info("Plug-ins: {}", plugins.stream().map(Path::toString).collect(Collectors.joining(", ")));
		}
		if (!variables.serviceLinks().isEmpty()) {
			logger.info("Ignored {}: Kubernetes' service links, not settings. The pod's 'enableServiceLinks: false' "
					+ "turns them off", String.join(", ", variables.serviceLinks()));
		}
		if (!service) {
			variables.unknown()
				.forEach((variable) -> logger.warn("Ignored the environment variable {}: {}", variable.name(),
						variable.reason()));
		}
	}

	// A failed start is reported anyway; before that report the context warns of it, with
	// names of beans and classes
	private static void quieten(SpringApplication application, ApplicationContext context, @Nullable LogLevel level) {
		String name = context.getClass().getName();
		if (!context.getEnvironment().containsProperty("logging.level." + name)) {
			LoggingSystem.get(application.getClassLoader()).setLogLevel(name, level);
		}
	}

}
