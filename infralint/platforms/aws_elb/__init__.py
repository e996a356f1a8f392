"""Elastic Load Balancing in AWS's own words: attributes, listener rules, target groups, and what a stream meets there."""

from __future__ import annotations

from infralint.platforms.aws_elb.attributes import (
    APP_COOKIE_NAME,
    APP_COOKIE_SECONDS,
    ATTRIBUTES,
    CLASSIC_MOST_IDLE,
    DEREGISTRATION,
    GROUP_STICKY,
    GROUP_STICKY_SECONDS,
    IDLE,
    KEEP_ALIVE,
    LB_COOKIE_SECONDS,
    NOTHING,
    PORT,
    PROTOCOL,
    PROTOCOL_VERSION,
    STICKY,
    STICKY_TYPE,
    TARGET_TYPE,
    TCP_IDLE,
    TLS_IDLE,
    TYPE,
    Attributes,
    carries_tcp,
    typed_value,
)
from infralint.platforms.aws_elb.described import check_rule_shape, default_rule, described_rule
from infralint.platforms.aws_elb.facts import Balancer, ForwardedGroup, TargetGroup
from infralint.platforms.aws_elb.hops import BalancerNode, LoadBalancer, fields_of, node_fields
from infralint.platforms.aws_elb.replicas import replicas_of_service
from infralint.platforms.aws_elb.rewriting import RewriteTransform
from infralint.platforms.aws_elb.rules import LAST, Condition, Listener, Rule, Share, redirection
from infralint.platforms.aws_elb.settings import REDIRECT

__all__ = [
    "APP_COOKIE_NAME",
    "APP_COOKIE_SECONDS",
    "ATTRIBUTES",
    "CLASSIC_MOST_IDLE",
    "DEREGISTRATION",
    "GROUP_STICKY",
    "GROUP_STICKY_SECONDS",
    "IDLE",
    "KEEP_ALIVE",
    "LAST",
    "LB_COOKIE_SECONDS",
    "NOTHING",
    "PORT",
    "PROTOCOL",
    "PROTOCOL_VERSION",
    "REDIRECT",
    "STICKY",
    "STICKY_TYPE",
    "TARGET_TYPE",
    "TCP_IDLE",
    "TLS_IDLE",
    "TYPE",
    "Attributes",
    "Balancer",
    "BalancerNode",
    "Condition",
    "ForwardedGroup",
    "Listener",
    "LoadBalancer",
    "RewriteTransform",
    "Rule",
    "Share",
    "TargetGroup",
    "carries_tcp",
    "check_rule_shape",
    "default_rule",
    "described_rule",
    "fields_of",
    "node_fields",
    "redirection",
    "replicas_of_service",
    "typed_value",
]
