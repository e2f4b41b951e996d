//! A server with TLS for tests.
