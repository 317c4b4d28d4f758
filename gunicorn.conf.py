"""Configuration that gunicorn reads by itself when it is started in this folder."""

# TRUSTED_PROXY_COUNT alone decides which forwarding headers count, and Django applies it. Without these lines gunicorn
# lets every peer on loopback or on a Unix socket choose the scheme and SCRIPT_NAME, whatever the setting says:
# https://docs.gunicorn.org/en/stable/settings.html#forwarded-allow-ips
secure_scheme_headers: dict[str, str] = {}
forwarder_headers = ""
forwarded_allow_ips = ""
