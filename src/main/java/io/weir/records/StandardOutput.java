package io.weir.records;

import java.io.FileDescriptor;
import java.io.FileOutputStream;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;

/**
 * Standard output, without {@link System#out} and its lock.
 */
public final class StandardOutput implements RecordOutput {

	private final FileChannel channel;

	@SuppressWarnings("resource") // Standard output is closed by an abort only
	public StandardOutput() {
		this(new FileOutputStream(FileDescriptor.out).getChannel());
	}

	StandardOutput(FileChannel channel) {
		this.channel = channel;
	}

	@Override
	public String text() {
		return "standard output";
	}

	@Override
	public int write(byte[] bytes, int from, int to) throws IOException {
		return this.channel.write(ByteBuffer.wrap(bytes, from, to - from));
	}

	// A write that waits returns how much of it was taken
	@Override
	public void abort() {
		FileOutput.close(this.channel);
	}

}
