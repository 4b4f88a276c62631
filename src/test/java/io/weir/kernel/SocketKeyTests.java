package io.weir.kernel;

import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;

import org.junit.jupiter.api.Test;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

/**
 * Tests for {@link SocketKey}.
 */
class SocketKeyTests {

	private static final InetSocketAddress LOCAL = address("127.0.0.1", 9999);

	private static final InetSocketAddress REMOTE = address("192.168.1.11", 40000);

	@Test
	void addressesAreNumbersWithTheMostSignificantByteFirst() {
		assertThat(SocketKey.of(LOCAL, REMOTE)).isEqualTo(new SocketKey(0x7f000001, 9999, 0xc0a8010b, 40000));
	}

	@Test
	void otherThanIpv4IsRefused() {
		assertThatIllegalArgumentException().isThrownBy(() -> SocketKey.of(address("::1", 1), REMOTE))
			.withMessageContaining("is not an IPv4 address");
		assertThatIllegalArgumentException()
			.isThrownBy(() -> SocketKey.of(LOCAL, InetSocketAddress.createUnresolved("peer", 1)))
			.withMessageContaining("is not an IPv4 address");
	}

	@Test
	void itMatchesTheSampleOfItsConnectionAlone() throws NetlinkException {
		ByteBuffer datagram = ByteBuffer.wrap(FakeKernel.socket(TcpState.ESTABLISHED, 9999, 40000, 7, 70))
			.order(ByteOrder.nativeOrder());
		InetDiagMessages sample = new InetDiagMessages(datagram);
		sample.reset(datagram.capacity(), 0);
		sample.next();
		SocketKey key = SocketKey.of(sample);
		assertThat(key).isEqualTo(new SocketKey(0x7f000001, 9999, 0x7f000001, 40000));
		assertThat(key.matches(sample)).isTrue();
		assertThat(new SocketKey(0x7f000002, 9999, 0x7f000001, 40000).matches(sample)).isFalse();
		assertThat(new SocketKey(0x7f000001, 9998, 0x7f000001, 40000).matches(sample)).isFalse();
		assertThat(new SocketKey(0x7f000001, 9999, 0x7f000002, 40000).matches(sample)).isFalse();
		assertThat(new SocketKey(0x7f000001, 9999, 0x7f000001, 40001).matches(sample)).isFalse();
	}

	private static InetSocketAddress address(String literal, int port) {
		return new InetSocketAddress(InetAddress.ofLiteral(literal), port);
	}

}
