//! The data loader of credentials.

use triptych_entities::{ids::CredentialId, relational::automation::credential};

use super::Credential;
use crate::{
    loaders::Caller,
    node::{Fetched, NodeType},
};

impl NodeType for Credential {
    type Id = CredentialId;
    type Row = credential::Model;
    const NOUN: &'static str = "credential";

    async fn fetch(caller: &Caller, ids: &[CredentialId]) -> Fetched<Self::Row> {
        caller.services.credentials.by_ids(&caller.actor, ids).await
    }

    fn id_of(row: &Self::Row) -> CredentialId {
        row.id
    }

    fn new(row: Self::Row) -> Self {
        row.into()
    }
}
