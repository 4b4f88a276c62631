package io.weir.transport;

import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.HexFormat;
import java.util.zip.CRC32C;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

import io.weir.transport.ProxyHeader.Outcome;

import static org.assertj.core.api.Assertions.assertThat;

/**
 * Tests for {@link ProxyHeader}: the vectors of the design, and the rules one by one.
 */
class ProxyHeaderTests {

	// The signature of version 2
	private static final String S = "0d0a0d0a000d0a515549540a";

	// The address ::1
	private static final String ONE = "0000000000000000" + "0000000000000001";

	@ParameterizedTest
	@CsvSource({
			// 1 to 5 were captured from HAProxy and nginx; hello comes after the first
			"50524f58592054435034203132372e302e302e37203132372e302e302e312034353030312032303030310d0a, 127.0.0.7:45001",
			S + "2111000c7f0000077f000001afca4e22, 127.0.0.7:45002",
			S + "21210024" + ONE + ONE + "d5e24e26, [::1]:54754",
			S + "211100217f0000077f000001afcc4e24030004f587957505000b7265712d32393330342d32, 127.0.0.7:45004",
			S + "20000000, none", "50524f585920554e4b4e4f574e0d0a, none",
			S + "2011000f7f0000017f00000100010002040000, none" })
	void headersOfTheVectorsAreReadWhereverTheyAreCut(String hex, String client) {
		byte[] header = HexFormat.of().parseHex(hex);
		for (int cut = 0; cut < header.length; cut++) {
			assertThat(ProxyHeader.parse(ByteBuffer.wrap(header, 0, cut))).as("cut after %d", cut)
				.isEqualTo(new Outcome.Incomplete());
		}
		byte[] more = HexFormat.of().parseHex(hex + "68656c6c6f");
		for (int end = header.length; end <= more.length; end++) {
			assertThat(ProxyHeader.parse(ByteBuffer.wrap(more, 0, end))).isInstanceOfSatisfying(Outcome.Complete.class,
					(complete) -> {
						assertThat(complete.length()).isEqualTo(header.length);
						assertThat(text(complete)).isEqualTo(client);
					});
		}
	}

	private static String text(Outcome.Complete complete) {
		InetSocketAddress client = complete.client();
		return (client != null) ? SocketAddresses.text(client) : "none";
	}

	@ParameterizedTest
	@ValueSource(strings = {
			// Vectors 8 to 12: a leading zero, port 65536, too short, command, version,
			// cap
			"50524f58592054435034203139322e302e322e3031203139382e35312e3130302e32203430303030203434330d0a",
			"50524f58592054435034203139322e302e322e31203139382e35312e3130302e32203635353336203434330d0a",
			S + "21110008c0000201c6336402", S + "2211000c000000000000000000000000",
			S + "3111000c000000000000000000000000", S + "2100ffff", "474554202f" })
	void headersThatAreWrongAreRefusedAtSomeCutAndNeverRead(String hex) {
		byte[] header = HexFormat.of().parseHex(hex);
		boolean refused = false;
		for (int end = 0; end <= header.length; end++) {
			Outcome outcome = ProxyHeader.parse(ByteBuffer.wrap(header, 0, end));
			assertThat(outcome).isNotInstanceOf(Outcome.Complete.class);
			// Whatever comes after it
			assertThat(!refused || outcome instanceof Outcome.Refused).isTrue();
			refused = outcome instanceof Outcome.Refused;
		}
		assertThat(refused).isTrue();
	}

	@ParameterizedTest
	@CsvSource(delimiter = '|', value = { "TCP4 192.0.2.1 198.51.100.2 40000 443|192.0.2.1:40000",
			"TCP4 255.255.255.255 0.0.0.0 65535 0|255.255.255.255:65535", "TCP6 2001:DB8::7 ::1 7 443|[2001:db8::7]:7",
			"TCP6 ::ffff:192.0.2.1 ::ffff:192.0.2.2 1 2|192.0.2.1:1",
			"TCP6 1:2:3:4:5:6:7:: ::2:3:4:5:6:7:8 1 2|[1:2:3:4:5:6:7:0]:1", "UNKNOWN ffff:f|none",
			"UNKNOWN TCP4 anything  at all|none" })
	void linesThatAreRightAreRead(String line, String client) {
		assertThat(parse(line + "\r\n")).isInstanceOfSatisfying(Outcome.Complete.class,
				(complete) -> assertThat(text(complete)).isEqualTo(client));
	}

	@ParameterizedTest
	@ValueSource(strings = { "TCP4 192.0.2.1 198.51.100.2 40000 443\n", "TCP4 192.0.2.1 198.51.100.2 40000 443\rX",
			"TCP4  192.0.2.1 198.51.100.2 40000 443\r\n", "TCP4 192.0.2.1 198.51.100.2 40000 443 \r\n",
			"TCP4 192.0.2.1 198.51.100.2 040000 443\r\n", "TCP4 192.0.2.1 198.51.100.2 40000 00\r\n",
			"TCP4 192.0.2.1 198.51.100.2 40000\r\n", "TCP4 192.0.2.1 198.51.100.2 +1 443\r\n",
			"TCP4 192.0.2.256 198.51.100.2 1 443\r\n", "TCP4 192.0.2 198.51.100.2 1 443\r\n",
			"TCP4 192.0.2.1 198.51.100.02 1 443\r\n", "TCP4 ::1 ::1 1 443\r\n", "TCP6 192.0.2.1 192.0.2.2 1 443\r\n",
			"TCP6 1::2::3 ::1 1 443\r\n", "TCP6 1:2:3:4:5:6:7 ::1 1 443\r\n", "TCP6 1:2:3:4:5:6:7:8:9 ::1 1 443\r\n",
			"TCP6 00001::1 ::1 1 443\r\n", "TCP6 fe80::1%1 ::1 1 443\r\n", "TCP6 [::1] ::1 1 443\r\n",
			"TCP6 1:2:3:4:5:6:7: ::1 1 443\r\n", "TCP6 ::ffff:192.0.2.01 ::1 1 443\r\n",
			"tcp4 192.0.2.1 198.51.100.2 1 443\r\n", "TCP5 192.0.2.1 198.51.100.2 1 443\r\n", "UNKNOWNX\r\n", "\r\n" })
	void linesThatAreWrongAreRefused(String line) {
		assertThat(parse(line)).isInstanceOf(Outcome.Refused.class);
	}

