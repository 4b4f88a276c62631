package io.weir.transport;

import java.io.EOFException;
import java.io.IOException;

/**
 * Reads the header of the PROXY protocol, which a trusted proxy sends first. What has
 * come with it is not read again: it is handed on.
 *
 * @param buffers where its buffers come from
 */
public record ProxyLayer(BufferPool buffers) implements TransportLayer {

	@Override
	public Transport wrap(Transport lower, LayeredConnection connection) throws IOException {
		ReadBuffer read = new ReadBuffer(this.buffers);
		boolean handedOn = false;
		try {
			ProxyHeader.Outcome.Complete header = read(lower, read);
			read.bytes().position(read.bytes().position() + header.length());
			int rest = read.bytes().remaining();
			connection.forwarded(header.client(), rest);
			handedOn = rest > 0;
			return handedOn ? new RemainderTransport(lower, read) : lower;
		}
		finally {
			if (!handedOn) {
				read.clear();
				read.close();
			}
		}
	}

	private static ProxyHeader.Outcome.Complete read(Transport lower, ReadBuffer read) throws IOException {
		while (true) {
			if (lower.read(read) < 0) {
				throw new EOFException("the stream ended before the PROXY header was there");
			}
			switch (ProxyHeader.parse(read.bytes())) {
				case ProxyHeader.Outcome.Complete complete -> {
					return complete;
				}
				case ProxyHeader.Outcome.Refused refused -> throw new IOException(refused.reason());
				// A peer may send it byte by byte
				case ProxyHeader.Outcome.Incomplete incomplete -> lower.giveWay();
			}
		}
	}

}
