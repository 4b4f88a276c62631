package io.weir.monitor;

import java.nio.file.Path;

import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.io.TempDir;

/**
 * What tests with a {@code /proc} of their own share.
 */
public abstract class FakeProcTest {

	@SuppressWarnings("NullAway.Init")
	protected FakeProc proc;

	@BeforeEach
	void createProc(@TempDir Path root) {
		this.proc = new FakeProc(root);
	}

}
