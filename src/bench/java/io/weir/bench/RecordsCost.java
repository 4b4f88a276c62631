package io.weir.bench;

import java.io.BufferedInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.channels.SelectionKey;
import java.nio.channels.Selector;
import java.nio.channels.SocketChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;

/**
 * Sends a stream of the recipe's records over 64 connections, as fast as they are taken,
 * and waits until the last one is where it belongs: in a file as JSON of six fields, or
 * unpacked and counted. Every line of the file is counted.
 */
final class RecordsCost {

	/**
	 * Records go to a file.
	 */
	static final String FILE = "weir-file";

	/**
	 * Records go nowhere.
	 */
	static final String OFF = "weir-off";

	private static final String PROTOCOL = "record";

	private static final int CONNECTIONS = 64;

	private static final int RECORD = 22;

	private static final int RECORDS_IN_BLOCK = 1000;

	private static final int WARMUP = 2_000_000;

	private static final int MEASURED = 5_000_000;

	private static final double PATIENCE_SECONDS = 120;

	private final Machine machine;

	private final Path folder;

	private final Path logs;

	private final int cores;

	/**
	 * Creates the measurement.
	 * @param machine whose cores
	 * @param output where the files go, and are removed
	 * @param cores how many cores the server has
	 */
	RecordsCost(Machine machine, Path output, int cores) {
		this.machine = machine;
		this.folder = output.resolve("records");
		this.logs = output.resolve("logs");
		this.cores = cores;
	}

	/**
	 * Measures both ways once.
	 * @param weir how to start it
	 * @param round which round it is
	 * @param samples where results go
	 */
	void measure(Options.Weir weir, int round, Samples samples) throws InterruptedException {
		measure(FILE, weir, List.of("--tcp.server.records.output=file",
				"--tcp.server.records.file=" + this.folder.resolve("records.jsonl").toAbsolutePath(),
				"--tcp.server.records.fields=id,tag,serial,x,y,temperature", "--tcp.server.records.max-files=100"),
				"written", round, samples);
		measure(OFF, weir, List.of(), "unpacked", round, samples);
	}

	private void measure(String name, Options.Weir weir, List<String> more, String result, int round, Samples samples)
			throws InterruptedException {
		Options.Weir with = new Options.Weir(weir.jar(), weir.jvm(),
				Stream.concat(weir.args().stream(), more.stream()).toList());
		try {
			clear();
			Files.createDirectories(this.folder);
			try (ServerProcess server = new ServerProcess(Contender.weir(name, with), PROTOCOL, this.cores,
					this.machine, this.logs)) {
				server.awaitStarted();
				send(server, WARMUP, WARMUP, result);
				samples.add(name, round, measured(server, result));
			}
			if (result.equals("written") && lines() != WARMUP + MEASURED) {
				throw new IOException("%d lines of %d records".formatted(lines(), WARMUP + MEASURED));
			}
		}
		catch (IOException ex) {
			samples.fail(name, ex);
		}
		finally {
			clear();
		}
	}

	private Map<Metric, Double> measured(ServerProcess server, String result) throws IOException, InterruptedException {
		double driverBegin = this.machine.cpuNanos(ProcessHandle.current().pid());
		double serverBegin = server.cpuNanos();
		long begin = System.nanoTime();
		send(server, MEASURED, WARMUP + MEASURED, result);
		double elapsed = System.nanoTime() - begin;
		Map<Metric, Double> figures = new EnumMap<>(Metric.class);
		figures.put(Metric.RATE, MEASURED / elapsed * 1e9);
		figures.put(Metric.CPU, (server.cpuNanos() - serverBegin) / MEASURED / 1e3);
		figures.put(Metric.DRIVER,
				(this.machine.cpuNanos(ProcessHandle.current().pid()) - driverBegin) / elapsed * 100);
		return figures;
	}

	private static void send(ServerProcess server, int count, long total, String result)
			throws IOException, InterruptedException {
		try (Selector selector = Selector.open()) {
			int blocks = count / RECORDS_IN_BLOCK;
			List<SocketChannel> channels = new ArrayList<>();
			for (int i = 0; i < CONNECTIONS; i++) {
				SocketChannel channel = Client.open();
				channels.add(channel);
				channel.connect(server.address());
				channel.configureBlocking(false);
				int own = blocks / CONNECTIONS + ((i < blocks % CONNECTIONS) ? 1 : 0);
				channel.register(selector, SelectionKey.OP_WRITE, new Blocks(own));
			}
			int[] sending = { CONNECTIONS };
			while (sending[0] > 0) {
				selector.select((key) -> {
					try {
						if (((Blocks) key.attachment()).write((SocketChannel) key.channel())) {
							key.cancel();
							sending[0]--;
						}
					}
					catch (IOException ex) {
						throw new UncheckedIOException(ex);
					}
				});
			}
			await(server, total, result);
			for (SocketChannel channel : channels) {
				channel.close();
			}
		}
	}

	private static void await(ServerProcess server, long total, String result)
			throws IOException, InterruptedException {
		Pattern count = Pattern.compile("\"" + result + "\":(\\d+)");
		long begin = System.nanoTime();
		long done = 0;
		while (done < total) {
			if (System.nanoTime() - begin > PATIENCE_SECONDS * 1e9) {
				throw new IOException("%d of %d records were %s in time".formatted(done, total, result));
			}
			Thread.sleep(5);
			Matcher found = count.matcher(new String(server.get("/actuator/tcpserver"), StandardCharsets.UTF_8));
			done = found.find() ? Long.parseLong(found.group(1)) : 0;
		}
	}

	private long lines() throws IOException {
		long lines = 0;
		byte[] block = new byte[1 << 16];
		for (Path file : files()) {
			try (InputStream in = new BufferedInputStream(Files.newInputStream(file))) {
				for (int length = in.read(block); length > 0; length = in.read(block)) {
					for (int i = 0; i < length; i++) {
						lines += (block[i] == '\n') ? 1 : 0;
					}
				}
			}
		}
		return lines;
	}

	private List<Path> files() throws IOException {
		try (Stream<Path> files = Files.list(this.folder)) {
			return files.toList();
		}
	}

	private void clear() {
		try {
			if (Files.isDirectory(this.folder)) {
				for (Path file : files()) {
					Files.delete(file);
				}
			}
		}
		catch (IOException ex) {
			System.out.println("Files are left in " + this.folder + ": " + ex);
		}
	}

	/**
	 * What one connection sends: the same records again and again.
	 */
	private static final class Blocks {

		private static final ByteBuffer records = records();

		private final ByteBuffer block = records.duplicate();

		private int left;

		Blocks(int count) {
			this.left = count;
		}

		// An id, two letters, a serial number, two coordinates and a temperature
		private static ByteBuffer records() {
			ByteBuffer records = ByteBuffer.allocateDirect(RECORDS_IN_BLOCK * RECORD);
			for (int i = 0; i < RECORDS_IN_BLOCK; i++) {
				records.putInt(i).put((byte) 'a').put((byte) 'b').putLong(1_000_000_007L * i);
				records.putShort((short) i).putShort((short) -i).putFloat(20 + i / 8f);
			}
			return records.flip();
		}

		// Returns whether all is sent
		boolean write(SocketChannel channel) throws IOException {
			while (this.left > 0) {
				channel.write(this.block);
				if (this.block.hasRemaining()) {
					return false;
				}
				this.block.rewind();
				this.left--;
			}
			return true;
		}

	}

}
