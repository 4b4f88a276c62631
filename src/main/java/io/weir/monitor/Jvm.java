package io.weir.monitor;

/**
 * What the JVM is, and what chunks and records ask of its memory.
 *
 * @param version its version
 * @param memory how many bytes its buffers may take
 * @param chunkBytes how long a chunk is; 0 if the protocol has none
 * @param recordBytes how long a record is; 0 if the protocol has none
 */
public record Jvm(Runtime.Version version, long memory, int chunkBytes, int recordBytes) {

	/**
	 * This JVM. Its direct buffers may take as much as its heap, unless
	 * {@code -XX:MaxDirectMemorySize} says otherwise.
	 * @param chunkBytes how long a chunk is; 0 if the protocol has none
	 * @param recordBytes how long a record is; 0 if the protocol has none
	 */
	public static Jvm running(int chunkBytes, int recordBytes) {
		return new Jvm(Runtime.version(), Runtime.getRuntime().maxMemory(), chunkBytes, recordBytes);
	}

}
