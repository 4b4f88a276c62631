package com.example.lines;

import java.io.BufferedReader;
import java.io.InputStreamReader;
import java.io.OutputStream;
import java.nio.charset.StandardCharsets;
import java.util.Locale;

import org.springframework.boot.SpringApplication;
import org.springframework.boot.autoconfigure.SpringBootApplication;
import org.springframework.context.annotation.Bean;

import io.weir.api.ConnectionHandler;

/**
 * Answers each line in upper case, until the client ends the stream or says "bye".
 */
@SpringBootApplication
public class LinesApplication {

	public static void main(String[] args) {
		SpringApplication.run(LinesApplication.class, args);
	}

	// The bean's name is the protocol's: tcp.server.protocol=lines
	@Bean
	ConnectionHandler lines() {
		return (connection) -> {
			BufferedReader input = new BufferedReader(
					new InputStreamReader(connection.inputStream(), StandardCharsets.UTF_8));
			OutputStream output = connection.outputStream();
			String line = input.readLine();
			while (line != null && !line.equals("bye")) {
				output.write((line.toUpperCase(Locale.ROOT) + "\n").getBytes(StandardCharsets.UTF_8));
				line = input.readLine();
			}
		};
	}

}
