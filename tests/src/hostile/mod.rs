//! Attacks by anonymous clients, members and other tenants. During each, the server must answer `/health/live` within
//! 100 ms, and its memory stays bounded.

mod documents;
mod sockets;
mod subscriptions;
mod target;
mod work;

use target::Target;
