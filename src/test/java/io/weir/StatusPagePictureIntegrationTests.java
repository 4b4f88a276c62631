package io.weir;

import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.atomic.AtomicBoolean;

import javax.imageio.IIOImage;
import javax.imageio.ImageIO;
import javax.imageio.ImageWriteParam;
import javax.imageio.ImageWriter;
import javax.imageio.stream.ImageOutputStream;

import org.awaitility.Awaitility;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.EnabledIfSystemProperty;
import org.junit.jupiter.api.io.TempDir;
import org.openqa.selenium.support.ui.Select;

import static io.weir.protocol.Recipe.RECORD;
import static org.assertj.core.api.Assertions.assertThat;

/**
 * Makes the picture of the page that the README shows, of two minutes of real traffic:
 * run with {@code -Dweir.picture=<folder>}. The folder gets {@code status.png}, and the
 * same page in the dark, on a phone and as a whole.
 */
@EnabledIfSystemProperty(named = "weir.picture", matches = ".+",
		disabledReason = "the picture is made when -Dweir.picture=<folder> asks for it")
class StatusPagePictureIntegrationTests extends StatusPageTest {

	private static final byte[] DATA = new byte[700];

	// The page shows two minutes
	private static final Duration TIME = Duration.ofSeconds(125);

	@TempDir
	@SuppressWarnings("NullAway.Init")
	Path directory;

	private final AtomicBoolean over = new AtomicBoolean();

	@Test
	void makeThePicture() throws Exception {
		Path folder = Files.createDirectories(Path.of(System.getProperty("weir.picture")));
		RunningWeir weir = start("--tcp.server.backlog=8192", "--tcp.server.max-connections=500",
				"--tcp.server.idle-timeout=15s", "--tcp.server.deny=127.10.9.0/24", "--tcp.server.records.output=file",
				"--tcp.server.records.file=" + this.directory.resolve("records.jsonl"));
		try (ExecutorService clients = Executors.newVirtualThreadPerTaskExecutor()) {
			try {
				List<Future<Void>> traffic = new ArrayList<>();
				for (int i = 0; i < 70; i++) {
					int number = i;
					traffic.add(clients.submit(() -> visit(number, weir.tcpPort())));
				}
				traffic.add(clients.submit(() -> readSlowly(weir.tcpPort())));
				traffic.add(clients.submit(() -> comeAlthoughDenied(weir.tcpPort())));
				open(weir);
				browser.resize(1280, 1500);
				new Select(browser.find("#sort")).selectByValue("diagnosis");
				Awaitility.await("traffic")
					.pollInterval(Duration.ofSeconds(1))
					.during(TIME)
					.atMost(TIME.plusSeconds(30))
					.until(() -> browser.text("#state").equals("Accepting connections"));
				assertThat(traffic).noneMatch(Future::isDone);
				awaitText("#open td.held", "peer reads slowly");
				write(folder.resolve("status.png"), browser.picture());
				browser.prefer("dark");
				write(folder.resolve("status-dark.png"), browser.picture());
				browser.prefer("light").resize(390, 2400);
				write(folder.resolve("status-phone.png"), browser.picture());
				browser.find("#open button.peer").click();
				browser.resize(1280, 4200);
				write(folder.resolve("status-whole.png"), browser.picture());
				// Nothing is asked about a connection that ends now
				browser.find("#open button.peer").click();
			}
			finally {
				this.over.set(true);
			}
		}
	}

	// As small as it gets without a loss: the browser packs in haste
	private static void write(Path file, byte[] picture) throws IOException {
		assertThat(picture).hasSizeGreaterThan(10_000);
		ImageWriter writer = ImageIO.getImageWritersByFormatName("png").next();
		ImageWriteParam smallest = writer.getDefaultWriteParam();
		smallest.setCompressionMode(ImageWriteParam.MODE_EXPLICIT);
		smallest.setCompressionQuality(0);
		Files.deleteIfExists(file);
		try (ImageOutputStream out = ImageIO.createImageOutputStream(file.toFile())) {
			writer.setOutput(out);
			writer.write(null, new IIOImage(ImageIO.read(new ByteArrayInputStream(picture)), null, null), smallest);
		}
		writer.dispose();
	}

	// Exchanges for a while, pauses, comes again; now and then it ends in the middle of a
	// record, with a reset, or by saying nothing
	private Void visit(int number, int port) throws Exception {
		Random random = new Random(number);
		while (!this.over.get()) {
			try (Socket socket = connect(number, port)) {
				long end = System.nanoTime() + Duration.ofSeconds(5 + random.nextInt(90)).toNanos();
				while (System.nanoTime() < end && !this.over.get()) {
					socket.getOutputStream().write(DATA, 0, 1 + random.nextInt(DATA.length));
					assertThat(socket.getInputStream().read(DATA)).isPositive();
					socket.getOutputStream().write(RECORD);
					// Waves of half a minute
					double wave = 1.3 + Math.sin(System.nanoTime() / 5e9 + number / 40.0);
					Thread.sleep((long) ((20 + 9 * number) / wave * random.nextDouble(0.5, 1.5)));
				}
				end(number, socket);
			}
		}
		return null;
	}

	private static void end(int number, Socket socket) throws IOException {
		if (number % 9 == 0) {
			socket.getOutputStream().write(DATA, 0, 1);
			assertThat(socket.getInputStream().read()).isZero();
			socket.getOutputStream().write(RECORD, 0, 9);
			socket.shutdownOutput();
			assertThat(socket.getInputStream().readAllBytes()).isEmpty();
		}
		else if (number % 11 == 0) {
			socket.setSoLinger(true, 0);
		}
		else if (number % 13 == 0) {
			assertThat(socket.getInputStream().readAllBytes()).isEmpty();
		}
	}

	// A client of few bytes a second, with a sender that does not wait for it
	private Void readSlowly(int port) throws Exception {
		try (Socket socket = connect(200, port)) {
			Thread.ofVirtual().start(() -> sendUntilClosed(socket));
			while (!this.over.get()) {
				assertThat(socket.getInputStream().read(DATA)).isPositive();
				Thread.sleep(20);
			}
		}
		return null;
	}

	private static void sendUntilClosed(Socket socket) {
		try {
			while (!socket.isClosed()) {
				socket.getOutputStream().write(DATA);
			}
		}
		catch (IOException ex) {
			// Closed while a write waits
		}
	}

	private Void comeAlthoughDenied(int port) throws Exception {
		while (!this.over.get()) {
			connect("127.10.9.1", port).close();
			Thread.sleep(7_000);
		}
		return null;
	}

	private static Socket connect(int number, int port) throws IOException {
		return connect("127.10.%d.%d".formatted(number % 7, 10 + number), port);
	}

	private static Socket connect(String from, int port) throws IOException {
		Socket socket = new Socket();
		socket.setTcpNoDelay(true);
		socket.setReceiveBufferSize(16_384);
		socket.bind(new InetSocketAddress(InetAddress.ofLiteral(from), 0));
		socket.connect(new InetSocketAddress(InetAddress.ofLiteral("127.0.0.1"), port), 10_000);
		socket.setSoTimeout(30_000);
		return socket;
	}

}
