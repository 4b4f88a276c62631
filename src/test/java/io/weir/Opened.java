package io.weir;

import java.util.ArrayList;
import java.util.List;

/**
 * What a test has opened, closed after it in reverse order: a field with
 * {@link org.junit.jupiter.api.AutoClose}.
 */
// What is closed may throw anything
@SuppressWarnings("try")
public final class Opened implements AutoCloseable {

	private final List<AutoCloseable> all = new ArrayList<>();

	/**
	 * Has something closed after the test.
	 * @return the same
	 */
	public <T extends AutoCloseable> T later(T closeable) {
		this.all.add(closeable);
		return closeable;
	}

	@Override
	public void close() throws Exception {
		for (AutoCloseable closeable : this.all.reversed()) {
			closeable.close();
		}
	}

}
