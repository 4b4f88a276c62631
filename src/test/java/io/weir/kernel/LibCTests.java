package io.weir.kernel;

import java.nio.ByteBuffer;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.EnabledOnOs;
import org.junit.jupiter.api.condition.OS;

import static org.assertj.core.api.Assertions.assertThat;

/**
 * Tests for {@link LibC}.
 */
@EnabledOnOs(OS.LINUX)
class LibCTests {

	private static final int EBADF = 9;

	private static final int EAFNOSUPPORT = 97;

	private final LibC library = new LibC();

	@Test
	void failedCallsReturnTheNegatedErrno() {
		ByteBuffer buffer = ByteBuffer.allocateDirect(8);
		assertThat(this.library.socket(12345, 3, 0)).isEqualTo(-EAFNOSUPPORT);
		assertThat(this.library.send(-1, buffer, 8, 0)).isEqualTo(-EBADF);
		assertThat(this.library.recv(-1, buffer, 8, 0)).isEqualTo(-EBADF);
	}

	@Test
	void whenASocketIsClosedThenItIsBad() {
		// AF_UNIX has no address to send to
		int socket = this.library.socket(1, 2, 0);
		assertThat(socket).isNotNegative();
		ByteBuffer buffer = ByteBuffer.allocateDirect(8).position(5);
		assertThat(this.library.send(socket, buffer, 8, 0)).isEqualTo(-107);
		// MSG_DONTWAIT
		assertThat(this.library.recv(socket, buffer, 8, 0x40)).isEqualTo(-11);
		this.library.close(socket);
		assertThat(this.library.send(socket, buffer, 8, 0)).isEqualTo(-EBADF);
	}

	@Test
	void errorsAreDescribed() {
		assertThat(this.library.describe(1)).isNotEmpty().isNotEqualTo(this.library.describe(EBADF));
	}

}
