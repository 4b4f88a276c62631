package io.weir.kernel;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.Arrays;

import org.junit.jupiter.api.Test;

import static org.assertj.core.api.Assertions.assertThat;

/**
 * Tests for {@link InetDiagRequests}.
 */
class InetDiagRequestsTests {

	private static final SocketKey KEY = new SocketKey(0x7f000001, 43639, 0xc0a80a14, 53840);

	@Test
	void dumpAsksForAPortAndStates() {
		byte[] target = dirty();
		InetDiagRequests.dump(ByteBuffer.wrap(target).order(ByteOrder.LITTLE_ENDIAN), 2, 43639, TcpState.LISTEN.bit());
		assertThat(target).isEqualTo(Hex.bytes("""
				48000000 1400 0103 02000000 00000000 # 72 bytes, SOCK_DIAG_BY_FAMILY, REQUEST|DUMP
				02 06 4a 00 00040000                 # AF_INET, TCP; SKMEMINFO, CONG, INFO; LISTEN
				aa77 0000                            # port in network order
				00000000 00000000 00000000 00000000
				00000000 00000000 00000000 00000000
				00000000 ffffffff ffffffff           # any interface, no cookie
				"""));
	}

	@Test
	void lookUpAsksForAConnection() {
		byte[] target = dirty();
		InetDiagRequests.lookUp(ByteBuffer.wrap(target).order(ByteOrder.LITTLE_ENDIAN), 0x01020304, KEY);
		assertThat(target).isEqualTo(Hex.bytes("""
				48000000 1400 0100 04030201 00000000 # 72 bytes, SOCK_DIAG_BY_FAMILY, REQUEST
				02 06 4a 00 ffffffff                 # AF_INET, TCP; SKMEMINFO, CONG, INFO; every state
				aa77 d250                            # ports in network order
				7f000001 00000000 00000000 00000000  # 127.0.0.1
				c0a80a14 00000000 00000000 00000000  # 192.168.10.20
				00000000 ffffffff ffffffff
				"""));
	}

	@Test
	void onlyPortsAndAddressesKeepTheirOrderOnABigEndianMachine() {
		byte[] target = dirty();
		InetDiagRequests.lookUp(ByteBuffer.wrap(target).order(ByteOrder.BIG_ENDIAN), 0x01020304, KEY);
		assertThat(target).isEqualTo(Hex.bytes("""
				00000048 0014 0001 01020304 00000000
				02 06 4a 00 ffffffff
				aa77 d250
				7f000001 00000000 00000000 00000000
				c0a80a14 00000000 00000000 00000000
				00000000 ffffffff ffffffff
				"""));
	}

	// The buffer is the one that answers are received in
	private static byte[] dirty() {
		byte[] target = new byte[InetDiagRequests.LENGTH];
		Arrays.fill(target, (byte) 0xa5);
		return target;
	}

}
