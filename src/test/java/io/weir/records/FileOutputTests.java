package io.weir.records;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.stream.Stream;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.condition.EnabledOnOs;
import org.junit.jupiter.api.condition.OS;
import org.junit.jupiter.api.io.TempDir;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;
import static org.assertj.core.api.Assertions.assertThatIOException;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

/**
 * Tests for {@link FileOutput}.
 */
@Timeout(60)
class FileOutputTests {

	private static final int MAX = 1000;

	@TempDir
	@SuppressWarnings("NullAway.Init")
	Path folder;

	@Test
	void whenLinesAreWrittenThenTheyAreAppended() throws Exception {
		Path file = Files.writeString(file(), "before\n");
		FileOutput output = new FileOutput(file, MAX, 3);
		write(output, "one\ntwo\n");
		write(output, "three\n");
		assertThat(Files.readString(file)).isEqualTo("before\none\ntwo\nthree\n");
	}

	@Test
	void whenAnEarlierProcessWasKilledInAWriteThenItsHalfLineStaysALineOfItsOwn() throws Exception {
		Path file = Files.writeString(file(), "whole\nhal");
		write(new FileOutput(file, MAX, 3), "one\n");
		assertThat(Files.readString(file)).isEqualTo("whole\nhal\none\n");
	}

	@Test
	void whenTheFileIsFullThenItIsRolledBetweenTwoLines() throws Exception {
		FileOutput output = new FileOutput(file(), 100, 3);
		List<String> lines = new ArrayList<>();
		for (int i = 0; i < 40; i++) {
			lines.add("%08d".formatted(i));
			// Several at once
			if (i % 7 == 6) {
				write(output, String.join("\n", lines.subList(i - 6, i + 1)) + "\n");
			}
		}
		write(output, String.join("\n", lines.subList(35, 40)) + "\n");
		assertThat(names()).containsExactlyInAnyOrder("r.jsonl", "r.jsonl.1", "r.jsonl.2", "r.jsonl.3");
		List<String> kept = new ArrayList<>();
		for (String suffix : List.of(".3", ".2", ".1", "")) {
			Path each = this.folder.resolve("r.jsonl" + suffix);
			assertThat(Files.size(each)).isLessThanOrEqualTo(100);
			kept.addAll(Files.readAllLines(each));
		}
		assertThat(kept).isEqualTo(lines);
	}

	@Test
	void whenMoreFilesAreRolledThanAreKeptThenTheOldestGoes() throws Exception {
		FileOutput output = new FileOutput(file(), 10, 2);
		for (int i = 0; i < 5; i++) {
			write(output, "line %03d\n".formatted(i));
		}
		assertThat(names()).containsExactlyInAnyOrder("r.jsonl", "r.jsonl.1", "r.jsonl.2");
		assertThat(Files.readString(file())).isEqualTo("line 004\n");
		assertThat(Files.readString(this.folder.resolve("r.jsonl.1"))).isEqualTo("line 003\n");
		assertThat(Files.readString(this.folder.resolve("r.jsonl.2"))).isEqualTo("line 002\n");
	}

	@Test
	void whenALineIsLongerThanAFileMayBeThenItHasOneOfItsOwn() throws Exception {
		FileOutput output = new FileOutput(file(), 10, 5);
		write(output, "a\n" + "b".repeat(50) + "\nc\n");
		assertThat(Files.readString(this.folder.resolve("r.jsonl.2"))).isEqualTo("a\n");
		assertThat(Files.readString(this.folder.resolve("r.jsonl.1"))).isEqualTo("b".repeat(50) + "\n");
		assertThat(Files.readString(file())).isEqualTo("c\n");
	}

	@Test
	void whenRollingFailedInTheMiddleThenItGoesOnWhereItStopped() throws Exception {
		RolledFiles rolled = new RolledFiles(file(), 3);
		Files.writeString(file(), "new");
		Files.writeString(this.folder.resolve("r.jsonl.2"), "older");
		// As if the one before had moved .1 to .2 and no more
		rolled.roll();
		assertThat(names()).containsExactlyInAnyOrder("r.jsonl.1", "r.jsonl.2");
		assertThat(Files.readString(this.folder.resolve("r.jsonl.2"))).isEqualTo("older");
	}

	@Test
	void whenTheFileIsRenamedThenANewOneIsBegun() throws Exception {
		FileOutput output = new FileOutput(file(), MAX, 3);
		write(output, "one\n");
		Files.move(file(), this.folder.resolve("rotated"));
		write(output, "two\n");
		assertThat(Files.readString(this.folder.resolve("rotated"))).isEqualTo("one\n");
		assertThat(Files.readString(file())).isEqualTo("two\n");
	}

