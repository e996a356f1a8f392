"""What kind of value each directive of nginx takes, as 1.22 and 1.31 say: switches, sizes, times, numbers, words of a list.

https://nginx.org/en/docs/dirindex.html, https://nginx.org/en/docs/syntax.html
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from types import MappingProxyType

from infralint.platforms.nginx_values import NUMBER, SMALL_SIZE, BadValue, long_time, size

_FLAGS = frozenset(
    "absolute_redirect accept_mutex aio_write autoindex autoindex_exact_size autoindex_localtime chunked_transfer_encoding"
    " client_body_in_single_buffer create_full_put_path etag fastcgi_cache_background_update"
    " fastcgi_cache_lock fastcgi_cache_revalidate fastcgi_force_ranges fastcgi_ignore_client_abort"
    " fastcgi_intercept_errors fastcgi_keep_conn fastcgi_pass_request_body fastcgi_pass_request_headers"
    " fastcgi_request_buffering fastcgi_socket_keepalive grpc_intercept_errors grpc_socket_keepalive"
    " grpc_ssl_server_name grpc_ssl_session_reuse grpc_ssl_verify gunzip gzip gzip_vary http2 http3"
    " ignore_invalid_headers limit_conn_dry_run limit_req_dry_run log_not_found log_subrequest"
    " memcached_socket_keepalive merge_slashes mirror_request_body msie_padding msie_refresh multi_accept open_file_cache_errors"
    " override_charset pcre_jit port_in_redirect proxy_cache_background_update proxy_cache_convert_head"
    " proxy_cache_lock proxy_cache_revalidate proxy_force_ranges proxy_ignore_client_abort proxy_intercept_errors"
    " proxy_pass_request_body proxy_pass_request_headers proxy_protocol proxy_request_buffering"
    " proxy_socket_keepalive proxy_ssl proxy_ssl_server_name proxy_ssl_session_reuse proxy_ssl_verify random_index"
    " real_ip_recursive recursive_error_pages reset_timedout_connection rewrite_log"
    " scgi_cache_background_update scgi_cache_lock scgi_cache_revalidate scgi_force_ranges scgi_ignore_client_abort"
    " scgi_intercept_errors scgi_pass_request_body scgi_pass_request_headers scgi_request_buffering"
    " scgi_socket_keepalive sendfile server_name_in_redirect ssi ssi_last_modified ssi_silent_errors ssl_early_data"
    " ssl_preread ssl_prefer_server_ciphers ssl_reject_handshake ssl_session_tickets ssl_stapling"
    " ssl_stapling_verify sub_filter_last_modified sub_filter_once tcp_nodelay tcp_nopush underscores_in_headers"
    " uninitialized_variable_warn uwsgi_cache_background_update uwsgi_cache_lock"
    " uwsgi_cache_revalidate uwsgi_force_ranges uwsgi_ignore_client_abort uwsgi_intercept_errors"
    " uwsgi_pass_request_body uwsgi_pass_request_headers uwsgi_request_buffering uwsgi_socket_keepalive"
    " uwsgi_ssl_server_name uwsgi_ssl_session_reuse uwsgi_ssl_verify".split()
)
"""Switches, but for `*_buffering`, whose value is looked at where it counts."""
_SIZES = frozenset(
    "client_body_buffer_size client_header_buffer_size fastcgi_buffer_size fastcgi_busy_buffers_size"
    " fastcgi_limit_rate fastcgi_max_temp_file_size fastcgi_send_lowat fastcgi_temp_file_write_size grpc_buffer_size"
    " gzip_min_length http2_body_preread_size http2_chunk_size http2_recv_buffer_size limit_rate limit_rate_after"
    " memcached_buffer_size mp4_buffer_size mp4_max_buffer_size postpone_output preread_buffer_size proxy_buffer_size"
    " proxy_busy_buffers_size proxy_download_rate proxy_limit_rate proxy_max_temp_file_size proxy_send_lowat"
    " proxy_temp_file_write_size proxy_upload_rate read_ahead scgi_buffer_size scgi_busy_buffers_size scgi_limit_rate"
    " scgi_max_temp_file_size scgi_temp_file_write_size send_lowat sendfile_max_chunk slice ssi_min_file_chunk"
    " ssi_value_length ssl_buffer_size subrequest_output_buffer_size uwsgi_buffer_size uwsgi_busy_buffers_size"
    " uwsgi_limit_rate uwsgi_max_temp_file_size uwsgi_temp_file_write_size".split()
)
"""Directives that take no gigabytes."""
_VARIABLE_SIZES = frozenset(name for name in _SIZES if "_rate" in name)
_OFFSETS = frozenset(
    "client_max_body_size directio_alignment fastcgi_cache_max_range_offset proxy_cache_max_range_offset"
    " scgi_cache_max_range_offset uwsgi_cache_max_range_offset".split()
)
"""Directives that take gigabytes, too."""
_TIMES = frozenset(
    "auth_delay client_body_timeout client_header_timeout keepalive_min_timeout keepalive_time keepalive_timeout"
    " lingering_time lingering_timeout preread_timeout proxy_protocol_timeout proxy_timeout resolver_timeout"
    " send_timeout ssl_handshake_timeout timer_resolution worker_shutdown_timeout".split()
) | {
    f"{family}_{phase}"
    for family in ("proxy", "fastcgi", "uwsgi", "scgi", "grpc", "memcached")
    for phase in (
        "read_timeout send_timeout connect_timeout next_upstream_timeout cache_lock_age cache_lock_timeout".split()
    )
}
"""Directives whose argument is a time of milliseconds."""
_LONG_TIMES = frozenset(["open_file_cache_valid", "ssl_session_timeout"])
"""Directives whose argument is a time of seconds."""
_NUMBERS = frozenset(
    "fastcgi_cache_min_uses fastcgi_next_upstream_tries grpc_next_upstream_tries grpc_ssl_verify_depth"
    " http2_max_concurrent_streams keepalive_requests map_hash_bucket_size map_hash_max_size max_ranges"
    " memcached_gzip_flag memcached_next_upstream_tries min_delete_depth open_file_cache_min_uses"
    " proxy_cache_min_uses proxy_headers_hash_bucket_size proxy_headers_hash_max_size proxy_next_upstream_tries"
    " proxy_requests proxy_responses proxy_ssl_verify_depth referer_hash_bucket_size referer_hash_max_size"
    " scgi_cache_min_uses scgi_next_upstream_tries server_names_hash_bucket_size server_names_hash_max_size"
    " ssl_verify_depth types_hash_bucket_size types_hash_max_size userid_service uwsgi_cache_min_uses"
    " uwsgi_next_upstream_tries uwsgi_ssl_verify_depth variables_hash_bucket_size variables_hash_max_size worker_rlimit_nofile".split()
)
_RANGES = {"gzip_comp_level": (1, 9), "limit_req_status": (400, 599), "limit_conn_status": (400, 599)}
_FAILURES = "error timeout invalid_header non_idempotent http_500 http_503 http_403 http_404 http_429 off".split()
_GATEWAY_FAILURES = [*_FAILURES, "http_502", "http_504"]
_STALE = "error timeout invalid_header updating http_500 http_503 http_403 http_404 http_429 off".split()
_TLS = frozenset("sslv2 sslv3 tlsv1 tlsv1.1 tlsv1.2 tlsv1.3".split())
_LEVELS_OF_LIMITS = frozenset("info notice warn error".split())
_WORDS: Mapping[str, frozenset[str]] = MappingProxyType(
    {
        **{f"{family}_next_upstream": frozenset([*_FAILURES, "updating"]) for family in ("fastcgi", "uwsgi", "scgi")},
        "grpc_next_upstream": frozenset(_GATEWAY_FAILURES),
        **dict.fromkeys(["proxy_next_upstream", "proxy_cache_use_stale"], frozenset([*_GATEWAY_FAILURES, "updating"])),
        **dict.fromkeys([f"{family}_cache_use_stale" for family in ("fastcgi", "uwsgi", "scgi")], frozenset(_STALE)),
        **dict.fromkeys(
            [f"{family}_cache_methods" for family in ("proxy", "fastcgi", "uwsgi", "scgi")],
            frozenset(["get", "head", "post"]),
        ),
        **dict.fromkeys(["ssl_protocols", "proxy_ssl_protocols", "grpc_ssl_protocols", "uwsgi_ssl_protocols"], _TLS),
        **dict.fromkeys(["limit_conn_log_level", "limit_req_log_level"], _LEVELS_OF_LIMITS),
        "memcached_next_upstream": frozenset("error timeout invalid_response not_found off".split()),
        "satisfy": frozenset(["all", "any"]),
        "gzip_proxied": frozenset("off expired no-cache no-store private no_last_modified no_etag auth any".split()),
        "gzip_http_version": frozenset(["1.0", "1.1"]),
        "if_modified_since": frozenset(["off", "exact", "before"]),
        "lingering_close": frozenset(["off", "on", "always"]),
        "keepalive_disable": frozenset(["none", "msie6", "safari"]),
        "autoindex_format": frozenset(["html", "json", "jsonp", "xml"]),
        "client_body_in_file_only": frozenset(["on", "off", "clean"]),
        "ssl_verify_client": frozenset(["on", "off", "optional", "optional_no_ca"]),
        "userid": frozenset(["on", "off", "v1", "log"]),
    }
)
"""Directives whose arguments are words of a list; `stream {}` and `mail {}` have some of these names with other values."""
_KINDS: Mapping[str, str] = MappingProxyType(
    {
        name: kind
        for kind, names in {
            "flag": _FLAGS,
            "size": _SIZES,
            "offset": _OFFSETS,
            "time": _TIMES,
            "long time": _LONG_TIMES,
            "number": _NUMBERS,
            "range": frozenset(_RANGES),
            "words": frozenset(_WORDS),
        }.items()
        for name in names
    }
)


def wrong_value(name: str, args: Sequence[str], is_http: bool) -> str:
    """What nginx says of a directive's value that is none of its kind; empty where it takes it, or where that can't be told."""
    kind = _KINDS.get(name)
    if kind is None:
        return ""
    if kind == "words":
        wrong = next((word for word in args if word.lower() not in _WORDS[name]), None) if is_http else None
        return "" if wrong is None else f'invalid value "{wrong}"'
    if len(args) != 1 or ("$" in args[0] and name in _VARIABLE_SIZES):
        return ""
    return _wrong(kind, name, args[0])


def _wrong(kind: str, name: str, text: str) -> str:
    match kind:
        case "flag" if text.lower() not in ("on", "off"):
            return f'invalid value "{text}" in "{name}" directive, it must be "on" or "off"'
        case "number" | "range" if not NUMBER.fullmatch(text):
            return f'"{name}" directive invalid number'
        case "range" if not _RANGES[name][0] <= int(text) <= _RANGES[name][1]:
            return f"value must be between {_RANGES[name][0]} and {_RANGES[name][1]}"
        case "size" if not SMALL_SIZE.fullmatch(text):
            return f'"{name}" directive invalid value'
        case "offset" | "long time" if not _is_taken(kind, text):
            return f'"{name}" directive invalid value'
    return ""


def is_time(name: str) -> bool:
    """Whether a directive takes a time of milliseconds."""
    return name in _TIMES


def _is_taken(kind: str, text: str) -> bool:
    try:
        size(text) if kind == "offset" else long_time(text)
    except BadValue:
        return False
    return True
