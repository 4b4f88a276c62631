package io.weir.actuate;

import com.fasterxml.jackson.annotation.JsonInclude;
import com.fasterxml.jackson.annotation.JsonInclude.Include;
import org.jspecify.annotations.Nullable;

import io.weir.transport.SecureSession;

/**
 * What is told of a connection's TLS; without a client's certificate the subject is null.
 */
@JsonInclude(Include.ALWAYS)
record TlsBody(String protocol, String cipherSuite, @Nullable String peerSubject) {

	static @Nullable TlsBody of(@Nullable SecureSession session) {
		return (session != null) ? new TlsBody(session.protocol(), session.cipherSuite(), session.peerSubject()) : null;
	}

}