	@Test
	void aLineHasRoomIn107Bytes() {
		String longest = "UNKNOWN " + "x".repeat(107 - 6 - 8 - 2);
		assertThat(parse(longest + "\r\n")).isEqualTo(new Outcome.Complete(107, null));
		assertThat(parse(longest + "x\r\n")).isInstanceOf(Outcome.Refused.class);
		assertThat(parse(longest)).isEqualTo(new Outcome.Incomplete());
		assertThat(parse(longest + "x")).isInstanceOf(Outcome.Refused.class);
	}

	private static Outcome parse(String afterProxy) {
		return ProxyHeader.parse(ByteBuffer.wrap(("PROXY " + afterProxy).getBytes(StandardCharsets.ISO_8859_1)));
	}

	@ParameterizedTest
	@CsvSource({
			// Valid combinations that are no TCP over IPv4 or IPv6
			"2100, 0", "2101, 0", "2110, 12", "2112, 12", "2122, 36", "2131, 216", "2132, 216", "20ff, 3" })
	void whatIsNoTcpCountsAsUnknown(String what, int length) {
		assertThat(parse(what, new byte[length])).isEqualTo(new Outcome.Complete(16 + length, null));
	}

	@ParameterizedTest
	@CsvSource({ "2140, 36", "2113, 36", "2111, 11", "2121, 35", "2131, 215", "2200, 0", "1100, 0", "2f00, 0" })
	void whatIsNoValidCombinationIsRefused(String what, int length) {
		assertThat(parse(what, new byte[length])).isInstanceOf(Outcome.Refused.class);
	}

	private static Outcome parse(String what, byte[] rest) {
		return ProxyHeader.parse(header(what, rest));
	}

	private static ByteBuffer header(String what, byte[] rest) {
		return ByteBuffer.allocate(16 + rest.length)
			.put(HexFormat.of().parseHex(S + what))
			.putShort((short) rest.length)
			.put(rest)
			.flip();
	}

	@Test
	void aHeaderMayHave4096BytesAndNoMore() {
		ByteBuffer rest = ByteBuffer.allocate(4080).put(new byte[] { 10, 0, 0, 1, 10, 0, 0, 2, 0, 7, 0, 9 });
		rest.put((byte) 0x28).putShort((short) (4080 - 15));
		assertThat(parse("2111", rest.array()))
			.isEqualTo(new Outcome.Complete(4096, new InetSocketAddress(InetAddress.ofLiteral("10.0.0.1"), 7)));
		assertThat(parse("2111", new byte[4081])).isInstanceOf(Outcome.Refused.class);
		assertThat(parse("2000", new byte[4081])).isInstanceOf(Outcome.Refused.class);
	}

	@Test
	void tlvsAreSkippedIfTheyEndWithTheHeader() {
		byte[] tlvs = HexFormat.of().parseHex("0a0000010a00000200070009" + "010002" + "6832" + "040000");
		assertThat(parse("2111", tlvs)).isInstanceOf(Outcome.Complete.class);
		for (String wrong : new String[] { "0a0000010a0000020007000901", "0a0000010a0000020007000901000268" }) {
			assertThat(parse("2111", HexFormat.of().parseHex(wrong))).isInstanceOf(Outcome.Refused.class);
		}
	}

	@Test
	void aChecksumIsCheckedWhereThereIsOne() {
		byte[] rest = HexFormat.of().parseHex("0a0000010a00000200070009" + "030004" + "00000000" + "040001ff");
		ByteBuffer header = header("2111", rest);
		CRC32C crc = new CRC32C();
		crc.update(header.duplicate());
		header.putInt(16 + 15, (int) crc.getValue());
		assertThat(ProxyHeader.parse(header)).isInstanceOf(Outcome.Complete.class);
		for (int bit = 16 * 8; bit < header.limit() * 8; bit++) {
			ByteBuffer wrong = ByteBuffer.allocate(header.limit()).put(header.duplicate()).flip();
			wrong.put(bit / 8, (byte) (wrong.get(bit / 8) ^ (1 << bit % 8)));
			boolean inType = bit / 8 == 16 + 12;
			// Of another type it is no checksum any more
			assertThat(ProxyHeader.parse(wrong)).as("bit %d", bit)
				.isInstanceOf(inType ? Outcome.Complete.class : Outcome.Refused.class);
		}
		assertThat(parse("2111", HexFormat.of().parseHex("0a0000010a00000200070009" + "03000100")))
			.isInstanceOf(Outcome.Refused.class);
	}

	@Test
	void theBytesAreReadFromTheirPositionAndStayAsTheyAre() {
		ByteBuffer bytes = ByteBuffer.wrap(HexFormat.of().parseHex("ffff" + S + "20000000" + "00")).position(2);
		assertThat(ProxyHeader.parse(bytes)).isEqualTo(new Outcome.Complete(16, null));
		assertThat(bytes.position()).isEqualTo(2);
		assertThat(bytes.remaining()).isEqualTo(17);
	}

}
