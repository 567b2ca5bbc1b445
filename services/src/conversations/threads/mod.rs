//! Threads: conversations whose messages form a tree. A message of a user is stored together with an empty response and
//! a queued generation, in one transaction. Running the generation is in `engine`.

mod branch;
mod content;
mod create;
mod delete;
mod find;
mod input;
mod insert;
mod send;
mod siblings;
mod turn;
mod update;

pub use branch::{Branch, window};
pub use content::{MAX_TEXT, NewPart};
pub use create::CreateThread;
pub use find::{ThreadFilter, ThreadOrder};
pub use input::{EditMessage, NewMessage, RegenerateMessage, ResponseOptions, SendMessage};
pub use siblings::SiblingGroup;
pub use turn::Sent;
pub use update::UpdateThread;

use triptych_entities::documents::conversations::{message::Message, thread::Thread};
use triptych_stores::{clock::Clock, collections::Documents, connections::Stores};

use crate::{conversations::generations::Generations, deletions::Deletions};

/// Conversations and their messages.
#[derive(Clone)]
pub struct Threads {
    stores: Stores,
    clock: Clock,
    generations: Generations,
    deletions: Deletions,
}

impl Threads {
    pub(crate) fn new(stores: Stores, clock: Clock, generations: Generations, deletions: Deletions) -> Self {
        Self { stores, clock, generations, deletions }
    }

    fn documents(&self) -> Documents<Thread> {
        self.stores.documents()
    }

    fn messages(&self) -> Documents<Message> {
        self.stores.documents()
    }
}
