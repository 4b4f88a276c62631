package io.weir;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.concurrent.TimeUnit;

import org.awaitility.Awaitility;

import static org.assertj.core.api.Assertions.assertThat;

/**
 * A real nginx, with a configuration of the test's.
 */
final class NginxProcess implements AutoCloseable {

	private final Process process;

	private NginxProcess(Process process) {
		this.process = process;
	}

	/**
	 * Starts it, in one process.
	 * @param http what is in the block {@code http}
	 */
	static NginxProcess start(Path directory, String http) throws IOException {
		Path configuration = directory.resolve("nginx.conf");
		Path log = directory.resolve("nginx.log");
		Path pid = directory.resolve("nginx.pid");
		Files.writeString(configuration, """
				daemon off;
				master_process off;
				pid %s;
				error_log %s;
				events {}
				http {
					access_log off;
					client_body_temp_path %3$s/body;
					proxy_temp_path %3$s/proxy;
					fastcgi_temp_path %3$s/fastcgi;
					uwsgi_temp_path %3$s/uwsgi;
					scgi_temp_path %3$s/scgi;
					%4$s
				}
				""".formatted(pid, log, directory, http));
		Process process = new ProcessBuilder("nginx", "-e", log.toString(), "-p", directory.toString(), "-c",
				configuration.toString())
			.redirectErrorStream(true)
			.redirectOutput(directory.resolve("nginx.out").toFile())
			.start();
		NginxProcess nginx = new NginxProcess(process);
		Awaitility.await("nginx").atMost(Duration.ofSeconds(30)).until(() -> {
			assertThat(process.isAlive())
				.as(() -> Command.written(directory.resolve("nginx.out")) + Command.written(log))
				.isTrue();
			return Files.exists(pid);
		});
		return nginx;
	}

	boolean isAlive() {
		return this.process.isAlive();
	}

	@Override
	public void close() {
		this.process.destroy();
		try {
			this.process.waitFor(10, TimeUnit.SECONDS);
		}
		catch (InterruptedException ex) {
			Thread.currentThread().interrupt();
		}
	}

}
