package io.weir.records;

import java.io.IOException;
import java.io.RandomAccessFile;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;

import io.weir.Command;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

/**
 * A file system of 64 MiB on a loop device, where each write waits for the device. The
 * device can break: writes fail with EIO then. Needs root.
 */
public final class BreakableDisk implements AutoCloseable {

	private static final long SIZE = 64 << 20;

	// In front of it are the file system's own blocks and the first megabyte of a file
	private static final long BROKEN_SIZE = 4 << 20;

	private final Path image;

	private final Path path;

	private final String device;

	/**
	 * Mounts it, or skips the test.
	 * @param folder an empty folder
	 */
	public BreakableDisk(Path folder) throws IOException, InterruptedException {
		this.image = folder.resolve("image");
		this.path = Files.createDirectory(folder.resolve("mounted"));
		resize(SIZE);
		assumeTrue(Command.succeeds("mkfs.ext2", "-q", "-F", "-b", "4096", "-m", "0", "-N", "16", "-O", "^resize_inode",
				this.image.toString()), "there is no mkfs.ext2");
		this.device = attach(this.image);
		assumeTrue(!this.device.isEmpty(), "no loop device can be attached, which needs root");
		boolean mounted = Command.succeeds("mount", "-o", "sync", this.device, this.path.toString());
		if (!mounted) {
			Command.succeeds("losetup", "-d", this.device);
		}
		assumeTrue(mounted, "a loop device can't be mounted, which needs root");
	}

	private static String attach(Path image) throws IOException, InterruptedException {
		try {
			Process losetup = new ProcessBuilder("losetup", "-f", "--show", image.toString())
				.redirectError(ProcessBuilder.Redirect.DISCARD)
				.start();
			String device = new String(losetup.getInputStream().readAllBytes(), StandardCharsets.US_ASCII).strip();
			return (losetup.waitFor() == 0) ? device : "";
		}
		catch (IOException ex) {
			return "";
		}
	}

	public Path path() {
		return this.path;
	}

	/**
	 * Takes most of the device away.
	 */
	public void breakDown() throws IOException, InterruptedException {
		resizeDevice(BROKEN_SIZE);
	}

	public void mend() throws IOException, InterruptedException {
		resizeDevice(SIZE);
	}

	/**
	 * Forgets what the kernel remembers: what is read then is what the device has.
	 */
	public void mountAgain() throws InterruptedException {
		assertThat(Command.succeeds("umount", this.path.toString())).isTrue();
		assertThat(Command.succeeds("mount", "-o", "sync", this.device, this.path.toString())).isTrue();
	}

	private void resizeDevice(long size) throws IOException, InterruptedException {
		resize(size);
		assertThat(Command.succeeds("losetup", "-c", this.device)).isTrue();
	}

	private void resize(long size) throws IOException {
		try (RandomAccessFile file = new RandomAccessFile(this.image.toFile(), "rw")) {
			file.setLength(size);
		}
	}

	@Override
	public void close() throws IOException {
		try {
			Command.succeeds("umount", "-l", this.path.toString());
			Command.succeeds("losetup", "-d", this.device);
		}
		catch (InterruptedException ex) {
			Thread.currentThread().interrupt();
		}
	}

}
