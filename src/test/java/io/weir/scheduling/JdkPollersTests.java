package io.weir.scheduling;

import java.io.File;
import java.io.FileInputStream;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.nio.ByteBuffer;
import java.nio.channels.ServerSocketChannel;
import java.nio.channels.SocketChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;

import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.slf4j.LoggerFactory;

import static org.assertj.core.api.Assertions.assertThat;

/**
 * Tests for {@link JdkPollers} in a process of its own, which has few descriptors.
 */
class JdkPollersTests {

	@ParameterizedTest
	@ValueSource(strings = { "auto", "virtual" })
	void whenThereIsNoDescriptorAfterTheStartThenVirtualThreadsWaitForSocketsAllTheSame(String scheduler)
			throws Exception {
		String java = Path.of(System.getProperty("java.home"), "bin", "java").toString();
		Process process = new ProcessBuilder("sh", "-c", "ulimit -n 120 && exec \"$0\" \"$@\"", java, "-Xmx64m",
				"--add-opens", "java.base/java.lang=ALL-UNNAMED", "-cp", classPath(), Main.class.getName(), scheduler)
			.redirectErrorStream(true)
			.start();
		try {
			String output = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
			assertThat(process.waitFor(30, TimeUnit.SECONDS)).isTrue();
			assertThat(output).endsWith("Read 7\n");
		}
		finally {
			process.destroyForcibly();
		}
	}

	// Neither the launcher of the tests nor all that is on its path
	private static String classPath() throws Exception {
		List<String> paths = new ArrayList<>();
		for (Class<?> type : List.of(JdkPollersTests.class, Schedulers.class, LoggerFactory.class)) {
			paths.add(Path.of(type.getProtectionDomain().getCodeSource().getLocation().toURI()).toString());
		}
		return String.join(File.pathSeparator, paths);
	}

	static final class Main {

		private Main() {
		}

		public static void main(String[] args) throws Exception {
			ConnectionScheduler scheduler = args[0].equals("auto") ? Schedulers.auto() : Schedulers.virtual();
			scheduler.start();
			try (ServerSocketChannel listener = ServerSocketChannel.open()
				.bind(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0));
					Socket client = new Socket(listener.socket().getInetAddress(), listener.socket().getLocalPort());
					SocketChannel channel = listener.accept()) {
				List<FileInputStream> descriptors = takeAll();
				ByteBuffer one = ByteBuffer.allocate(1);
				Thread thread = Thread.ofVirtual().start(() -> {
					try {
						channel.read(one);
					}
					catch (IOException ex) {
						throw new AssertionError(ex);
					}
				});
				while (thread.getState() == Thread.State.RUNNABLE) {
					Thread.onSpinWait();
				}
				for (FileInputStream descriptor : descriptors) {
					descriptor.close();
				}
				client.getOutputStream().write(7);
				thread.join();
				System.out.println("Read " + one.get(0));
			}
			scheduler.stop();
		}

		private static List<FileInputStream> takeAll() throws IOException {
			List<FileInputStream> descriptors = new ArrayList<>();
			try {
				while (descriptors.size() < 1000) {
					descriptors.add(new FileInputStream("/dev/null"));
				}
			}
			catch (IOException ex) {
				return descriptors;
			}
			throw new IOException("No limit of descriptors");
		}

	}

}
