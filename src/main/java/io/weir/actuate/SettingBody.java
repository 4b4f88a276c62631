package io.weir.actuate;

import com.fasterxml.jackson.annotation.JsonInclude;
import com.fasterxml.jackson.annotation.JsonInclude.Include;
import com.fasterxml.jackson.annotation.JsonUnwrapped;
import org.jspecify.annotations.Nullable;

import io.weir.server.BufferSetting;
import io.weir.server.EffectiveSettings;
import io.weir.server.Setting;

/**
 * A setting as endpoints show it.
 */
@JsonInclude(Include.ALWAYS)
record SettingBody(@Nullable Long requested, @Nullable Long effective, @Nullable Long maximum,
		@Nullable String limitedBy, String source, @JsonInclude(Include.NON_NULL) @Nullable String reason) {

	static SettingBody of(Setting setting) {
		return new SettingBody(setting.requested(), setting.effective(), setting.maximum(), setting.limitedBy(),
				setting.source().text(), setting.reason());
	}

	/**
	 * The size of a buffer.
	 */
	@JsonInclude(Include.ALWAYS)
	record Buffer(@JsonUnwrapped SettingBody setting, @Nullable Long usable, boolean autotuned) {

		static Buffer of(BufferSetting buffer) {
			return new Buffer(SettingBody.of(buffer.setting()), buffer.usable(), buffer.autotuned());
		}

	}

	/**
	 * All settings.
	 */
	record All(SettingBody backlog, Buffer receiveBuffer, Buffer sendBuffer, SettingBody maxConnections) {

		static All of(EffectiveSettings settings) {
			return new All(SettingBody.of(settings.backlog()), Buffer.of(settings.receiveBuffer()),
					Buffer.of(settings.sendBuffer()), SettingBody.of(settings.maxConnections()));
		}

	}

}
