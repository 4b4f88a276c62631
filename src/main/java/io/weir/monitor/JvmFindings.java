package io.weir.monitor;

import java.util.Map;

import io.weir.transport.BufferPool;

/**
 * Findings about the JVM: its version, and what chunks and records ask of its memory.
 *
 * @param version the JVM's version
 * @param memory how many bytes its direct buffers may take: as many as its heap, unless
 * {@code -XX:MaxDirectMemorySize} says otherwise
 * @param chunkBytes how long a chunk is; 0 if the protocol has none
 * @param recordBytes how long a record is; 0 if the protocol has none
 */
record JvmFindings(Runtime.Version version, long memory, int chunkBytes, int recordBytes) implements Evidence.Rule {

	private static final int FEATURE = 25;

	// In the order of their cures
	private static final int PARKED_CURED_IN = 3;

	private static final int BLOCKED_CURED_IN = 4;

	private static final long MB = 1024 * 1024;

	@Override
	public void find(Evidence evidence, Map<FindingKind, Finding> findings) {
		if (this.version.feature() == FEATURE && this.version.interim() == 0
				&& this.version.update() < BLOCKED_CURED_IN) {
			findings.put(FindingKind.FAULTY_JDK, faulty(this.version));
		}
		long each = bytesOf(this.recordBytes);
		int maxConnections = evidence.server().serving().maxConnections();
		long fitting = (each > 0) ? this.memory / each : Long.MAX_VALUE;
		if (maxConnections > fitting) {
			findings.put(FindingKind.RECORDS_DO_NOT_FIT, tooLarge(each, maxConnections, fitting));
		}
		long chunk = this.chunkBytes;
		if (chunk * maxConnections > this.memory) {
			findings.put(FindingKind.CHUNKS_DO_NOT_FIT, tooLarge(chunk, maxConnections));
		}
	}

	private static Finding faulty(Runtime.Version version) {
		String faults = (version.update() < PARKED_CURED_IN)
				? "a parked one (JDK-8369227) and a blocked one (JDK-8373120)" : "a blocked one (JDK-8373120)";
		return new Finding("jdk",
				"JDK %s has a known fault in virtual threads: %s may sleep for ever, and its connection hangs"
					.formatted(version, faults),
				"Take JDK 25.0.%d or later".formatted(BLOCKED_CURED_IN));
	}

	/**
	 * What a connection holds at most while a record is not whole: a buffer that doubles
	 * as it fills.
	 */
	private static long bytesOf(int recordBytes) {
		if (recordBytes == 0) {
			return 0;
		}
		return (recordBytes <= BufferPool.SMALL) ? BufferPool.SMALL : Math.max(BufferPool.MEDIUM, 2L * recordBytes);
	}

	// No chunk is held as a whole, so no memory runs out
	private Finding tooLarge(long chunk, int maxConnections) {
		return new Finding("chunk-size",
				("a chunk of %d bytes from each of %d connections would take %d MB of buffers, of %d MB that the JVM may "
						+ "take: chunks are echoed in parts")
					.formatted(chunk, maxConnections, maxConnections * chunk / MB, this.memory / MB),
				"Set tcp.server.chunk-size to what a client sends at once, or tcp.server.max-connections to %d"
					.formatted(Math.max(1, this.memory / chunk)));
	}

	private Finding tooLarge(long each, int maxConnections, long fitting) {
		return new Finding("record-format",
				("a record has %d bytes: %d connections that each wait for the end of one take up to %d MB of buffers, "
						+ "of %d MB that the JVM may take")
					.formatted(this.recordBytes, maxConnections, maxConnections * each / MB, this.memory / MB),
				("Give the JVM more memory (-Xmx, -XX:MaxRAMPercentage), set tcp.server.max-connections to %d, "
						+ "or make records smaller")
					.formatted(fitting));
	}

}
