package io.weir.records;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;

import static org.junit.jupiter.api.Assumptions.assumeTrue;

/**
 * A file system of 64 KiB in memory; needs root.
 */
public final class SmallDisk implements AutoCloseable {

	private final Path path;

	/**
	 * Mounts it, or skips the test.
	 * @param path an empty folder
	 */
	public SmallDisk(Path path) throws IOException, InterruptedException {
		this.path = path;
		Process mount = new ProcessBuilder("mount", "-t", "tmpfs", "-o", "size=64k", "tmpfs", path.toString())
			.redirectErrorStream(true)
			.redirectOutput(ProcessBuilder.Redirect.DISCARD)
			.start();
		assumeTrue(mount.waitFor() == 0, "a tmpfs can't be mounted, which needs root");
	}

	public Path path() {
		return this.path;
	}

	/**
	 * Takes away some of its room.
	 */
	public Path fill(int bytes) throws IOException {
		return Files.write(this.path.resolve("ballast"), new byte[bytes]);
	}

	/**
	 * Makes it larger.
	 */
	public void grow(int megabytes) throws IOException, InterruptedException {
		new ProcessBuilder("mount", "-o", "remount,size=" + megabytes + "m", this.path.toString()).start().waitFor();
	}

	@Override
	public void close() throws IOException {
		try {
			new ProcessBuilder("umount", "-l", this.path.toString()).start().waitFor();
		}
		catch (InterruptedException ex) {
			Thread.currentThread().interrupt();
		}
	}

}
