package io.weir.bench;

import java.util.Locale;

/**
 * What a Weir serves in the soak, as its clients see it.
 */
enum Service {

	/** Echoes a line, then takes a record. */
	ECHO_RECORD(true, true, true),

	/** Echoes. */
	ECHO(true, true, false),

	/** Takes records. */
	RECORD(false, false, true),

	/** Takes all. */
	DISCARD(true, false, false),

	/** Echoes, over TLS. */
	TLS(true, true, false);

	private final boolean lines;

	private final boolean echoes;

	private final boolean records;

	Service(boolean lines, boolean echoes, boolean records) {
		this.lines = lines;
		this.echoes = echoes;
		this.records = records;
	}

	/**
	 * The protocol as {@link ServerProcess} knows it.
	 */
	String protocol() {
		return name().toLowerCase(Locale.ROOT).replace('_', '-');
	}

	/**
	 * Whether an exchange begins with bytes of any number and content.
	 */
	boolean lines() {
		return this.lines;
	}

	/**
	 * Whether those come back.
	 */
	boolean echoes() {
		return this.echoes;
	}

	/**
	 * Whether an exchange ends with a record.
	 */
	boolean records() {
		return this.records;
	}

	/**
	 * Whether it echoes all there is, to its end.
	 */
	boolean echoesAll() {
		return this.echoes && !this.records;
	}

	boolean isTls() {
		return this == TLS;
	}

}