	@Test
	void whenAnotherFileHasItsNameThenThatIsWritten() throws Exception {
		FileOutput output = new FileOutput(file(), MAX, 3);
		write(output, "one\n");
		Files.move(file(), this.folder.resolve("rotated"));
		Files.createFile(file());
		write(output, "two\n");
		assertThat(Files.readString(file())).isEqualTo("two\n");
	}

	@Test
	void whenTheFileIsRemovedThenANewOneIsBegun() throws Exception {
		FileOutput output = new FileOutput(file(), MAX, 3);
		write(output, "one\n");
		Files.delete(file());
		write(output, "two\n");
		assertThat(Files.readString(file())).isEqualTo("two\n");
	}

	@Test
	void whenTheFileIsTruncatedThenWritingGoesOnAtItsNewEnd() throws Exception {
		FileOutput output = new FileOutput(file(), MAX, 3);
		write(output, "one\n");
		Files.writeString(file(), "", StandardOpenOption.TRUNCATE_EXISTING);
		write(output, "two\n");
		assertThat(Files.readString(file())).isEqualTo("two\n");
	}

	@Test
	void whenTheFolderIsGoneThenItFailsAndGoesOnWhenItIsBack() throws Exception {
		Path inner = Files.createDirectory(this.folder.resolve("inner"));
		FileOutput output = new FileOutput(inner.resolve("r.jsonl"), MAX, 3);
		write(output, "one\n");
		Files.delete(inner.resolve("r.jsonl"));
		Files.delete(inner);
		assertThatIOException().isThrownBy(() -> write(output, "two\n"));
		Files.createDirectory(inner);
		write(output, "two\n");
		assertThat(Files.readString(inner.resolve("r.jsonl"))).isEqualTo("two\n");
	}

	// A disk of 64 KiB
	@Test
	@EnabledOnOs(value = OS.LINUX, disabledReason = "makes a tmpfs")
	void whenTheDiskIsFullThenTheHalfLineIsCompletedWhenThereIsRoom() throws Exception {
		try (SmallDisk disk = new SmallDisk(Files.createDirectory(this.folder.resolve("disk")))) {
			Path ballast = disk.fill(30_000);
			Path file = disk.path().resolve("r.jsonl");
			FileOutput output = new FileOutput(file, 1 << 20, 3);
			Written written = new Written(output, lines(500));
			assertThatIOException().isThrownBy(written::run).withMessageContaining("No space left");
			assertThat(Files.readString(file)).isEqualTo(written.text().substring(0, written.position()));
			assertThat(written.isInsideALine()).isTrue();
			// Still full
			assertThatIOException().isThrownBy(written::run).withMessageContaining("No space left");
			Files.delete(ballast);
			written.run();
			assertThat(Files.readString(file)).isEqualTo(written.text());
		}
	}

	@Test
	@EnabledOnOs(value = OS.LINUX, disabledReason = "makes a tmpfs")
	void whenTheFullFileIsRenamedThenItGetsTheEndOfTheLine() throws Exception {
		try (SmallDisk disk = new SmallDisk(Files.createDirectory(this.folder.resolve("disk")))) {
			Path ballast = disk.fill(30_000);
			Path file = disk.path().resolve("r.jsonl");
			Written written = new Written(new FileOutput(file, 1 << 20, 3), lines(500));
			assertThatIOException().isThrownBy(written::run);
			assertThat(written.isInsideALine()).isTrue();
			int lineEnd = written.text().indexOf('\n', written.position()) + 1;
			Path rotated = Files.move(file, disk.path().resolve("rotated"));
			Files.delete(ballast);
			written.run();
			assertThat(Files.readString(rotated)).isEqualTo(written.text().substring(0, lineEnd));
			assertThat(Files.readString(file)).isEqualTo(written.text().substring(lineEnd));
		}
	}

	@Test
	@EnabledOnOs(value = OS.LINUX, disabledReason = "makes a tmpfs")
	void whenTheFullFileIsRemovedThenItsHalfLineIsWrittenWholeToTheNextOne() throws Exception {
		try (SmallDisk disk = new SmallDisk(Files.createDirectory(this.folder.resolve("disk")))) {
			disk.fill(30_000);
			Path file = disk.path().resolve("r.jsonl");
			Written written = new Written(new FileOutput(file, 1 << 20, 3), lines(500));
			assertThatIOException().isThrownBy(written::run);
			assertThat(written.isInsideALine()).isTrue();
			int lineBegin = written.text().lastIndexOf('\n', written.position()) + 1;
			Files.delete(file);
			written.run();
			assertThat(Files.readString(file)).isEqualTo(written.text().substring(lineBegin));
		}
	}

