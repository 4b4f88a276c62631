package io.weir.monitor;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;

import io.weir.kernel.ProcReader;

/**
 * A {@code /proc} of few entries.
 */
public record FakeProc(Path root) {

	public FakeProc write(String path, String text) throws IOException {
		Path file = this.root.resolve(path);
		Files.createDirectories(file.getParent());
		Files.writeString(file, text);
		return this;
	}

	public FakeProc files(long soft, long hard) throws IOException {
		return write("self/limits", """
				Limit                     Soft Limit           Hard Limit           Units
				Max open files            %d                   %d                   files
				""".formatted(soft, hard));
	}

	public ProcReader reader() {
		return new ProcReader(this.root);
	}

}
