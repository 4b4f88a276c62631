package io.weir.records;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.BasicFileAttributes;
import java.util.Objects;

import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * A file that lines are appended to, or a FIFO. Opened again when it was renamed or
 * removed; rolled when it is full. Both happen between two lines only.
 */
public final class FileOutput implements RecordOutput {

	private static final Logger logger = LoggerFactory.getLogger(FileOutput.class);

	private static final ByteBuffer LINE_FEED = ByteBuffer.wrap(new byte[] { '\n' }).asReadOnlyBuffer();

	private final Path file;

	private final long maxSize;

	private final RolledFiles rolled;

	private volatile @Nullable FileChannel channel;

	// What the open file is to the file system, whatever its name becomes
	private @Nullable Object key;

	// A FIFO has no size
	private boolean regular;

	// How many bytes of a line were written whose end was not
	private int begun;

	// The size before the last write, and how many bytes it had to write if it failed
	private long sizeBefore;

	private int failed;

	/**
	 * Creates the output, not open.
	 * @param file the file, as an absolute path
	 * @param maxSize when it is rolled, in bytes; a longer line has a file of its own
	 * @param maxFiles how many rolled ones are kept
	 */
	public FileOutput(Path file, long maxSize, int maxFiles) {
		this.file = file;
		this.maxSize = maxSize;
		this.rolled = new RolledFiles(file, maxFiles);
	}

	@Override
	public String text() {
		return this.file.toString();
	}

	@Override
	public int write(byte[] bytes, int from, int to) throws IOException {
		FileChannel now = this.channel;
		if (now != null) {
			takeBack(now);
		}
		if (now != null && this.begun > 0) {
			if (isGone()) {
				closeChannel();
				return -this.begun;
			}
			return append(now, bytes, from, lineEnd(bytes, from, to));
		}
		FileChannel out = open();
		if (!this.regular) {
			return append(out, bytes, from, to);
		}
		int end = fitting(bytes, from, to, this.maxSize - out.size());
		if (end == from && out.size() > 0) {
			closeChannel();
			this.rolled.roll();
			out = open();
			end = fitting(bytes, from, to, this.maxSize - out.size());
		}
		return append(out, bytes, from, (end > from) ? end : lineEnd(bytes, from, to));
	}

	private int append(FileChannel out, byte[] bytes, int from, int to) throws IOException {
		this.sizeBefore = this.regular ? out.size() : 0;
		this.failed = this.regular ? to - from : 0;
		int count = out.write(ByteBuffer.wrap(bytes, from, to - from));
		this.failed = 0;
		int end = from + count;
		int lineBegin = end;
		while (lineBegin > from && bytes[lineBegin - 1] != '\n') {
			lineBegin--;
		}
		boolean sameLine = lineBegin == from;
		this.begun = (sameLine ? this.begun : 0) + end - lineBegin;
		return count;
	}

	// Where each write waits for the disk (mount -o sync, NFS), one that fails can have
	// made the file longer: those bytes may never reach the disk, and are written again
	private void takeBack(FileChannel out) throws IOException {
		if (this.failed > 0) {
			long grown = out.size() - this.sizeBefore;
			if (grown > 0 && grown <= this.failed) {
				out.truncate(this.sizeBefore);
			}
			this.failed = 0;
		}
	}

	private static int lineEnd(byte[] bytes, int from, int to) {
		int end = from;
		while (end < to && bytes[end] != '\n') {
			end++;
		}
		return Math.min(end + 1, to);
	}

	// The end of the last line that there is room for
	private static int fitting(byte[] bytes, int from, int to, long room) {
		if (room >= to - from) {
			return to;
		}
		int end = from + (int) Math.max(0, room);
		while (end > from && bytes[end - 1] != '\n') {
			end--;
		}
		return end;
	}

	private FileChannel open() throws IOException {
		FileChannel now = this.channel;
		if (now != null && !isMoved()) {
			return now;
		}
		closeChannel();
		this.begun = 0;
		this.failed = 0;
		// Waits for the reader of a FIFO
		FileChannel opened = FileChannel.open(this.file, StandardOpenOption.CREATE, StandardOpenOption.WRITE,
				StandardOpenOption.APPEND);
		try {
			BasicFileAttributes attributes = Files.readAttributes(this.file, BasicFileAttributes.class);
			this.key = attributes.fileKey();
			this.regular = attributes.isRegularFile();
			if (this.regular && endsInsideALine(opened.size())) {
				opened.write(LINE_FEED.duplicate());
			}
		}
		catch (Throwable ex) {
			close(opened);
			throw ex;
		}
		this.channel = opened;
		return opened;
	}

	// What an earlier process has left, killed in a write
	private boolean endsInsideALine(long size) throws IOException {
		if (size == 0 || !Files.isReadable(this.file)) {
			return false;
		}
		try (FileChannel in = FileChannel.open(this.file, StandardOpenOption.READ)) {
			ByteBuffer last = ByteBuffer.allocate(1);
			return in.read(last, size - 1) == 1 && last.get(0) != '\n';
		}
	}

	private boolean isMoved() throws IOException {
		try {
			return !Objects.equals(Files.readAttributes(this.file, BasicFileAttributes.class).fileKey(), this.key);
		}
		catch (NoSuchFileException ex) {
			return true;
		}
	}

	// Whether the open file has no name any more. A renamed file gets the rest of the
	// line; a removed one, perhaps as the disk was full, would take it away
	private boolean isGone() throws IOException {
		if (!isMoved()) {
			return false;
		}
		Path descriptors = Path.of("/proc/self/fd");
		if (!Files.isDirectory(descriptors)) {
			return false;
		}
		String removed = realPath() + " (deleted)";
		try (DirectoryStream<Path> open = Files.newDirectoryStream(descriptors)) {
			for (Path descriptor : open) {
				if (Files.isSymbolicLink(descriptor) && target(descriptor).equals(removed)) {
					return true;
				}
			}
		}
		return false;
	}

	private Path realPath() throws IOException {
		Path folder = Objects.requireNonNull(this.file.getParent());
		return (Files.exists(folder) ? folder.toRealPath() : folder).resolve(this.file.getFileName());
	}

	private static String target(Path descriptor) throws IOException {
		try {
			return Files.readSymbolicLink(descriptor).toString();
		}
		catch (NoSuchFileException ex) {
			// Closed meanwhile
			return "";
		}
	}

	@Override
	public void abort() {
		closeChannel();
	}

	private void closeChannel() {
		FileChannel open = this.channel;
		this.channel = null;
		if (open != null) {
			close(open);
		}
	}

	static void close(FileChannel channel) {
		try {
			channel.close();
		}
		catch (IOException ex) {
			// Each write has told its own failure; a late one of close(2) has no remedy
			logger.warn("Closing the output of records failed: {}", ex.toString());
		}
	}

}
