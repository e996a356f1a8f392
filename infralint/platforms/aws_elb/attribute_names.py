"""Which attributes load balancers and target groups have, whoever spells them as text.

https://docs.aws.amazon.com/elasticloadbalancing/latest/APIReference/API_LoadBalancerAttribute.html,
https://docs.aws.amazon.com/elasticloadbalancing/latest/APIReference/API_TargetGroupAttribute.html
"""

from __future__ import annotations

from infralint.text.suggestions import mistyped_for

_OF_BALANCERS = frozenset(
    "access_logs.s3.bucket access_logs.s3.enabled access_logs.s3.prefix client_keep_alive.seconds"
    " connection_logs.s3.bucket connection_logs.s3.enabled connection_logs.s3.prefix deletion_protection.enabled"
    " dns_record.client_routing_policy health_check_logs.s3.bucket health_check_logs.s3.enabled"
    " health_check_logs.s3.prefix idle_timeout.timeout_seconds ipv6.deny_all_igw_traffic"
    " load_balancing.cross_zone.enabled routing.http.desync_mitigation_mode"
    " routing.http.drop_invalid_header_fields.enabled routing.http.preserve_host_header.enabled"
    " routing.http.x_amzn_tls_kx.enabled routing.http.x_amzn_tls_version_and_cipher_suite.enabled"
    " routing.http.xff_client_port.enabled"
    " routing.http.xff_header_processing.mode routing.http2.enabled secondary_ips.auto_assigned.per_subnet"
    " waf.fail_open.enabled zonal_shift.config.enabled".split()
)
_OF_GROUPS = frozenset(
    "deregistration_delay.connection_termination.enabled deregistration_delay.timeout_seconds"
    " lambda.multi_value_headers.enabled load_balancing.algorithm.anomaly_mitigation load_balancing.algorithm.type"
    " load_balancing.cross_zone.enabled preserve_client_ip.enabled proxy_protocol_v2.enabled"
    " routing.http2.rst_stream_error_forwarding.enabled send_tcp_reset.on_deregistration.enabled"
    " send_tcp_reset.on_unhealthy.enabled"
    " slow_start.duration_seconds stickiness.app_cookie.cookie_name stickiness.app_cookie.duration_seconds"
    " stickiness.enabled stickiness.lb_cookie.duration_seconds stickiness.type target_failover.on_deregistration"
    " target_failover.on_unhealthy target_group_health.dns_failover.minimum_healthy_targets.count"
    " target_group_health.dns_failover.minimum_healthy_targets.percentage"
    " target_group_health.unhealthy_state_routing.minimum_healthy_targets.count"
    " target_group_health.unhealthy_state_routing.minimum_healthy_targets.percentage"
    " target_health_state.unhealthy.connection_termination.enabled"
    " target_health_state.unhealthy.draining_interval_seconds waf.http2.traffic_inspection_behavior".split()
)


def meant_balancer_attribute(key: str) -> str:
    """The attribute of a load balancer that a key is mistyped for; empty for one that exists, or that may."""
    return mistyped_for(key, _OF_BALANCERS)


def meant_group_attribute(key: str) -> str:
    """The attribute of a target group that a key is mistyped for; empty for one that exists, or that may."""
    return mistyped_for(key, _OF_GROUPS)
