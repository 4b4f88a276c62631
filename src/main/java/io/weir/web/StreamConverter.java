package io.weir.web;

import java.io.IOException;

import org.jspecify.annotations.Nullable;

import org.springframework.core.io.InputStreamResource;
import org.springframework.http.HttpInputMessage;
import org.springframework.http.HttpOutputMessage;
import org.springframework.http.MediaType;
import org.springframework.http.converter.AbstractHttpMessageConverter;
import org.springframework.http.converter.HttpMessageNotReadableException;
import org.springframework.http.server.ServletServerHttpResponse;
import org.springframework.web.util.WebUtils;

/**
 * Leaves the body of a response that is a stream to be read while it is sent, in place of
 * reading all of it into memory.
 */
class StreamConverter extends AbstractHttpMessageConverter<InputStreamResource> {

	StreamConverter() {
		super(MediaType.ALL);
	}

	@Override
	protected boolean supports(Class<?> type) {
		return type == InputStreamResource.class;
	}

	@Override
	public boolean canRead(Class<?> type, @Nullable MediaType mediaType) {
		return false;
	}

	@Override
	protected InputStreamResource readInternal(Class<? extends InputStreamResource> type, HttpInputMessage message) {
		throw new HttpMessageNotReadableException("only written", message);
	}

	@Override
	protected void writeInternal(InputStreamResource resource, HttpOutputMessage message) throws IOException {
		CapturedResponse captured = (message instanceof ServletServerHttpResponse response)
				? WebUtils.getNativeResponse(response.getServletResponse(), CapturedResponse.class) : null;
		if (captured != null) {
			// Sets the headers
			message.getBody();
			captured.stream(resource.getInputStream());
		}
		else {
			try (var stream = resource.getInputStream()) {
				stream.transferTo(message.getBody());
			}
		}
	}

}
