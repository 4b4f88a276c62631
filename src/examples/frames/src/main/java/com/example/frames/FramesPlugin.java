package com.example.frames;

import java.io.DataInputStream;
import java.io.DataOutputStream;
import java.util.zip.CRC32C;

import org.springframework.boot.autoconfigure.AutoConfiguration;
import org.springframework.context.annotation.Bean;

import io.weir.api.ConnectionHandler;

/**
 * Answers each frame, a length of four bytes and so many bytes, with their CRC-32C. An end
 * of the stream inside a frame is a partial_record, between two frames a normal end.
 */
@AutoConfiguration
public class FramesPlugin {

	private static final int MAX_LENGTH = 1 << 20;

	@Bean
	ConnectionHandler frames() {
		return (connection) -> {
			DataInputStream input = new DataInputStream(connection.inputStream());
			DataOutputStream output = new DataOutputStream(connection.outputStream());
			while (true) {
				int length = input.readInt();
				if (length < 0 || length > MAX_LENGTH) {
					// Not a length: the connection ends as closed_by_handler
					return;
				}
				byte[] frame = new byte[length];
				input.readFully(frame);
				CRC32C checksum = new CRC32C();
				checksum.update(frame);
				output.writeInt((int) checksum.getValue());
			}
		};
	}

}
