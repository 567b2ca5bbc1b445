//! Invitations to an organization, by the token of a link.

mod accept;
mod invite;
mod list;

pub use accept::AcceptInvitation;
pub use invite::Invited;
