package io.weir.bench;

/**
 * A figure that is measured, with its name in the table and in JSON.
 */
enum Metric {

	/**
	 * Operations (streaming: megabytes) in a second.
	 */
	RATE("per second", "ratePerSecond", 0, true),

	/**
	 * Processor time of the server, user and system, for each operation (streaming:
	 * megabyte).
	 */
	CPU("CPU µs", "cpuMicros", 2, true),

	/**
	 * Half of the operations took no longer.
	 */
	P50("p50 µs", "p50Micros", 0, true),

	/**
	 * 99 % of the operations took no longer.
	 */
	P99("p99 µs", "p99Micros", 0, true),

	/**
	 * The operation that took longest.
	 */
	MAX("max µs", "maxMicros", 0, true),

	/**
	 * Connections that were held.
	 */
	CONNECTIONS("connections", "connections", 0, false),

	/**
	 * Resident memory of the server for each idle connection.
	 */
	MEMORY("KB each", "kilobytesPerConnection", 2, true),

	/**
	 * Resident memory of the server before there were connections.
	 */
	EMPTY("MB empty", "emptyMegabytes", 0, false),

	/**
	 * Processor time of the server in each second with idle connections.
	 */
	IDLE_CPU("CPU ms/s", "idleCpuMillisPerSecond", 1, false),

	/**
	 * Processor time in each second of the server's thread that samples.
	 */
	SAMPLER_CPU("sampler CPU ms/s", "samplerCpuMillisPerSecond", 2, false),

	/**
	 * Processor time in each second of the server's thread that watches timeouts.
	 */
	WATCH_CPU("watch CPU ms/s", "watchCpuMillisPerSecond", 2, false),

	/**
	 * Time of one sample taken by the driver.
	 */
	SAMPLE("sample ms", "sampleMillis", 2, false),

	/**
	 * Bytes allocated in one sample taken by the driver, for each connection.
	 */
	SAMPLE_GARBAGE("sample garbage B each", "sampleGarbageBytesPerConnection", 2, false),

	/**
	 * Time of one reading of the metrics.
	 */
	SCRAPE("scrape ms", "scrapeMillis", 1, false),

	/**
	 * Size of what it read.
	 */
	SCRAPE_SIZE("scrape KB", "scrapeKilobytes", 0, false),

	/**
	 * The share of a core that the driver used.
	 */
	DRIVER("driver %", "driverPercent", 0, false),

	/**
	 * The share of the cores that neither the server nor the driver used, but others.
	 */
	OTHERS("others %", "othersPercent", 1, false),

	/**
	 * The share of the cores that the hypervisor gave to others.
	 */
	STEAL("steal %", "stealPercent", 1, false);

	private final String title;

	private final String jsonName;

	private final int decimals;

	private final boolean compared;

	Metric(String title, String jsonName, int decimals, boolean compared) {
		this.title = title;
		this.jsonName = jsonName;
		this.decimals = decimals;
		this.compared = compared;
	}

	String title() {
		return this.title;
	}

	String jsonName() {
		return this.jsonName;
	}

	/**
	 * Whether ratios between servers say something.
	 */
	boolean compared() {
		return this.compared;
	}

	String format(double value) {
		return ("%,." + this.decimals + "f").formatted(value);
	}

}
