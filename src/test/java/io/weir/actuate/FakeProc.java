package io.weir.actuate;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;

import io.weir.kernel.ProcReader;

/**
 * A {@code /proc} of few entries.
 */
record FakeProc(Path root) {

	FakeProc write(String path, String text) throws IOException {
		Path file = this.root.resolve(path);
		Files.createDirectories(file.getParent());
		Files.writeString(file, text);
		return this;
	}

	FakeProc files(long soft, long hard) throws IOException {
		return write("self/limits", """
				Limit                     Soft Limit           Hard Limit           Units
				Max open files            %d                   %d                   files
				""".formatted(soft, hard));
	}

	ProcReader reader() {
		return new ProcReader(this.root);
	}

}
