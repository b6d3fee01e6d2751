"""Where the service may call out to: URLs of one strict grammar, and addresses of hosts on the public network."""

from __future__ import annotations

import re
from ipaddress import IPv4Address, IPv6Address, ip_address, ip_network
from urllib.parse import urljoin

URL = re.compile(
    r"(?P<scheme>https?)://(?P<host>[a-z0-9.-]+|\[[0-9a-f:.]+\])(:(?P<port>[0-9]{1,5}))?(?P<path>(/[\w.~!$&'()*+,=:-]*)*)",
    re.ASCII | re.IGNORECASE,
)
"""Narrower than the standard: nothing that two readers of URLs could read in two ways (user names, escapes, `\\`)."""
QUERY = re.compile(r"[!$%&'()*+,./:;=?@\[\]\w~|{}^-]*", re.ASCII)
PORTS = {"http": "80", "https": "443"}
LONGEST = 4000
LINK = re.compile(r"[\x21-\x7e]{1,4000}")
PRIVATE = tuple(
    ip_network(one) for one in ("127.0.0.0/8", "10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16", "::1/128", "fc00::/7")
)
"""What a development setting opens. Link-local, where clouds keep their secrets, stays shut."""
UNICAST, NAT64 = ip_network("2000::/3"), ip_network("64:ff9b::/96")


def may_connect(address: str, *, private_networks: bool) -> bool:
    """Whether a connection to this IP address is allowed; False for what is no address."""
    try:
        found = _inner(ip_address(address.partition("%")[0]))
    except ValueError:
        return False
    if any(found.version == network.version and found in network for network in PRIVATE):
        return private_networks
    public = found.is_global and not found.is_multicast and not found.is_reserved
    return public and (isinstance(found, IPv4Address) or (found in UNICAST and found.sixtofour is None))


def _inner(found: IPv4Address | IPv6Address) -> IPv4Address | IPv6Address:
    """The IPv4 address that an IPv6 address stands for, where it does."""
    if isinstance(found, IPv4Address):
        return found
    return IPv4Address(int(found) & 0xFFFFFFFF) if found in NAT64 else found.ipv4_mapped or found


def base_of(url: str) -> str:
    """A base URL in its one form: lower-case host, no default port, no slash at the end; empty where it is none."""
    found = URL.fullmatch(url) if len(url) <= LONGEST else None
    if found is None or any(part.strip(".") == "" and part for part in found["path"].split("/")):
        return ""
    scheme, port = found["scheme"].lower(), (found["port"] or "").lstrip("0")
    where = f"{scheme}://{found['host'].lower()}" + (f":{port}" if port not in {"", PORTS[scheme]} else "")
    return where + found["path"].rstrip("/")


def origin_of(url: str) -> str:
    """Scheme, host and port of a URL, for telling hosts apart; empty where it is no URL of ours."""
    return "/".join(base_of(url.partition("?")[0]).split("/")[:3])


def lies_below(url: str, base: str) -> bool:
    """Whether a base URL is another or lies below it, by whole path segments."""
    inner, outer = base_of(url), base_of(base)
    return bool(inner and outer) and f"{inner}/".startswith(f"{outer}/")


def link_of(link: str, base: str) -> str:
    """A link that a server gave, absolute or from its base, if it stays below that base; else empty."""
    whole = urljoin(f"{base}/", link) if LINK.fullmatch(link) else ""
    path, mark, query = whole.partition("?")
    return f"{base_of(path)}{mark}{query}" if lies_below(path, base) and QUERY.fullmatch(query) else ""
