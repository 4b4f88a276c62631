package io.weir.web;

import java.io.IOException;

import org.springframework.core.io.InputStreamResource;
import org.springframework.core.io.Resource;
import org.springframework.http.HttpOutputMessage;
import org.springframework.http.converter.ResourceHttpMessageConverter;
import org.springframework.http.server.ServletServerHttpResponse;
import org.springframework.web.util.WebUtils;

/**
 * Leaves the body of a response that is a stream to be read while it is sent, in place of
 * reading all of it into memory.
 */
class StreamConverter extends ResourceHttpMessageConverter {

	@Override
	protected boolean supports(Class<?> type) {
		return type == InputStreamResource.class;
	}

	@Override
	protected void writeInternal(Resource resource, HttpOutputMessage message) throws IOException {
		CapturedResponse captured = (message instanceof ServletServerHttpResponse response)
				? WebUtils.getNativeResponse(response.getServletResponse(), CapturedResponse.class) : null;
		if (captured != null) {
			captured.stream(resource.getInputStream());
		}
		else {
			super.writeInternal(resource, message);
		}
	}

}