	// Each failed write has made the file longer
	@Test
	@EnabledOnOs(value = OS.LINUX, disabledReason = "mounts a loop device")
	void whenTheDiskFailsThenEachByteReachesItOnceWhenItIsMended() throws Exception {
		try (BreakableDisk disk = new BreakableDisk(Files.createDirectory(this.folder.resolve("disk")))) {
			Path file = disk.path().resolve("r.jsonl");
			FileOutput output = new FileOutput(file, 1 << 30, 3);
			Written written = new Written(output, lines(40_000));
			written.run(5_050);
			disk.breakDown();
			assertThatIOException().isThrownBy(written::run).withMessageContaining("Input/output error");
			assertThat(Files.size(file)).isGreaterThan(written.position());
			assertThatIOException().isThrownBy(written::run).withMessageContaining("Input/output error");
			disk.mend();
			written.run();
			output.abort();
			disk.mountAgain();
			assertThat(Files.readString(file)).isEqualTo(written.text());
		}
	}

	@Test
	@EnabledOnOs(value = OS.LINUX, disabledReason = "mounts a loop device")
	void whenTheFileOfTheFailedDiskIsRenamedThenItHasNoLineOfTheNextOne() throws Exception {
		try (BreakableDisk disk = new BreakableDisk(Files.createDirectory(this.folder.resolve("disk")))) {
			Path file = disk.path().resolve("r.jsonl");
			Written written = new Written(new FileOutput(file, 1 << 30, 3), lines(40_000));
			written.run(101 * 50);
			disk.breakDown();
			assertThatIOException().isThrownBy(written::run).withMessageContaining("Input/output error");
			disk.mend();
			Path rotated = Files.move(file, disk.path().resolve("rotated"));
			written.run();
			assertThat(Files.readString(rotated) + Files.readString(file)).isEqualTo(written.text());
		}
	}

	@Test
	@EnabledOnOs(value = OS.LINUX, disabledReason = "makes a FIFO")
	void whenAFifoHasNoReaderThenTheWriteWaitsForItAndAnAbortTellsHowMuchWasTaken() throws Exception {
		Path fifo = file();
		assumeTrue(new ProcessBuilder("mkfifo", fifo.toString()).start().waitFor() == 0, "there is no mkfifo");
		FileOutput output = new FileOutput(fifo, MAX, 3);
		byte[] lines = lines(10_000).getBytes(StandardCharsets.US_ASCII);
		CompletableFuture<Integer> written = CompletableFuture.supplyAsync(() -> {
			try {
				return output.write(lines, 0, lines.length);
			}
			catch (IOException ex) {
				throw new UncheckedIOException(ex);
			}
		});
		Process reader = new ProcessBuilder("sh", "-c", "exec 3< " + fifo + "; head -c 1000 <&3; read line; cat <&3")
			.start();
		byte[] first = reader.getInputStream().readNBytes(1000);
		assertThat(first).hasSize(1000);
		assertThatExceptionOfType(TimeoutException.class).isThrownBy(() -> written.get(300, TimeUnit.MILLISECONDS));
		output.abort();
		int count = written.get(5, TimeUnit.SECONDS);
		reader.getOutputStream().write('\n');
		reader.getOutputStream().close();
		byte[] rest = reader.getInputStream().readAllBytes();
		assertThat(count).isEqualTo(1000 + rest.length).isGreaterThan(60_000);
		assertThat(rest).isEqualTo(Arrays.copyOfRange(lines, 1000, count));
	}

	private Path file() {
		return this.folder.resolve("r.jsonl");
	}

	private List<String> names() throws IOException {
		try (Stream<Path> files = Files.list(this.folder)) {
			return files.map((path) -> path.getFileName().toString()).toList();
		}
	}

	private static String lines(int count) {
		StringBuilder lines = new StringBuilder();
		for (int i = 0; i < count; i++) {
			lines.append("%0100d%n".formatted(i));
		}
		return lines.toString();
	}

	private static void write(FileOutput output, String lines) throws IOException {
		new Written(output, lines).run();
	}

	/**
	 * Lines and how far they are written.
	 */
	private static final class Written {

		private final FileOutput output;

		private final byte[] bytes;

		private int position;

		Written(FileOutput output, String lines) {
			this.output = output;
			this.bytes = lines.getBytes(StandardCharsets.US_ASCII);
		}

		void run() throws IOException {
			run(this.bytes.length);
		}

		void run(int to) throws IOException {
			while (this.position < to) {
				this.position += this.output.write(this.bytes, this.position, to);
			}
		}

		int position() {
			return this.position;
		}

		boolean isInsideALine() {
			return this.bytes[this.position - 1] != '\n';
		}

		String text() {
			return new String(this.bytes, StandardCharsets.US_ASCII);
		}

	}

}
