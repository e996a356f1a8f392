"""The lab: real nginx servers that prove what infralint says about them."""
