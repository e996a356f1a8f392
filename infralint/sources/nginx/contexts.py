"""Which blocks of nginx take which directive, as 1.22 and 1.31 say.

https://nginx.org/en/docs/dirindex.html
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from infralint.sources.nginx.arities import ARITIES

_NAMES = {
    "E": ("accept_mutex multi_accept use worker_connections"),
    "H": ("fastcgi_cache_path http2_recv_buffer_size limit_req_zone proxy_cache_path scgi_cache_path uwsgi_cache_path"),
    "HS": (
        "client_header_buffer_size client_header_timeout connection_pool_size http2 http2_body_preread_size"
        " http2_idle_timeout http2_max_concurrent_pushes http2_max_concurrent_streams http2_max_field_size"
        " http2_max_header_size http2_max_requests http2_recv_timeout http3 ignore_invalid_headers"
        " large_client_header_buffers merge_slashes request_pool_size ssl ssl_buffer_size ssl_early_data"
        " underscores_in_headers"
    ),
    "HSL": (
        "auth_delay chunked_transfer_encoding fastcgi_buffering fastcgi_ignore_headers fastcgi_read_timeout"
        " grpc_read_timeout grpc_set_header gzip_types keepalive_min_timeout proxy_buffering proxy_cache"
        " proxy_cookie_flags proxy_hide_header proxy_http_version proxy_ignore_headers proxy_method"
        " proxy_pass_header proxy_read_timeout proxy_send_timeout proxy_set_header scgi_buffering"
        " scgi_ignore_headers scgi_read_timeout uwsgi_buffering uwsgi_ignore_headers uwsgi_read_timeout"
    ),
    "HSLTP": (
        "js_path limit_conn limit_conn_dry_run limit_conn_log_level open_log_file_cache proxy_bind proxy_buffer_size"
        " proxy_connect_timeout proxy_next_upstream proxy_next_upstream_timeout proxy_next_upstream_tries"
        " proxy_socket_keepalive proxy_ssl_certificate proxy_ssl_certificate_key proxy_ssl_ciphers"
        " proxy_ssl_conf_command proxy_ssl_crl proxy_ssl_name proxy_ssl_password_file proxy_ssl_protocols"
        " proxy_ssl_server_name proxy_ssl_session_reuse proxy_ssl_trusted_certificate proxy_ssl_verify"
        " proxy_ssl_verify_depth set_real_ip_from tcp_nodelay"
    ),
    "HSLU": ("keepalive_requests keepalive_time keepalive_timeout"),
    "HSLUTPQ": ("resolver resolver_timeout"),
    "HSLl": (
        "add_header add_header_inherit add_trailer charset error_page expires gzip limit_rate"
        " limit_rate_after override_charset root sendfile source_charset ssi"
    ),
    "HSLlxTP": ("access_log"),
    "HSLsl": ("rewrite_log uninitialized_variable_warn"),
    "HSLx": ("auth_basic auth_basic_user_file"),
    "HSLxTP": ("allow deny"),
    "HSTP": (
        "ssl_certificate ssl_certificate_key ssl_ciphers ssl_client_certificate ssl_conf_command ssl_crl"
        " ssl_dhparam ssl_ecdh_curve ssl_password_file ssl_prefer_server_ciphers ssl_protocols"
        " ssl_reject_handshake ssl_session_cache ssl_session_ticket_key ssl_session_tickets"
        " ssl_session_timeout ssl_stapling ssl_stapling_file ssl_stapling_responder ssl_stapling_verify"
        " ssl_trusted_certificate ssl_verify_client ssl_verify_depth"
    ),
    "HT": (
        "geo limit_conn_zone log_format map map_hash_bucket_size map_hash_max_size"
        " server_names_hash_bucket_size server_names_hash_max_size split_clients upstream"
        " variables_hash_bucket_size variables_hash_max_size"
    ),
    "HUTQ": ("server"),
    "Llx": ("js_content"),
    "L": ("alias empty_gif flv internal limit_except mp4 random_index"),
    "Ll": ("fastcgi_pass grpc_pass memcached_pass scgi_pass uwsgi_pass"),
    "LlxP": ("proxy_pass"),
    "M": (
        "daemon env events http master_process pcre_jit pid stream thread_pool timer_resolution user"
        " worker_cpu_affinity worker_priority worker_processes worker_rlimit_nofile worker_shutdown_timeout"
    ),
    "MHSLTP": ("error_log"),
    "P": ("pass"),
    "SL": ("if location referer_hash_bucket_size referer_hash_max_size stub_status try_files valid_referers"),
    "SLsl": ("break rewrite"),
    "SLslP": ("return set"),
    "SP": ("listen server_name"),
    "TP": (
        "preread_buffer_size preread_timeout proxy_download_rate proxy_half_close proxy_protocol"
        " proxy_protocol_timeout proxy_requests proxy_responses proxy_timeout proxy_upload_rate ssl_alpn"
        " ssl_handshake_timeout ssl_preread"
    ),
    "U": ("ip_hash keepalive"),
    "UQ": ("hash least_conn least_time random zone"),
}
CONTEXTS: Mapping[str, str] = MappingProxyType(
    {
        **dict.fromkeys(ARITIES, "HSL"),
        **{name: contexts for contexts, names in _NAMES.items() for name in names.split()},
    }
)
"""Directive -> the blocks that take it: M the file itself, E events, H http, S server, L location, U upstream, s an `if` of a
server, l an `if` of a location, x limit_except, T `stream {}`, P a server of it, Q an upstream of it."""
HEEDED = frozenset(
    (
        "add_header add_trailer alias auth_request break charset chunked_transfer_encoding"
        " client_body_buffer_size client_body_timeout client_header_timeout client_max_body_size default_type"
        " error_page events expires fastcgi_buffering fastcgi_ignore_headers fastcgi_keep_conn fastcgi_param"
        " fastcgi_pass fastcgi_read_timeout geo grpc_pass grpc_read_timeout grpc_set_header gzip"
        " gzip_comp_level gzip_http_version gzip_min_length gzip_proxied gzip_types gzip_vary hash http if"
        " ignore_invalid_headers internal ip_hash keepalive_requests keepalive_timeout"
        " large_client_header_buffers least_conn limit_conn_zone limit_except limit_rate limit_req_zone"
        " lingering_timeout listen location log_format map merge_slashes postpone_output preread_timeout"
        " proxy_buffer_size proxy_buffering proxy_buffers proxy_busy_buffers_size proxy_cache"
        " proxy_cache_bypass proxy_cache_path proxy_cache_valid proxy_connect_timeout proxy_download_rate"
        " proxy_hide_header proxy_http_version proxy_ignore_headers proxy_intercept_errors"
        " proxy_max_temp_file_size proxy_method proxy_next_upstream proxy_pass proxy_pass_header"
        " proxy_pass_request_headers proxy_read_timeout proxy_redirect proxy_request_buffering proxy_requests"
        " proxy_responses proxy_send_timeout proxy_set_header proxy_socket_keepalive proxy_ssl_name"
        " proxy_ssl_server_name proxy_timeout proxy_upload_rate recursive_error_pages resolver"
        " resolver_timeout return rewrite root satisfy scgi_buffering scgi_ignore_headers scgi_pass"
        " scgi_read_timeout send_timeout sendfile server server_name server_tokens set split_clients ssi"
        " ssl_preread sub_filter tcp_nodelay tcp_nopush try_files underscores_in_headers upstream"
        " uwsgi_buffering uwsgi_ignore_headers uwsgi_pass uwsgi_read_timeout worker_processes"
    ).split()
)
"""Directives that infralint goes by."""
