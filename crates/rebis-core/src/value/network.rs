//! Addresses of hosts: PostgreSQL's `inet`, elsewhere text.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use super::decode::{FromValue, Mismatch, other, wrong};
use super::{Element, Value, ValueRef};

macro_rules! addresses {
    ($($rust:ty)*) => {$(
        impl From<$rust> for Value {
            fn from(address: $rust) -> Self {
                Value::Text(address.to_string())
            }
        }

        impl Element for $rust {}
    )*};
}

addresses! { IpAddr Ipv4Addr Ipv6Addr }

impl FromValue for IpAddr {
    fn from_value(value: ValueRef<'_>) -> Result<Self, Mismatch> {
        let ValueRef::Text(text) = value else { return other(&value) };
        let (address, prefix) = match text.split_once('/') {
            Some((address, prefix)) => (address, Some(prefix)),
            None => (text, None),
        };
        let Ok(address) = address.parse::<IpAddr>() else { return wrong("the text is no address of a host") };
        // As long as the address: one host, and not a network.
        let whole = if address.is_ipv4() { "32" } else { "128" };
        match prefix {
            Some(prefix) if prefix != whole => {
                wrong("it is a network, or a host with its network; String takes it")
            }
            _ => Ok(address),
        }
    }
}

impl FromValue for Ipv4Addr {
    fn from_value(value: ValueRef<'_>) -> Result<Self, Mismatch> {
        match IpAddr::from_value(value)? {
            IpAddr::V4(address) => Ok(address),
            IpAddr::V6(_) => wrong("it is an address of IPv6"),
        }
    }
}

impl FromValue for Ipv6Addr {
    fn from_value(value: ValueRef<'_>) -> Result<Self, Mismatch> {
        match IpAddr::from_value(value)? {
            IpAddr::V6(address) => Ok(address),
            IpAddr::V4(_) => wrong("it is an address of IPv4"),
        }
    }
}
